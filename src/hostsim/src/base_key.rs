//! The acquirer's base derivation keys: `bdk.toml` in the host's folder, test keys all of them.
//!
//! ```toml
//! [[set]]
//! id = "dukpt-1"          # as the manifest and a sealed card name the key set
//! scheme = "aes128"       # aes128, aes192, aes256 or tdes2
//! prefix = "12345678"     # how its key serial numbers begin: 4 bytes, 5 for tdes2
//! bdk = "0123..."         # 16, 24 or 32 bytes
//! ```
//!
//! A terminal's initial key is named by the prefix and a number drawn at random for each key that is
//! given away, so that no terminal gets the key of another, nor its own old one a second time.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXUPPER;
use sealpoint_wire::KeyId;
use sealpoint_wire::seal::DukptScheme;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::cipher::CipherKey;
use crate::dukpt::{self, tdes};

/// Name of the base derivation keys in the host's folder.
pub const BASE_KEY_FILE: &str = "bdk.toml";
/// Key sets in one file.
pub const MAX_SETS: usize = 32;

/// A file longer than this is not one of ours, in bytes.
const MAX_FILE: u64 = 16 * 1024;
/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// The base derivation keys of a host; none if it has no file. No `Debug`, no `Clone`.
#[derive(Default)]
pub struct BaseKeys(Vec<KeySet>);

/// One base derivation key, and what its key serial numbers begin with.
pub struct KeySet {
    id: KeyId,
    scheme: DukptScheme,
    prefix: Vec<u8>,
    key: CipherKey,
}

/// Why there are no base derivation keys, or none was added.
#[derive(Debug, thiserror::Error)]
pub enum BaseKeyError {
    /// Reading or writing failed.
    #[error("{path:?} cannot be read or written ({source}); choose a folder that is yours")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read the keys.
    #[error("{0:?} can be read by others; run `chmod 600` on it")]
    Exposed(PathBuf),
    /// Not a file of base derivation keys.
    #[error("{0:?} is not a file of base derivation keys; delete it and begin with `hostsim bdk`")]
    Malformed(PathBuf),
    /// A key set keeps its key.
    #[error("the key set {0} exists already and tills may be using it; choose another id")]
    Exists(KeyId),
    /// No more sets.
    #[error("there are {MAX_SETS} key sets already; use another folder")]
    Full,
    /// A key that was given is none of the scheme.
    #[error("the base derivation key is not {0} bytes in hexadecimal; give it on one line")]
    BadKey(usize),
    /// The system gave no random bytes.
    #[error("this machine gave no random bytes ({0}); restart it")]
    NoRandomBytes(getrandom::Error),
}

#[derive(Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    set: Vec<SetEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SetEntry {
    id: KeyId,
    scheme: DukptScheme,
    prefix: String,
    bdk: String,
}

impl Drop for SetEntry {
    fn drop(&mut self) {
        self.bdk.zeroize();
    }
}

impl BaseKeys {
    /// Reads the keys in the host's folder; none if there is no such file.
    ///
    /// # Errors
    /// [`BaseKeyError`]; never says what the file holds.
    pub fn load(dir: &Path) -> Result<Self, BaseKeyError> {
        let path = dir.join(BASE_KEY_FILE);
        let malformed = || BaseKeyError::Malformed(path.clone());
        let file = read(&path)?;
        if file.set.len() > MAX_SETS {
            return Err(malformed());
        }
        let sets = file.set.into_iter().map(|entry| KeySet::of(&entry));
        let sets: Vec<_> = sets.collect::<Option<_>>().ok_or_else(malformed)?;
        let twice = |(at, set): (usize, &KeySet)| sets[..at].iter().any(|one| one.id == set.id);
        if sets.iter().enumerate().any(twice) {
            return Err(malformed());
        }
        Ok(Self(sets))
    }

    /// The set with this id.
    #[must_use]
    pub fn set(&self, id: &KeyId) -> Option<&KeySet> {
        self.0.iter().find(|set| set.id == *id)
    }
}

impl KeySet {
    fn of(entry: &SetEntry) -> Option<Self> {
        let prefix = HEXUPPER.decode(entry.prefix.as_bytes()).ok()?;
        let key = key_of(entry.scheme, &entry.bdk)?;
        (prefix.len() == prefix_len(entry.scheme)).then_some(Self {
            id: entry.id.clone(),
            scheme: entry.scheme,
            prefix,
            key,
        })
    }

