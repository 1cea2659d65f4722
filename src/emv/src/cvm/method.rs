//! The methods of Annex C3, and which of them a terminal offers.

use crate::{pin::PinPad, terminal::TerminalData};

/// CVM code bits without the one that says whether the next rule applies (Annex C3).
const METHOD: u8 = 0x3F;
/// Terminal capabilities, byte 2 (Book 4 Annex A2): plaintext PIN for the card to verify.
const CAN_PLAINTEXT_PIN: u8 = 0x80;
/// Terminal capabilities, byte 2: enciphered PIN for the issuer to verify.
const CAN_ONLINE_PIN: u8 = 0x40;
/// Terminal capabilities, byte 2: enciphered PIN for the card to verify.
const CAN_ENCIPHERED_PIN: u8 = 0x10;
/// Terminal capabilities, byte 2: no CVM required.
const CAN_SKIP: u8 = 0x08;

/// How a rule wants the cardholder verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    /// Not at all: the rule fails.
    Fail,
    /// With a PIN, and a signature too if `signature`.
    Pin { way: Way, signature: bool },
    /// With a signature on paper.
    Signature,
    /// There is no need to.
    NotRequired,
    /// With face, finger, palm, iris or voice. EMV 4.4 names them; no terminal of this kernel has a
    /// sensor, so they are known and not supported.
    Biometric,
    /// In a way that EMV does not name.
    Unrecognised,
}

/// Where a PIN goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// To the card as it is.
    Plaintext,
    /// To the card, enciphered with its key.
    Enciphered,
    /// To the issuer.
    Online,
}

impl Method {
    /// The method of a CVM code (Annex C3, table 43).
    pub(super) fn of(code: u8) -> Self {
        let pin = |way, signature| Self::Pin { way, signature };
        match code & METHOD {
            0x00 => Self::Fail,
            0x01 => pin(Way::Plaintext, false),
            0x02 => pin(Way::Online, false),
            0x03 => pin(Way::Plaintext, true),
            0x04 => pin(Way::Enciphered, false),
            0x05 => pin(Way::Enciphered, true),
            0x06..=0x0F => Self::Biometric,
            0x1E => Self::Signature,
            0x1F => Self::NotRequired,
            _ => Self::Unrecognised,
        }
    }

    /// Whether the terminal says that it supports the method; a combination, if it does both.
    pub(super) fn is_supported(self, terminal: &TerminalData) -> bool {
        match self {
            Self::Fail => true,
            Self::Pin { way, signature } => {
                way.is_supported(terminal) && (!signature || terminal.collects_signatures())
            }
            Self::Signature => terminal.collects_signatures(),
            Self::NotRequired => can(terminal, CAN_SKIP),
            Self::Biometric | Self::Unrecognised => false,
        }
    }
}

impl Way {
    fn is_supported(self, terminal: &TerminalData) -> bool {
        let capability = match self {
            Self::Plaintext => CAN_PLAINTEXT_PIN,
            Self::Enciphered => CAN_ENCIPHERED_PIN,
            Self::Online => CAN_ONLINE_PIN,
        };
        can(terminal, capability)
    }

    /// Whether the terminal has no PIN pad for this way, as the TVR understands it: a terminal that
    /// can do either kind of offline PIN counts as one that supports offline PIN (Book 3 §10.5.1,
    /// §10.5.2).
    pub(super) fn lacks_pad(self, terminal: &TerminalData) -> bool {
        let wanted = match self {
            Self::Plaintext | Self::Enciphered => CAN_PLAINTEXT_PIN | CAN_ENCIPHERED_PIN,
            Self::Online => CAN_ONLINE_PIN,
        };
        !can(terminal, wanted)
    }

    /// Whether the reader's pad is there for it.
    pub(super) fn is_possible(self, pad: PinPad) -> bool {
        match self {
            Self::Plaintext => pad.plaintext,
            Self::Enciphered => pad.enciphered,
            Self::Online => pad.online,
        }
    }
}

/// Whether any of these bits is set in terminal capabilities byte 2.
fn can(terminal: &TerminalData, bits: u8) -> bool {
    terminal.capabilities[1] & bits != 0
}
