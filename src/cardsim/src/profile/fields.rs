//! The kinds of value in a profile, each read from one TOML value.

use data_encoding::HEXUPPER_PERMISSIVE;
use serde::{Deserialize, Deserializer, de};
use toml::value::Datetime;

/// Bytes, written as hexadecimal digits in a string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hex(pub Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        HEXUPPER_PERMISSIVE
            .decode(text.as_bytes())
            .map(Self)
            .map_err(|_| "this takes an even number of hexadecimal digits")
    }
}

/// A date of this century, written as a TOML date: `2030-12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    year: u8,
    month: u8,
    day: u8,
}

impl Date {
    /// YYMMDD in BCD, as in 5F24 and 5F25.
    #[must_use]
    pub fn bcd(self) -> [u8; 3] {
        [self.year, self.month, self.day].map(|number| ((number / 10) << 4) | (number % 10))
    }

    /// YYMM as four digits, as in track 2.
    #[must_use]
    pub fn year_month(self) -> String {
        format!("{:02}{:02}", self.year, self.month)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || de::Error::custom("this takes a date such as 2030-12-31 (2000 to 2099)");
        let value = Datetime::deserialize(deserializer)?;
        let date = value
            .date
            .filter(|_| value.time.is_none())
            .ok_or_else(wrong)?;
        let year = date
            .year
            .checked_sub(2000)
            .and_then(|year| u8::try_from(year).ok());
        let year = year.filter(|year| *year < 100).ok_or_else(wrong)?;
        Ok(Self {
            year,
            month: date.month,
            day: date.day,
        })
    }
}

/// A response code as in tag 8A: two letters or digits.
pub(crate) fn response_code(text: &str) -> Result<[u8; 2], &'static str> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => Ok([*a, *b]),
        _ => Err("a response code is two letters or digits"),
    }
}
