//! The acquirer's public key: who can open what this till seals.

use core::fmt;
use core::str::FromStr;

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use sealpoint_wire::{KeyId, seal::X_WING_PUBLIC_LEN};
use serde::Deserialize;

use crate::line_of;
use crate::x_wing::{BadPublicKey, PublicKey};

/// The only KEM that this version seals with, as the key file names it.
const KEM: &str = "x-wing";

/// An acquirer's public key whose encoding, both halves and dates were checked.
pub struct AcquirerKey {
    key_id: KeyId,
    valid_until: Option<Day>,
    public: PublicKey,
}

/// Why a text is no acquirer key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKey {
    /// Not UTF-8.
    #[error("it is not a text file")]
    NotText,
    /// Not TOML, or a key is missing, unknown or of the wrong type.
    #[error("it is not a key file (line {line}: {what})")]
    Syntax {
        /// Line in the file, from 1.
        line: usize,
        /// What was expected.
        what: String,
    },
    /// Another KEM than X-Wing.
    #[error("`kem` is \"{0}\", but this till seals with \"{KEM}\" only")]
    Kem(String),
    /// `public` is not base64.
    #[error("`public` is not base64")]
    Base64,
    /// `public` has another length.
    #[error("`public` has {0} bytes instead of {X_WING_PUBLIC_LEN}")]
    Length(usize),
    /// A half of the key is not a key that anything may be sealed with.
    #[error("`public` is damaged: its {0} half is not a valid key")]
    Damaged(&'static str),
}

/// A calendar day, as year, month and day; ordered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no calendar day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a day is written as YYYY-MM-DD")]
pub struct BadDay;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key_id: KeyId,
    kem: String,
    public: String,
    #[serde(default)]
    valid_until: Option<Day>,
}

impl AcquirerKey {
    /// Reads the text of a key file and checks all of it.
    ///
    /// # Errors
    /// [`BadKey`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let file: File = toml::from_str(text).map_err(|error| BadKey::Syntax {
            line: line_of(text, error.span()),
            what: error.message().chars().take(160).collect(),
        })?;
        if file.kem != KEM {
            return Err(BadKey::Kem(file.kem.chars().take(40).collect()));
        }
        Self::from_base64(file.key_id, file.valid_until, &file.public)
    }

    /// A key from its parts, as a manifest names them.
    pub(crate) fn from_base64(
        key_id: KeyId,
        valid_until: Option<Day>,
        public: &str,
    ) -> Result<Self, BadKey> {
        let bytes = BASE64
            .decode(public.as_bytes())
            .map_err(|_| BadKey::Base64)?;
        let public =
            PublicKey::checked(&bytes, &SystemRandom::new()).map_err(|error| match error {
                BadPublicKey::Length => BadKey::Length(bytes.len()),
                BadPublicKey::MlKem => BadKey::Damaged("ML-KEM-768"),
                BadPublicKey::X25519 => BadKey::Damaged("X25519"),
            })?;
        Ok(Self {
            key_id,
            valid_until,
            public,
        })
    }

    /// The key's name; the opener looks its private key up by it.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The last day on which the key may seal, if it has one.
    #[must_use]
    pub fn valid_until(&self) -> Option<Day> {
        self.valid_until
    }

    /// Whether the key may still seal on that day.
    #[must_use]
    pub fn is_valid_on(&self, day: Day) -> bool {
        self.valid_until.is_none_or(|last| day <= last)
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl Day {
    /// The day in the first eight digits of `YYYYMMDDhhmmss`, as [`sealpoint_wire::lane::ReadCard`]
    /// carries the till's clock.
    ///
    /// # Errors
    /// [`BadDay`] if these are no day.
    pub fn from_local_time(local_time: &str) -> Result<Self, BadDay> {
        let part = |from, to| local_time.get(from..to).ok_or(BadDay);
        Self::from_parts(part(0, 4)?, part(4, 6)?, part(6, 8)?)
    }

    /// Days from this day to the other; negative if that is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        other.number() - self.number()
    }

    /// Counts days of the Gregorian calendar. The year begins in March here, so that a leap day is
    /// its last.
    fn number(self) -> i64 {
        let (months, year) = if self.month > 2 {
            (i64::from(self.month) - 3, i64::from(self.year))
        } else {
            (i64::from(self.month) + 9, i64::from(self.year) - 1)
        };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        // 153 days in every five months from March on.
        365 * year + leap_days + (153 * months + 2) / 5 + i64::from(self.day)
    }

    /// The day of that second since the Unix epoch, in UTC; the year 9999 has the last.
    #[must_use]
    pub fn of_unix_seconds(seconds: u64) -> Self {
        /// Days from 0000-03-01, where leap days end years, to 1970-01-01.
        const EPOCH: u64 = 719_468;
        const LAST: u64 = 3_652_424 - 60;
        let days = (seconds / 86_400 + EPOCH).min(LAST);
        // 400 years have 146,097 days, 100 of them 36,524 and 4 of them 1,461, but for their ends.
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        // From March on, five months have 153 days.
        let march = (5 * day + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let small = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: small(month),
            day: small(day - (153 * march + 2) / 5 + 1),
        }
    }

    fn from_parts(year: &str, month: &str, day: &str) -> Result<Self, BadDay> {
        let digits =
            |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return Err(BadDay);
        }
        let day = Self {
            year: year.parse().map_err(|_| BadDay)?,
            month: month.parse().map_err(|_| BadDay)?,
            day: day.parse().map_err(|_| BadDay)?,
        };
        let in_range = (1..=12).contains(&day.month) && (1..=31).contains(&day.day);
        if in_range { Ok(day) } else { Err(BadDay) }
    }
}

impl FromStr for Day {
    type Err = BadDay;
    fn from_str(text: &str) -> Result<Self, BadDay> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().ok_or(BadDay);
        Self::from_parts(part()?, part()?, part()?)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
