//! Tables and values of a profile, each knowing the line and the name that an error needs.

use core::ops::RangeInclusive;

use data_encoding::HEXUPPER_PERMISSIVE;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::error::ProfileError;

/// Characters of the profile's own words, or of the TOML reader's, in an error.
const MAX_SHOWN: usize = 120;

/// A profile that is TOML.
pub(super) struct Document<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Document<'t> {
    /// # Errors
    /// [`ProfileError::Toml`] with the line.
    pub(super) fn parse(text: &'t str) -> Result<Self, ProfileError> {
        let root = DeTable::parse(text).map_err(|error| ProfileError::Toml {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            reason: shown(error.message()),
        })?;
        Ok(Self { text, root })
    }

    /// What is not in any table.
    ///
    /// # Errors
    /// [`ProfileError::Value`] for a key that is not one of `keys`.
    pub(super) fn top(&self, keys: &[&str]) -> Result<Section<'_>, ProfileError> {
        Section {
            text: self.text,
            path: String::new(),
            line: 1,
            table: self.root.get_ref(),
        }
        .with_keys(keys)
    }
}

/// One table of a profile.
pub(super) struct Section<'d> {
    text: &'d str,
    /// What stands before its keys: `application[1].`.
    path: String,
    /// Where it begins.
    line: usize,
    table: &'d DeTable<'d>,
}

impl<'d> Section<'d> {
    /// This table, if each of its keys is one of `keys`.
    fn with_keys(self, keys: &[&str]) -> Result<Self, ProfileError> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !keys.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        match unknown {
            None => Ok(self),
            Some(key) => Err(ProfileError::Value {
                line: line_of(self.text, key.span().start),
                key: format!("{}{}", self.path, shown(key.get_ref())),
                reason: "is no key of a profile".to_owned(),
                remedy: format!("take it away; here stand: {}", keys.join(", ")),
            }),
        }
    }

    /// A value that may be left out. `form` is what to write there.
    pub(super) fn optional(&self, name: &str, form: &'static str) -> Option<Entry<'d>> {
        let (key, value) = self.table.get_key_value(name)?;
        Some(Entry {
            text: self.text,
            key: format!("{}{name}", self.path),
            line: line_of(self.text, key.span().start),
            value,
            form,
        })
    }

    /// A value that may not be left out.
    ///
    /// # Errors
    /// [`ProfileError::Value`] if it is.
    pub(super) fn entry(&self, name: &str, form: &'static str) -> Result<Entry<'d>, ProfileError> {
        self.optional(name, form)
            .ok_or_else(|| ProfileError::Value {
                line: self.line,
                key: format!("{}{name}", self.path),
                reason: "is missing".to_owned(),
                remedy: form.to_owned(),
            })
    }

    /// The tables `[[name]]`, at most `most` of them.
    ///
    /// # Errors
    /// [`ProfileError::Value`] if there are more, or it is something else.
    pub(super) fn tables(
        &self,
        name: &str,
        most: usize,
        keys: &[&str],
        form: &'static str,
    ) -> Result<Vec<Section<'d>>, ProfileError> {
        let Some(entry) = self.optional(name, form) else {
            return Ok(Vec::new());
        };
        let Some(array) = entry.value.get_ref().as_array() else {
            return Err(entry.wrong("is not a list of tables", form));
        };
        entry.check(array.len() <= most, "is there too often", form)?;
        let section = |(place, value): (usize, &'d Spanned<DeValue<'d>>)| {
            let key = format!("{}{name}[{}]", self.path, place + 1);
            entry.at(value, key).table(keys)
        };
        array.iter().enumerate().map(section).collect()
    }
}

/// One value of a profile.
pub(super) struct Entry<'d> {
    text: &'d str,
    key: String,
    line: usize,
    value: &'d Spanned<DeValue<'d>>,
    /// What to write there.
    form: &'static str,
}

