//! The bits of AIP, TVR and TSI (EMV 4.4 Book 3 Annex C1, C5, C6).

use core::fmt::{self, Display, Formatter};

use bitflags::bitflags;
use sealpoint_secret::LogSafe;

/// Bit of a five-byte element, as the books number them: byte 1 is first, bit 8 is highest.
const fn bit(byte: u32, bit: u32) -> u64 {
    1 << ((5 - byte) * 8 + bit - 1)
}

bitflags! {
    /// Terminal verification results, tag 95; also the shape of action codes (Annex C5).
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Tvr: u64 {
        /// Offline data authentication was not performed.
        const ODA_NOT_PERFORMED = bit(1, 8);
        /// SDA failed.
        const SDA_FAILED = bit(1, 7);
        /// ICC data missing.
        const CARD_DATA_MISSING = bit(1, 6);
        /// Card appears on the terminal exception file.
        const ON_EXCEPTION_FILE = bit(1, 5);
        /// DDA failed.
        const DDA_FAILED = bit(1, 4);
        /// CDA failed.
        const CDA_FAILED = bit(1, 3);
        /// SDA selected.
        const SDA_SELECTED = bit(1, 2);
        /// ICC and terminal have different application versions.
        const VERSIONS_DIFFER = bit(2, 8);
        /// Expired application.
        const EXPIRED = bit(2, 7);
        /// Application not yet effective.
        const NOT_YET_EFFECTIVE = bit(2, 6);
        /// Requested service not allowed for card product.
        const SERVICE_NOT_ALLOWED = bit(2, 5);
        /// New card.
        const NEW_CARD = bit(2, 4);
        /// Cardholder verification was not successful.
        const CVM_FAILED = bit(3, 8);
        /// Unrecognised CVM.
        const CVM_UNRECOGNISED = bit(3, 7);
        /// PIN try limit exceeded.
        const PIN_TRIES_EXCEEDED = bit(3, 6);
        /// PIN entry required and PIN pad not present or not working.
        const PIN_PAD_MISSING = bit(3, 5);
        /// PIN entry required, PIN pad present, but PIN was not entered.
        const PIN_NOT_ENTERED = bit(3, 4);
        /// Online PIN entered.
        const ONLINE_PIN_ENTERED = bit(3, 3);
        /// The amount exceeds the floor limit.
        const OVER_FLOOR_LIMIT = bit(4, 8);
        /// Lower consecutive offline limit exceeded.
        const LOWER_OFFLINE_LIMIT = bit(4, 7);
        /// Upper consecutive offline limit exceeded.
        const UPPER_OFFLINE_LIMIT = bit(4, 6);
        /// Selected randomly for online processing.
        const RANDOMLY_ONLINE = bit(4, 5);
        /// Merchant forced it online.
        const FORCED_ONLINE = bit(4, 4);
        /// Default TDOL used.
        const DEFAULT_TDOL = bit(5, 8);
        /// Issuer authentication failed.
        const ISSUER_AUTHENTICATION_FAILED = bit(5, 7);
        /// Script processing failed before final GENERATE AC.
        const SCRIPT_FAILED_BEFORE = bit(5, 6);
        /// Script processing failed after final GENERATE AC.
        const SCRIPT_FAILED_AFTER = bit(5, 5);
    }
}

bitflags! {
    /// TSI, tag 9B: which phases were performed (Annex C6).
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Tsi: u16 {
        /// Offline data authentication was performed.
        const ODA = 0x8000;
        /// Cardholder verification was performed.
        const CVM = 0x4000;
        /// Card risk management was performed.
        const CARD_RISK = 0x2000;
        /// Issuer authentication was performed.
        const ISSUER_AUTHENTICATION = 0x1000;
        /// Terminal risk management was performed.
        const TERMINAL_RISK = 0x0800;
        /// Script processing was performed.
        const SCRIPT = 0x0400;
    }
}

bitflags! {
    /// Application interchange profile, tag 82: what the card supports (Annex C1).
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Aip: u16 {
        /// SDA.
        const SDA = 0x4000;
        /// DDA.
        const DDA = 0x2000;
        /// Cardholder verification.
        const CVM = 0x1000;
        /// Terminal risk management is to be performed.
        const TERMINAL_RISK = 0x0800;
        /// Issuer authentication with EXTERNAL AUTHENTICATE.
        const ISSUER_AUTHENTICATION = 0x0400;
        /// CDA.
        const CDA = 0x0100;
    }
}

impl Tvr {
    /// The five bytes as the bits that they are; reserved bits are kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 5]) -> Self {
        Self::from_bits_retain(
            bytes
                .iter()
                .fold(0, |all, byte| all << 8 | u64::from(*byte)),
        )
    }

    /// The five bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 5] {
        let [_, _, _, bytes @ ..] = self.bits().to_be_bytes();
        bytes
    }
}

impl Display for Tvr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:010X}", self.bits())
    }
}

impl Display for Tsi {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.bits())
    }
}

impl LogSafe for Tvr {}
impl LogSafe for Tsi {}
