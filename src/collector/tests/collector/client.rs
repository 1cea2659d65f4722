//! An HTTPS client of its own, so that the tests do not trust the uplink's.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sealpoint_tls::{Groups, provider};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, its body as text.
#[derive(Debug)]
pub struct Answer {
    pub code: StatusCode,
    pub kind: String,
    pub text: String,
    headers: HeaderMap,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Code and word of an answer that is an error with a sentence for people.
    pub fn error(&self) -> (u16, String) {
        assert_eq!(self.kind, "application/json", "{self:?}");
        let error: sealpoint_wire::api::ApiError = self.json();
        assert!(
            error.message.ends_with('.') || error.message.contains('/'),
            "{error:?}"
        );
        (self.code.as_u16(), error.error)
    }
}

/// A client that shows the certificate in `till`, or none.
pub struct Client {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    roots: Arc<RootCertStore>,
}

impl Client {
    pub fn of_till(address: SocketAddr, till: &Path) -> Self {
        let chain = vec![certificate(&till.join("cert.pem"))];
        let key = PrivateKeyDer::from_pem_slice(&read(&till.join("key.pem"))).expect("a key");
        let tls = trusting(&till.join("ca.pem")).with_client_auth_cert(chain, key);
        Self {
            address,
            tls: Arc::new(tls.expect("key and certificate fit")),
            roots: roots(&till.join("ca.pem")),
        }
    }

    pub fn without_certificate(address: SocketAddr, ca: &Path) -> Self {
        Self {
            address,
            tls: Arc::new(trusting(ca).with_no_client_auth()),
            roots: roots(ca),
        }
    }

    /// The same, but it knows classical key exchanges alone.
    pub fn classical(self) -> Self {
        let mut tls = ClientConfig::clone(&self.tls);
        let mut own = rustls::crypto::CryptoProvider::clone(tls.crypto_provider());
        own.kx_groups = rustls::crypto::ring::default_provider().kx_groups;
        // A configuration keeps its provider: the certificates are put into a new one.
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
            Arc::clone(&self.roots),
            Arc::new(own.clone()),
        );
        let mut again = ClientConfig::builder_with_provider(Arc::new(own))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring speaks TLS 1.3")
            .with_webpki_verifier(verifier.build().expect("roots"))
            .with_no_client_auth();
        std::mem::swap(
            &mut again.client_auth_cert_resolver,
            &mut tls.client_auth_cert_resolver,
        );
        Self {
            tls: Arc::new(again),
            ..self
        }
    }

    /// A connection, for a test that writes what it likes.
    ///
    /// # Errors
    /// The connection was refused.
    pub async fn connect(&self) -> Result<TlsStream<TcpStream>, String> {
        let tcp = TcpStream::connect(self.address)
            .await
            .map_err(|e| e.to_string())?;
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, tcp)
            .await
            .map_err(|e| e.to_string())
    }

    /// One request over a connection of its own.
    ///
    /// # Errors
    /// The connection was refused.
    pub async fn send(&self, method: Method, path: &str, body: Body) -> Result<Answer, String> {
        let stream = self.connect().await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        timeout(PATIENCE, exchange(&mut sender, method, path, body))
            .await
            .expect("in time")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::None)
            .await
            .expect("an answer")
    }

    /// A piece of what is there.
    pub async fn ranged(&self, path: &str, range: &str) -> Answer {
        self.send(Method::GET, path, Body::Range(range.to_owned()))
            .await
            .expect("an answer")
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        let body = Body::Json(serde_json::to_string(body).expect("serialises"));
        self.send(Method::POST, path, body)
            .await
            .expect("an answer")
    }
}

pub enum Body {
    None,
    Json(String),
    Text(String),
    /// None, and this `Range`.
    Range(String),
    /// JSON under this `Content-Encoding`.
    Coded(&'static str, Vec<u8>),
}

async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    method: Method,
    path: &str,
    body: Body,
) -> Result<Answer, String> {
    let range = match &body {
        Body::Range(range) => Some(range.clone()),
        _ => None,
    };
    let (kind, coding, bytes) = match body {
        Body::None | Body::Range(_) => (None, None, vec![]),
        Body::Json(text) => (Some("application/json"), None, text.into_bytes()),
        Body::Text(text) => (Some("text/plain"), None, text.into_bytes()),
        Body::Coded(coding, bytes) => (Some("application/json"), Some(coding), bytes),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1");
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    if let Some(range) = range {
        request = request.header("range", range);
    }
    if let Some(coding) = coding {
        request = request.header("content-encoding", coding);
    }
    let request = request
        .body(Full::new(Bytes::from(bytes)))
        .expect("a request");
    let response = sender
        .send_request(request)
        .await
        .map_err(|e| format!("{e:?}"))?;
    let code = response.status();
    let headers = response.headers().clone();
    let kind = response
        .headers()
        .get("content-type")
        .and_then(|v| v.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(|e| e.to_string())?
        .to_bytes();
    Ok(Answer {
        code,
        kind,
        text: String::from_utf8(body.to_vec()).expect("text"),
        headers,
    })
}

/// A request in clear, for the operator's pages.
pub async fn get_in_clear(address: SocketAddr, path: &str, host: &str) -> Answer {
    let stream = TcpStream::connect(address).await.expect("the pages listen");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    let request = Request::builder().uri(path).header("host", host);
    let request = request.body(Full::new(Bytes::new())).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    let code = response.status();
    let headers = response.headers().clone();
    let kind = response
        .headers()
        .get("content-type")
        .and_then(|v| v.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    Answer {
        code,
        kind,
        text: String::from_utf8(body.to_vec()).expect("text"),
        headers,
    }
}

fn trusting(ca: &Path) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    ClientConfig::builder_with_provider(provider(Groups::Hybrid))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("ring speaks TLS 1.3")
        .with_root_certificates(roots(ca))
}

fn roots(ca: &Path) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(ca)).expect("a CA");
    Arc::new(roots)
}

fn certificate(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&read(path)).expect("a certificate")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
