//! What an IFD handler answers (`ifdhandler.h` of pcsc-lite).

use std::ffi::c_long;

/// The answer to a call of the card service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// Done.
    Success,
    /// The capability is not known.
    UnknownTag,
    /// The protocol is neither T=0 nor T=1.
    ProtocolNotSupported,
    /// The card could not be powered.
    PowerFailed,
    /// The reader, or the card in it, cannot be spoken to.
    CommunicationError,
    /// The card did not answer in time.
    Timeout,
    /// The reader cannot do that.
    NotSupported,
    /// There is a card.
    CardPresent,
    /// There is none.
    CardAbsent,
    /// There is no such reader.
    NoSuchDevice,
    /// The answer is longer than the room for it.
    InsufficientBuffer,
}

impl Code {
    /// The number that C knows it by.
    #[must_use]
    pub fn number(self) -> c_long {
        match self {
            Self::Success => 0,
            Self::UnknownTag => 600,
            Self::ProtocolNotSupported => 607,
            Self::PowerFailed => 608,
            Self::CommunicationError => 612,
            Self::Timeout => 613,
            Self::NotSupported => 614,
            Self::CardPresent => 615,
            Self::CardAbsent => 616,
            Self::NoSuchDevice => 617,
            Self::InsufficientBuffer => 618,
        }
    }
}
