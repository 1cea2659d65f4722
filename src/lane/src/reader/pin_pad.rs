//! A reader's own PIN pad (PC/SC part 10). The PIN goes from the keys to the card; what comes here is
//! the card's status word, or the PIN as only the card can read it.

use std::time::Duration;

use sealpoint_emv::{PinKey, Sw};
use sealpoint_secret::SecretBytes;

/// How long the pad waits for the whole PIN.
pub const PAD_TIMEOUT: Duration = Duration::from_secs(PAD_SECONDS as u64);
const PAD_SECONDS: u8 = 30;

/// `CM_IOCTL_GET_FEATURE_REQUEST`, before it becomes a control code (part 10 section 2.2).
pub(super) const GET_FEATURE_REQUEST: u32 = 3400;
/// Bytes of the longest answer of a pad that is read.
pub(super) const MAX_ANSWER: usize = 256;

/// Tags of features (part 10 section 2.3).
const VERIFY_PIN_DIRECT: u8 = 0x06;
const PIN_PROPERTIES: u8 = 0x0A;
const TLV_PROPERTIES: u8 = 0x12;
/// Enciphers a PIN with the card's key: no feature of part 10 but of readers that follow
/// `docs/reader.md`.
const ENCIPHER_PIN: u8 = 0x80;
/// Tags of properties (part 10 section 2.6.14).
const MIN_PIN_SIZE: u8 = 0x06;
const MAX_PIN_SIZE: u8 = 0x07;

/// Digits of a PIN (EMV 4.4 Book 3 section 6.5.12).
const SHORTEST_PIN: u8 = 4;
const LONGEST_PIN: u8 = 12;
/// Entry ends when the confirm key is pressed.
const ON_CONFIRM: u8 = 0x02;

/// VERIFY with a plaintext PIN block of which the pad fills in length and digits (EMV 4.4 Book 3
/// section 6.5.12 and table 23).
const VERIFY: [u8; 13] = [
    0x00, 0x20, 0x00, 0x80, 0x08, 0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
];
/// The digits begin one byte into the data, left justified, BCD.
const FORMAT: u8 = 0x80 | 1 << 3 | 0x01;
/// Their number takes four bits, and they take seven bytes.
const BLOCK: u8 = 4 << 4 | 7;
/// Their number stands four bits into the data.
const LENGTH_FORMAT: u8 = 4;
/// One message on the pad's display, the first: "enter PIN".
const ONE_MESSAGE: u8 = 1;
/// The pad did as it was told.
const DONE: [u8; 2] = [0x90, 0x00];
/// English (United States), as Windows numbers languages.
const LANGUAGE: u16 = 0x0409;

/// What came of a PIN entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PadAnswer {
    /// The card answered VERIFY.
    Card(Sw),
    /// The cardholder pressed cancel.
    Cancelled,
    /// Nothing, or not all, was entered in time.
    TimedOut,
    /// Too few or too many digits; the card was sent nothing.
    WrongLength,
    /// The pad did not do it.
    Failed,
}

/// What came of a PIN that was to be enciphered. Has no `Debug`.
pub enum PadPin {
    /// The enciphered PIN data, as long as the key's modulus.
    Enciphered(SecretBytes),
    /// What the pad said in its place; never a card's word.
    Said(PadAnswer),
}

/// A pad that gives a PIN to the card by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pad {
    /// Control code of `FEATURE_VERIFY_PIN_DIRECT`.
    pub(super) verify: u32,
    /// Control code of the feature to encipher, if it has that.
    pub(super) encipher: Option<u32>,
    shortest: u8,
    longest: u8,
}

/// Control codes of the features that a reader lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Features {
    verify: u32,
    /// `FEATURE_IFD_PIN_PROPERTIES`.
    pub(super) pin_properties: Option<u32>,
    /// `FEATURE_GET_TLV_PROPERTIES`.
    pub(super) tlv_properties: Option<u32>,
    encipher: Option<u32>,
}

