//! TLS 1.3 (RFC 8446) with the retailer's CA and the till's certificate, in the hybrid group unless
//! the configuration allows a weaker one, and its errors in words.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use sealpoint_tls::identity::{IdentityError, Pair};
use sealpoint_tls::provider;

use super::Config;

/// A file that the link needs and that is not right.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadCredentials {
    #[error(transparent)]
    File(#[from] IdentityError),
    #[error(
        "The till's certificate and its key do not belong together. Enrol this till with the collector again."
    )]
    NoPair,
    #[error("TLS 1.3 cannot be set up ({0}). Report this with the version of the program.")]
    Setup(rustls::Error),
}

/// Reads the files and makes a configuration that speaks TLS 1.3 alone and trusts the retailer's CA
/// alone.
pub(super) fn client_config(config: &Config) -> Result<Arc<ClientConfig>, BadCredentials> {
    client_config_of(config, config.credentials.files().pair()?)
}

/// The same, with another pair than the one in force: to try a renewed one.
pub(super) fn client_config_of(
    config: &Config,
    pair: Pair,
) -> Result<Arc<ClientConfig>, BadCredentials> {
    let files = config.credentials.files();
    let mut roots = RootCertStore::empty();
    for ca in files.cas()? {
        roots.add(ca).map_err(|_| IdentityError::NotPem {
            what: "CA certificate",
            path: files.ca.clone(),
        })?;
    }
    let mut tls = ClientConfig::builder_with_provider(provider(config.groups))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(BadCredentials::Setup)?
        .with_root_certificates(roots)
        .with_client_auth_cert(pair.chain, pair.key)
        .map_err(|_| BadCredentials::NoPair)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(tls))
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
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "The collector, or a proxy before it, does not know the hybrid key exchange \
             X25519MLKEM768. Update it, or allow a classical one on both ends."
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
