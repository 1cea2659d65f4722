//! TLS 1.3 (RFC 8446) alone, and no connection without a certificate of the retailer's CA.

use std::path::Path;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::files::{self, FileError};
use super::{CA, SERVER, SERVER_KEY};

/// The collector's side of TLS, from the files that [`super::create_ca`] makes.
///
/// # Errors
/// [`FileError`] names the file.
pub fn server_config(folder: &Path) -> Result<Arc<ServerConfig>, FileError> {
    let no_pair = |why: String| FileError::NoPair {
        folder: folder.to_owned(),
        why,
    };
    let mut roots = RootCertStore::empty();
    for ca in certificates(&folder.join(CA))? {
        roots
            .add(ca)
            .map_err(|_| FileError::NotPem(folder.join(CA)))?;
    }
    let chain = certificates(&folder.join(SERVER))?;
    let key_path = folder.join(SERVER_KEY);
    let key = PrivateKeyDer::from_pem_slice(&files::read(&key_path)?)
        .map_err(|_| FileError::NotPem(key_path))?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| no_pair(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| no_pair(error.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| no_pair(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let pem = files::read(path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| FileError::NotPem(path.to_owned()))?;
    if found.is_empty() {
        Err(FileError::NotPem(path.to_owned()))
    } else {
        Ok(found)
    }
}