impl<'d> Entry<'d> {
    /// This value has that wrong with it.
    pub(super) fn wrong(&self, reason: &str, remedy: &str) -> ProfileError {
        ProfileError::Value {
            line: self.line,
            key: self.key.clone(),
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// # Errors
    /// [`ProfileError::Value`] unless it holds.
    pub(super) fn check(
        &self,
        holds: bool,
        reason: &str,
        remedy: &str,
    ) -> Result<(), ProfileError> {
        if holds {
            Ok(())
        } else {
            Err(self.wrong(reason, remedy))
        }
    }

    /// Another value, of the same kind: an element of this one.
    fn at(&self, value: &'d Spanned<DeValue<'d>>, key: String) -> Self {
        Self {
            text: self.text,
            key,
            line: line_of(self.text, value.span().start),
            value,
            form: self.form,
        }
    }

    /// # Errors
    /// [`ProfileError::Value`] if it is no table, or has a key that is not one of `keys`.
    pub(super) fn table(&self, keys: &[&str]) -> Result<Section<'d>, ProfileError> {
        let Some(table) = self.value.get_ref().as_table() else {
            return Err(self.wrong("is no table", self.form));
        };
        Section {
            text: self.text,
            path: format!("{}.", self.key),
            line: self.line,
            table,
        }
        .with_keys(keys)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Result<bool, ProfileError> {
        let value = self.value.get_ref().as_bool();
        value.ok_or_else(|| self.wrong("is not true or false", self.form))
    }

    /// A whole number within bounds.
    pub(super) fn number<T>(&self, bounds: RangeInclusive<T>) -> Result<T, ProfileError>
    where
        T: TryFrom<i64> + PartialOrd,
    {
        let Some(integer) = self.value.get_ref().as_integer() else {
            return Err(self.wrong("is no whole number", self.form));
        };
        i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| self.wrong("is out of range", self.form))
    }

    /// Printable ASCII, so many characters.
    pub(super) fn printable(&self, bounds: RangeInclusive<usize>) -> Result<&'d str, ProfileError> {
        let text = self.string()?;
        self.check(
            bounds.contains(&text.len()),
            "is too short or too long",
            self.form,
        )?;
        self.check(
            text.bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_graphic()),
            "has other than printable ASCII characters",
            self.form,
        )?;
        Ok(text)
    }

    /// Exactly `N` bytes as hexadecimal digits.
    pub(super) fn hex<const N: usize>(&self) -> Result<[u8; N], ProfileError> {
        let bytes = self.hex_bytes(N..=N)?;
        bytes
            .try_into()
            .map_err(|_| self.wrong("is too short or too long", self.form))
    }

    /// So many bytes as hexadecimal digits, with blanks and line breaks where one likes.
    pub(super) fn hex_bytes(&self, bounds: RangeInclusive<usize>) -> Result<Vec<u8>, ProfileError> {
        let text = self.string()?;
        let digits: String = text.split_ascii_whitespace().collect();
        let bytes = HEXUPPER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| {
            self.wrong("is not in hexadecimal digits, two for each byte", self.form)
        })?;
        self.check(
            bounds.contains(&bytes.len()),
            "is too short or too long",
            self.form,
        )?;
        Ok(bytes)
    }

    /// A day as BCD YYMMDD, from `2031-12-31`. Two digits name a year up to 2049 alone (Book 4
    /// §6.7.3).
    pub(super) fn day(&self) -> Result<[u8; 3], ProfileError> {
        let read: Option<toml::value::Datetime> = match self.value.get_ref() {
            DeValue::Datetime(day) => Some(*day),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        read.filter(|day| day.time.is_none() && day.offset.is_none())
            .and_then(|day| day.date)
            .and_then(|date| {
                let year = u8::try_from(date.year.checked_sub(2000)?).ok()?;
                (year <= 49).then_some([bcd(year), bcd(date.month), bcd(date.day)])
            })
            .ok_or_else(|| self.wrong("is no day", self.form))
    }

    fn string(&self) -> Result<&'d str, ProfileError> {
        let text = self.value.get_ref().as_str();
        text.ok_or_else(|| self.wrong("is no text in quotation marks", self.form))
    }
}

/// A number below 100 as two digits.
fn bcd(number: u8) -> u8 {
    ((number / 10) << 4) | (number % 10)
}

/// Somebody else's words in one short line: blanks joined, no control characters.
fn shown(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    line.chars().take(MAX_SHOWN).map(visible).collect()
}

/// The line, counted from 1, of that byte.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    1 + before.filter(|byte| **byte == b'\n').count()
}
