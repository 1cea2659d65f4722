//! The version of an image.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Numbers in a version at most.
const MAX_NUMBERS: usize = 4;
/// Digits of one number at most, so that a partition's label (36 characters) holds any version.
const MAX_DIGITS: usize = 6;

/// Up to four whole numbers with dots between: `1.4.0`. They are compared one by one, as
/// systemd-sysupdate compares them: 1.10 is newer than 1.9, and 1.4.0 newer than 1.4.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ImageVersion(Vec<u32>);

/// A text is no version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a version is one to four whole numbers of at most six digits, with dots between: 1.4.0")]
pub struct BadVersion;

impl FromStr for ImageVersion {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let number = |digits: &str| -> Option<u32> {
            let plain = (1..=MAX_DIGITS).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'));
            plain.then(|| digits.parse().ok()).flatten()
        };
        let numbers: Option<Vec<u32>> = text.split('.').take(MAX_NUMBERS + 1).map(number).collect();
        numbers
            .filter(|numbers| numbers.len() <= MAX_NUMBERS)
            .map(Self)
            .ok_or(BadVersion)
    }
}

impl fmt::Display for ImageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.pad(&numbers.join("."))
    }
}

impl Serialize for ImageVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
