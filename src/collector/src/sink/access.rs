//! What the sink's servers are shown and must show: a CA, a certificate, credentials.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_nats::ConnectOptions;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::SinkAddress;
use super::link::SinkError;

/// Credentials are one JWT and one seed; a longer file is none.
const MAX_CREDENTIALS: u64 = 64 * 1024;

/// Files for a connection to the sink. Without a CA there is no TLS, unless the address is `tls://`,
/// which then trusts no server at all and says so.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Access {
    /// Certificates of the CA that signed the servers', PEM.
    pub ca: Option<PathBuf>,
    /// The collector's certificate and its chain, PEM.
    pub cert: Option<PathBuf>,
    /// The collector's private key, PEM.
    pub key: Option<PathBuf>,
    /// A NATS credentials file: JWT and seed.
    pub credentials: Option<PathBuf>,
}

impl Access {
    /// Options for a connection, everything read from its file.
    ///
    /// # Errors
    /// [`SinkError::File`] and [`SinkError::NoCa`].
    pub(super) fn options(&self, address: &SinkAddress) -> Result<ConnectOptions, SinkError> {
        let mut options = ConnectOptions::new().name("sealpoint-collector");
        if let Some(path) = &self.credentials {
            let text = read(path)?;
            let text = String::from_utf8(text).map_err(|_| bad(path, "it is no text"))?;
            options = options
                .credentials(&text)
                .map_err(|_| bad(path, "it holds no credentials"))?;
        }
        match &self.ca {
            Some(ca) => Ok(options.require_tls(true).tls_client_config(self.tls(ca)?)),
            None if address.wants_tls() || self.cert.is_some() => Err(SinkError::NoCa),
            None => Ok(options),
        }
    }

    /// TLS 1.3 with the CA given alone: what the operating system trusts does not count.
    fn tls(&self, ca: &Path) -> Result<ClientConfig, SinkError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(ca)? {
            roots
                .add(certificate)
                .map_err(|_| bad(ca, "it holds no CA's certificate"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|_| bad(ca, "TLS 1.3 cannot be set up"))?
            .with_root_certificates(roots);
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => config
                .with_client_auth_cert(
                    certificates(cert)?,
                    PrivateKeyDer::from_pem_slice(&read(key)?)
                        .map_err(|_| bad(key, "it holds no private key"))?,
                )
                .map_err(|_| bad(cert, "it does not belong to the private key")),
            _ => Ok(config.with_no_client_auth()),
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SinkError> {
    let pem = read(path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| bad(path, "it is no PEM file"))?;
    if found.is_empty() {
        Err(bad(path, "it holds no certificate"))
    } else {
        Ok(found)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SinkError> {
    let about = fs::metadata(path).map_err(|error| bad(path, &error.to_string()))?;
    if !about.is_file() || about.len() > MAX_CREDENTIALS {
        return Err(bad(path, "it is no file of at most 64 KiB"));
    }
    fs::read(path).map_err(|error| bad(path, &error.to_string()))
}

fn bad(path: &Path, why: &str) -> SinkError {
    SinkError::File {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}
