//! Field tables: what a profile of ISO 8583 may carry, as data.

use core::fmt;

/// Which characters or bytes an element may hold (ISO 8583:1987 section 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    /// `n`: ASCII digits; fixed ones are right-justified behind zeros.
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

/// A profile's field table.
#[derive(PartialEq, Eq, Debug)]
pub struct Table {
    /// First digit of the message type identifier: `0` is 1987, `1` is 1993.
    pub version: u8,
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
    /// Time at the terminal, `hhmmss`.
    pub const LOCAL_TIME: u8 = 12;
    /// Date at the terminal, `MMDD`.
    pub const LOCAL_DATE: u8 = 13;
    /// How the card was read.
    pub const ENTRY_MODE: u8 = 22;
    /// Condition at the point of service.
    pub const CONDITION: u8 = 25;
    /// Approval code.
    pub const APPROVAL_CODE: u8 = 38;
    /// Response code.
    pub const RESPONSE_CODE: u8 = 39;
    /// Terminal.
    pub const TERMINAL: u8 = 41;
    /// Currency, ISO 4217 numeric.
    pub const CURRENCY: u8 = 49;
    /// EMV data, BER-TLV.
    pub const EMV: u8 = 55;
    /// Network management information code.
    pub const NETWORK_CODE: u8 = 70;
    /// Original data elements.
    pub const ORIGINAL: u8 = 90;
    /// The attempt: see [`crate::sealed`].
    pub const ATTEMPT: u8 = 120;
    /// The sealed card's elements, in order: see [`crate::sealed`].
    pub const SEALED: [u8; 3] = [121, 122, 123];
}

/// Content bytes of the longest `LLLVAR` element.
pub const LONGEST: usize = 999;

const fn rule(de: u8, name: &'static str, alphabet: Alphabet, length: Length) -> Rule {
    Rule {
        de,
        name,
        alphabet,
        length,
    }
}

/// ISO 8583:1987, the elements that this profile sends or understands.
///
/// DE 55 is `b..255` as the card schemes use it; DE 120 to 123, `ans...999` for private use in the
/// standard, carry bytes here.
pub static ISO_8583_1987: Table = {
    use Alphabet::{Bytes, Digits, Letters, Text};
    use Length::{Fixed, Three, Two};
    Table {
        version: b'0',
        rules: &[
            rule(3, "processing code", Digits, Fixed(6)),
            rule(4, "amount", Digits, Fixed(12)),
            rule(7, "transmission date and time", Digits, Fixed(10)),
            rule(11, "system trace audit number", Digits, Fixed(6)),
            rule(12, "local time", Digits, Fixed(6)),
            rule(13, "local date", Digits, Fixed(4)),
            rule(15, "settlement date", Digits, Fixed(4)),
            rule(18, "merchant type", Digits, Fixed(4)),
            rule(22, "point of service entry mode", Digits, Fixed(3)),
            rule(24, "network international identifier", Digits, Fixed(3)),
            rule(25, "point of service condition code", Digits, Fixed(2)),
            rule(32, "acquiring institution", Digits, Two(11)),
            rule(33, "forwarding institution", Digits, Two(11)),
            rule(37, "retrieval reference number", Letters, Fixed(12)),
            rule(38, "approval code", Letters, Fixed(6)),
            rule(39, "response code", Letters, Fixed(2)),
            rule(41, "terminal", Text, Fixed(8)),
            rule(42, "card acceptor", Text, Fixed(15)),
            rule(43, "card acceptor name and location", Text, Fixed(40)),
            rule(44, "additional response data", Text, Two(25)),
            rule(49, "currency", Digits, Fixed(3)),
            rule(55, "EMV data", Bytes, Three(255)),
            rule(70, "network management information code", Digits, Fixed(3)),
            rule(90, "original data elements", Digits, Fixed(42)),
            rule(120, "attempt", Bytes, Three(LONGEST)),
            rule(121, "sealed card, first part", Bytes, Three(LONGEST)),
            rule(122, "sealed card, second part", Bytes, Three(LONGEST)),
            rule(123, "sealed card, third part", Bytes, Three(LONGEST)),
        ],
    }
};
