//! The acquirer's key pair: `acquirer.key.toml` in the host's folder, and the public half for tills.
//!
//! Both are TOML with `key_id` and `kem = "x-wing"`. The private file has `private`, base64 of the
//! 32-byte X-Wing seed; the public file has `public`, base64 of 1216 bytes. A key id is `demo-` and
//! eight hexadecimal digits of the public key's SHA-256, so that it cannot name another key.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, Serializable};
use sealpoint_wire::KeyId;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Name of the private key in the host's folder.
pub const PRIVATE_KEY_FILE: &str = "acquirer.key.toml";
/// Name of the issuer's keys in the host's folder.
pub const ISSUER_FILE: &str = "issuer.toml";

const KEM: &str = "x-wing";
/// A key file longer than this is not one, in bytes.
const MAX_FILE: u64 = 16 * 1024;
/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Bytes of the public key's hash that a key id shows.
const FINGERPRINT: usize = 4;

/// The private key that opens sealed cards. No `Debug`, no `Clone`.
pub struct HostKey {
    key_id: KeyId,
    private: <XWing as Kem>::PrivateKey,
}

/// Why a key file is of no use, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Reading or writing failed.
    #[error("{path:?} cannot be read or written ({source}); make the keys with `hostsim keys`")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing is ever overwritten.
    #[error("{0:?} exists already and tills may be using it; delete it first if you want new keys")]
    Exists(PathBuf),
    /// Others can read the private key.
    #[error("{0:?} can be read by others; run `chmod 600` on it")]
    Exposed(PathBuf),
    /// Not a private key file.
    #[error("{0:?} is not a private key file; delete it and make new keys with `hostsim keys`")]
    Malformed(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivateFile {
    key_id: KeyId,
    kem: String,
    private: Seed,
}

/// The 32 bytes that an X-Wing private key is, wiped on drop.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Seed(Zeroizing<Vec<u8>>);

impl TryFrom<String> for Seed {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = Zeroizing::new(text);
        let seed = BASE64.decode(text.as_bytes()).map_err(|_| "not base64")?;
        Ok(Self(Zeroizing::new(seed)))
    }
}

impl HostKey {
    /// Reads the private key in the host's folder.
    ///
    /// # Errors
    /// [`KeyFileError`]; never says what the file holds.
    pub fn load(dir: &Path) -> Result<Self, KeyFileError> {
        let path = dir.join(PRIVATE_KEY_FILE);
        let io = |source| KeyFileError::Io {
            path: path.clone(),
            source,
        };
        let malformed = || KeyFileError::Malformed(path.clone());
        let about = fs::metadata(&path).map_err(io)?;
        if about.permissions().mode() & OTHERS != 0 {
            return Err(KeyFileError::Exposed(path));
        }
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(malformed());
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(io)?);
        let file: PrivateFile = toml::from_str(&text).map_err(|_| malformed())?;
        let private =
            <XWing as Kem>::PrivateKey::from_bytes(&file.private.0).map_err(|_| malformed())?;
        let key = Self {
            key_id: file.key_id,
            private,
        };
        if file.kem != KEM || key.key_id != key_id_of(&key.public()) {
            return Err(malformed());
        }
        Ok(key)
    }

    /// The name by which a sealed card asks for this key.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub(crate) const fn private(&self) -> &<XWing as Kem>::PrivateKey {
        &self.private
    }

    fn public(&self) -> Vec<u8> {
        XWing::sk_to_pk(&self.private).to_bytes().to_vec()
    }
}

/// Makes the folder and the private key in it, unless they are there, and writes the public half to
/// `public_out`. Gives the key's id.
///
/// A host that has a key writes that key's public half, so that a till can be added, and a first
/// run that was cut short can be repeated.
///
/// # Errors
/// [`KeyFileError::Exists`] if `public_out` is there: nothing is overwritten.
pub fn create(dir: &Path, public_out: &Path) -> Result<KeyId, KeyFileError> {
    if public_out.exists() {
        return Err(KeyFileError::Exists(public_out.to_owned()));
    }
    let private_path = dir.join(PRIVATE_KEY_FILE);
    if !private_path.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| KeyFileError::Io {
                path: dir.to_owned(),
                source,
            })?;
        let (private, public) = XWing::gen_keypair();
        let seed = Zeroizing::new(private.to_bytes());
        let text = Zeroizing::new(format!(
            "# Private key of the simulated acquirer. It opens the cards that demo tills seal.\n\
             key_id = \"{}\"\nkem = \"{KEM}\"\nprivate = \"{}\"\n",
            key_id_of(&public.to_bytes()),
            *Zeroizing::new(BASE64.encode(&seed)),
        ));
        write_new(&private_path, 0o600, &text)?;
    }
    let key = HostKey::load(dir)?;
    let text = format!(
        "# Public key of the simulated acquirer: tills seal card data to it.\n\
         key_id = \"{}\"\nkem = \"{KEM}\"\npublic = \"{}\"\n",
        key.key_id,
        BASE64.encode(&key.public()),
    );
    write_new(public_out, 0o644, &text)?;
    Ok(key.key_id)
}

fn key_id_of(public: &[u8]) -> KeyId {
    let hash = Sha256::digest(public);
    format!("demo-{}", HEXLOWER.encode(&hash[..FINGERPRINT]))
        .parse()
        .expect("demo- and hexadecimal digits are a key id")
}

fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), KeyFileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => KeyFileError::Io {
            path: path.to_owned(),
            source,
        },
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}
