//! A listener on a program's log, for tests: it fails them on anything that must not be there.
//!
//! What must not be there: digits that could be a card number, track 2 data, a clear PIN block, and
//! whatever a test names (keys, PIN blocks, a cardholder), in any event, field or span, at any level, as
//! text, hexadecimal, Base64, a number, or the list of bytes that a debug print gives.

use std::{
    fmt::{self, Debug},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use data_encoding::{BASE64_NOPAD, HEXUPPER};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{SetGlobalDefaultError, set_global_default},
};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt},
    registry::LookupSpan,
};

/// Digits of a card number (ISO/IEC 7812-1).
const SHORTEST: usize = 13;
const LONGEST: usize = 19;
/// Digits behind the separator of track 2: expiry and service code.
const TRACK_DIGITS: usize = 7;
/// Hexadecimal digits of a PIN block of formats 0 to 3 (ISO 9564-1).
const PIN_BLOCK: usize = 16;

/// Something that only this test knows to be secret.
#[derive(Clone)]
pub struct Secret {
    /// How a failing test calls it.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Listens to everything that this process logs from now on; a test that drops it fails if something
/// was said that must not be. One for a process: tests run in one each.
pub struct Listening {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    secrets: Vec<Secret>,
    lines: usize,
    found: Vec<String>,
}

/// Begins to listen.
///
/// # Errors
/// [`SetGlobalDefaultError`] if this process logs somewhere already.
pub fn listen(secrets: &[Secret]) -> Result<Listening, SetGlobalDefaultError> {
    let heard = Arc::new(Mutex::new(Heard {
        secrets: secrets.to_vec(),
        ..Heard::default()
    }));
    let listener = Listener {
        heard: Arc::clone(&heard),
    };
    set_global_default(Registry::default().with(listener))?;
    Ok(Listening { heard })
}

impl Listening {
    /// How many events and spans there were: none would prove nothing.
    #[must_use]
    pub fn lines(&self) -> usize {
        lock(&self.heard).lines
    }

    /// What was said that must not be, and where.
    #[must_use]
    pub fn found(&self) -> Vec<String> {
        lock(&self.heard).found.clone()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let found = self.found();
        assert!(
            found.is_empty() || thread::panicking(),
            "the log said what it must not: {found:#?}"
        );
    }
}

/// What in a text must not be there: of a captured log, a page, an error.
#[must_use]
pub fn found_in(text: &str, secrets: &[Secret]) -> Vec<&'static str> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut note = |what, holds: bool| {
        if holds && !found.contains(&what) {
            found.push(what);
        }
    };
    for (begin, end) in runs(bytes, |byte| byte.is_ascii_digit()) {
        let before = begin.checked_sub(1).map(|at| bytes[at]);
        // A fraction, or a part of a name.
        let follows = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        let digits = &bytes[begin..end];
        let alone = !follows
            && bytes
                .get(end)
                .is_none_or(|byte| !byte.is_ascii_alphanumeric());
        note("a card number", alone && could_be_card(digits));
        note("track 2 data", !follows && is_track(bytes, begin, end));
    }
    let joined = without_separators(text);
    for (begin, end) in runs(joined.as_bytes(), |byte| byte.is_ascii_digit()) {
        note(
            "a card number in groups",
            joined.len() < text.len() && could_be_card(&joined.as_bytes()[begin..end]),
        );
    }
    for (begin, end) in runs(bytes, |byte| byte.is_ascii_hexdigit()) {
        let hex = &text[begin..end].to_ascii_uppercase();
        note("account data in TLV", has_account_element(hex));
        note("a clear PIN block", is_pin_block(hex));
    }
    for list in lists(text) {
        let packed: String = list.iter().map(|byte| format!("{byte:02X}")).collect();
        let packed = packed.trim_end_matches('F');
        note(
            "bytes of a card number",
            could_be_card(&list) || could_be_card(packed.as_bytes()),
        );
        note("bytes of account data", has_account_element(packed));
        note(
            "bytes of a PIN block",
            list.len() * 2 == PIN_BLOCK && is_pin_block(&HEXUPPER.encode(&list)),
        );
        for secret in secrets {
            note(secret.name, holds(&list, &secret.bytes));
        }
    }
    let upper = text.to_ascii_uppercase();
    for Secret {
        name,
        bytes: secret,
    } in secrets
    {
        note(name, holds(bytes, secret));
        note(name, upper.contains(&HEXUPPER.encode(secret)));
        // The last digit depends on what follows.
        let base64 = BASE64_NOPAD.encode(secret);
        note(name, text.contains(&base64[..base64.len() - 1]));
    }
    found
}

/// Where such bytes stand next to each other.
fn runs(bytes: &[u8], is_one: impl Fn(&u8) -> bool) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(begin) = bytes[at..].iter().position(&is_one).map(|skip| at + skip) {
        let end = bytes[begin..]
            .iter()
            .position(|byte| !is_one(byte))
            .map_or(bytes.len(), |len| begin + len);
        runs.push((begin, end));
        at = end;
    }
    runs
}

