//! One key for one card.

use core::convert::Infallible;

use sealpoint_secret::{Pan, PinBlock, SecretBytes};
use sealpoint_wire::{
    Bytes, KeyId, SealContext,
    seal::{DukptScheme, DukptSealed},
};

use zeroize::Zeroizing;

use super::{aes, cipher, shape::Shape, tdes};
use crate::{CardData, SealError, pin_block};

/// A transaction key of X9.24 and its serial number. It can be used once: whatever it does takes it
/// by value, and there is no copy of it.
///
/// What it does is not public. A key may be used once its number is on a disk, and the key store's
/// proof of that is the way to use it.
pub struct TransactionKey {
    scheme: DukptScheme,
    ksn: Vec<u8>,
    key: SecretBytes,
}

/// An enciphered PIN block and the serial number of its key.
pub struct EncipheredPinBlock {
    /// Key serial number, [`DukptScheme::ksn_len`] bytes.
    pub ksn: Bytes,
    /// The PIN block, one cipher block: [`DukptScheme::block_len`] bytes.
    pub block: Bytes,
}

/// A PIN block that this scheme does not encipher.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "The PIN cannot be sent: AES keys encipher PIN blocks of format 4 alone, TDES keys those of \
     formats 0 and 3. Set the PIN pad to the format of the acquirer's key."
)]
pub struct BadPinBlock;

/// What a working key is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Enciphers PIN blocks.
    Pin,
    /// Makes the MAC of what the terminal sends.
    Mac,
    /// Enciphers the data that the terminal sends.
    Data,
}

impl TransactionKey {
    /// `key` has the length of a key of `scheme`.
    pub(super) fn new(scheme: DukptScheme, ksn: Vec<u8>, key: SecretBytes) -> Self {
        Self { scheme, ksn, key }
    }

    /// Key serial number: the initial key's id and the counter, [`DukptScheme::ksn_len`] bytes. The
    /// host finds the key by it; it is no secret.
    #[must_use]
    pub fn ksn(&self) -> &[u8] {
        &self.ksn
    }

    /// Derivation, and algorithm of the working keys.
    #[must_use]
    pub fn scheme(&self) -> DukptScheme {
        self.scheme
    }

    /// The key itself, to be compared with published ones.
    #[cfg(test)]
    pub(crate) fn expose(&self) -> &[u8] {
        self.key.expose()
    }

    /// Seals `card` for what `context` says and nothing else, as [`sealpoint_wire::seal`] lays it
    /// out, and wipes it. `key_id` names the key set.
    ///
    /// # Errors
    /// [`SealError`]; card data and key are wiped then too.
    pub(crate) fn seal(
        self,
        card: CardData,
        context: &SealContext,
        key_id: &KeyId,
    ) -> Result<DukptSealed, SealError> {
        if context.key_id != *key_id {
            return Err(SealError::OtherKey);
        }
        let plaintext = card.plaintext().map_err(|_| SealError::NotSealed)?;
        drop(card);
        let sealed = self.encipher(&plaintext).ok_or(SealError::NotSealed)?;
        drop(plaintext);
        let authenticated = DukptSealed::authenticated(context, &self.ksn, sealed.expose());
        let key = self.working_key(Purpose::Mac);
        let mac = cipher::cmac(self.scheme, key.expose(), &authenticated);
        let bytes =
            |bytes: &[u8]| Bytes::try_from(bytes.to_vec()).map_err(|_| SealError::NotSealed);
        Ok(DukptSealed {
            scheme: self.scheme,
            key_id: key_id.clone(),
            ksn: bytes(&self.ksn)?,
            ciphertext: bytes(sealed.expose())?,
            mac: bytes(&mac)?,
        })
    }

