//! The issuer's test keys, decline list and scripts: `issuer.toml` in a state folder.
//!
//! ```toml
//! [[key]]
//! prefix = "4"          # PANs that begin so; the longest prefix wins
//! index = 1             # derivation key index, as in the card's 9F10
//! ac = "<32 hex digits>"   # for application cryptograms
//! mac = "<32 hex digits>"  # for the MAC of scripts; the first if it isn't said
//! enc = "<32 hex digits>"  # for secrets in scripts; the first if it isn't said
//!
//! [[decline]]
//! pan = "<digits>"      # the whole PAN
//! response_code = "51"  # what the simulated host answers
//!
//! [[script]]
//! pan = "<digits>"      # the whole PAN
//! send = "72 pin-unblock"  # see [`crate::script`]
//! ```
//!
//! No key is in the repository: [`IssuerKeys::create`] draws new ones, so a
//! card personalised from one file means nothing to a host with another.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cryptogram::{
    CardKeys, ChargeKeys, CryptogramVersion, IssuerMasterKey, PanError, UnknownVersion,
};
use crate::profile;
use crate::script::Script;

/// An issuer file longer than this is not one (bytes).
const FILE_MAX: u64 = 64 * 1024;

/// The first digits that `create` makes keys for: the major networks.
const PREFIXES: [&str; 4] = ["3", "4", "5", "6"];

/// The derivation key index of every key that `create` makes.
pub(crate) const KEY_INDEX: u8 = 1;

/// Issuer master keys by PAN prefix and key index, the PANs to decline, and the
/// scripts that PANs are sent.
///
/// Shared by the card, which derives its own key at personalisation, and the
/// simulated host, which checks the cryptogram. No `Debug`, no `Clone`; the
/// keys are wiped on drop.
pub struct IssuerKeys {
    keys: Vec<Key>,
    declines: Vec<Decline>,
    scripts: Vec<(Zeroizing<String>, Script)>,
}

struct Key {
    prefix: String,
    index: u8,
    ac: IssuerMasterKey,
    mac: Option<IssuerMasterKey>,
    enc: Option<IssuerMasterKey>,
}

struct Decline {
    pan: Zeroizing<String>,
    response_code: [u8; 2],
}