    /// Which derivation.
    #[must_use]
    pub const fn scheme(&self) -> DukptScheme {
        self.scheme
    }

    /// What its key serial numbers begin with.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The base derivation key.
    #[must_use]
    pub const fn key(&self) -> &CipherKey {
        &self.key
    }

    /// Names an initial key that was never given away before: the prefix and a random rest.
    ///
    /// # Errors
    /// [`BaseKeyError::NoRandomBytes`].
    pub fn new_initial_key_id(&self) -> Result<Vec<u8>, BaseKeyError> {
        let mut id = vec![0; dukpt::initial_key_id_len(self.scheme)];
        getrandom::fill(&mut id).map_err(BaseKeyError::NoRandomBytes)?;
        id[..self.prefix.len()].copy_from_slice(&self.prefix);
        Ok(match <[u8; tdes::KSN_LEN]>::try_from(id.as_slice()) {
            Ok(ksn) => tdes::name_of(ksn).to_vec(),
            Err(_) => id,
        })
    }
}

/// Adds a key set to the host's folder, with `bdk` (hexadecimal), or with a key drawn at random.
///
/// # Errors
/// [`BaseKeyError`]; nothing is changed then.
pub fn add(
    dir: &Path,
    id: &KeyId,
    scheme: DukptScheme,
    bdk: Option<Zeroizing<String>>,
) -> Result<(), BaseKeyError> {
    let path = dir.join(BASE_KEY_FILE);
    let io = |source| BaseKeyError::Io {
        path: path.clone(),
        source,
    };
    let mut file = read(&path)?;
    if file.set.iter().any(|set| set.id == *id) {
        return Err(BaseKeyError::Exists(id.clone()));
    }
    if file.set.len() >= MAX_SETS {
        return Err(BaseKeyError::Full);
    }
    let key_len = dukpt::algorithm(scheme).key_len();
    let bdk = match bdk {
        Some(bdk) => bdk,
        None => random_hex(key_len)?,
    };
    if key_of(scheme, &bdk).is_none() {
        return Err(BaseKeyError::BadKey(key_len));
    }
    file.set.push(SetEntry {
        id: id.clone(),
        scheme,
        prefix: random_hex(prefix_len(scheme))?.to_string(),
        bdk: bdk.to_string(),
    });
    let text = toml::to_string(&file).map_err(|error| io(io::Error::other(error)))?;
    let text = Zeroizing::new(format!(
        "# Base derivation keys of the simulated acquirer. They open the cards that tills seal.\n{}",
        *Zeroizing::new(text)
    ));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(io)?;
    let half = path.with_extension("part");
    let mut new = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&half)
        .map_err(io)?;
    new.write_all(text.as_bytes())
        .and_then(|()| new.sync_all())
        .and_then(|()| fs::rename(&half, &path))
        .map_err(io)
}

fn read(path: &Path) -> Result<KeyFile, BaseKeyError> {
    let io = |source| BaseKeyError::Io {
        path: path.to_owned(),
        source,
    };
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(KeyFile::default()),
        about => about.map_err(io)?,
    };
    if about.permissions().mode() & OTHERS != 0 {
        return Err(BaseKeyError::Exposed(path.to_owned()));
    }
    let malformed = || BaseKeyError::Malformed(path.to_owned());
    if !about.is_file() || about.len() > MAX_FILE {
        return Err(malformed());
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
    toml::from_str(&text).map_err(|_| malformed())
}

fn key_of(scheme: DukptScheme, hex: &str) -> Option<CipherKey> {
    let bytes = Zeroizing::new(HEXUPPER.decode(hex.as_bytes()).ok()?);
    CipherKey::new(dukpt::algorithm(scheme), bytes)
}

/// AES: the base derivation key's id (X9.24-3:2017 section 6.1). TDES: issuer, customer and group.
const fn prefix_len(scheme: DukptScheme) -> usize {
    match scheme {
        DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => 4,
        DukptScheme::Tdes2 => 5,
    }
}

fn random_hex(len: usize) -> Result<Zeroizing<String>, BaseKeyError> {
    let mut bytes = Zeroizing::new(vec![0; len]);
    getrandom::fill(&mut bytes).map_err(BaseKeyError::NoRandomBytes)?;
    Ok(Zeroizing::new(HEXUPPER.encode(&bytes)))
}
