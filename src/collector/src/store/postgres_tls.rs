//! TLS to PostgreSQL: rustls, the operator's CA, the server's name always verified.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use postgres::Socket;
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::OpenError;

/// At most so many CAs in the file.
const MAX_ROOTS: usize = 64;

/// The file with the CA's certificates, PEM.
#[derive(Clone, Debug)]
pub(super) struct Roots(pub(super) PathBuf);

/// Makes the connections to one server.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<ClientConfig>,
}

/// What verifies a server by the CAs in the file.
pub(super) fn connector(roots: &Roots) -> Result<Connector, OpenError> {
    let unusable = |why: String| OpenError::RootFile {
        path: roots.0.clone(),
        why,
    };
    let mut store = RootCertStore::empty();
    let read =
        CertificateDer::pem_file_iter(&roots.0).map_err(|error| unusable(error.to_string()))?;
    for certificate in read.take(MAX_ROOTS) {
        certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| store.add(certificate).map_err(|error| error.to_string()))
            .map_err(unusable)?;
    }
    if store.is_empty() {
        return Err(unusable("it holds no certificate".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Connector {
        config: Arc::new(config),
    })
}

impl MakeTlsConnect<Socket> for Connector {
    type Stream = Protected;
    type TlsConnect = Handshake;
    type Error = rustls_pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, name: &str) -> Result<Handshake, Self::Error> {
        Ok(Handshake {
            name: ServerName::try_from(name.to_owned())?,
            connector: TlsConnector::from(Arc::clone(&self.config)),
        })
    }
}

/// One handshake with one server.
pub(super) struct Handshake {
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Protected;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Protected>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move {
            let stream = self.connector.connect(self.name, stream).await?;
            Ok(Protected(Box::new(stream)))
        })
    }
}

/// A connection that is protected.
pub(super) struct Protected(Box<TlsStream<Socket>>);

impl postgres::tls::TlsStream for Protected {
    fn channel_binding(&self) -> ChannelBinding {
        // The server is known by its certificate; SCRAM goes on without.
        ChannelBinding::none()
    }
}

impl AsyncRead for Protected {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Protected {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }
}
