//! What a card, or whoever drives the kernel, did against the books.

use sealpoint_secret::LogSafe;
use thiserror::Error;

use crate::{
    apdu::{Command, Sw},
    atr::AtrFault,
    dol::DolError,
    generate_ac::AcType,
    tag::Tag,
};

/// Why a charge was terminated: what happened, and where EMV 4.4 forbids it. Never card data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// No or an impossible answer to reset.
    #[error("the answer to reset has not 2 to 33 bytes (Book 1 §8)")]
    Reset,
    /// An answer to reset that no command can follow.
    #[error("the answer to reset cannot be used: {0}")]
    Atr(AtrFault),
    /// The card kept answering without coming to an end.
    #[error("the card did not come to an end within the bound on commands")]
    TooManyApdus,
    /// Less than two or more than 258 bytes.
    #[error("the answer to {0} has not 2 to 258 bytes (Book 3 §6.3.3)")]
    AnswerLength(Command),
    /// A chain of 61xx that does not end, or gives more than 256 bytes.
    #[error("the answer to {0} goes on without end (Book 1 §9.3.1)")]
    EndlessAnswer(Command),
    /// A status word that ends the charge.
    #[error("the card answered {1} to {0} (Book 3 §6.5)")]
    Answer(Command, Sw),
    /// Data that cannot be read.
    #[error("the data answered to {0} is malformed (Book 3 §7.5 and Annex B)")]
    Malformed(Command),
    /// Something mandatory is missing.
    #[error("the card gave no {0}, which is mandatory (Book 3 §7.2)")]
    Missing(Tag),
    /// Something has a length or content that it cannot have.
    #[error("the card gave a {0} of a wrong length or format (Book 3 §7.5)")]
    Erroneous(Tag),
    /// The same element twice.
    #[error("the card gave {0} more than once (Book 3 §10.2)")]
    Repeated(Tag),
    /// More records than there may be.
    #[error("the card gave more data than the bound allows")]
    TooMuchData,
    /// An AFL that breaks its rules.
    #[error("the card's file locator is not valid (Book 3 §10.2)")]
    Afl,
    /// A DOL that breaks its rules.
    #[error("the card's {0} is not valid: {1}")]
    Dol(Tag, DolError),
    /// PAN and track 2 name different accounts.
    #[error("the card's 57 and 5A name different accounts (Book 3 Annex A)")]
    AccountsDiffer,
    /// The PAN where everybody reads it.
    #[error("the card wrote its account number into its name or its issuer data")]
    AccountShown,
    /// A cryptogram of a kind that may not follow the request.
    #[error("the card gave {got} where {asked} was asked for (Book 3 §10.8 and §10.11)")]
    WrongCryptogram {
        /// What the terminal asked for.
        asked: AcType,
        /// What the card gave.
        got: AcType,
    },
    /// The second cryptogram belongs to another charge.
    #[error("the card's counter changed between its two cryptograms (Book 3 §10.11)")]
    CounterChanged,
    /// Nothing came in time.
    #[error("the card, or what it needs, took too long")]
    TooSlow,
    /// The driver chose what was not offered.
    #[error("the chosen application was not offered (Book 1 §12.4)")]
    BadChoice,
    /// The driver gave an input that this phase does not wait for.
    #[error("an input came out of turn")]
    OutOfTurn,
}

impl LogSafe for Fault {}