/// The text without blanks and hyphens between groups of four digits.
fn without_separators(text: &str) -> String {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|group| group.iter().all(u8::is_ascii_digit))
    };
    let joint = |at: usize| {
        matches!(bytes[at], b' ' | b'-') && at >= 4 && digits(at - 4, at) && digits(at + 1, at + 4)
    };
    let kept = text.char_indices().filter(|(at, _)| !joint(*at));
    kept.map(|(_, c)| c).collect()
}

fn could_be_card(digits: &[u8]) -> bool {
    let second_range = digits.len() == 16
        && std::str::from_utf8(&digits[..4]).is_ok_and(|head| ("2221".."2721").contains(&head));
    (SHORTEST..=LONGEST).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && (matches!(digits[0], b'3'..=b'6') || second_range)
        && digits.iter().any(|digit| *digit != digits[0])
        && luhn(digits)
}

/// ISO/IEC 7812-1 Annex B.
fn luhn(digits: &[u8]) -> bool {
    let doubled = |(place, digit): (usize, &u8)| {
        let digit = u32::from(digit - b'0') << (place % 2);
        if digit > 9 { digit - 9 } else { digit }
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    sum.is_multiple_of(10)
}

fn is_track(bytes: &[u8], begin: usize, end: usize) -> bool {
    let behind = bytes.get(end + 1..end + 1 + TRACK_DIGITS);
    (SHORTEST..=LONGEST).contains(&(end - begin))
        && matches!(bytes.get(end), Some(b'=' | b'D' | b'd'))
        && behind.is_some_and(|behind| behind.iter().all(u8::is_ascii_digit))
}

/// Whether tag 5A or 57 with its content is in a dump (EMV 4.4 Book 3 Annex A).
fn has_account_element(hex: &str) -> bool {
    (0..hex.len()).any(|at| {
        let Some(length) = hex.get(at + 2..at + 4) else {
            return false;
        };
        let content = hex.get(at + 4..).unwrap_or_default().as_bytes();
        let digits = content
            .iter()
            .take_while(|digit| digit.is_ascii_digit())
            .count();
        let head = &content[..digits];
        match hex.get(at..at + 2) {
            Some("5A") => usize::from_str_radix(length, 16).is_ok_and(|bytes| {
                let content = content.get(..bytes * 2).unwrap_or_default();
                let digits = content
                    .split(|digit| *digit == b'F')
                    .next()
                    .unwrap_or_default();
                could_be_card(digits)
            }),
            Some("57") => content.get(digits) == Some(&b'D') && could_be_card(head),
            _ => false,
        }
    })
}

/// Format 2, or 0 and 3 before they are combined with an account number: length, PIN, filling.
fn is_pin_block(hex: &str) -> bool {
    let bytes = hex.as_bytes();
    let length = match bytes {
        [b'2', length, ..] if hex.len() == PIN_BLOCK => char::from(*length).to_digit(16),
        _ => None,
    };
    let Some(length @ 4..=12) = length.and_then(|length| usize::try_from(length).ok()) else {
        return false;
    };
    let (pin, filling) = bytes[2..].split_at(length);
    pin.iter().all(u8::is_ascii_digit) && filling.iter().all(|digit| *digit == b'F')
}

/// Lists of byte values: `[71, 97, 115]`.
fn lists(text: &str) -> Vec<Vec<u8>> {
    let inside = text
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split(']').next());
    inside
        .filter_map(|list| {
            list.split(',')
                .map(|number| number.trim().parse().ok())
                .collect()
        })
        .collect()
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    !secret.is_empty() && bytes.windows(secret.len()).any(|window| window == secret)
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Listener {
    heard: Arc<Mutex<Heard>>,
}

impl Listener {
    fn hear(&self, place: &'static str, record: impl FnOnce(&mut Ear<'_>)) {
        let mut heard = lock(&self.heard);
        heard.lines += 1;
        let mut ear = Ear {
            place,
            heard: &mut heard,
        };
        record(&mut ear);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.hear(event.metadata().name(), |ear| event.record(ear));
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.hear(attributes.metadata().name(), |ear| attributes.record(ear));
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.hear("a span's field", |ear| values.record(ear));
    }
}

/// One field after the other.
struct Ear<'a> {
    place: &'static str,
    heard: &'a mut Heard,
}

impl Visit for Ear<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.check(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.check(field, value);
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.check(field, &format!("{value:?}"));
    }
}

impl Ear<'_> {
    fn check(&mut self, field: &Field, text: &str) {
        let found = found_in(text, &self.heard.secrets);
        let (place, field) = (self.place, field.name());
        let said = found
            .iter()
            .map(|what| format!("{what}, in {field} of {place}"));
        self.heard.found.extend(said);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
