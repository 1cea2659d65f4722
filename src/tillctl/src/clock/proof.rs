//! Whether the collector said it: its certificate is of this till's CA, for the collector's name, valid
//! at the time that it says, and its key signed that time over our nonce.

use core::time::Duration;
use std::sync::Arc;

use rustls::{
    RootCertStore,
    client::WebPkiServerVerifier,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use sealpoint_tls::{
    Groups, provider,
    signed_time::{Nonce, verify},
};
use sealpoint_wire::clock::ClockAnswer;

/// At most this many certificates in the CA's file.
const MAX_CAS: usize = 16;

/// Why an answer proves nothing. Two sentences each.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unproved {
    /// The CA's file is none.
    #[error("The CA's file holds no certificate that can be used. Write the site bundle again.")]
    Ca,
    /// Not the collector, or not at that time.
    #[error(
        "The certificate beside the time is not the collector's, or not valid then ({0}). Check what \
         stands between till and collector."
    )]
    Certificate(String),
    /// Another time, another question.
    #[error(
        "The time is not signed by the collector for this question. Check what stands between till \
         and collector."
    )]
    Signature,
}

/// Checks an answer to the question with this nonce.
///
/// # Errors
/// [`Unproved`].
pub fn check(
    answer: &ClockAnswer,
    nonce: &Nonce,
    ca_pem: &[u8],
    name: &ServerName<'static>,
) -> Result<(), Unproved> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(ca_pem).take(MAX_CAS) {
        let ca = ca.map_err(|_| Unproved::Ca)?;
        roots.add(ca).map_err(|_| Unproved::Ca)?;
    }
    // No key is agreed on here; the provider brings the signatures that a certificate may have.
    let provider = provider(Groups::Hybrid);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|_| Unproved::Ca)?;
    let seconds = u64::try_from(answer.at_ms / 1000).unwrap_or(0);
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let certificate = CertificateDer::from(answer.certificate.as_slice());
    rustls::client::danger::ServerCertVerifier::verify_server_cert(
        &*verifier,
        &certificate,
        &[],
        name,
        &[],
        at,
    )
    .map_err(|error| Unproved::Certificate(error.to_string()))?;
    verify(
        &certificate,
        nonce,
        answer.at_ms,
        answer.signature.as_slice(),
    )
    .map_err(|_| Unproved::Signature)
}
