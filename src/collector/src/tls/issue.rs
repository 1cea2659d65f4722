//! Certificates for tills: from a request that a till made, so that its key never leaves it.

use std::path::Path;

use rcgen::{
    CertificateSigningRequestParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateSigningRequestDer};
use sealpoint_tls::certificate::{KeyHash, Serial};
use sealpoint_wire::TerminalId;

use super::authority::params;
use super::files::{self, FileError};
use super::{CA, CA_KEY};
use crate::store::Shown;

/// A till's certificate is good for so long; the till renews it at two thirds of that.
const TILL_DAYS: u32 = 30;
/// Bytes of a point on P-256, not compressed (SEC 1 section 2.3.3).
const POINT_LEN: usize = 65;

/// A certification request that is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "This is no certification request (PKCS #10, DER) for an ECDSA key on P-256, signed with that \
     key. Make it with tillctl enrol."
)]
pub struct BadRequest;

/// A till's certification request whose signature fits its key. Nothing else in it counts.
#[derive(Debug)]
pub struct Request(CertificateSigningRequestParams);

/// A certificate that was just made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issued {
    /// PEM.
    pub pem: String,
    /// What it says.
    pub shown: Shown,
}

/// The retailer's CA with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    ca_key_hash: KeyHash,
}

impl Request {
    /// Reads a request, DER.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn read(der: &[u8]) -> Result<Self, BadRequest> {
        let der = CertificateSigningRequestDer::from(der);
        let request = CertificateSigningRequestParams::from_der(&der).map_err(|_| BadRequest)?;
        let key = &request.public_key;
        // The signature's name does not say the curve; the point's length does.
        if key.algorithm() == &PKCS_ECDSA_P256_SHA256 && key.der_bytes().len() == POINT_LEN {
            Ok(Self(request))
        } else {
            Err(BadRequest)
        }
    }

    /// What identifies its key.
    #[must_use]
    pub fn key_hash(&self) -> KeyHash {
        KeyHash::of(&self.0.public_key.subject_public_key_info())
    }
}

impl Authority {
    /// The CA in a folder, if its key is there too: on a collector that only serves it need not be.
    ///
    /// # Errors
    /// [`FileError`] names the file.
    pub fn open(folder: &Path) -> Result<Option<Self>, FileError> {
        let key_path = folder.join(CA_KEY);
        if !key_path.exists() {
            return Ok(None);
        }
        let ca_pem = files::read_text(&folder.join(CA))?;
        let key = KeyPair::from_pem(&files::read_text(&key_path)?)
            .map_err(|_| FileError::NotPem(key_path.clone()))?;
        let ca_key_hash = ca_key_hash(folder)?;
        if KeyHash::of(&key.subject_public_key_info()) != ca_key_hash {
            return Err(FileError::NoPair {
                folder: folder.to_owned(),
                why: "the CA's key is not its certificate's".to_owned(),
            });
        }
        let issuer = Issuer::from_ca_cert_pem(&ca_pem, key)
            .map_err(|_| FileError::NotPem(folder.join(CA)))?;
        Ok(Some(Self {
            issuer,
            ca_pem,
            ca_key_hash,
        }))
    }

    /// The CA's certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What identifies the CA's key.
    #[must_use]
    pub const fn key_hash(&self) -> &KeyHash {
        &self.ca_key_hash
    }

    /// A certificate for a till's request.
    ///
    /// # Errors
    /// [`FileError::Certificate`].
    pub fn certify(&self, request: &Request, terminal: &TerminalId) -> Result<Issued, FileError> {
        self.issue(&request.0.public_key, terminal)
    }

    pub(super) fn issue(
        &self,
        key: &impl PublicKeyData,
        terminal: &TerminalId,
    ) -> Result<Issued, FileError> {
        let mut params = params(terminal.as_str(), TILL_DAYS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (serial, bytes) = Serial::generate().map_err(|_| rcgen::Error::RingUnspecified)?;
        params.serial_number = Some(SerialNumber::from_slice(&bytes));
        let until = params.not_after;
        let pem = params.signed_by(key, &self.issuer)?.pem();
        Ok(Issued {
            pem,
            shown: Shown {
                terminal: terminal.clone(),
                serial,
                until_ms: until.unix_timestamp().saturating_mul(1000),
            },
        })
    }
}

/// What identifies the key of the CA in a folder.
///
/// # Errors
/// [`FileError`] names the file.
pub fn ca_key_hash(folder: &Path) -> Result<KeyHash, FileError> {
    let path = folder.join(CA);
    let not_pem = || FileError::NotPem(path.clone());
    let ca = CertificateDer::from_pem_slice(&files::read(&path)?).map_err(|_| not_pem())?;
    KeyHash::of_certificate(&ca).map_err(|_| not_pem())
}
