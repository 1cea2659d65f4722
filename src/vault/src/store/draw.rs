//! The next transaction key, and the proof that it will be the next for nobody else.

use sealpoint_secret::{Pan, PinBlock};
use sealpoint_wire::{KeyId, SealContext, seal::DukptSealed};

use super::{KeyStore, StoreError, content::Content, floor};
use crate::{
    CardData, KeyKind, Registers, SealError, TransactionKey,
    dukpt::{BadPinBlock, EncipheredPinBlock},
};

/// A transaction key whose number is on the disk already: whatever happens from here on, the store
/// gives no key of that number again. Only the store makes one; what uses it takes it by value.
pub struct Durable {
    key: TransactionKey,
    key_id: KeyId,
    remaining: u64,
}

/// Why there is no next key. Begins in lower case, to stand behind what it prevents.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// No DUKPT key of that name is loaded.
    #[error("the DUKPT key \"{0}\" is not loaded; load its key block with `tillctl keys load`")]
    NotLoaded(KeyId),
    /// Every key of the key set was used.
    #[error(
        "every key of \"{0}\" is used up; load a new initial key, which your acquirer gives you"
    )]
    Exhausted(KeyId),
    /// More keys were drawn than any lane needs, so that the counter runs ahead of the clock.
    #[error(
        "keys of \"{0}\" were drawn faster than cards can be charged; wait an hour, then try \
         again, and call service if it happens again"
    )]
    TooFast(KeyId),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyStore {
    /// The next key of that key set, its number durable before this returns.
    ///
    /// `now_s` is seconds since the Unix epoch. An AES counter is at least where the clock says, so
    /// that a disk that was put back repeats no number.
    ///
    /// # Errors
    /// [`DrawError`]; no key is used then, and at most a number is left out.
    pub fn next_key(&mut self, key_id: &KeyId, now_s: u64) -> Result<Durable, DrawError> {
        let (key, remaining) = self.change(|content| draw(content, key_id, now_s))?;
        Ok(Durable {
            key,
            key_id: key_id.clone(),
            remaining,
        })
    }
}

/// Draws the next key and leaves the registers that come after it in `content`.
fn draw(
    content: &mut Content,
    key_id: &KeyId,
    now_s: u64,
) -> Result<(TransactionKey, u64), DrawError> {
    let stored = content
        .keys
        .iter_mut()
        .find(|stored| stored.id == *key_id && matches!(stored.kind, KeyKind::Dukpt(_)))
        .ok_or_else(|| DrawError::NotLoaded(key_id.clone()))?;
    let exhausted = || DrawError::Exhausted(key_id.clone());
    let mut registers = Registers::from_state(stored.secret.expose())
        .map_err(|_| DrawError::NotLoaded(key_id.clone()))?;
    let by_clock = floor::follows_the_clock(stored.kind);
    if by_clock {
        registers
            .skip_to(floor::first_at(now_s))
            .map_err(|_| exhausted())?;
    }
    let key = registers.advance().map_err(|_| exhausted())?;
    // A clock that was set back is no reason to stop selling.
    let set_back = now_s < stored.drawn_at_s;
    if by_clock && !set_back && floor::is_ahead(registers.counter(), now_s) {
        return Err(DrawError::TooFast(key_id.clone()));
    }
    stored.drawn_at_s = stored.drawn_at_s.max(now_s);
    stored.secret = registers.state();
    Ok((key, registers.remaining()))
}

impl Durable {
    /// The key set that it is of.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Its key serial number, which is no secret.
    #[must_use]
    pub fn ksn(&self) -> &[u8] {
        self.key.ksn()
    }

    /// How many keys are left after it.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Enciphers a PIN block for the acquirer and wipes it (ISO 9564-1: format 4 with AES, 0 or 3
    /// with TDES).
    ///
    /// # Errors
    /// [`BadPinBlock`] for a format that does not go with the key.
    pub fn encipher_pin_block(
        self,
        pin_block: PinBlock,
        pan: &Pan,
    ) -> Result<EncipheredPinBlock, BadPinBlock> {
        self.key.encipher_pin_block(pin_block, pan)
    }
}

/// Seals `card` under that key for what `context` says and nothing else, and wipes it.
///
/// # Errors
/// [`SealError`]; card data and key are wiped then too, so the card has to be read again.
pub fn seal_dukpt(
    card: CardData,
    context: &SealContext,
    key: Durable,
) -> Result<DukptSealed, SealError> {
    let Durable { key, key_id, .. } = key;
    key.seal(card, context, &key_id)
}
