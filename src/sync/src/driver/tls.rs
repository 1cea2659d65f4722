//! TLS 1.3 (RFC 8446) with the retailer's CA and the till's certificate, and its errors in words.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Credentials;

/// A file that the link needs and that is not right.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadCredentials {
    #[error("The {what} at {} cannot be read ({why}). Enrol this till with the collector again.", path.display())]
    Unreadable {
        what: &'static str,
        path: PathBuf,
        why: String,
    },
    #[error("The {what} at {} is no usable PEM file. Enrol this till with the collector again.", path.display())]
    NotPem { what: &'static str, path: PathBuf },
    #[error(
        "The till's certificate and its key do not belong together. Enrol this till with the collector again."
    )]
    NoPair,
    #[error("TLS 1.3 cannot be set up ({0}). Report this with the version of the program.")]
    Setup(rustls::Error),
}

/// Reads the files and makes a configuration that speaks TLS 1.3 alone and trusts `ca` alone.
pub(super) fn client_config(files: &Credentials) -> Result<Arc<ClientConfig>, BadCredentials> {
    let mut roots = RootCertStore::empty();
    for ca in certificates("CA certificate", &files.ca)? {
        roots
            .add(ca)
            .map_err(|_| not_pem("CA certificate", &files.ca))?;
    }
    let chain = certificates("till's certificate", &files.cert)?;
    let key = private_key("till's private key", &files.key)?;
    let mut config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(BadCredentials::Setup)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(|_| BadCredentials::NoPair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, BadCredentials> {
    let pem = read(what, path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| not_pem(what, path))?;
    if found.is_empty() {
        Err(not_pem(what, path))
    } else {
        Ok(found)
    }
}

fn private_key(what: &'static str, path: &Path) -> Result<PrivateKeyDer<'static>, BadCredentials> {
    PrivateKeyDer::from_pem_slice(&read(what, path)?).map_err(|_| not_pem(what, path))
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, BadCredentials> {
    std::fs::read(path).map_err(|error| BadCredentials::Unreadable {
        what,
        path: path.to_owned(),
        why: error.kind().to_string(),
    })
}

fn not_pem(what: &'static str, path: &Path) -> BadCredentials {
    BadCredentials::NotPem {
        what,
        path: path.to_owned(),
    }
}

/// What a failed connection or exchange means, in a sentence and what to do.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return describe_tls(tls);
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // An io::Error that wraps another error does not name that one as its source.
            let tls = io
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>());
            return tls.map_or_else(|| describe_io(io), describe_tls);
        }
        cause = error.source();
    }
    "The connection to the collector broke. Check the network.".to_owned()
}

fn describe_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "No collector listens at the configured address. Start the collector or check its port."
                .to_owned()
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => {
            "The collector closed the connection. Check that it runs and accepts this till."
                .to_owned()
        }
        _ => format!("The collector cannot be reached ({error}). Check the network."),
    }
}

fn describe_tls(error: &rustls::Error) -> String {
    use CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => {
            "The collector's certificate is not from this till's CA. Enrol this till again, or \
             check that the address is the right collector's."
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            Bad::NotValidForName | Bad::NotValidForNameContext { .. },
        ) => {
            "The collector's certificate is for another name. Use an address that its certificate \
             names."
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            Bad::Expired
            | Bad::ExpiredContext { .. }
            | Bad::NotValidYet
            | Bad::NotValidYetContext { .. },
        ) => "The collector's certificate is not valid today. Renew it, or set this till's clock."
            .to_owned(),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "The collector does not speak TLS 1.3. Check that the address is a collector's."
                .to_owned()
        }
        rustls::Error::AlertReceived(alert) => format!(
            "The collector does not accept this till's certificate ({alert:?}). Enrol this till \
             again."
        ),
        other => {
            format!("The collector does not speak TLS as expected ({other}). Check its address.")
        }
    }
}
