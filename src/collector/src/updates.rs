//! Releases of the tills' image that are offered, in a folder beside the store: the signed text and
//! its files, each version in a folder of its own, and which tills get which.
//!
//! ```text
//! offers.json
//! 1.4.0/release.txt
//! 1.4.0/sealpoint_1.4.0.efi ...
//! ```
//! The collector carries releases and vouches for none: every till checks the retailer's signature.
//! Several collectors may share the folder, or have a copy each.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sealpoint_wire::TerminalId;
use sealpoint_wire::release::{ImageVersion, PartFile, RELEASE_FILE, Release};
use sealpoint_wire::updates::UpdateStanding;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Which tills get which release.
const OFFERS_FILE: &str = "offers.json";
/// At most this many bytes in that file, and in a signed release.
const MAX_TEXT: u64 = 1024 * 1024;
/// At most this many releases are offered.
const MAX_OFFERS: usize = 64;
/// Bytes that are read at a time.
const PIECE: usize = 256 * 1024;

/// Which tills are offered a release.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// So many of a hundred, always the same ones: each ring holds the smaller ones.
    Percent(u8),
    /// These.
    Terminals(Vec<TerminalId>),
}

impl Ring {
    /// Reads `10%`, or terminal ids with commas between.
    ///
    /// # Errors
    /// What it has to be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || "Tills are a share as in 10%, or terminal ids with commas between.".to_owned();
        if let Some(share) = text.strip_suffix('%') {
            let share = share.parse().ok().filter(|share| (1..=100).contains(share));
            return share.map(Self::Percent).ok_or_else(wrong);
        }
        let terminals: Result<Vec<TerminalId>, _> = text.split(',').map(str::parse).collect();
        terminals.map(Self::Terminals).map_err(|_| wrong())
    }

    /// Whether this till is in it.
    #[must_use]
    pub fn holds(&self, terminal: &TerminalId) -> bool {
        match self {
            Self::Percent(share) => {
                let digest = Sha256::digest(terminal.as_str().as_bytes());
                let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
                number % 100 < u32::from(*share)
            }
            Self::Terminals(terminals) => terminals.contains(terminal),
        }
    }
}

