//! The reader's PIN pad: what PC/SC part 10 section 2.5.2 asks of one.
//!
//! The host says how a VERIFY command looks and where the PIN goes; the pad asks the cardholder,
//! writes the PIN in, and gives the command to the card. Only the card's status word goes back.
//! Or it enciphers the PIN with the card's key, and only that goes back.

use std::time::Duration;

use serde::Deserialize;

mod encipher;

pub(crate) use encipher::EncipherRequest;

/// Bytes of a `PIN_VERIFY_STRUCTURE` before its data.
const HEADER: usize = 19;

/// CLA, INS, P1, P2 and Lc: positions are counted from the first byte after these.
const BEFORE_DATA: usize = 5;

/// INS of VERIFY. A pad that would write a PIN into any command would give it away.
const VERIFY: u8 = 0x20;

/// How long the pad waits if the host does not say.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(30);

/// What the cardholder does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    /// Enters digits and confirms.
    Pin(String),
    /// Presses the cancel key.
    Cancel,
    /// Does nothing until the time is up.
    Timeout,
    /// Confirms too few digits.
    WrongLength,
}

/// Answers of the pad itself (part 10 section 2.5.2.3).
pub(crate) mod answer {
    /// It is done.
    pub(crate) const DONE: [u8; 2] = [0x90, 0x00];
    /// Nothing was entered in time.
    pub(crate) const TIMED_OUT: [u8; 2] = [0x64, 0x00];
    /// The cancel key.
    pub(crate) const CANCELLED: [u8; 2] = [0x64, 0x01];
    /// Too few or too many digits.
    pub(crate) const WRONG_LENGTH: [u8; 2] = [0x64, 0x03];
    /// The request makes no sense.
    pub(crate) const INVALID_REQUEST: [u8; 2] = [0x6B, 0x80];
}

/// How a digit is written.
#[derive(Clone, Copy)]
enum Coding {
    Binary,
    Bcd,
    Ascii,
}

/// A `PIN_VERIFY_STRUCTURE`, taken apart.
pub(crate) struct VerifyRequest<'a> {
    /// How long to wait for the PIN.
    pub(crate) patience: Duration,
    digits: (usize, usize),
    coding: Coding,
    right: bool,
    /// All in bits, from the first byte of the command's data.
    pin_at: usize,
    block: usize,
    length_at: usize,
    length_bits: usize,
    command: &'a [u8],
}

impl<'a> VerifyRequest<'a> {
    /// Nothing if it makes no sense.
    pub(crate) fn parse(structure: &'a [u8]) -> Option<Self> {
        let (header, command) = structure.split_at_checked(HEADER)?;
        let &[
            patience,
            _,
            format,
            block,
            length,
            most,
            least,
            validation,
            ..,
        ] = header
        else {
            return None;
        };
        let stated = u32::from_le_bytes(header[15..].try_into().ok()?);
        let is_verify = command.len() > BEFORE_DATA
            && command[1] == VERIFY
            && usize::from(command[4]) == command.len() - BEFORE_DATA;
        let ends = (1..8).contains(&validation);
        let sane = usize::try_from(stated).ok()? == command.len() && is_verify && ends;
        let coding = match format & 0b11 {
            0 => Coding::Binary,
            1 => Coding::Bcd,
            2 => Coding::Ascii,
            _ => return None,
        };
        let unit = |in_bytes: bool| if in_bytes { 8 } else { 1 };
        let request = Self {
            patience: self::patience(patience),
            digits: (least.into(), most.into()),
            coding,
            right: format & 0b100 != 0,
            pin_at: usize::from(format >> 3 & 0b1111) * unit(format & 0x80 != 0),
            block: usize::from(block & 0b1111) * 8,
            length_at: usize::from(length & 0b1111) * unit(length & 0x10 != 0),
            length_bits: usize::from(block >> 4),
            command,
        };
        let data = (command.len().checked_sub(BEFORE_DATA)?) * 8;
        let room = request.pin_at + request.block <= data
            && request.length_at + request.length_bits <= data
            && request.length_bits <= 8
            && request.digits.0 <= request.digits.1
            && request.digits.1 * request.width() <= request.block;
        (sane && room).then_some(request)
    }

    /// The command with the PIN in it; nothing if it has too few or too many digits.
    pub(crate) fn command(&self, pin: &str) -> Option<Vec<u8>> {
        let digits: Option<Vec<u32>> = pin.chars().map(|digit| digit.to_digit(10)).collect();
        let digits = digits?;
        if !(self.digits.0..=self.digits.1).contains(&digits.len()) {
            return None;
        }
        let mut command = self.command.to_vec();
        let data = &mut command[BEFORE_DATA..];
        let length = u32::try_from(digits.len()).ok()?;
        write_bits(data, self.length_at, self.length_bits, length);
        let skipped = match self.right {
            true => self.block - digits.len() * self.width(),
            false => 0,
        };
        for (index, digit) in digits.into_iter().enumerate() {
            let at = self.pin_at + skipped + index * self.width();
            let written = match self.coding {
                Coding::Ascii => 0x30 + digit,
                Coding::Bcd | Coding::Binary => digit,
            };
            write_bits(data, at, self.width(), written);
        }
        Some(command)
    }

