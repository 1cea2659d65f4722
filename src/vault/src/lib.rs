//! Sealing: card data goes in, what only the acquirer can open comes out.
//!
//! [`seal`] takes a [`CardData`] by value, seals it to an [`AcquirerKey`] and wipes it. What comes
//! out is bound to one attempt, amount and terminal ([`sealpoint_wire::SealContext`]).
//!
//! The suite is HPKE base mode (RFC 9180), single shot, a fresh encapsulation for each card:
//!
//! | part | what | where |
//! |---|---|---|
//! | KEM 0x647A | X-Wing: X25519 and ML-KEM-768 (draft-connolly-cfrg-xwing-kem; called MLKEM768-X25519 in draft-ietf-hpke-pq) | `x_wing` |
//! | KDF 0x0001 | HKDF-SHA256 | `hpke` |
//! | AEAD 0x0002 | AES-256-GCM | `hpke` |
//!
//! A recording made today stays closed even if one half of the KEM falls later.
//!
//! The other way to seal, for acquirers that ask for it, is DUKPT: [`Registers`] give a
//! [`TransactionKey`] for each card ([`dukpt`]); [`pin_block`] has what PINs are put into.
//!
//! [`CardCoder`] recognises a card that was here before without keeping its number; [`TokenKey`] does
//! so in all of a retailer's shops, and a [`HotList`] names the cards that are not to be taken.
//!
//! [`Manifest`] says which keys may be used, [`signed`] that the retailer said so. [`KeyStore`] keeps
//! the secret ones, and gives a DUKPT key once its number is on the disk ([`store`]).
//!
//! An [`Erasure`] of the retailer ends all of it: [`erase_keys`].
//!
//! Secret keys travel in key blocks ([`key_block`], X9.143) or as components that people hold
//! ([`components`]), and have a [`CheckValue`] to compare.
//!
//! Deliberately absent: opening. A till cannot open what it sealed, so the code is not here; the
//! tests open with another implementation.
//!
//! **What is wiped.** The card data, the plaintext, both shared secrets, their combination and the
//! derived key and nonce, wherever this room holds them. `ring` and `libcrux` do not wipe the
//! copies that they make on their own stack, so a core dump of the card process must stay
//! impossible by other means.

mod acquirer_key;
mod block_cipher;
mod card_code;
mod card_data;
mod check_value;
pub mod components;
pub mod dukpt;
mod erase_order;
mod hot_list;
mod hpke;
pub mod key_block;
mod key_file;
mod manifest;
pub mod pin_block;
mod seal;
pub mod signed;
pub mod store;
mod token;
mod x_wing;

#[cfg(test)]
mod tests;

pub use acquirer_key::{AcquirerKey, BadDay, BadKey, Day};
pub use card_code::{CardCode, CardCoder, NoRandomBytes};
pub use card_data::CardData;
pub use check_value::{BadCheckValue, CheckMethod, CheckValue, NoCheckValue};
pub use dukpt::{Exhausted, Registers, TransactionKey};
pub use erase_order::{BadErasure, Erasure};
pub use hot_list::{BadHotList, HOT_LIST_FILE, HOT_LIST_OLD_DAYS, HotList, MAX_HOT_CARDS};
pub use key_block::{KeyBlock, ProtectionKey};
pub use key_file::{ACQUIRER_KEY_FILE, KeyFileError, MAX_KEY_FILE};
pub use manifest::{
    BadContent, BadKind, BadManifest, EXPIRY_WARNING_DAYS, KeyKind, MANIFEST_FILE, MAX_KEYS,
    MAX_OFFLINE_HOURS, MAX_OFFLINE_MINOR, MAX_OFFLINE_RECORDS, MAX_REASON, Manifest, ManifestKey,
    NoKey, Proof, Standing,
};
pub use seal::{SealError, seal};
pub use store::erase::{
    ERASED_FILE, EraseError, erase_keys, is_erased, mark_erased, unmark_erased,
};
pub use store::{Durable, KeyStore, StorageKey, seal_dukpt};
pub use token::{BadTokenKey, TOKEN_KEY_LEN, TokenKey};

/// Where random bytes come from: the operating system's generator (`getrandom`).
pub use ring::rand::{SecureRandom, SystemRandom};

/// The line, counted from 1, in which a fault of a TOML text begins.
fn line_of(text: &str, span: Option<core::ops::Range<usize>>) -> usize {
    let before = span
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    1 + before.bytes().filter(|byte| *byte == b'\n').count()
}
