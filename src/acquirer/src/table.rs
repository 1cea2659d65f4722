//! Field tables: what an edition of ISO 8583 may carry here, as data.

use core::fmt;

pub use crate::editions::{ISO_8583_1987, ISO_8583_1993};

/// Which characters or bytes an element may hold (ISO 8583:1987 section 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    /// `n`: digits; fixed ones are right-justified behind zeros.
    Digits,
    /// `an`: ASCII letters, digits and the fill character space; left-justified.
    Letters,
    /// `ans`: printable ASCII, space to tilde; left-justified, filled with spaces.
    Text,
    /// `b`: any bytes.
    Bytes,
}

impl Alphabet {
    /// Whether this byte belongs to it.
    #[must_use]
    pub const fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Letters => byte.is_ascii_alphanumeric() || byte == b' ',
            Self::Text => matches!(byte, b' '..=b'~'),
            Self::Bytes => true,
        }
    }
}

/// How long an element is, in characters or bytes of content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// Always this long, no prefix.
    Fixed(usize),
    /// `LLVAR`: two ASCII digits say how long, at most this.
    Two(usize),
    /// `LLLVAR`: three ASCII digits say how long, at most this.
    Three(usize),
}

impl Length {
    /// Whether content of `len` characters or bytes fits.
    #[must_use]
    pub const fn takes(self, len: usize) -> bool {
        match self {
            Self::Fixed(exact) => len == exact,
            Self::Two(max) | Self::Three(max) => len <= max,
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(exact) => write!(f, "exactly {exact}"),
            Self::Two(max) | Self::Three(max) => write!(f, "at most {max}"),
        }
    }
}

/// One data element of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its number, 2 to 128 without 65.
    pub de: u8,
    /// Its name in the standard, for people.
    pub name: &'static str,
    /// What it may hold.
    pub alphabet: Alphabet,
    /// How long it is.
    pub length: Length,
}

/// An edition of the standard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Edition {
    /// ISO 8583:1987; its message types begin with 0.
    Y1987,
    /// ISO 8583:1993; its message types begin with 1.
    Y1993,
}

impl Edition {
    /// First digit of the message type identifier.
    #[must_use]
    pub const fn version(self) -> u8 {
        match self {
            Self::Y1987 => b'0',
            Self::Y1993 => b'1',
        }
    }

    /// Its field table.
    #[must_use]
    pub const fn table(self) -> &'static Table {
        match self {
            Self::Y1987 => &ISO_8583_1987,
            Self::Y1993 => &ISO_8583_1993,
        }
    }
}

/// An edition's field table.
#[derive(PartialEq, Eq, Debug)]
pub struct Table {
    /// The edition.
    pub edition: Edition,
    /// The elements, by rising number.
    pub rules: &'static [Rule],
}

impl Table {
    /// The rule for a data element, if this profile has it.
    #[must_use]
    pub fn rule(&self, de: u8) -> Option<&'static Rule> {
        let at = self.rules.binary_search_by_key(&de, |rule| rule.de).ok()?;
        self.rules.get(at)
    }
}

/// Names for the numbers, so that code reads.
pub mod de {
    /// Processing code.
    pub const PROCESSING_CODE: u8 = 3;
    /// Amount, minor units.
    pub const AMOUNT: u8 = 4;
    /// Transmission date and time, UTC, `MMDDhhmmss`.
    pub const TRANSMITTED: u8 = 7;
    /// System trace audit number.
    pub const STAN: u8 = 11;
    /// Time at the terminal: `hhmmss`, and `YYMMDDhhmmss` in the edition of 1993.
    pub const LOCAL_TIME: u8 = 12;
    /// Date at the terminal, `MMDD`; not in the edition of 1993.
    pub const LOCAL_DATE: u8 = 13;
    /// How the card was read: three digits, and twelve characters in the edition of 1993.
    pub const ENTRY_MODE: u8 = 22;
    /// Function code, edition of 1993.
    pub const FUNCTION: u8 = 24;
    /// Condition at the point of service, edition of 1987.
    pub const CONDITION: u8 = 25;
    /// Message reason code, edition of 1993.
    pub const REASON: u8 = 25;
    /// Original amounts, edition of 1993.
    pub const ORIGINAL_AMOUNT: u8 = 30;
    /// Acquiring institution.
    pub const ACQUIRING_INSTITUTION: u8 = 32;
    /// Retrieval reference number.
    pub const REFERENCE: u8 = 37;
    /// Approval code.
    pub const APPROVAL_CODE: u8 = 38;
    /// Response code, two characters; action code, three digits, in the edition of 1993.
    pub const RESPONSE_CODE: u8 = 39;
    /// Terminal.
    pub const TERMINAL: u8 = 41;
    /// Card acceptor: the merchant.
    pub const MERCHANT: u8 = 42;
    /// Currency, ISO 4217 numeric.
    pub const CURRENCY: u8 = 49;
    /// Additional amounts.
    pub const ADDITIONAL_AMOUNTS: u8 = 54;
    /// EMV data, BER-TLV.
    pub const EMV: u8 = 55;
    /// Original data elements, edition of 1993.
    pub const ORIGINAL_1993: u8 = 56;
    /// Network management information code, edition of 1987.
    pub const NETWORK_CODE: u8 = 70;
    /// Original data elements, edition of 1987.
    pub const ORIGINAL: u8 = 90;
    /// The attempt, unless a profile names another: see [`crate::sealed`].
    pub const ATTEMPT: u8 = 120;
    /// The sealed card's elements, in order, unless a profile names others: see [`crate::sealed`].
    pub const SEALED: [u8; 3] = [121, 122, 123];
}

/// Content bytes of the longest `LLLVAR` element.
pub const LONGEST: usize = 999;