/// Why the issuer file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Reading or writing failed.
    #[error(
        "{path}: {source}; check that the folder exists and is yours, or make the file with `cardsim keys --out {path}`"
    )]
    Io {
        /// The issuer file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `create` never replaces keys that cards and host may be using.
    #[error(
        "{0} already exists and holds keys in use; delete it first if you really want new ones"
    )]
    Exists(PathBuf),
    /// Others can read the keys.
    #[error("{0} can be read by others; run `chmod 600 {0}`")]
    Exposed(PathBuf),
    /// Larger than any issuer file.
    #[error("{0} is too large for an issuer file; make a new one with `cardsim keys`")]
    TooLarge(PathBuf),
    /// Not TOML, a wrong key, or a value of the wrong form.
    #[error(
        "{path}, line {line}: {what}; correct that line or make a new file with `cardsim keys`"
    )]
    Malformed {
        /// The issuer file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong; never the value.
        what: String,
    },
    /// The system's random number generator failed.
    #[error("the system has no random numbers to make keys from; try again once it has started up")]
    NoRandom,
    /// No key fits.
    #[error(
        "the issuer file has no key with index {0} for this card's PAN; add a [[key]] for its first digits"
    )]
    NoKey(u8),
    /// The card names no version that we know.
    #[error(transparent)]
    Version(#[from] UnknownVersion),
    /// The PAN isn't one.
    #[error(transparent)]
    Pan(#[from] PanError),
}

impl IssuerKeys {
    /// Reads `issuer.toml`.
    ///
    /// # Errors
    /// [`IssuerError`] if it cannot be read, is readable by others, or is
    /// malformed; the message names the line, never a key.
    pub fn load(path: &Path) -> Result<Self, IssuerError> {
        let io = |source| IssuerError::Io {
            path: path.into(),
            source,
        };
        let about = fs::metadata(path).map_err(io)?;
        if about.permissions().mode() & 0o077 != 0 {
            return Err(IssuerError::Exposed(path.into()));
        }
        if about.len() > FILE_MAX {
            return Err(IssuerError::TooLarge(path.into()));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
        let file: File = toml::from_str(&text).map_err(|error| IssuerError::Malformed {
            path: path.into(),
            line: profile::line_of(&text, error.span()),
            what: profile::without_value(error.message()),
        })?;
        Ok(Self::from_file(file))
    }

    /// Draws new keys, writes them to `path` with mode 0600 and returns them.
    /// The decline list names the shipped cards that the issuer declines.
    ///
    /// # Errors
    /// [`IssuerError::Exists`] if there is a file already: it isn't touched.
    pub fn create(path: &Path) -> Result<Self, IssuerError> {
        let random = SystemRandom::new();
        let mut text = Zeroizing::new(String::from(
            "# Test keys of the simulated issuer. Cards and host must use the same file.\n",
        ));
        for prefix in PREFIXES {
            text.push_str(&format!(
                "\n[[key]]\nprefix = \"{prefix}\"\nindex = {KEY_INDEX}\n"
            ));
            for purpose in ["ac", "mac", "enc"] {
                let mut key = Zeroizing::new([0; 16]);
                random
                    .fill(&mut key[..])
                    .map_err(|_| IssuerError::NoRandom)?;
                let hex = Zeroizing::new(HEXLOWER_PERMISSIVE.encode(&key[..]));
                for part in [purpose, " = \"", &hex, "\"\n"] {
                    text.push_str(part);
                }
            }
        }
        for (pan, code) in profile::declined_by_issuer() {
            text.push_str(&format!(
                "\n[[decline]]\npan = \"{pan}\"\nresponse_code = \"{code}\"\n"
            ));
        }
        for (pan, script) in profile::sent_by_issuer() {
            text.push_str(&format!(
                "\n[[script]]\npan = \"{pan}\"\nsend = \"{script}\"\n"
            ));
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => IssuerError::Exists(path.into()),
                _ => IssuerError::Io {
                    path: path.into(),
                    source,
                },
            })?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|source| IssuerError::Io {
                path: path.into(),
                source,
            })?;
        Self::load(path)
    }

    fn from_file(file: File) -> Self {
        let keys = file
            .key
            .into_iter()
            .map(|key| Key {
                prefix: key.prefix,
                index: key.index,
                ac: key.ac.0,
                mac: key.mac.map(|key| key.0),
                enc: key.enc.map(|key| key.0),
            })
            .collect();
        let declines = file
            .decline
            .into_iter()
            .map(|entry| Decline {
                pan: Zeroizing::new(entry.pan),
                response_code: entry.response_code.0,
            })
            .collect();
        let scripts = file.script.into_iter();
        let scripts = scripts.map(|entry| (Zeroizing::new(entry.pan), entry.send));
        Self {
            keys,
            declines,
            scripts: scripts.collect(),
        }
    }

    /// The master keys of the card with this PAN (ASCII digits).
    ///
    /// # Errors
    /// [`IssuerError::NoKey`] or [`IssuerError::Pan`].
    pub fn card_keys(
        &self,
        version: CryptogramVersion,
        key_index: u8,
        pan: &str,
        sequence_number: u8,
    ) -> Result<CardKeys, IssuerError> {
        let key = self
            .keys
            .iter()
            .filter(|key| key.index == key_index && pan.starts_with(&key.prefix))
            .max_by_key(|key| key.prefix.len())
            .ok_or(IssuerError::NoKey(key_index))?;
        let derive =
            |key: &IssuerMasterKey| key.icc_master_key(pan, sequence_number, version.derivation());
        Ok(CardKeys {
            ac: derive(&key.ac)?,
            mac: derive(key.mac.as_ref().unwrap_or(&key.ac))?,
            enc: derive(key.enc.as_ref().unwrap_or(&key.ac))?,
        })
    }

    /// What a host needs to check the cryptogram that came with this Issuer
    /// Application Data (9F10) and ATC (9F36), and to answer it.
    ///
    /// # Errors
    /// [`IssuerError::Version`], [`IssuerError::NoKey`] or [`IssuerError::Pan`].
    pub fn session_key(
        &self,
        pan: &str,
        sequence_number: u8,
        atc: [u8; 2],
        iad: &[u8],
    ) -> Result<(CryptogramVersion, ChargeKeys), IssuerError> {
        let version = CryptogramVersion::from_issuer_application_data(iad)?;
        let card = self.card_keys(version, version.key_index(iad), pan, sequence_number)?;
        Ok((version, ChargeKeys::new(Arc::new(card), atc)))
    }

    /// The scripts that go to this PAN with every answer.
    pub fn scripts<'a>(&'a self, pan: &'a str) -> impl Iterator<Item = &'a Script> {
        let entries = self.scripts.iter();
        entries.filter_map(move |(of, script)| (of.as_str() == pan).then_some(script))
    }

    /// The response code (8A) with which the issuer declines this PAN, if the
    /// decline list has it.
    #[must_use]
    pub fn declines(&self, pan: &str) -> Option<[u8; 2]> {
        self.declines
            .iter()
            .find(|entry| entry.pan.as_str() == pan)
            .map(|entry| entry.response_code)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: Vec<FileKey>,
    #[serde(default)]
    decline: Vec<FileDecline>,
    #[serde(default)]
    script: Vec<FileScript>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    prefix: String,
    index: u8,
    ac: HexKey,
    mac: Option<HexKey>,
    enc: Option<HexKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDecline {
    pan: String,
    response_code: ResponseCode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileScript {
    pan: String,
    send: Script,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct HexKey(IssuerMasterKey);

impl TryFrom<String> for HexKey {
    type Error = &'static str;

    fn try_from(hex: String) -> Result<Self, Self::Error> {
        let hex = Zeroizing::new(hex);
        let bytes = Zeroizing::new(
            HEXLOWER_PERMISSIVE
                .decode(hex.as_bytes())
                .unwrap_or_default(),
        );
        let key: &[u8; 16] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| "a key is 32 hexadecimal digits")?;
        Ok(Self(IssuerMasterKey::new(key)))
    }
}

/// A two-character response code, as in tag 8A.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct ResponseCode([u8; 2]);

impl TryFrom<String> for ResponseCode {
    type Error = &'static str;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        profile::response_code(&code).map(Self)
    }
}
