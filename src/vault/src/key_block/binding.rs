//! How header and key are bound together: X9.143:2022 section 7.
//!
//! | version | keys | MAC | IV of the encryption |
//! |---|---|---|---|
//! | A, C | protection key XOR 45.. and 4D.. | first 4 bytes of CBC-MAC, over the ciphertext | first block of the header |
//! | B, D | CMAC under the protection key, a counter | CMAC, over what is encrypted | the MAC |

use crate::block_cipher::{BlockCipher, WrongLength};
use sealpoint_secret::SecretBytes;
use zeroize::Zeroizing;

use super::attributes::Version;
use crate::check_value::same;

/// What a variant of the protection key is made with, for encryption (section 7.2.3).
const ENCRYPTION_VARIANT: u8 = 0x45;
/// The same, for authentication.
const AUTHENTICATION_VARIANT: u8 = 0x4D;
/// Usage of a derived key: encryption in CBC mode (tables 24 and 25).
const DERIVE_ENCRYPTION: u16 = 0x0000;
/// Usage of a derived key: MAC.
const DERIVE_AUTHENTICATION: u16 = 0x0001;

/// A block's parts as bytes.
pub(super) struct Parts<'a> {
    /// The header with its optional blocks, in ASCII.
    pub(super) header: &'a [u8],
    /// The encrypted key.
    pub(super) ciphertext: &'a [u8],
    /// The MAC.
    pub(super) mac: &'a [u8],
}

/// Encrypted key and MAC.
pub(super) struct Bound {
    pub(super) ciphertext: Vec<u8>,
    pub(super) mac: Vec<u8>,
}

/// The MAC is not that of header and key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NotAuthentic;

impl From<WrongLength> for NotAuthentic {
    fn from(WrongLength: WrongLength) -> Self {
        Self
    }
}

/// Key block encryption and authentication key (KBEK, KBAK).
struct Pair {
    encryption: SecretBytes,
    authentication: SecretBytes,
}

/// What is encrypted in the block, once header and key are known to belong together: the key's
/// length in bits, the key, and padding.
pub(super) fn open(
    version: Version,
    protection: BlockCipher<'_>,
    parts: &Parts<'_>,
) -> Result<SecretBytes, NotAuthentic> {
    let pair = Pair::of(version, protection)?;
    if version.binds_by_variant() {
        let mac = variant_mac(&pair, parts.header, parts.ciphertext)?;
        if !same(&mac, parts.mac) {
            return Err(NotAuthentic);
        }
        let iv = parts.header.get(..version.block_len());
        decrypted(&pair, iv.ok_or(NotAuthentic)?, parts.ciphertext, version)
    } else {
        let payload = decrypted(&pair, parts.mac, parts.ciphertext, version)?;
        let mac = derived_mac(&pair, version, parts.header, payload.expose())?;
        if !same(&mac, parts.mac) {
            return Err(NotAuthentic);
        }
        Ok(payload)
    }
}

/// Binds a header to what is to be encrypted; versions B and D only.
pub(super) fn bind(
    version: Version,
    protection: BlockCipher<'_>,
    header: &[u8],
    payload: &SecretBytes,
) -> Result<Bound, WrongLength> {
    let pair = Pair::derived(protection)?;
    let mac = derived_mac(&pair, version, header, payload.expose())?;
    let mut buffer = Zeroizing::new(payload.expose().to_vec());
    cipher(version, pair.encryption.expose())?.cbc_encrypt(&mac, &mut buffer)?;
    let ciphertext = core::mem::take(&mut *buffer);
    Ok(Bound { ciphertext, mac })
}

fn cipher(version: Version, key: &[u8]) -> Result<BlockCipher<'_>, WrongLength> {
    match version {
        Version::A | Version::B | Version::C => BlockCipher::tdes(key),
        Version::D => BlockCipher::aes(key),
    }
}

fn decrypted(
    pair: &Pair,
    iv: &[u8],
    ciphertext: &[u8],
    version: Version,
) -> Result<SecretBytes, NotAuthentic> {
    let encryption = cipher(version, pair.encryption.expose())?;
    let mut payload = SecretBytes::with_bound(ciphertext.len());
    payload.fill(|bytes| {
        bytes.copy_from_slice(ciphertext);
        encryption.cbc_decrypt(iv, bytes).map(|()| bytes.len())
    })?;
    Ok(payload)
}

fn derived_mac(
    pair: &Pair,
    version: Version,
    header: &[u8],
    payload: &[u8],
) -> Result<Vec<u8>, WrongLength> {
    let mut mac = vec![0; version.mac_len()];
    cipher(version, pair.authentication.expose())?.cmac(&[header, payload], &mut mac)?;
    Ok(mac)
}

/// CBC-MAC of ISO 9797-1 algorithm 1 with triple DES, no padding, its first bytes.
fn variant_mac(pair: &Pair, header: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, WrongLength> {
    let authentication = BlockCipher::tdes(pair.authentication.expose())?;
    let mut chained = [header, ciphertext].concat();
    let iv = [0; 8];
    authentication.cbc_encrypt(&iv, &mut chained)?;
    let last = chained.chunks_exact(iv.len()).next_back();
    let mac = last.and_then(|block| block.get(..Version::A.mac_len()));
    Ok(mac.ok_or(WrongLength)?.to_vec())
}

impl Pair {
    fn of(version: Version, protection: BlockCipher<'_>) -> Result<Self, WrongLength> {
        if version.binds_by_variant() {
            Self::variants(protection)
        } else {
            Self::derived(protection)
        }
    }

    /// Sections 7.2.1 and 7.2.2: as many CMACs as the key is long, each over a counter.
    fn derived(protection: BlockCipher<'_>) -> Result<Self, WrongLength> {
        Ok(Self {
            encryption: derive(protection, DERIVE_ENCRYPTION)?,
            authentication: derive(protection, DERIVE_AUTHENTICATION)?,
        })
    }

    fn variants(protection: BlockCipher<'_>) -> Result<Self, WrongLength> {
        Ok(Self {
            encryption: variant(protection, ENCRYPTION_VARIANT)?,
            authentication: variant(protection, AUTHENTICATION_VARIANT)?,
        })
    }
}

fn derive(protection: BlockCipher<'_>, usage: u16) -> Result<SecretBytes, WrongLength> {
    let [usage_high, usage_low] = usage.to_be_bytes();
    let [algorithm_high, algorithm_low] = protection.derivation_code().to_be_bytes();
    let bits = u16::try_from(8 * protection.key_len()).map_err(|_| WrongLength)?;
    let [bits_high, bits_low] = bits.to_be_bytes();
    let mut key = SecretBytes::with_bound(protection.key_len());
    key.fill(|bytes| {
        for (counter, part) in (1..).zip(bytes.chunks_mut(protection.block_len())) {
            let input = [
                counter,
                usage_high,
                usage_low,
                0x00,
                algorithm_high,
                algorithm_low,
                bits_high,
                bits_low,
            ];
            protection.cmac(&[&input], part)?;
        }
        Ok(bytes.len())
    })?;
    Ok(key)
}

fn variant(protection: BlockCipher<'_>, with: u8) -> Result<SecretBytes, WrongLength> {
    let mut key = SecretBytes::with_bound(protection.key_len());
    key.fill(|bytes| {
        for (byte, of) in bytes.iter_mut().zip(protection.key()) {
            *byte = of ^ with;
        }
        Ok::<_, WrongLength>(bytes.len())
    })?;
    Ok(key)
}