    /// Pads with 80 and zeros to whole blocks (ISO/IEC 9797-1 padding method 2) and enciphers in
    /// CBC mode. The zero IV is sound because the key enciphers nothing else.
    fn encipher(&self, plaintext: &SecretBytes) -> Option<SecretBytes> {
        let block_len = self.scheme.block_len();
        let padding = block_len - plaintext.len() % block_len;
        let key = self.working_key(Purpose::Data);
        // Padded and enciphered where it lies, so that no clear copy is left.
        let mut blocks = SecretBytes::with_bound(plaintext.len() + padding);
        blocks
            .fill(|blocks| {
                let (text, rest) = blocks.split_at_mut(plaintext.len());
                text.copy_from_slice(plaintext.expose());
                *rest.first_mut().ok_or(())? = 0x80;
                cipher::cbc(self.scheme, key.expose(), blocks);
                Ok::<_, ()>(blocks.len())
            })
            .ok()?;
        Some(blocks)
    }

    /// Enciphers a PIN block (ISO 9564-1) and wipes it: format 4 with AES, which takes the card
    /// number in between (section 9.4.2), formats 0 and 3 with TDES, where it is in the block
    /// already.
    ///
    /// # Errors
    /// [`BadPinBlock`] for a format that does not go with the scheme.
    pub(crate) fn encipher_pin_block(
        self,
        pin_block: PinBlock,
        pan: &Pan,
    ) -> Result<EncipheredPinBlock, BadPinBlock> {
        if !goes_with(self.scheme, pin_block.expose()) {
            return Err(BadPinBlock);
        }
        let key = self.working_key(Purpose::Pin);
        let mut block = Zeroizing::new(pin_block.expose().to_vec());
        drop(pin_block);
        cipher::encrypt_block(self.scheme, key.expose(), &mut block);
        if self.scheme != DukptScheme::Tdes2 {
            let pan_field = pin_block::format_4_pan_field(pan);
            for (byte, pan) in block.iter_mut().zip(pan_field.iter()) {
                *byte ^= pan;
            }
            cipher::encrypt_block(self.scheme, key.expose(), &mut block);
        }
        let bytes = |bytes: Vec<u8>| Bytes::try_from(bytes).map_err(|_| BadPinBlock);
        Ok(EncipheredPinBlock {
            block: bytes(core::mem::take(&mut *block))?,
            ksn: bytes(self.ksn)?,
        })
    }

    /// The working key for `purpose`, of the scheme's length.
    pub(crate) fn working_key(&self, purpose: Purpose) -> SecretBytes {
        let key = self.key.expose();
        let mut working = SecretBytes::with_bound(key.len());
        let filled = working.fill(|into| {
            if self.scheme == DukptScheme::Tdes2 {
                tdes_working_key(key, purpose, into);
            } else {
                self.aes_working_key(purpose, into);
            }
            Ok::<_, Infallible>(into.len())
        });
        match filled {
            Ok(_) => working,
        }
    }

    fn aes_working_key(&self, purpose: Purpose, into: &mut [u8]) {
        let usage = match purpose {
            Purpose::Pin => aes::PIN_ENCRYPTION,
            Purpose::Mac => aes::MAC_GENERATION,
            Purpose::Data => aes::DATA_ENCRYPTION,
        };
        let (id, number) = self.ksn.split_at(Shape::of(self.scheme).id_len);
        let number = number
            .iter()
            .fold(0, |all, byte| all << 8 | u32::from(*byte));
        aes::derive(self.scheme, self.key.expose(), usage, id, number, into);
    }
}

fn tdes_working_key(key: &[u8], purpose: Purpose, into: &mut [u8]) {
    match purpose {
        Purpose::Pin => tdes::variant(key, tdes::PIN_VARIANT, into),
        Purpose::Mac => tdes::variant(key, tdes::MAC_REQUEST_VARIANT, into),
        Purpose::Data => tdes::data_key(key, into),
    }
}

/// Whether the scheme may encipher a PIN block of this length and format; the format is the first
/// half byte.
fn goes_with(scheme: DukptScheme, pin_block: &[u8]) -> bool {
    let format = pin_block.first().map(|byte| byte >> 4);
    let formats: &[u8] = match scheme {
        DukptScheme::Tdes2 => &[0, 3],
        DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => &[4],
    };
    pin_block.len() == scheme.block_len() && format.is_some_and(|format| formats.contains(&format))
}
