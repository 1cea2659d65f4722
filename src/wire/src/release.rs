//! A release: what one update of a till's whole system is made of, and on which tills it may be
//! installed. The body of a text that the retailer's root signs (`vault::signed`, purpose
//! "release"); this module reads it and checks no signature.
//!
//! ```text
//! release
//! version 1.4.0
//! from 1.2.0
//! rollback_index 7
//! journal_reads 1 2
//! journal_writes 2
//! built 2026-11-23T09:00:00Z
//! file sealpoint_1.4.0.efi 55574528 <SHA-256, 64 hexadecimal digits>
//! file sealpoint_1.4.0.root_<UUID>.raw.xz ...
//! file sealpoint_1.4.0.verity_<UUID>.raw.xz ...
//! file sealpoint_1.4.0.sig_<UUID>.raw.xz ...
//! ```
//! The UUID is the partition's: the signed kernel finds its root by it. A file may be packed (xz) or
//! not; size and hash are those of the file as it travels.

mod part;
mod version;

pub use part::{MAX_PART, Part, PartFile, Sha256};
pub use version::{BadVersion, ImageVersion};

use core::fmt;

/// Name of the signed text in a release's folder.
pub const RELEASE_FILE: &str = "release.txt";
/// Name of an empty file beside it, made once all of a release was downloaded.
pub const READY_FILE: &str = "ready";
/// Schemas that one line names at most.
pub const MAX_SCHEMAS: usize = 16;
/// First line of every release.
const TITLE: &str = "release";
/// Where a signed text's last two lines begin (`vault::signed`).
const SIGNED: &str = "\n-- release signed by ";
/// The shape of a time (RFC 3339, UTC, whole seconds); 0 stands for any digit.
const TIME: &[u8] = b"0000-00-00T00:00:00Z";

/// What an update is made of, and where it may be installed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// The image's version; it only ever grows.
    pub version: ImageVersion,
    /// The oldest image that may be updated to it in one step.
    pub from: ImageVersion,
    /// Raised when older images have a hole that nobody may go back to.
    pub rollback_index: u32,
    /// Journal schemas that its till can open; ascending.
    pub journal_reads: Vec<u32>,
    /// The schema that its till brings a journal to; one of those that it reads.
    pub journal_writes: u32,
    /// When it was built: `2026-11-23T09:00:00Z`.
    pub built: String,
    /// Kernel, root, verity, signature, in this order.
    pub files: [PartFile; 4],
}

/// Why a text is no release.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line} is not `{wanted}`; ask whoever built the image for the release again")]
pub struct BadRelease {
    /// From 1.
    pub line: usize,
    /// What should stand there.
    pub wanted: &'static str,
}

impl Release {
    /// Reads the body of a release.
    ///
    /// # Errors
    /// [`BadRelease`] at the first line that is not as it must be.
    pub fn parse(body: &str) -> Result<Self, BadRelease> {
        let mut lines = Lines {
            rest: body.split_terminator('\n'),
            number: 0,
        };
        lines.value(TITLE, |rest| rest.is_empty().then_some(()))?;
        let version: ImageVersion = lines.value("version ", |text| text.parse().ok())?;
        let from = lines.value("from ", |text| text.parse().ok())?;
        let rollback_index = lines.value("rollback_index ", number)?;
        let journal_reads = lines.value("journal_reads ", schemas)?;
        let journal_writes = lines.value("journal_writes ", |text| {
            number(text).filter(|schema| journal_reads.contains(schema))
        })?;
        let built = lines.value("built ", |text| is_time(text).then(|| text.to_owned()))?;
        let mut file =
            |part: Part| lines.value(part.line(), |text| PartFile::parse(text, part, &version));
        let files = [
            file(Part::Kernel)?,
            file(Part::Root)?,
            file(Part::Verity)?,
            file(Part::Signature)?,
        ];
        lines.end()?;
        Ok(Self {
            version,
            from,
            rollback_index,
            journal_reads,
            journal_writes,
            built,
            files,
        })
    }

    /// Reads a signed text without a look at its signature: for who only carries it, and whose word
    /// counts for nothing.
    ///
    /// # Errors
    /// [`BadRelease`], also for a text without a signature's two lines.
    pub fn unchecked(text: &str) -> Result<Self, BadRelease> {
        let body = text
            .rfind(SIGNED)
            .and_then(|at| text.get(..=at))
            .ok_or(BadRelease {
                line: 0,
                wanted: "-- release signed by",
            })?;
        Self::parse(body)
    }

    /// Bytes of all its files.
    #[must_use]
    pub fn total_len(&self) -> u64 {
        self.files.iter().map(|file| file.len).sum()
    }
}

/// The body that is to be signed.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemas: Vec<String> = self.journal_reads.iter().map(u32::to_string).collect();
        writeln!(
            f,
            "{TITLE}\nversion {}\nfrom {}\nrollback_index {}\njournal_reads {}\njournal_writes {}\n\
             built {}",
            self.version,
            self.from,
            self.rollback_index,
            schemas.join(" "),
            self.journal_writes,
            self.built
        )?;
        self.files
            .iter()
            .try_for_each(|file| writeln!(f, "file {} {} {}", file.name, file.len, file.sha256))
    }
}

/// The lines of a body, one after the other.
struct Lines<'a> {
    rest: core::str::SplitTerminator<'a, char>,
    number: usize,
}

impl<'a> Lines<'a> {
    /// What `read` makes of the next line behind the word that it must begin with.
    fn value<T>(
        &mut self,
        wanted: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, BadRelease> {
        self.number += 1;
        let word = wanted.split_inclusive(' ').next().unwrap_or(wanted);
        let value = self.rest.next().and_then(|line| line.strip_prefix(word));
        value.and_then(read).ok_or(BadRelease {
            line: self.number,
            wanted,
        })
    }

    fn end(mut self) -> Result<(), BadRelease> {
        match self.rest.next() {
            None => Ok(()),
            Some(_) => Err(BadRelease {
                line: self.number + 1,
                wanted: "the end",
            }),
        }
    }
}

/// A whole number in its one spelling.
fn number(text: &str) -> Option<u32> {
    number_u64(text).and_then(|number| number.try_into().ok())
}

fn number_u64(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Schemas, ascending, at least one.
fn schemas(text: &str) -> Option<Vec<u32>> {
    let schemas: Vec<u32> = text
        .split(' ')
        .take(MAX_SCHEMAS + 1)
        .map(number)
        .collect::<Option<_>>()?;
    let ascending = schemas.windows(2).all(|pair| pair[0] < pair[1]);
    (ascending && schemas.len() <= MAX_SCHEMAS).then_some(schemas)
}

fn is_time(text: &str) -> bool {
    text.len() == TIME.len()
        && text.bytes().zip(TIME).all(|(found, wanted)| match wanted {
            b'0' => found.is_ascii_digit(),
            _ => found == *wanted,
        })
}

#[cfg(test)]
mod tests;
