//! Digits in a log that nobody named but that could be a card's: a run of 13 to 19 that begins as the
//! schemes' numbers do and whose check digit holds, or track 2 data.

use sealpoint_secret::Pan;

use super::forms::Form;

/// Bytes around a finding that decide on it, and that are shown masked.
pub const REACH: usize = 96;
/// Digits of a card number.
const SHORTEST: usize = 13;
const LONGEST: usize = 19;
/// Bytes that are shown before and behind.
const AROUND: usize = 16;
/// Expiry and service code, which follow the separator of track 2 (ISO/IEC 7813).
const TRACK_DIGITS: usize = 7;

/// A possible card number.
pub struct Hit {
    /// Where its digits begin in the buffer.
    pub at: usize,
    /// What it looks like.
    pub form: Form,
    /// It, truncated.
    pub shown: String,
    /// What stands around it, without a digit.
    pub context: String,
}

/// Finds what ends in `from..to`; `last` if nothing follows the buffer.
pub fn find(bytes: &[u8], from: usize, to: usize, last: bool, found: &mut dyn FnMut(Hit)) {
    // What ends a reach before `to` is decided now, the rest with the next piece.
    let decided = |end: usize, limit: usize| end + REACH / 2 <= limit;
    let mut at = 0;
    while let Some(begin) = next_digit(bytes, at) {
        let (digits, end) = run(bytes, begin);
        at = end;
        let is_new = !decided(end, from) || from == 0;
        let is_ripe = last || decided(end, to);
        if !is_new || !is_ripe {
            continue;
        }
        let Some((form, pan)) = judge(bytes, begin, end, &digits) else {
            continue;
        };
        found(Hit {
            at: begin,
            form,
            shown: pan.truncated().as_str().to_owned(),
            context: masked(bytes, begin, end),
        });
    }
}

fn next_digit(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    rest.iter().position(u8::is_ascii_digit).map(|to| at + to)
}

/// The digits of a run, one blank or hyphen between groups of four taken out; and where it ends.
fn run(bytes: &[u8], begin: usize) -> (Vec<u8>, usize) {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut digits = Vec::with_capacity(LONGEST + 1);
    let mut at = begin;
    let mut group = 0;
    loop {
        if is_digit(at) {
            // Whatever is longer than a card number is none; how much longer is all the same.
            if digits.len() <= LONGEST {
                digits.push(bytes[at]);
            }
            group += 1;
        } else if matches!(bytes.get(at), Some(b' ' | b'-'))
            && group == 4
            && digits.len() < LONGEST
            && (at + 1..=at + 3).all(is_digit)
        {
            group = 0;
        } else {
            return (digits, at);
        }
        at += 1;
    }
}

fn judge(bytes: &[u8], begin: usize, end: usize, digits: &[u8]) -> Option<(Form, Pan)> {
    let before = begin.checked_sub(1).and_then(|at| bytes.get(at));
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.') {
        return None;
    }
    let pan = Pan::from_digits(digits).ok()?;
    let follows = bytes.get(end);
    let expiry = bytes.get(end + 1..end + 1 + TRACK_DIGITS);
    let is_track = matches!(follows, Some(b'=' | b'D' | b'd'))
        && expiry.is_some_and(|expiry| expiry.iter().all(u8::is_ascii_digit));
    if is_track && (SHORTEST..=LONGEST).contains(&digits.len()) {
        return Some((Form::Track, pan));
    }
    let alone = follows.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (alone && is_plausible(digits) && pan.luhn_holds()).then_some((Form::Possible, pan))
}

/// Whether a scheme has numbers that begin like that and have that length.
fn is_plausible(digits: &[u8]) -> bool {
    let head = |len: usize| {
        let head = digits.get(..len)?;
        std::str::from_utf8(head).ok()?.parse::<u16>().ok()
    };
    let (Some(two), Some(three), Some(four)) = (head(2), head(3), head(4)) else {
        return false;
    };
    let same = digits.windows(2).all(|pair| pair[0] == pair[1]);
    let long = match (two, three, four) {
        (40..=49, ..) => [13, 16, 19].contains(&digits.len()),
        (51..=55, ..) | (_, _, 2221..=2720) => digits.len() == 16,
        (34 | 37, ..) => digits.len() == 15,
        (30 | 36 | 38 | 39, ..) => (14..=LONGEST).contains(&digits.len()),
        (_, _, 3528..=3589) | (62 | 81, ..) => (16..=LONGEST).contains(&digits.len()),
        (50 | 56..=69, ..) => (SHORTEST..=LONGEST).contains(&digits.len()),
        _ => false,
    };
    long && !same && !is_barcode(digits)
}

/// Whether it is a valid GTIN-13, as goods have it: one in ten of all that could be a card number.
fn is_barcode(digits: &[u8]) -> bool {
    let weighted = |(place, digit): (usize, &u8)| {
        let weight = if place % 2 == 0 { 1 } else { 3 };
        u32::from(digit - b'0') * weight
    };
    digits.len() == 13
        && digits
            .iter()
            .enumerate()
            .map(weighted)
            .sum::<u32>()
            .is_multiple_of(10)
}

/// What stands around, in which every digit is `#` and every byte that is no text is `.`.
fn masked(bytes: &[u8], begin: usize, end: usize) -> String {
    let masked = |bytes: &[u8]| -> String {
        let one = |byte: &u8| match byte {
            b'0'..=b'9' => '#',
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        bytes.iter().map(one).collect()
    };
    let before = &bytes[begin.saturating_sub(AROUND)..begin];
    let behind = &bytes[end..(end + AROUND).min(bytes.len())];
    format!("{}[...]{}", masked(before), masked(behind))
}

#[cfg(test)]
#[path = "tests/loose.rs"]
mod tests;
