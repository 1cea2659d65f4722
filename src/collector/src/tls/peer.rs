//! Which till a verified certificate stands for.

use rustls_pki_types::CertificateDer;
use sealpoint_tls::certificate::Certificate;

use crate::store::Shown;

/// A certificate of the right CA that names no terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "The certificate names no terminal. Enrol the till again: collector enrol-code --terminal ID"
)]
pub struct NoTerminal;

/// The terminal in the certificate's one common name (RFC 5280 section 4.1.2.6), its number and its
/// end.
///
/// # Errors
/// [`NoTerminal`].
pub fn shown(certificate: &CertificateDer<'_>) -> Result<Shown, NoTerminal> {
    let read = Certificate::read(certificate).map_err(|_| NoTerminal)?;
    Ok(Shown {
        terminal: read.name.parse().map_err(|_| NoTerminal)?,
        serial: read.serial,
        until_ms: read.until_ms,
    })
}
