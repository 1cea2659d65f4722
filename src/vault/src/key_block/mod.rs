//! Key blocks: how a secret key travels to a till (ANSI X9.143:2022, which was TR-31).
//!
//! A key block is one line of printable ASCII: a header that says what the key is for, the key,
//! encrypted under a key block protection key (KBPK), and a MAC over both, so that nobody can make a
//! PIN key of a data key.
//!
//! | step | what | where |
//! |---|---|---|
//! | read | [`KeyBlock::parse`]: the form, strictly; an unknown code is kept and shown | `block`, `header`, `optional`, `attributes`, `usage` |
//! | open | [`KeyBlock::open`]: the MAC first, in constant time, then the key's length and check values | `binding` |
//! | use | [`OpenedKey`]: usage, algorithm, mode, name and strength fit what is to be done with it | `opened` |
//! | make | [`KeyBlock::wrap`]: versions D (AES) and B (triple DES), padded to the longest key | `block` |
//!
//! Versions A and C are read only, and only by a caller who says [`Bindings::LegacyVariantToo`].
//!
//! A key that opens may still not be believed to be *fresh*: a key block is no protection against an
//! old one that comes again. The signed manifest is.

mod attributes;
mod binding;
mod block;
mod errors;
mod header;
mod opened;
mod optional;
mod usage;

#[cfg(test)]
mod tests;

pub use attributes::{Algorithm, Exportability, KeyContext, KeyVersion, ModeOfUse, Version};
pub use block::{BadProtectionKey, Bindings, KeyBlock, ProtectionKey};
pub use errors::{BadKeyBlock, BadOptionalBlock, NotOpened, NotWrapped};
pub use header::Header;
pub use opened::{InitialKey, OpenedKey, Unfit};
pub use optional::{HmacHash, MAX_OPTIONAL_BLOCKS, OptionalBlock};
pub use usage::Usage;

/// The longest key block: its length has four digits.
pub const MAX_LEN: usize = 9_999;
/// The shortest: a header, one cipher block and the MAC of version A.
const MIN_LEN: usize = 16 + 16 + 8;

/// Space to tilde.
fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E)
}
