//! The host's side, from the base derivation key down: what an acquirer's security module does.
//! Written from the standards for these tests, with nothing of the room's own derivation.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2};
use sealpoint_wire::seal::DukptScheme;

/// A base derivation key and the id of one till's initial key.
pub(crate) struct Host {
    pub(crate) scheme: DukptScheme,
    pub(crate) bdk: Vec<u8>,
    pub(crate) id: Vec<u8>,
}

/// Working keys of one transaction key.
pub(crate) struct WorkingKeys {
    pub(crate) pin: Vec<u8>,
    pub(crate) mac: Vec<u8>,
    /// For MACs of the host's answers; the till has no use for it.
    pub(crate) mac_response: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

impl Host {
    /// A base key of the supplement, cut to the scheme's length, and an id of its own kind.
    pub(crate) fn of(scheme: DukptScheme) -> Self {
        const BASE: [u8; 32] = *b"\xFE\xDC\xBA\x98\x76\x54\x32\x10\xF1\xF1\xF1\xF1\xF1\xF1\xF1\xF1\
                                  \xFE\xDC\xBA\x98\x76\x54\x32\x10\xF1\xF1\xF1\xF1\xF1\xF1\xF1\xF1";
        let (len, id): (usize, &[u8]) = match scheme {
            DukptScheme::Aes128 => (16, b"\x12\x34\x56\x78\x90\x12\x34\x56"),
            DukptScheme::Aes192 => (24, b"\x12\x34\x56\x78\x90\x12\x34\x56"),
            DukptScheme::Aes256 => (32, b"\x12\x34\x56\x78\x90\x12\x34\x56"),
            DukptScheme::Tdes2 => (16, b"\xFF\xFF\x98\x76\x54\x32\x10\xE0\x00\x00"),
        };
        Self {
            scheme,
            bdk: BASE[..len].to_vec(),
            id: id.to_vec(),
        }
    }

    pub(crate) fn initial_key(&self) -> Vec<u8> {
        if self.scheme != DukptScheme::Tdes2 {
            return derive(&self.bdk, 0x8001, self.bdk.len(), &self.id);
        }
        let masked: Vec<u8> = (0..16)
            .map(|at| self.bdk[at] ^ if at % 8 < 4 { 0xC0 } else { 0 })
            .collect();
        let left = encrypt(&self.bdk, &self.id[..8], self.scheme);
        let right = encrypt(&masked, &self.id[..8], self.scheme);
        [left, right].concat()
    }

    /// The key of a number, one derivation for each one-bit of it from the left.
    pub(crate) fn transaction_key(&self, number: u32) -> Vec<u8> {
        let mut key = self.initial_key();
        let mut path = 0;
        for bit in (0..32).rev().map(|place| 1u32 << place) {
            if number & bit == 0 {
                continue;
            }
            path |= bit;
            key = match self.scheme {
                DukptScheme::Tdes2 => generate(&key, &self.ksn(path)[2..]),
                _ => derive(&key, 0x8000, key.len(), &self.tail(path)),
            };
        }
        key
    }

    pub(crate) fn ksn(&self, number: u32) -> Vec<u8> {
        if self.scheme != DukptScheme::Tdes2 {
            return [&self.id[..], &number.to_be_bytes()].concat();
        }
        let mut ksn = self.id.clone();
        for (byte, add) in ksn[6..].iter_mut().zip(number.to_be_bytes()) {
            *byte |= add;
        }
        ksn
    }

    fn tail(&self, number: u32) -> Vec<u8> {
        [&self.id[4..], &number.to_be_bytes()].concat()
    }