impl core::fmt::Display for Ring {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Percent(share) => write!(f, "{share}%"),
            Self::Terminals(terminals) => {
                let names: Vec<&str> = terminals.iter().map(TerminalId::as_str).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

/// A release and who gets it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// Its version.
    pub version: ImageVersion,
    /// Who gets it.
    pub to: Ring,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Updates {
    folder: PathBuf,
}

impl Updates {
    /// The releases in that folder.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is offered, the oldest first.
    ///
    /// # Errors
    /// What the system says, or that the list is not understood.
    pub fn offers(&self) -> io::Result<Vec<Offer>> {
        match read_text(&self.folder.join(OFFERS_FILE)) {
            Ok(text) => serde_json::from_str(&text).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The signed text of the newest release that is for this till and news to it.
    ///
    /// # Errors
    /// What the system says.
    pub fn for_till(
        &self,
        terminal: &TerminalId,
        standing: &UpdateStanding,
    ) -> io::Result<Option<String>> {
        let offers = self.offers()?;
        let fits = |offer: &&Offer| offer.to.holds(terminal) && standing.wants(&offer.version);
        let newest = offers.iter().filter(fits).max_by_key(|it| &it.version);
        newest.map(|offer| self.text(&offer.version)).transpose()
    }

    /// A piece of a file, and how long the whole file is; none if no release for this till has it.
    ///
    /// # Errors
    /// What the system says.
    pub fn piece(
        &self,
        terminal: &TerminalId,
        name: &str,
        from: u64,
        most: u64,
    ) -> io::Result<Option<(Vec<u8>, u64)>> {
        for offer in self.offers()? {
            if !offer.to.holds(terminal) {
                continue;
            }
            let text = self.text(&offer.version)?;
            let release = Release::unchecked(&text).map_err(io::Error::other)?;
            // Only a name that the release names is ever opened.
            let Some(file) = release.files.iter().find(|file| file.name == name) else {
                continue;
            };
            let path = self.version(&offer.version).join(&file.name);
            return read_piece(&path, from, most).map(|piece| Some((piece, file.len)));
        }
        Ok(None)
    }

    /// Copies a release in, each file compared with its hash, and offers it.
    ///
    /// # Errors
    /// What is wrong with it, or what the system says.
    pub fn publish(&self, from: &Path, to: Ring) -> Result<Release, String> {
        let text = read_text(&from.join(RELEASE_FILE)).map_err(|error| {
            format!(
                "There is no release in {} ({error}). Name the folder that tillctl update make \
                     signed.",
                from.display()
            )
        })?;
        let release = Release::unchecked(&text).map_err(|bad| {
            format!(
                "The release in {} is not understood: {bad}.",
                from.display()
            )
        })?;
        let failed = |error: io::Error| {
            format!(
                "The folder {} cannot be written ({error}).",
                self.folder.display()
            )
        };
        let mut offers = self.offers().map_err(failed)?;
        offers.retain(|offer| offer.version != release.version);
        if offers.len() >= MAX_OFFERS {
            return Err(format!(
                "{MAX_OFFERS} releases are offered. Withdraw one that no till needs any more."
            ));
        }
        let folder = self.version(&release.version);
        let known = read_text(&folder.join(RELEASE_FILE)).ok();
        if known.as_ref() != Some(&text) {
            if known.is_some() {
                return Err(format!(
                    "Another release {} was published before. Give this one a higher version.",
                    release.version
                ));
            }
            let part = folder.with_extension("part");
            remove(&part).map_err(failed)?;
            fs::create_dir_all(&part).map_err(failed)?;
            for file in &release.files {
                copy(from, &part, file)?;
            }
            write_text(&part.join(RELEASE_FILE), &text).map_err(failed)?;
            remove(&folder).map_err(failed)?;
            fs::rename(&part, &folder).map_err(failed)?;
        }
        let version = release.version.clone();
        offers.push(Offer { version, to });
        offers.sort_by(|a, b| a.version.cmp(&b.version));
        self.write(&offers).map_err(failed)?;
        Ok(release)
    }

    /// Offers a release to nobody any more, and removes it. A till that has it keeps it.
    ///
    /// # Errors
    /// That it is not offered, or what the system says.
    pub fn withdraw(&self, version: &ImageVersion) -> Result<(), String> {
        let failed = |error: io::Error| {
            format!(
                "The folder {} cannot be written ({error}).",
                self.folder.display()
            )
        };
        let mut offers = self.offers().map_err(failed)?;
        let before = offers.len();
        offers.retain(|offer| offer.version != *version);
        if offers.len() == before {
            return Err(format!(
                "{version} is not offered. See collector update list."
            ));
        }
        self.write(&offers).map_err(failed)?;
        remove(&self.version(version)).map_err(failed)
    }

    fn write(&self, offers: &[Offer]) -> io::Result<()> {
        let path = self.folder.join(OFFERS_FILE);
        let part = path.with_extension("part");
        let text = serde_json::to_string_pretty(offers).map_err(io::Error::other)?;
        write_text(&part, &text)?;
        fs::rename(part, path)
    }

    fn text(&self, version: &ImageVersion) -> io::Result<String> {
        read_text(&self.version(version).join(RELEASE_FILE))
    }

    fn version(&self, version: &ImageVersion) -> PathBuf {
        self.folder.join(version.to_string())
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

fn write_text(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read_piece(path: &Path, from: u64, most: u64) -> io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let file = File::open(path)?;
    let left = file.metadata()?.len().saturating_sub(from).min(most);
    let mut piece = vec![0; usize::try_from(left).map_err(io::Error::other)?];
    file.read_exact_at(&mut piece, from)?;
    Ok(piece)
}

fn copy(from: &Path, to: &Path, file: &PartFile) -> Result<(), String> {
    let failed = |error: io::Error| {
        format!(
            "{} cannot be copied ({error}). Publish the release again.",
            file.name
        )
    };
    let mut source = File::open(from.join(&file.name))
        .map_err(failed)?
        .take(file.len + 1);
    let mut new = OpenOptions::new();
    let target = new.write(true).create_new(true).open(to.join(&file.name));
    let mut target = target.map_err(failed)?;
    let (mut digest, mut len, mut piece) = (Sha256::new(), 0_u64, vec![0; PIECE]);
    loop {
        let count = source.read(&mut piece).map_err(failed)?;
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        len = len.saturating_add(bytes.len() as u64);
        digest.update(bytes);
        target.write_all(bytes).map_err(failed)?;
    }
    target.sync_all().map_err(failed)?;
    let found: [u8; 32] = digest.finalize().into();
    if len == file.len && found == file.sha256.0 {
        return Ok(());
    }
    Err(format!(
        "{} is not the file that was signed for. Bring the whole release again.",
        file.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_share_holds_the_tills_of_a_smaller_one() {
        let till =
            |number: u32| -> TerminalId { format!("T{number:07}").parse().expect("a terminal id") };
        let held = |share: u8| (0..1000).filter(move |n| Ring::Percent(share).holds(&till(*n)));
        assert_eq!(held(100).count(), 1000);
        let few: Vec<u32> = held(10).collect();
        assert!(
            (60..140).contains(&few.len()),
            "about a tenth: {}",
            few.len()
        );
        assert!(few.iter().all(|n| Ring::Percent(11).holds(&till(*n))));
        for wrong in ["0%", "101%", "%", "", "T0000001,", "t1"] {
            assert!(Ring::parse(wrong).is_err(), "{wrong:?}");
        }
        let two = Ring::parse("T0000001,T0000003").expect("two tills");
        assert!(two.holds(&till(3)) && !two.holds(&till(2)));
        assert_eq!(two.to_string(), "T0000001,T0000003");
    }
}
