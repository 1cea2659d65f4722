//! The bare primitives: the same bytes, keys at hand, nothing wiped, nothing laid out.

use std::hint::black_box;

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Array, BlockCipherEncrypt, BlockModeEncrypt, KeyInit},
};
use cmac::{Cmac, Mac, block_api::CmacCipher};
use des::TdesEde2;
use libcrux_ml_kem::mlkem768::{self, MlKem768PublicKey};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, X25519},
    rand::{SecureRandom, SystemRandom},
};
use sealpoint_wire::seal::DukptScheme;

/// Names the baseline of [`Hpke`].
pub const HPKE: &str = "X25519, ML-KEM-768 and AES-256-GCM";
/// Names the baseline of [`one_block`].
pub const BLOCK: &str = "key schedule and one block";

/// The primitives of HPKE with X-Wing.
pub struct Hpke {
    ml_kem: MlKem768PublicKey,
    x25519: Vec<u8>,
    random: SystemRandom,
    key: LessSafeKey,
}

impl Hpke {
    /// To an X-Wing public key.
    pub fn to(public: &[u8]) -> Self {
        let (ml_kem, x25519) = public.split_at(1184);
        let key = UnboundKey::new(&AES_256_GCM, &[0x42; 32]).expect("32 bytes");
        Self {
            ml_kem: ml_kem.try_into().expect("1184 bytes"),
            x25519: x25519.to_vec(),
            random: SystemRandom::new(),
            key: LessSafeKey::new(key),
        }
    }

    /// An ephemeral key and agreement, an encapsulation, and the text under a key at hand.
    pub fn seal(&self, text: &[u8], aad: &[u8]) {
        let mut message = [0; 32];
        self.random.fill(&mut message).expect("random bytes");
        black_box(mlkem768::encapsulate(&self.ml_kem, message));
        let private = EphemeralPrivateKey::generate(&X25519, &self.random).expect("random bytes");
        black_box(private.compute_public_key().expect("a public key"));
        let peer = UnparsedPublicKey::new(&X25519, &self.x25519);
        agreement::agree_ephemeral(private, &peer, |shared| {
            black_box(shared.len());
        })
        .expect("agrees");
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(aad), &mut text)
            .expect("seals");
        black_box(text);
    }
}

/// One block under a new key.
pub fn one_block(scheme: DukptScheme, key: &[u8], mut block: [u8; 16]) {
    fn with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &mut [u8]) {
        let cipher = C::new_from_slice(key).expect("a key");
        let (blocks, _) = Array::slice_as_chunks_mut(block);
        cipher.encrypt_block(&mut blocks[0]);
    }
    match scheme {
        DukptScheme::Aes128 => with::<Aes128>(key, &mut block),
        DukptScheme::Aes192 => with::<Aes192>(key, &mut block),
        DukptScheme::Aes256 => with::<Aes256>(key, &mut block),
        DukptScheme::Tdes2 => with::<TdesEde2>(key, &mut block),
    }
    black_box(block);
}

/// A text of whole blocks in CBC mode, then CMAC over `aad` and the ciphertext.
pub fn cbc_and_cmac<const N: usize>(
    scheme: DukptScheme,
    key: &[u8],
    mut text: [u8; N],
    aad: &[u8],
) {
    fn with<C: BlockCipherEncrypt + CmacCipher + KeyInit>(key: &[u8], text: &mut [u8], aad: &[u8]) {
        let iv = Array::default();
        let cipher = C::new_from_slice(key).expect("a key");
        let mut cbc = <cbc::Encryptor<C> as aes::cipher::InnerIvInit>::inner_iv_init(cipher, &iv);
        let (blocks, _) = Array::slice_as_chunks_mut(text);
        cbc.encrypt_blocks(blocks);
        let mut mac = <Cmac<C> as KeyInit>::new_from_slice(key).expect("a key");
        mac.update(aad);
        mac.update(text);
        black_box(mac.finalize());
    }
    match scheme {
        DukptScheme::Aes128 => with::<Aes128>(key, &mut text, aad),
        DukptScheme::Aes192 => with::<Aes192>(key, &mut text, aad),
        DukptScheme::Aes256 => with::<Aes256>(key, &mut text, aad),
        DukptScheme::Tdes2 => with::<TdesEde2>(key, &mut text, aad),
    }
}