    /// Working keys of the scheme's own length.
    pub(crate) fn working_keys(&self, number: u32) -> WorkingKeys {
        let key = self.transaction_key(number);
        if self.scheme != DukptScheme::Tdes2 {
            let of = |usage| derive(&key, usage, key.len(), &self.tail(number));
            return WorkingKeys {
                pin: of(0x1000),
                mac: of(0x2000),
                mac_response: of(0x2001),
                data: of(0x3000),
            };
        }
        let variant = |mask: u64| -> Vec<u8> {
            let mask = mask.to_be_bytes().repeat(2);
            key.iter().zip(mask).map(|(key, mask)| key ^ mask).collect()
        };
        let data = variant(0x0000_0000_00FF_0000);
        let half = |at: usize| encrypt(&data, &data[at..at + 8], self.scheme);
        WorkingKeys {
            pin: variant(0xFF),
            mac: variant(0xFF00),
            mac_response: variant(0xFF00_0000),
            data: [half(0), half(8)].concat(),
        }
    }
}

/// AES DUKPT: a key of `len` bytes; `tail` is the second half of the derivation data.
pub(crate) fn derive(key: &[u8], usage: u16, len: usize, tail: &[u8]) -> Vec<u8> {
    let (usage, algorithm) = (
        usage.to_be_bytes(),
        [0, u8::try_from(len / 8).expect("short")],
    );
    let bits = u16::try_from(8 * len).expect("short").to_be_bytes();
    let mut derived = Vec::new();
    for part in 1..=2 {
        let data = [&[1, part], &usage[..], &algorithm, &bits, tail].concat();
        derived.extend(encrypt(key, &data, aes_of(key)));
    }
    derived.truncate(len);
    derived
}

/// TDES DUKPT: key generation that cannot be reversed.
fn generate(key: &[u8], register: &[u8]) -> Vec<u8> {
    let masked: Vec<u8> = (0..16)
        .map(|at| key[at] ^ if at % 8 < 4 { 0xC0 } else { 0 })
        .collect();
    let half = |key: &[u8]| -> Vec<u8> {
        let inner: Vec<u8> = register.iter().zip(&key[8..]).map(|(a, b)| a ^ b).collect();
        let outer = des(&key[..8], &inner, true);
        outer.iter().zip(&key[8..]).map(|(a, b)| a ^ b).collect()
    };
    [half(&masked), half(key)].concat()
}

fn aes_of(key: &[u8]) -> DukptScheme {
    match key.len() {
        16 => DukptScheme::Aes128,
        24 => DukptScheme::Aes192,
        _ => DukptScheme::Aes256,
    }
}

/// One block, enciphered.
pub(crate) fn encrypt(key: &[u8], block: &[u8], scheme: DukptScheme) -> Vec<u8> {
    fn with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
        let mut block = Block::<C>::try_from(block).expect("a block");
        C::new_from_slice(key)
            .expect("a key")
            .encrypt_block(&mut block);
        block.to_vec()
    }
    match scheme {
        DukptScheme::Aes128 => with::<Aes128>(key, block),
        DukptScheme::Aes192 => with::<Aes192>(key, block),
        DukptScheme::Aes256 => with::<Aes256>(key, block),
        DukptScheme::Tdes2 => with::<TdesEde2>(key, block),
    }
}

/// One block, deciphered.
pub(crate) fn decrypt(key: &[u8], block: &[u8], scheme: DukptScheme) -> Vec<u8> {
    fn with<C: BlockCipherDecrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
        let mut block = Block::<C>::try_from(block).expect("a block");
        C::new_from_slice(key)
            .expect("a key")
            .decrypt_block(&mut block);
        block.to_vec()
    }
    match scheme {
        DukptScheme::Aes128 => with::<Aes128>(key, block),
        DukptScheme::Aes192 => with::<Aes192>(key, block),
        DukptScheme::Aes256 => with::<Aes256>(key, block),
        DukptScheme::Tdes2 => with::<TdesEde2>(key, block),
    }
}

/// One block under single DES.
pub(crate) fn des(key: &[u8], block: &[u8], encipher: bool) -> Vec<u8> {
    let des = Des::new_from_slice(key).expect("a key");
    let mut block = Block::<Des>::try_from(block).expect("a block");
    if encipher {
        des.encrypt_block(&mut block);
    } else {
        des.decrypt_block(&mut block);
    }
    block.to_vec()
}

/// CBC with a zero IV, backwards.
pub(crate) fn decrypt_cbc(key: &[u8], blocks: &[u8], scheme: DukptScheme) -> Vec<u8> {
    let len = scheme.block_len();
    let mut chain = vec![0; len];
    let mut clear = Vec::new();
    for block in blocks.chunks(len) {
        let deciphered = decrypt(key, block, scheme);
        clear.extend(deciphered.iter().zip(&chain).map(|(a, b)| a ^ b));
        chain = block.to_vec();
    }
    clear
}

/// CMAC over the whole message.
pub(crate) fn cmac(key: &[u8], message: &[u8], scheme: DukptScheme) -> Vec<u8> {
    macro_rules! with {
        ($cipher:ty) => {
            <Cmac<$cipher> as KeyInit>::new_from_slice(key)
                .expect("a key")
                .chain_update(message)
                .finalize()
                .into_bytes()
                .to_vec()
        };
    }
    match scheme {
        DukptScheme::Aes128 => with!(Aes128),
        DukptScheme::Aes192 => with!(Aes192),
        DukptScheme::Aes256 => with!(Aes256),
        DukptScheme::Tdes2 => with!(TdesEde2),
    }
}
