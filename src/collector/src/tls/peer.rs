//! Which terminal a verified certificate stands for.

use rustls_pki_types::CertificateDer;
use sealpoint_wire::TerminalId;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate of the right CA that names no terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The certificate names no terminal. Enrol the till again: collector enrol --terminal ID")]
pub struct NoTerminal;

/// The terminal in the certificate's common name (RFC 5280 section 4.1.2.6); exactly one.
///
/// # Errors
/// [`NoTerminal`].
pub fn terminal_of(certificate: &CertificateDer<'_>) -> Result<TerminalId, NoTerminal> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| NoTerminal)?;
    let mut names = certificate.subject().iter_common_name();
    match (names.next(), names.next()) {
        (Some(name), None) => name
            .as_str()
            .ok()
            .and_then(|name| name.parse().ok())
            .ok_or(NoTerminal),
        _ => Err(NoTerminal),
    }
}
