//! PIN entry, as the kernel sees it: it asks, a pad answers, and a PIN never comes here (EMV 4.4
//! Book 3 §10.5.1 and §10.5.2, Book 4 §6.3.4).

use sealpoint_secret::{Pan, SecretBytes};

use crate::{apdu::Sw, oda::PinKey};

/// What a reader's PIN pad can do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PinPad {
    /// Give the card the PIN in clear by itself (PC/SC part 10, `FEATURE_VERIFY_PIN_DIRECT`).
    pub plaintext: bool,
    /// Encipher the PIN with the card's key (Book 2 §7.2).
    pub enciphered: bool,
    /// Give an enciphered PIN block for the host (ISO 9564-1).
    pub online: bool,
}

impl PinPad {
    /// No pad.
    pub const NONE: Self = Self {
        plaintext: false,
        enciphered: false,
        online: false,
    };
}

/// What to ask the pad for. Has no `Debug`: it may hold the PAN.
pub enum PinRequest {
    /// Let the pad send VERIFY with the plaintext PIN block (Book 3 §6.5.12) and give
    /// [`PinEntry::Verified`].
    Plaintext {
        /// Tries that are left, if the card said (tag 9F17); 1 is the last.
        tries_left: Option<u8>,
    },
    /// Let the pad encipher the PIN and give [`PinEntry::Enciphered`]; the kernel sends it.
    Enciphered {
        /// Tries that are left, if the card said; 1 is the last.
        tries_left: Option<u8>,
        /// The card's key for it.
        key: PinKey,
        /// What the card answered to GET CHALLENGE.
        challenge: [u8; 8],
    },
    /// Let the pad make a PIN block for the host and give [`PinEntry::Online`].
    Online {
        /// What the PIN block is bound to (ISO 9564-1 formats 0 and 4).
        pan: Pan,
    },
}

/// What came of the PIN. Has no `Debug`.
pub enum PinEntry {
    /// The pad has sent VERIFY; the card's status word.
    Verified(Sw),
    /// The enciphered PIN data, as long as the key's modulus.
    Enciphered(SecretBytes),
    /// The PIN block for the host.
    Online(OnlinePin),
    /// The cardholder, or the cashier for them, goes on without.
    Bypassed,
    /// The cardholder pressed cancel, or entered nothing in time.
    Cancelled,
    /// The pad failed.
    PadFailed,
}

/// An enciphered PIN block for the host, with what names its key (ANSI X9.24). Enciphered by the pad:
/// nothing on this machine can open it.
#[derive(Clone, PartialEq, Eq)]
pub struct OnlinePin {
    /// The block: 8 bytes (TDES) or 16 (AES).
    pub block: Vec<u8>,
    /// Key serial number: 10 bytes (TDES DUKPT) or 12 (AES DUKPT).
    pub ksn: Vec<u8>,
}
