//! Issuer, card and per-use keys: EMV 4.4 Book 2 Annex A1.3 and A1.4.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zeroize::{Zeroize, Zeroizing};

use super::mac::{BLOCK, KEY, mac_algorithm_3, mac_padded_with_zeroes, tdes, tdes_inverse};

/// The longest PAN in digits (ISO/IEC 7812-1).
const PAN_DIGITS_MAX: usize = 19;

/// How a card's master key follows from PAN and PAN sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// Annex A1.4.1: the rightmost 16 digits of PAN and sequence number.
    OptionA,
    /// Annex A1.4.2: SHA-1 and decimalisation, for a PAN longer than 16
    /// digits; the same as option A for any other.
    OptionB,
}

/// The PAN or its sequence number is not what Annex A1.4 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the PAN or its sequence number isn't decimal digits of a legal length; \
     give 1 to 19 digits and a sequence number of 0 to 99"
)]
pub struct PanError;

/// One of the issuer's master keys: for application cryptograms (IMK-AC), script
/// integrity (IMK-SMI) or confidentiality (IMK-SMC), double-length TDES. Wiped on
/// drop.
pub struct IssuerMasterKey(Zeroizing<[u8; KEY]>);

/// The card's own key for the same purpose (MK-AC, MK-SMI, MK-SMC). Wiped on
/// drop.
pub struct IccMasterKey(Zeroizing<[u8; KEY]>);

/// The key for one use of the card (SK-AC, SK-SMI, SK-SMC). Wiped on drop.
pub struct SessionKey(Zeroizing<[u8; KEY]>);

impl IssuerMasterKey {
    /// Takes the key over; the caller's copy is the caller's to wipe.
    #[must_use]
    pub fn new(bytes: &[u8; KEY]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// Derives the master key of the card with this PAN (ASCII digits) and
    /// PAN sequence number: EMV 4.4 Book 2 A1.4.
    ///
    /// # Errors
    /// [`PanError`] if the PAN isn't 1 to 19 digits or the number exceeds 99.
    pub fn icc_master_key(
        &self,
        pan: &str,
        sequence_number: u8,
        derivation: Derivation,
    ) -> Result<IccMasterKey, PanError> {
        let digits = pan_and_sequence(pan, sequence_number)?;
        let y = match derivation {
            Derivation::OptionB if pan.len() > 16 => decimalised_hash(&digits),
            Derivation::OptionA | Derivation::OptionB => rightmost_16(&digits),
        };
        let mut inverted = y;
        inverted.iter_mut().for_each(|byte| *byte ^= 0xFF);
        Ok(IccMasterKey(two_blocks(&self.0, y, inverted)))
    }
}

impl IccMasterKey {
    /// The session key for this ATC by the common derivation with
    /// R = ATC || 00 00 00 00 00 00: EMV 4.4 Book 2 A1.3.1.
    #[must_use]
    pub fn session_key(&self, atc: [u8; 2]) -> SessionKey {
        let mut r = [0; BLOCK];
        r[..2].copy_from_slice(&atc);
        self.session_key_for(r)
    }

    /// The common derivation (A1.3.1) for any diversification value R, whose
    /// third byte is replaced by F0 and 0F for the two halves.
    #[must_use]
    pub fn session_key_for(&self, r: [u8; BLOCK]) -> SessionKey {
        let (mut left, mut right) = (r, r);
        left[2] = 0xF0;
        right[2] = 0x0F;
        SessionKey(two_blocks(&self.0, left, right))
    }

    /// The master key itself, for versions that derive nothing from it.
    #[must_use]
    pub fn undiversified(&self) -> SessionKey {
        SessionKey(self.0.clone())
    }

    /// Visa's key for secure messaging: the ATC folded into the end of the left
    /// half, its complement into that of the right.
    #[must_use]
    pub fn visa_messaging_key(&self, atc: [u8; 2]) -> SessionKey {
        let mut key = self.0.clone();
        for (place, byte) in [(6, atc[0]), (7, atc[1]), (14, !atc[0]), (15, !atc[1])] {
            key[place] ^= byte;
        }
        set_odd_parity(&mut key);
        SessionKey(key)
    }

    /// Bytes 5 to 8, which Visa folds into the block of a new PIN.
    pub(super) fn pin_block_mask(&self) -> [u8; 4] {
        [self.0[4], self.0[5], self.0[6], self.0[7]]
    }
}

impl SessionKey {
    /// An application cryptogram over `data`: EMV 4.4 Book 2 8.1.2.
    #[must_use]
    pub fn application_cryptogram(&self, data: &[u8]) -> [u8; 8] {
        mac_algorithm_3(&self.0, data)
    }

    /// An application cryptogram of Visa's CVN 10, padded with zeroes alone.
    #[must_use]
    pub fn application_cryptogram_zeroes(&self, data: &[u8]) -> [u8; 8] {
        mac_padded_with_zeroes(&self.0, data)
    }

