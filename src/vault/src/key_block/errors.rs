//! Why a key block is not one, does not open, or cannot be made.

use super::attributes::{Algorithm, Version};
use super::{MAX_LEN, MIN_LEN};
use crate::CheckValue;

/// Why a text is no key block. Says nothing of the key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKeyBlock {
    /// Too short or too long.
    #[error(
        "This is no key block: it has {0} characters, and a key block has {MIN_LEN} to {MAX_LEN}. \
         Ask its sender for it again."
    )]
    Size(usize),
    /// A character that is not printable ASCII.
    #[error(
        "The key block is damaged: character {0} is not printable ASCII. Copy it again, without \
         line breaks."
    )]
    Character(usize),
    /// A version that this room does not know.
    #[error(
        "The key block is of version '{0}', and this program reads A, B, C and D. Ask its sender \
         for one of version D."
    )]
    Version(char),
    /// The length in the header is another one.
    #[error(
        "The key block is damaged: it says that it has {stated} characters and has {found}. Ask \
         its sender for it again."
    )]
    Length {
        /// Characters by its header.
        stated: usize,
        /// Characters that there are.
        found: usize,
    },
    /// A field of the header is not written as the standard writes it.
    #[error(
        "The key block is damaged: its {0} is not written as X9.143 writes it. Ask its sender for \
         it again."
    )]
    Field(&'static str),
    /// An optional block is wrong.
    #[error(
        "The key block is damaged: optional block {number} {fault}. Ask its sender for it again."
    )]
    Optional {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        fault: BadOptionalBlock,
    },
    /// The optional blocks do not end with a cipher block.
    #[error(
        "The key block is damaged: its optional blocks are not padded to whole cipher blocks. Ask \
         its sender for it again."
    )]
    Unpadded,
    /// What follows the header is no encrypted key and MAC.
    #[error(
        "The key block is damaged: its encrypted key is not made of whole blocks of capital \
         hexadecimal digits. Ask its sender for it again."
    )]
    Payload,
}

/// What is wrong with an optional block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadOptionalBlock {
    /// Its name is not two letters or digits, or is reserved.
    #[error("has no name of two letters or digits")]
    Id,
    /// Its length is no capital hexadecimal number, or points out of the block.
    #[error("is longer or shorter than it says")]
    Length,
    /// It holds something else than printable ASCII.
    #[error("holds something else than printable ASCII")]
    Data,
    /// There is another one of the same name.
    #[error("has the same name as another one")]
    Twice,
    /// It comes behind the padding, which is always the last.
    #[error("stands behind the padding")]
    AfterPadding,
}

/// Why a key block does not open. Says nothing of the key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotOpened {
    /// Variant binding, and the caller takes derivation binding only.
    #[error(
        "The key block is of version {0}, which is deprecated and allowed for legacy acquirers \
         only. Ask its sender for one of version D, or B for triple DES."
    )]
    Legacy(Version),
    /// The protection key is for the other cipher.
    #[error(
        "The key block is of version {version}, which is opened with a protection key for \
         {needed}. Use that key, or ask for a block under the key that you have."
    )]
    ProtectionCipher {
        /// The block's version.
        version: Version,
        /// The cipher that it takes.
        needed: Algorithm,
    },
    /// The block says under which key it is, and it is another one.
    #[error(
        "The key block is under the protection key with check value {stated}, and this one has \
         {found}. Load the right protection key, or ask for the block under this one."
    )]
    OtherProtectionKey {
        /// Optional block KP.
        stated: CheckValue,
        /// The check value of the key that was tried.
        found: CheckValue,
    },
    /// The MAC does not fit: another protection key, or something was changed.
    #[error(
        "The key block does not open: it is under another protection key, or was changed on its \
         way. Compare check values with its sender, and ask for it again."
    )]
    NotAuthentic,
    /// The MAC fits, but what was encrypted is no key of that algorithm.
    #[error(
        "The key block opens, but holds no whole key for {0}. Tell its sender, and ask for \
         another one."
    )]
    NoKey(Algorithm),
    /// Optional block KC or KP is no check value.
    #[error(
        "The key block's check value in optional block {0} is not written as X9.143 writes it. \
         Tell its sender, and ask for another one."
    )]
    CheckValue(&'static str),
    /// The block says which key it holds, and it is another one.
    #[error(
        "The key block says that its key has check value {stated}, and the key has {found}. Tell \
         its sender, and ask for another one."
    )]
    OtherKey {
        /// Optional block KC.
        stated: CheckValue,
        /// The check value of the key.
        found: CheckValue,
    },
}

/// Why no key block was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotWrapped {
    /// Variant binding, which is only read.
    #[error("Key blocks of version {0} are deprecated and no longer made. Use version D.")]
    Deprecated(Version),
    /// The protection key is for the other cipher.
    #[error(
        "Key blocks of version {version} are made with a protection key for {needed}. Use that \
         key or the other version."
    )]
    ProtectionCipher {
        /// The block's version.
        version: Version,
        /// The cipher that it takes.
        needed: Algorithm,
    },
    /// The protection key is weaker than the key in the block would be.
    #[error(
        "The protection key is weaker than the key that it would protect. Use one that is at least \
         as strong."
    )]
    WeakerProtection,
    /// No key of that algorithm is as long.
    #[error("A key for {algorithm} does not have {len} bytes. Check that it is the right key.")]
    KeyLength {
        /// By the header.
        algorithm: Algorithm,
        /// Bytes of the key.
        len: usize,
    },
    /// An optional block twice, too many, or more characters than a key block may have.
    #[error(
        "The optional blocks are too long for a key block, or one of them is there twice. Leave \
         some out."
    )]
    Optional,
    /// The operating system gave no random bytes.
    #[error("This machine gave no random bytes. Restart it; if it happens again, call service.")]
    NoRandomBytes,
}