impl Features {
    /// Reads the answer to `GET_FEATURE_REQUEST`: tag, length 4, control code with its highest byte
    /// first. None without a feature to verify a PIN. A number that `is_control_code` does not know
    /// is never sent to the reader.
    pub(super) fn read(answer: &[u8], is_control_code: impl Fn(u32) -> bool) -> Option<Self> {
        let listed = |wanted| {
            properties(answer).find_map(|(tag, value)| {
                let code = u32::from_be_bytes(value.try_into().ok()?);
                (tag == wanted && is_control_code(code)).then_some(code)
            })
        };
        Some(Self {
            verify: listed(VERIFY_PIN_DIRECT)?,
            pin_properties: listed(PIN_PROPERTIES),
            tlv_properties: listed(TLV_PROPERTIES),
            encipher: listed(ENCIPHER_PIN),
        })
    }

    /// The pad, if its properties allow a PIN as cards have them. `pin` is a
    /// `PIN_PROPERTIES_STRUCTURE` (display, entry validation, second timeout), `tlv` what
    /// `FEATURE_GET_TLV_PROPERTIES` answered; either may be empty.
    pub(super) fn pad(self, pin: &[u8], tlv: &[u8]) -> Option<Pad> {
        // Display (two bytes), then the conditions that end an entry. A pad that names none says
        // nothing.
        if let [_, _, conditions, _, ..] = pin
            && *conditions != 0
            && conditions & ON_CONFIRM == 0
        {
            return None;
        }
        let property = |wanted| {
            properties(tlv).find_map(|(tag, value)| match value {
                [size] if tag == wanted && *size > 0 => Some(*size),
                _ => None,
            })
        };
        let shortest = property(MIN_PIN_SIZE).map_or(SHORTEST_PIN, |size| size.max(SHORTEST_PIN));
        let longest = property(MAX_PIN_SIZE).map_or(LONGEST_PIN, |size| size.min(LONGEST_PIN));
        (shortest <= longest).then_some(Pad {
            verify: self.verify,
            encipher: self.encipher,
            shortest,
            longest,
        })
    }
}

/// Tag, length of one byte, value; ends where that does not fit.
fn properties(mut list: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&[tag, length], rest) = list.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(length.into())?;
        list = rest;
        Some((tag, value))
    })
}

impl Pad {
    /// `PIN_VERIFY_STRUCTURE` (part 10 section 2.5.2), numbers with their lowest byte first.
    pub(super) fn order(self) -> Vec<u8> {
        let mut order = vec![PAD_SECONDS, PAD_SECONDS, FORMAT, BLOCK, LENGTH_FORMAT];
        // wPINMaxExtraDigit: the shortest in its high byte, the longest in its low byte.
        order.extend([self.longest, self.shortest]);
        order.extend([ON_CONFIRM, ONE_MESSAGE]);
        order.extend(LANGUAGE.to_le_bytes());
        // Index of the message; bTeoPrologue, three bytes for T=1, which the driver fills.
        order.extend([0; 4]);
        order.extend((VERIFY.len() as u32).to_le_bytes());
        order.extend(VERIFY);
        order
    }

    /// The order to encipher a PIN (`docs/reader.md`), numbers with their highest byte first.
    pub(super) fn order_enciphered(self, key: &PinKey, challenge: [u8; 8]) -> Vec<u8> {
        let exponent = key.exponent.to_be_bytes();
        let zeroes = key.exponent.leading_zeros() as usize / 8;
        let exponent = exponent.get(zeroes..).unwrap_or_default();
        let mut order = vec![PAD_SECONDS, self.shortest, self.longest];
        order.extend(challenge);
        order.push(exponent.len() as u8);
        order.extend(exponent);
        order.extend(&key.modulus);
        order
    }
}

