//! A till's key and certificate, in files of mode 0600.
//!
//! Three files make a till known: `ca.pem`, `cert.pem`, `key.pem`. A renewal makes a new key, which
//! takes their place without a moment at which no pair works, whenever the power goes:
//!
//! | step | on the disk | after a kill here |
//! |---|---|---|
//! | [`NextKey::take_up`] | `next.pem` holds the new key | the same key is taken up again |
//! | [`NextKey::accept`] | `next.pem` holds the new key and its certificate | it is tried |
//! | tried | | it is tried again |
//! | [`NextKey::adopt`] | `next.pem` becomes `key.pem` by one rename | it is in force |
//! | | `cert.pem` says the same | [`Files::settle`] writes it |
//!
//! So a `key.pem` that holds a certificate too is a pair by itself, and that certificate counts.

mod disk;
mod next;

use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use disk::{read, remove, replace};
pub use next::NextKey;

/// The retailer's CA.
pub const CA_FILE: &str = "ca.pem";
/// The till's certificate.
pub const CERT_FILE: &str = "cert.pem";
/// The till's key.
pub const KEY_FILE: &str = "key.pem";
/// The key that a renewal is about to put in the place of the till's, beside it.
pub const NEXT_FILE: &str = "next.pem";

/// At most this many certificates in one file.
const MAX_CERTIFICATES: usize = 16;

/// What is wrong with a file, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("The {what} at {} cannot be read ({why}). Enrol this till with the collector again.", path.display())]
    Unreadable {
        /// What the file holds.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// It does not hold what it should.
    #[error("The {what} at {} is no usable PEM file. Enrol this till with the collector again.", path.display())]
    NotPem {
        /// What the file should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("The file {} cannot be written ({why}). Let this user write into its folder.", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// The collector gave a certificate for a key that is not this till's.
    #[error(
        "The collector's certificate is for another key than this till asked for. Check what stands \
         between till and collector, and enrol this till again."
    )]
    NotOurs,
    /// No key could be made, or it cannot sign.
    #[error("No key can be made for this till ({0}). Check this machine's random numbers.")]
    NoKey(#[from] rcgen::Error),
}

/// Where the three files are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    /// The retailer's CA, PEM; nothing else is trusted.
    pub ca: PathBuf,
    /// The till's certificate, PEM, its name the terminal id.
    pub cert: PathBuf,
    /// The till's private key, PEM.
    pub key: PathBuf,
}

/// A key, and the certificate that belongs to it with the ones that lead to its CA.
pub struct Pair {
    /// The till's certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl Files {
    /// The three files of a folder, by their usual names.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            ca: folder.join(CA_FILE),
            cert: folder.join(CERT_FILE),
            key: folder.join(KEY_FILE),
        }
    }

    /// The CA's certificates.
    ///
    /// # Errors
    /// [`IdentityError`] names the file.
    pub fn cas(&self) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        let what = "CA certificate";
        some(
            certificates(what, &self.ca, &read(what, &self.ca)?)?,
            || not_pem(what, &self.ca),
        )
    }

    /// The key and its certificate.
    ///
    /// # Errors
    /// [`IdentityError`] names the file.
    pub fn pair(&self) -> Result<Pair, IdentityError> {
        let (what, path) = ("till's private key", &self.key);
        let text = read(what, path)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| not_pem(what, path))?;
        let own = certificates(what, path, &text)?;
        if !own.is_empty() {
            return Ok(Pair { chain: own, key });
        }
        let (what, path) = ("till's certificate", &self.cert);
        let chain = certificates(what, path, &read(what, path)?)?;
        let chain = some(chain, || not_pem(what, path))?;
        Ok(Pair { chain, key })
    }

    /// Brings `cert.pem` up to `key.pem`, where a renewal was cut short between the two. Whoever
    /// looks into the folder then sees what is in force.
    ///
    /// # Errors
    /// [`IdentityError`] names the file.
    pub fn settle(&self) -> Result<(), IdentityError> {
        let what = "till's private key";
        let own = certificates(what, &self.key, &read(what, &self.key)?)?;
        let told = read("till's certificate", &self.cert)
            .ok()
            .and_then(|text| certificates("till's certificate", &self.cert, &text).ok());
        if own.is_empty() || told.as_ref() == Some(&own) {
            return Ok(());
        }
        replace(&self.cert, pem_of(&own).as_bytes())
    }

    /// Puts the retailer's CA in place, PEM.
    ///
    /// # Errors
    /// [`IdentityError`], for a text without a certificate too.
    pub fn trust(&self, ca: &str) -> Result<(), IdentityError> {
        let what = "CA certificate";
        let found = certificates(what, &self.ca, ca.as_bytes())?;
        let found = some(found, || not_pem(what, &self.ca))?;
        replace(&self.ca, pem_of(&found).as_bytes())
    }

    /// Erases what makes this till known: both keys first, then the certificates. What is not there
    /// any more is no error, so that an erasure that was cut short can be done again.
    ///
    /// # Errors
    /// [`IdentityError`] names the file.
    pub fn erase(&self) -> Result<(), IdentityError> {
        for file in [&self.key, &self.next(), &self.cert, &self.ca] {
            remove(file)?;
        }
        Ok(())
    }

    /// Where a renewal keeps the new key.
    fn next(&self) -> PathBuf {
        self.key.with_file_name(NEXT_FILE)
    }
}

fn certificates(
    what: &'static str,
    path: &Path,
    text: &[u8],
) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    CertificateDer::pem_slice_iter(text)
        .take(MAX_CERTIFICATES)
        .collect::<Result<_, _>>()
        .map_err(|_| not_pem(what, path))
}

fn some<T>(found: Vec<T>, none: impl FnOnce() -> IdentityError) -> Result<Vec<T>, IdentityError> {
    if found.is_empty() {
        Err(none())
    } else {
        Ok(found)
    }
}

fn not_pem(what: &'static str, path: &Path) -> IdentityError {
    IdentityError::NotPem {
        what,
        path: path.to_owned(),
    }
}

/// Certificates as PEM (RFC 7468).
fn pem_of(chain: &[CertificateDer<'_>]) -> String {
    /// Characters of a line (RFC 7468 section 2).
    const LINE: usize = 64;
    let mut text = String::new();
    for certificate in chain {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for (place, letter) in data_encoding::BASE64
            .encode(certificate)
            .chars()
            .enumerate()
        {
            if place > 0 && place % LINE == 0 {
                text.push('\n');
            }
            text.push(letter);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
    }
    text
}