    /// Bits of one digit.
    fn width(&self) -> usize {
        match self.coding {
            Coding::Bcd => 4,
            Coding::Binary | Coding::Ascii => 8,
        }
    }
}

/// How long to wait for the PIN, by the host's word in seconds.
fn patience(seconds: u8) -> Duration {
    match seconds {
        0 => DEFAULT_PATIENCE,
        seconds => Duration::from_secs(seconds.into()),
    }
}

/// Writes the lowest `bits` of `value`, most significant first, from bit `at` on.
fn write_bits(data: &mut [u8], at: usize, bits: usize, value: u32) {
    for bit in 0..bits {
        let place = at + bit;
        let mask = 0x80 >> (place % 8);
        if value >> (bits - 1 - bit) & 1 == 1 {
            data[place / 8] |= mask;
        } else {
            data[place / 8] &= !mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::VerifyRequest;

    /// EMV's plaintext PIN block (Book 3 §6.5.12) by way of part 10.
    fn emv() -> Vec<u8> {
        let mut structure = vec![30, 0, 0x89, 0x47, 0x04, 12, 4, 2, 1, 9, 4, 0, 0, 0, 0];
        let command = [&[0x00, 0x20, 0x00, 0x80, 0x08, 0x20][..], &[0xFF; 7]].concat();
        structure.extend(13_u32.to_le_bytes());
        structure.extend(command);
        structure
    }

    #[test]
    fn a_pin_is_written_as_emv_wants_it() {
        let structure = emv();
        let request = VerifyRequest::parse(&structure).expect("fine");
        assert_eq!(request.patience.as_secs(), 30);
        let block = |pin| request.command(pin).expect("fits")[5..].to_vec();
        assert_eq!(block("1234"), b"\x24\x12\x34\xFF\xFF\xFF\xFF\xFF");
        assert_eq!(block("12345"), b"\x25\x12\x34\x5F\xFF\xFF\xFF\xFF");
        assert_eq!(block("123456789012"), b"\x2C\x12\x34\x56\x78\x90\x12\xFF");
        for wrong in ["123", "1234567890123", "12a4", ""] {
            assert_eq!(request.command(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn other_codings_and_sides_are_known() {
        let mut ascii = emv();
        // ASCII at byte 0, eight bytes, no length, at most eight digits.
        ascii[2..6].copy_from_slice(&[0x82, 0x08, 0x00, 8]);
        let request = VerifyRequest::parse(&ascii).expect("fine");
        assert_eq!(&request.command("1234").expect("fits")[5..9], b"1234");
        let mut right = emv();
        right[2] = 0x8D;
        let request = VerifyRequest::parse(&right).expect("fine");
        assert_eq!(
            request.command("1234").expect("fits")[5..],
            *b"\x24\xFF\xFF\xFF\xFF\xFF\x12\x34"
        );
    }

    #[test]
    fn a_request_that_makes_no_sense_is_refused() {
        let changed = |at: usize, value: u8| {
            let mut structure = emv();
            structure[at] = value;
            structure
        };
        for (why, structure) in [
            ("another command than VERIFY", changed(20, 0xB2)),
            ("the PIN lies outside", changed(2, 0xC9)),
            ("the block lies outside", changed(3, 0x4F)),
            ("the length lies outside", changed(4, 0x1F)),
            ("too many digits for the block", changed(5, 15)),
            ("least over most", changed(6, 13)),
            ("it would never end", changed(7, 0)),
            ("a stated length that is not", changed(15, 12)),
            ("an Lc that is not", changed(23, 7)),
            ("an unknown coding", changed(2, 0x8B)),
        ] {
            assert!(VerifyRequest::parse(&structure).is_none(), "{why}");
        }
        let whole = emv();
        for length in 0..whole.len() {
            assert!(VerifyRequest::parse(&whole[..length]).is_none(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_request_breaks_the_pad(
            changes in proptest::collection::vec((0..32_usize, any::<u8>()), 0..6),
            pin in "[0-9]{0,14}",
        ) {
            let mut structure = emv();
            for (at, value) in changes {
                structure[at] = value;
            }
            if let Some(request) = VerifyRequest::parse(&structure)
                && let Some(command) = request.command(&pin)
            {
                prop_assert_eq!(command.len(), 13);
                prop_assert_eq!(&command[..5], &structure[19..24]);
            }
        }
    }
}