    /// The MAC of a script command: EMV 4.4 Book 2 9.2.3.
    #[must_use]
    pub fn command_mac(&self, message: &[u8]) -> [u8; 8] {
        mac_algorithm_3(&self.0, message)
    }

    /// Enciphers whole blocks one by one; a rest is left out.
    pub(super) fn encipher(&self, text: &[u8]) -> Vec<u8> {
        let (blocks, _) = text.as_chunks();
        blocks
            .iter()
            .flat_map(|block| tdes(&self.0, *block))
            .collect()
    }

    /// The inverse of [`Self::encipher`].
    pub(super) fn decipher(&self, text: &[u8]) -> Zeroizing<Vec<u8>> {
        let (blocks, _) = text.as_chunks();
        let plain = blocks
            .iter()
            .flat_map(|block| tdes_inverse(&self.0, *block));
        Zeroizing::new(plain.collect())
    }

    /// ARPC method 1: TDES over the ARQC with the two-byte Authorisation
    /// Response Code folded in. EMV 4.4 Book 2 8.2.1.
    #[must_use]
    pub fn arpc_method_1(&self, arqc: [u8; 8], response_code: [u8; 2]) -> [u8; 8] {
        let mut block = arqc;
        block[0] ^= response_code[0];
        block[1] ^= response_code[1];
        tdes(&self.0, block)
    }

    /// ARPC method 2: a four-byte MAC over ARQC, Card Status Update and up to
    /// eight bytes of proprietary data. EMV 4.4 Book 2 8.2.2.
    #[must_use]
    pub fn arpc_method_2(&self, arqc: [u8; 8], status: [u8; 4], proprietary: &[u8]) -> [u8; 4] {
        let message = [&arqc[..], &status, proprietary].concat();
        let mac = mac_algorithm_3(&self.0, &message);
        [mac[0], mac[1], mac[2], mac[3]]
    }
}

/// PAN followed by the two-digit sequence number, as ASCII digits.
fn pan_and_sequence(pan: &str, sequence_number: u8) -> Result<Zeroizing<Vec<u8>>, PanError> {
    let legal = (1..=PAN_DIGITS_MAX).contains(&pan.len())
        && pan.bytes().all(|byte| byte.is_ascii_digit())
        && sequence_number <= 99;
    if !legal {
        return Err(PanError);
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(PAN_DIGITS_MAX + 2));
    digits.extend_from_slice(pan.as_bytes());
    digits.push(b'0' + sequence_number / 10);
    digits.push(b'0' + sequence_number % 10);
    Ok(digits)
}

/// A1.4.1 step 1: the rightmost 16 digits, zero-filled on the left, as BCD.
fn rightmost_16(digits: &[u8]) -> [u8; BLOCK] {
    let mut nibbles = [0; 16];
    for (slot, digit) in nibbles.iter_mut().rev().zip(digits.iter().rev()) {
        *slot = digit - b'0';
    }
    pack(nibbles)
}

/// A1.4.2 steps 1 and 2: SHA-1 over the digits as BCD (a zero before an odd
/// count), then its first 16 decimal nibbles, and if those are fewer, its
/// letters as 0 to 5.
fn decimalised_hash(digits: &[u8]) -> [u8; BLOCK] {
    let mut padded = Zeroizing::new(Vec::with_capacity(digits.len() + 1));
    if digits.len() % 2 == 1 {
        padded.push(0);
    }
    padded.extend(digits.iter().map(|digit| digit - b'0'));
    let bcd: Zeroizing<Vec<u8>> = Zeroizing::new(
        padded
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    );

    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &bcd);
    let all = || {
        hash.as_ref()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0x0F])
    };
    let decimals = all().filter(|nibble| *nibble < 10);
    let letters = all()
        .filter(|nibble| *nibble >= 10)
        .map(|nibble| nibble - 10);
    let mut nibbles = [0; 16];
    for (slot, nibble) in nibbles.iter_mut().zip(decimals.chain(letters)) {
        *slot = nibble;
    }
    pack(nibbles)
}

fn pack(nibbles: [u8; 16]) -> [u8; BLOCK] {
    std::array::from_fn(|index| nibbles[2 * index] << 4 | nibbles[2 * index + 1])
}

/// Enciphers both blocks and sets odd parity, as A1.3 and A1.4 ask of a key.
fn two_blocks(key: &[u8; KEY], left: [u8; BLOCK], right: [u8; BLOCK]) -> Zeroizing<[u8; KEY]> {
    let mut output = Zeroizing::new([0; KEY]);
    for (half, block) in output.chunks_exact_mut(BLOCK).zip([left, right]) {
        let mut enciphered = tdes(key, block);
        half.copy_from_slice(&enciphered);
        enciphered.zeroize();
    }
    set_odd_parity(&mut output);
    output
}

fn set_odd_parity(key: &mut [u8; KEY]) {
    for byte in key {
        let odd = (*byte >> 1).count_ones() % 2 == 0;
        *byte = *byte & 0xFE | u8::from(odd);
    }
}
