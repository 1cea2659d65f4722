//! Wraps a terminal's initial key for its way to the till: an X9.143:2022 (TR-31) key block of
//! version D, or B under a TDES key-block protection key.

use data_encoding::HEXUPPER;
use zeroize::Zeroizing;

use crate::cipher::{Algorithm, CipherKey};

/// Usage, algorithm, mode, key version and exportability of an initial DUKPT key (X9.143:2022
/// section 6.2): derivation only, of no version, never to be exported again.
const USAGE: &str = "B1";
const DERIVATION_ONLY: &str = "X";
const NO_VERSION: &str = "00";
const NOT_EXPORTABLE: &str = "N";
/// Characters of the fixed part of a header.
const HEADER: usize = 16;
/// Characters of an optional block before its content: identifier and length.
const OPTIONAL_HEADER: usize = 4;
/// Bytes of the key's length in bits, which goes before the key.
const LENGTH: usize = 2;
/// Usage in derivation data: keys that encipher, keys that authenticate (section 6.3).
const ENCRYPTION: u16 = 0;
const AUTHENTICATION: u16 = 1;

/// Why no block was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WrapError {
    /// The protection key is weaker than what it would protect.
    #[error("an AES key does not go under a TDES key; give an AES key-block protection key")]
    TooWeak,
    /// The system gave no random bytes.
    #[error("this machine gave no random bytes ({0}); restart it")]
    NoRandomBytes(getrandom::Error),
}

/// The block with `key`, the initial key that `id` names (AES: initial key id; TDES: key serial
/// number), under the key-block protection key.
///
/// # Errors
/// [`WrapError`].
pub fn wrap(key: &CipherKey, id: &[u8], protection: &CipherKey) -> Result<String, WrapError> {
    let block_len = protection.algorithm().block_len();
    let is_aes = |key: &CipherKey| key.algorithm().block_len() == 16;
    if is_aes(key) && !is_aes(protection) {
        return Err(WrapError::TooWeak);
    }
    // As long as the longest key of the algorithm, so that the length says nothing of the key.
    let longest = if is_aes(key) {
        Algorithm::Aes256
    } else {
        Algorithm::Tdes3
    };
    let text_len = (LENGTH + longest.key_len()).next_multiple_of(block_len);
    let mut text = Zeroizing::new(vec![0; text_len]);
    getrandom::fill(&mut text).map_err(WrapError::NoRandomBytes)?;
    text[..LENGTH].copy_from_slice(&key.algorithm().key_bits().to_be_bytes());
    text[LENGTH..LENGTH + key.expose().len()].copy_from_slice(key.expose());

    let (version, named, algorithm) = (
        if is_aes(protection) { 'D' } else { 'B' },
        if is_aes(key) { "IK" } else { "KS" },
        if is_aes(key) { 'A' } else { 'T' },
    );
    let (optional, count) = optional_blocks(named, id, block_len);
    let len = HEADER + optional.len() + 2 * (text.len() + block_len);
    let header = format!(
        "{version}{len:04}{USAGE}{algorithm}{DERIVATION_ONLY}{NO_VERSION}{NOT_EXPORTABLE}\
         {count:02}00{optional}"
    );
    let authenticated = Zeroizing::new([header.as_bytes(), &text].concat());
    let mac = derived(protection, AUTHENTICATION).cmac(&authenticated);
    derived(protection, ENCRYPTION)
        .encrypt_cbc(&mac, &mut text)
        .expect("the text is whole blocks, and a MAC is one block");
    Ok(format!(
        "{header}{}{}",
        HEXUPPER.encode(&text),
        HEXUPPER.encode(&mac)
    ))
}

/// The block that names the key, and one of padding if whole cipher blocks need it (section 6.2.3).
fn optional_blocks(named: &str, id: &[u8], block_len: usize) -> (String, usize) {
    let id = HEXUPPER.encode(id);
    let mut blocks = format!("{named}{:02X}{id}", OPTIONAL_HEADER + id.len());
    let missing = blocks.len().next_multiple_of(block_len) - blocks.len();
    let padding = match missing {
        0 => return (blocks, 1),
        1..OPTIONAL_HEADER => missing + block_len,
        _ => missing,
    };
    blocks += &format!("PB{padding:02X}{}", "0".repeat(padding - OPTIONAL_HEADER));
    (blocks, 2)
}

/// The key for one use of the protection key: CMAC over derivation data in counter mode (section
/// 6.3), as many blocks as it takes.
fn derived(protection: &CipherKey, usage: u16) -> CipherKey {
    let algorithm = protection.algorithm();
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * algorithm.key_len()));
    for counter in 1_u8.. {
        let mut data = vec![counter];
        data.extend_from_slice(&usage.to_be_bytes());
        data.push(0);
        data.extend_from_slice(&algorithm.derivation_code().to_be_bytes());
        data.extend_from_slice(&algorithm.key_bits().to_be_bytes());
        bytes.extend_from_slice(&Zeroizing::new(protection.cmac(&data)));
        if bytes.len() >= algorithm.key_len() {
            break;
        }
    }
    bytes.truncate(algorithm.key_len());
    CipherKey::new(algorithm, bytes).expect("as many bytes were derived as the algorithm asks for")
}

/// A key's check value: of AES the leftmost five bytes of its CMAC over a block of zeros, of TDES
/// the leftmost three of a block of zeros enciphered (X9.24-1:2017 annex A).
#[must_use]
pub fn check_value(key: &CipherKey) -> String {
    let zeros = [0; 16];
    match key.algorithm() {
        Algorithm::Tdes2 | Algorithm::Tdes3 => {
            let mut block = [0; 8];
            key.encrypt_block(&mut block);
            HEXUPPER.encode(&block[..3])
        }
        _ => HEXUPPER.encode(&key.cmac(&zeros)[..5]),
    }
}
