//! Texts, each of one line.

use core::{fmt, str::FromStr};

use sealpoint_sale::receipt::WIDTH;
use serde::{Deserialize, Serialize};

use super::{BadValue, from_text};

/// Bytes of a line on the screen, as the till's configuration has it.
const MAX_LINE: usize = 100;
/// Bytes of a reader's name (PC/SC part 10 allows fewer).
const MAX_READER: usize = 100;
/// Bytes of a keyboard's layouts.
const MAX_KEYBOARD: usize = 40;
/// Bytes of a time zone's name.
const MAX_ZONE: usize = 60;
/// Bytes of a file's name.
const MAX_FILE_NAME: usize = 100;

/// Whether a character may stand on a line: none that ends it or turns its direction.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A line on the screen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

impl FromStr for Line {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let long = (1..=MAX_LINE).contains(&text.len());
        if long && text.chars().all(is_plain) && !text.trim().is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "line for the screen",
                "write 1 to 100 bytes of text without line breaks",
            ))
        }
    }
}

/// A line of a receipt; it may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReceiptLine(String);

impl FromStr for ReceiptLine {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.chars().count() <= WIDTH && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "line of a receipt",
                "write at most 42 characters without line breaks",
            ))
        }
    }
}

/// Which card readers are used: `pcsc`, or `pcsc:` and a part of their names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reader(String);

impl FromStr for Reader {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" ._-()[]/+:".contains(&byte);
        let name = text.strip_prefix("pcsc:");
        let named = name.is_some_and(|name| {
            (1..=MAX_READER).contains(&name.len()) && name.bytes().all(plain) && name.trim() == name
        });
        if text == "pcsc" || named {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "card reader",
                "write pcsc, or pcsc:NAME with a part of the reader's name",
            ))
        }
    }
}

/// Keyboard layouts as XKB names them: `de`, `us,gr`, `de(nodeadkeys)`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Keyboard(String);

impl FromStr for Keyboard {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-,()".contains(&byte)
        };
        if (1..=MAX_KEYBOARD).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "keyboard layout",
                "write an XKB layout such as de or us",
            ))
        }
    }
}

/// A time zone of the IANA database. Whether there is one of that name is asked where it is signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TimeZoneName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let part = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
            !part.is_empty() && part.bytes().all(plain)
        };
        let begins = text.starts_with(|c: char| c.is_ascii_uppercase());
        if text.len() <= MAX_ZONE && begins && text.split('/').all(part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "time zone",
                "write one of the IANA database, such as Europe/Berlin",
            ))
        }
    }
}

/// How large the screen's things are, as a factor.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Scale(f64);

impl TryFrom<f64> for Scale {
    type Error = BadValue;

    fn try_from(factor: f64) -> Result<Self, BadValue> {
        if (0.5..=4.0).contains(&factor) {
            Ok(Self(factor))
        } else {
            Err(BadValue::new(
                &factor.to_string(),
                "scale",
                "write a factor from 0.5 to 4.0",
            ))
        }
    }
}

impl From<Scale> for f64 {
    fn from(scale: Scale) -> Self {
        scale.0
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a file that lies beside `site.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let long = (1..=MAX_FILE_NAME).contains(&text.len());
        if long && !text.starts_with('.') && !text.contains('/') && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "name of a file",
                "put the file beside site.toml, and write its name alone",
            ))
        }
    }
}

/// Texts are written as they are.
macro_rules! displayed {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

displayed!(Line ReceiptLine Reader Keyboard TimeZoneName FileName);
from_text!(Line ReceiptLine Reader Keyboard TimeZoneName FileName);