impl PadPin {
    /// Reads what the reader answered to the order: data as long as the key and 9000, or a word of its
    /// own.
    pub(super) fn read(answer: &[u8], key: &PinKey) -> Self {
        match answer.split_last_chunk() {
            Some((data, &DONE)) if !data.is_empty() && data.len() == key.modulus.len() => {
                Self::Enciphered(SecretBytes::from_slice(data))
            }
            _ => Self::Said(match PadAnswer::read(answer) {
                // The card was sent nothing.
                PadAnswer::Card(_) => PadAnswer::Failed,
                said => said,
            }),
        }
    }
}

impl PadAnswer {
    /// Reads what the reader answered to the order: the card's status word or its own (part 10
    /// section 2.5.2, and annex A of the CCID specification for the latter).
    pub(super) fn read(answer: &[u8]) -> Self {
        let Ok(sw) = <[u8; 2]>::try_from(answer) else {
            return Self::Failed;
        };
        match u16::from_be_bytes(sw) {
            0x6400 => Self::TimedOut,
            0x6401 => Self::Cancelled,
            0x6403 => Self::WrongLength,
            // 6402: entries differ, which is for a change of PIN. 6B80: the order was not
            // understood.
            0x6402 | 0x6B80 => Self::Failed,
            sw => Self::Card(Sw(sw)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader with a pad lists on Linux: verify, modify, pin properties, TLV properties.
    const LISTED: &[u8] = &[
        0x06, 4, 0x42, 0x33, 0x00, 0x06, 0x07, 4, 0x42, 0x33, 0x00, 0x07, 0x0A, 4, 0x42, 0x33,
        0x00, 0x0A, 0x12, 4, 0x42, 0x33, 0x00, 0x12,
    ];

    fn any(_: u32) -> bool {
        true
    }

    fn listed() -> Features {
        Features::read(LISTED, any).expect("it verifies")
    }

    #[test]
    fn features_are_read_with_their_highest_byte_first() {
        let features = listed();
        assert_eq!(features.verify, 0x4233_0006);
        assert_eq!(features.pin_properties, Some(0x4233_000A));
        assert_eq!(features.tlv_properties, Some(0x4233_0012));
    }

    #[test]
    fn without_the_feature_or_with_a_broken_list_there_is_no_pad() {
        for list in [
            &[][..],
            &[0x06],
            &[0x06, 4, 0x42, 0x33],
            &[0x06, 2, 0x42, 0x33],
            &[0x07, 4, 0x42, 0x33, 0x00, 0x07],
            &[0xFF, 0xFF],
        ] {
            assert_eq!(Features::read(list, any), None, "{list:02X?}");
        }
    }

    #[test]
    fn a_number_that_is_no_control_code_is_not_taken() {
        let linux = |code: u32| code >> 24 == 0x42;
        assert!(Features::read(LISTED, linux).is_some());
        let foreign = [0x06, 4, 0x00, 0x31, 0x20, 0x18];
        assert_eq!(Features::read(&foreign, linux), None);
    }

    #[test]
    fn the_order_is_the_structure_of_part_10_with_an_emv_pin_block() {
        let pad = listed().pad(&[], &[]).expect("a pad");
        let expected = [
            30, 30, 0x89, 0x47, 0x04, 0x0C, 0x04, 0x02, 0x01, 0x09, 0x04, 0x00, 0x00, 0x00, 0x00,
            13, 0, 0, 0, 0x00, 0x20, 0x00, 0x80, 0x08, 0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0xFF,
        ];
        assert_eq!(pad.order(), expected);
    }

    #[test]
    fn the_pads_own_limits_narrow_the_length() {
        let tlv = [0x06, 1, 5, 0x07, 1, 8, 0x01, 2, 0x10, 0x02];
        let order = listed().pad(&[], &tlv).expect("a pad").order();
        assert_eq!(order[5..7], [8, 5]);
        // Wider limits than a PIN has stay those of a PIN, and zero says nothing.
        let tlv = [0x06, 1, 0, 0x07, 1, 16];
        let order = listed().pad(&[], &tlv).expect("a pad").order();
        assert_eq!(order[5..7], [12, 4]);
        let none_fits = [0x06, 1, 13];
        assert_eq!(listed().pad(&[], &none_fits), None);
    }

    fn key() -> PinKey {
        PinKey {
            modulus: vec![0xC3; 128],
            exponent: 65_537,
        }
    }

    #[test]
    fn only_a_pad_that_lists_it_enciphers() {
        assert_eq!(listed().pad(&[], &[]).expect("a pad").encipher, None);
        let list = [LISTED, &[0x80, 4, 0x42, 0x33, 0x00, 0x80]].concat();
        let features = Features::read(&list, any).expect("it verifies");
        let pad = features.pad(&[], &[0x07, 1, 8]).expect("a pad");
        assert_eq!(pad.encipher, Some(0x4233_0080));
        let order = pad.order_enciphered(&key(), [1, 2, 3, 4, 5, 6, 7, 8]);
        let head = [30, 4, 8, 1, 2, 3, 4, 5, 6, 7, 8, 3, 1, 0, 1];
        assert_eq!(order, [&head[..], &[0xC3; 128]].concat());
        let small = PinKey {
            exponent: 3,
            ..key()
        };
        assert_eq!(pad.order_enciphered(&small, [0; 8])[11..13], [1, 3]);
    }

    #[test]
    fn an_enciphered_pin_is_as_long_as_the_key() {
        let read = |length: usize, sw: [u8; 2]| match PadPin::read(
            &[&vec![0x5A; length][..], &sw].concat(),
            &key(),
        ) {
            PadPin::Enciphered(pin) => Ok(pin.expose().to_vec()),
            PadPin::Said(said) => Err(said),
        };
        assert_eq!(read(128, DONE), Ok(vec![0x5A; 128]));
        for (length, sw) in [
            (0, DONE),
            (127, DONE),
            (129, DONE),
            (128, [0x63, 0xC2]),
            (0, [0x63, 0xC2]),
            (0, [0x6B, 0x80]),
        ] {
            assert_eq!(
                read(length, sw),
                Err(PadAnswer::Failed),
                "{length} {sw:02X?}"
            );
        }
        assert_eq!(read(0, [0x64, 0x00]), Err(PadAnswer::TimedOut));
        assert_eq!(read(0, [0x64, 0x01]), Err(PadAnswer::Cancelled));
        assert_eq!(read(0, [0x64, 0x03]), Err(PadAnswer::WrongLength));
    }

    #[test]
    fn a_pad_without_a_confirm_key_is_not_used() {
        assert!(listed().pad(&[0x10, 0x02, 0x07, 0x00], &[]).is_some());
        assert!(listed().pad(&[0x10, 0x02, 0x00, 0x00], &[]).is_some());
        assert_eq!(listed().pad(&[0x10, 0x02, 0x05, 0x00], &[]), None);
    }

    #[test]
    fn each_answer_of_a_pad_has_its_meaning() {
        use PadAnswer::*;
        for (answer, meaning) in [
            (&[0x90, 0x00][..], Card(Sw(0x9000))),
            (&[0x63, 0xC2], Card(Sw(0x63C2))),
            (&[0x69, 0x83], Card(Sw(0x6983))),
            (&[0x64, 0x00], TimedOut),
            (&[0x64, 0x01], Cancelled),
            (&[0x64, 0x02], Failed),
            (&[0x64, 0x03], WrongLength),
            (&[0x6B, 0x80], Failed),
            (&[], Failed),
            (&[0x90], Failed),
            (&[0x00, 0x90, 0x00], Failed),
        ] {
            assert_eq!(PadAnswer::read(answer), meaning, "{answer:02X?}");
        }
    }
}
