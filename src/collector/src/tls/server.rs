//! TLS 1.3 (RFC 8446) alone, in the hybrid group unless the configuration allows a weaker one.

use std::path::Path;
use std::sync::Arc;

use rustls::sign::SigningKey;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sealpoint_tls::{Groups, provider};

use super::files::{self, FileError};
use super::verifier::TillVerifier;
use super::{CA, CA_KEY, SERVER, SERVER_KEY};

/// The collector's side of TLS.
pub struct ServerTls {
    /// For connections.
    pub config: Arc<ServerConfig>,
    /// The key of the collector's certificate, which also signs the time.
    pub signer: Arc<dyn SigningKey>,
}

/// The collector's side of TLS, from the files that [`super::create_ca`] makes. The CA goes with the
/// collector's certificate, so that a till that knows only the hash of its key can check the
/// collector. Without the CA's key nobody can be enrolled, so nobody is served without a certificate.
///
/// # Errors
/// [`FileError`] names the file.
pub fn server_tls(folder: &Path, groups: Groups) -> Result<ServerTls, FileError> {
    let no_pair = |why: String| FileError::NoPair {
        folder: folder.to_owned(),
        why,
    };
    let cas = certificates(&folder.join(CA))?;
    let mut roots = RootCertStore::empty();
    for ca in &cas {
        roots
            .add(ca.clone())
            .map_err(|_| FileError::NotPem(folder.join(CA)))?;
    }
    let mut chain = certificates(&folder.join(SERVER))?;
    chain.extend(cas);
    let key_path = folder.join(SERVER_KEY);
    let key = PrivateKeyDer::from_pem_slice(&files::read(&key_path)?)
        .map_err(|_| FileError::NotPem(key_path))?;

    let provider = provider(groups);
    let signer = provider
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|error| no_pair(error.to_string()))?;
    let mandatory = !folder.join(CA_KEY).exists();
    let verifier = TillVerifier::new(roots, Arc::clone(&provider), mandatory).map_err(no_pair)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| no_pair(error.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| no_pair(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(ServerTls {
        config: Arc::new(config),
        signer,
    })
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
