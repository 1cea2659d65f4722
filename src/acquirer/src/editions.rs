//! The field tables of both editions, as data.
//!
//! DE 55 is `b..255` as the card schemes use it. The elements for national and private use (DE 48,
//! 60 to 63, 104 to 127) carry bytes; which of them hold the attempt and the sealed card is the
//! profile's to say, the others are taken and not looked into.

use crate::table::Alphabet::{Bytes, Digits, Letters, Text};
use crate::table::Length::{Fixed, Three, Two};
use crate::table::{Alphabet, Edition, LONGEST, Length, Rule, Table};

const fn rule(de: u8, name: &'static str, alphabet: Alphabet, length: Length) -> Rule {
    Rule {
        de,
        name,
        alphabet,
        length,
    }
}

/// An element for national or private use.
const fn private(de: u8) -> Rule {
    rule(de, "national or private use", Bytes, Three(LONGEST))
}

/// Whether both editions leave this element to national or private use.
#[must_use]
pub const fn is_private(de: u8) -> bool {
    matches!(de, 48 | 60..=63 | 104..=127)
}

/// ISO 8583:1987, the elements that are sent or understood here.
pub static ISO_8583_1987: Table = Table {
    edition: Edition::Y1987,
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
        private(48),
        rule(49, "currency", Digits, Fixed(3)),
        rule(54, "additional amounts", Letters, Three(120)),
        rule(55, "EMV data", Bytes, Three(255)),
        private(60),
        private(61),
        private(62),
        private(63),
        rule(70, "network management information code", Digits, Fixed(3)),
        rule(90, "original data elements", Digits, Fixed(42)),
        private(104),
        private(105),
        private(106),
        private(107),
        private(108),
        private(109),
        private(110),
        private(111),
        private(112),
        private(113),
        private(114),
        private(115),
        private(116),
        private(117),
        private(118),
        private(119),
        private(120),
        private(121),
        private(122),
        private(123),
        private(124),
        private(125),
        private(126),
        private(127),
    ],
};

/// ISO 8583:1993, the elements that are sent or understood here.
pub static ISO_8583_1993: Table = Table {
    edition: Edition::Y1993,
    rules: &[
        rule(3, "processing code", Digits, Fixed(6)),
        rule(4, "amount", Digits, Fixed(12)),
        rule(7, "transmission date and time", Digits, Fixed(10)),
        rule(11, "system trace audit number", Digits, Fixed(6)),
        rule(12, "local date and time", Digits, Fixed(12)),
        rule(15, "settlement date", Digits, Fixed(6)),
        rule(22, "point of service data code", Letters, Fixed(12)),
        rule(24, "function code", Digits, Fixed(3)),
        rule(25, "message reason code", Digits, Fixed(4)),
        rule(26, "card acceptor business code", Digits, Fixed(4)),
        rule(28, "reconciliation date", Digits, Fixed(6)),
        rule(30, "original amounts", Digits, Fixed(24)),
        rule(32, "acquiring institution", Digits, Two(11)),
        rule(33, "forwarding institution", Digits, Two(11)),
        rule(37, "retrieval reference number", Letters, Fixed(12)),
        rule(38, "approval code", Letters, Fixed(6)),
        rule(39, "action code", Digits, Fixed(3)),
        rule(41, "terminal", Text, Fixed(8)),
        rule(42, "card acceptor", Text, Fixed(15)),
        rule(43, "card acceptor name and location", Text, Two(99)),
        rule(44, "additional response data", Text, Two(99)),
        private(48),
        rule(49, "currency", Digits, Fixed(3)),
        rule(54, "additional amounts", Letters, Three(120)),
        rule(55, "EMV data", Bytes, Three(255)),
        rule(56, "original data elements", Digits, Two(35)),
        rule(59, "transport data", Text, Three(LONGEST)),
        private(60),
        private(61),
        private(62),
        private(63),
        private(104),
        private(105),
        private(106),
        private(107),
        private(108),
        private(109),
        private(110),
        private(111),
        private(112),
        private(113),
        private(114),
        private(115),
        private(116),
        private(117),
        private(118),
        private(119),
        private(120),
        private(121),
        private(122),
        private(123),
        private(124),
        private(125),
        private(126),
        private(127),
    ],
};
