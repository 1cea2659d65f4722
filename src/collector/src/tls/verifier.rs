//! Which client certificates a connection may show.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use sealpoint_tls::certificate::Certificate;

/// Takes certificates of the retailer's CA, those that have ended too: a till must be able to renew
/// one, and to hand over what it sold meanwhile. What an ended one may do is decided with each
/// request, for a connection may outlive its certificate.
#[derive(Debug)]
pub(super) struct TillVerifier {
    inner: Arc<dyn ClientCertVerifier>,
    mandatory: bool,
}

impl TillVerifier {
    /// With `mandatory`, nobody is served without a certificate, not even to be enrolled.
    pub(super) fn new(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
        mandatory: bool,
    ) -> Result<Arc<Self>, String> {
        let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(Self { inner, mandatory }))
    }
}

impl ClientCertVerifier for TillVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self
            .inner
            .verify_client_cert(end_entity, intermediates, now)
        {
            Err(Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => {
                let last = last_second(end_entity)?;
                self.inner
                    .verify_client_cert(end_entity, intermediates, last)
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The last second of a certificate's life.
fn last_second(certificate: &CertificateDer<'_>) -> Result<UnixTime, Error> {
    let bad = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let until_ms = Certificate::read(certificate).map_err(|_| bad())?.until_ms;
    let until_ms = u64::try_from(until_ms).map_err(|_| bad())?;
    Ok(UnixTime::since_unix_epoch(Duration::from_millis(until_ms)))
}
