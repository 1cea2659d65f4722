//! The key that is about to take the place of the till's.

use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::disk::{read, rename, replace, unwritable};
use super::{Files, IdentityError, Pair, certificates, not_pem, pem_of, remove};
use crate::certificate::KeyHash;

const WHAT: &str = "till's next key";

/// A key that was made on this till and leaves it never: ECDSA on P-256.
pub struct NextKey {
    files: Files,
    key: KeyPair,
    chain: Vec<CertificateDer<'static>>,
}

impl NextKey {
    /// Takes up the key that an earlier try made, with the certificate that it may have already; or
    /// makes one, and has it on the disk.
    ///
    /// # Errors
    /// [`IdentityError`] names the file.
    pub fn take_up(files: &Files) -> Result<Self, IdentityError> {
        let path = files.next();
        if path.exists() {
            let text = read(WHAT, &path)?;
            let key = core::str::from_utf8(&text)
                .ok()
                .and_then(|text| KeyPair::from_pem(text).ok());
            let chain = certificates(WHAT, &path, &text).unwrap_or_default();
            if let Some(key) = key {
                let chain = if fits(&key, &chain) {
                    chain
                } else {
                    Vec::new()
                };
                return Ok(Self {
                    files: files.clone(),
                    key,
                    chain,
                });
            }
            // Written whole or not at all, so this is none of ours.
            remove(&path)?;
        }
        let next = Self {
            files: files.clone(),
            key: KeyPair::generate()?,
            chain: Vec::new(),
        };
        next.write(&[])?;
        Ok(next)
    }

    /// The request for its certificate: PKCS #10 (RFC 2986), DER, signed with the key.
    ///
    /// # Errors
    /// [`IdentityError::NoKey`].
    pub fn request(&self) -> Result<Vec<u8>, IdentityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.remove(DnType::CommonName);
        let request = params.serialize_request(&self.key)?;
        Ok(request.der().to_vec())
    }

    /// Takes the certificate that the collector gave, PEM, and has it on the disk beside its key.
    ///
    /// # Errors
    /// [`IdentityError::NotOurs`] if it is for another key.
    pub fn accept(&mut self, certificate: &str) -> Result<(), IdentityError> {
        let chain = certificates(WHAT, &self.files.cert, certificate.as_bytes())?;
        if !fits(&self.key, &chain) {
            return Err(IdentityError::NotOurs);
        }
        self.write(&chain)?;
        self.chain = chain;
        Ok(())
    }

    /// Key and certificate, once there is one: to try them.
    ///
    /// # Errors
    /// [`IdentityError::NotPem`].
    pub fn pair(&self) -> Result<Option<Pair>, IdentityError> {
        if self.chain.is_empty() {
            return Ok(None);
        }
        let text = Zeroizing::new(self.key.serialize_pem());
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| not_pem(WHAT, &self.files.next()))?;
        Ok(Some(Pair {
            chain: self.chain.clone(),
            key,
        }))
    }

    /// Puts key and certificate in force: one rename.
    ///
    /// # Errors
    /// [`IdentityError`]; before the rename the old pair stays in force, after it the new one is.
    pub fn adopt(self) -> Result<(), IdentityError> {
        if self.chain.is_empty() {
            return Err(IdentityError::NotOurs);
        }
        let key = &self.files.key;
        rename(&self.files.next(), key).map_err(|error| unwritable(key, &error))?;
        self.files.settle()
    }

    /// Gives the key up, so that the next try makes another.
    ///
    /// # Errors
    /// [`IdentityError::Unwritable`].
    pub fn discard(self) -> Result<(), IdentityError> {
        remove(&self.files.next())
    }

    fn write(&self, chain: &[CertificateDer<'_>]) -> Result<(), IdentityError> {
        let key = Zeroizing::new(self.key.serialize_pem());
        let text = Zeroizing::new(format!("{}{}", key.as_str(), pem_of(chain)));
        replace(&self.files.next(), text.as_bytes())
    }
}

fn fits(key: &KeyPair, chain: &[CertificateDer<'_>]) -> bool {
    let own = KeyHash::of(&key.subject_public_key_info());
    chain
        .first()
        .is_some_and(|leaf| KeyHash::of_certificate(leaf) == Ok(own))
}
