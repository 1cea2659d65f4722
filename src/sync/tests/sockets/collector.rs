//! A collector with a script: TLS 1.3 with a till's certificate, HTTP/1.1 by hand, so that it can do
//! what no server of good manners does.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::PrivateKeyDer;
use sealpoint_tls::{Groups, provider};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The largest head that the uplink writes.
const MAX_HEAD: usize = 4096;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Counted from 1 in the order in which they were accepted.
    pub connection: usize,
    pub path: String,
    /// It came as gzip.
    pub packed: bool,
    /// Unpacked.
    pub body: Vec<u8>,
}

impl Heard {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).expect("the body is JSON of its type")
    }
}

/// What the collector does with a request.
pub enum Reply {
    /// Answers: code, further header lines, body.
    Answer(u16, &'static str, Vec<u8>),
    /// Answers and closes.
    AnswerAndClose(Vec<u8>),
    /// Announces more than it writes, and closes.
    HalfAnAnswer,
    /// Closes without a word.
    HangUp,
}

impl Reply {
    pub fn ok(body: &impl Serialize) -> Self {
        Self::with(200, "", body)
    }

    pub fn with(code: u16, headers: &'static str, body: &impl Serialize) -> Self {
        Self::Answer(code, headers, serde_json::to_vec(body).expect("serialises"))
    }

    pub fn refusal(code: u16, headers: &'static str, word: &str) -> Self {
        let body = serde_json::json!({"error": word, "message": "Something happened. Wait."});
        Self::with(code, headers, &body)
    }
}

type Script = dyn Fn(&Heard) -> Reply + Send + Sync;

/// The collector's place: its CA and the till's files, whether it runs or not.
pub struct Place {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    ca: rcgen::Certificate,
}

/// A running one.
pub struct Collector {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    accepted: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Place {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let ca = params.self_signed(&key).expect("a CA");
        let place = Self {
            folder: tempfile::tempdir().expect("a folder"),
            issuer: Issuer::new(params, key),
            ca,
        };
        let (cert, key) = place.certificate("T0000001", &[]);
        place.write("ca.pem", &place.ca.pem());
        place.write("cert.pem", &cert.pem());
        place.write("key.pem", &key.serialize_pem());
        place
    }

    /// The folder with the till's `ca.pem`, `cert.pem` and `key.pem`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A collector at a free port of this address.
    pub async fn start_at(
        &self,
        address: SocketAddr,
        script: impl Fn(&Heard) -> Reply + Send + Sync + 'static,
    ) -> std::io::Result<Collector> {
        let listener = TcpListener::bind(address).await?;
        Ok(self.serve(listener, Arc::new(script)))
    }

    pub async fn start(
        &self,
        script: impl Fn(&Heard) -> Reply + Send + Sync + 'static,
    ) -> Collector {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        self.start_at(any, script).await.expect("a free port")
    }

    fn serve(&self, listener: TcpListener, script: Arc<Script>) -> Collector {
        let address = listener.local_addr().expect("bound");
        let tls = TlsAcceptor::from(self.server_config());
        let heard = Arc::new(Mutex::new(vec![]));
        let accepted = Arc::new(AtomicUsize::new(0));
        let listening = tokio::spawn(accept(
            listener,
            tls,
            Arc::clone(&accepted),
            script,
            Arc::clone(&heard),
        ));
        Collector {
            address,
            heard,
            accepted,
            listening,
        }
    }

    fn server_config(&self) -> Arc<ServerConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.ca.der().clone()).expect("a CA");
        let provider = provider(Groups::Hybrid);
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let (cert, key) = self.certificate("collector", &["127.0.0.1", "::1", "localhost"]);
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(vec![cert.der().clone()], key);
        Arc::new(config.expect("a server"))
    }

    fn certificate(&self, name: &str, hosts: &[&str]) -> (rcgen::Certificate, KeyPair) {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).expect("names");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("signed");
        (cert, key)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("written");
    }
}

impl Collector {
    /// Requests to this path, in the order in which they came.
    pub fn heard(&self, path: &str) -> Vec<Heard> {
        let heard = self.heard.lock().expect("no panic");
        heard.iter().filter(|h| h.path == path).cloned().collect()
    }

    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Gone, with its port and its connections.
    pub async fn stop(self) {
        self.listening.abort();
        let _ = self.listening.await;
    }
}

async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    accepted: Arc<AtomicUsize>,
    script: Arc<Script>,
    heard: Arc<Mutex<Vec<Heard>>>,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("the port is open");
        let connection = accepted.fetch_add(1, Ordering::SeqCst) + 1;
        let (tls, script, heard) = (tls.clone(), Arc::clone(&script), Arc::clone(&heard));
        connections.spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                let _ = converse(stream, connection, &*script, &heard).await;
            }
        });
    }
}

async fn converse(
    mut stream: TlsStream<TcpStream>,
    connection: usize,
    script: &Script,
    heard: &Mutex<Vec<Heard>>,
) -> std::io::Result<()> {
    while let Some(request) = read_request(&mut stream, connection).await? {
        let reply = script(&request);
        heard.lock().expect("no panic").push(request);
        match reply {
            Reply::Answer(code, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {code} X\r\nContent-Length: {}\r\n{headers}\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await?;
                stream.flush().await?;
            }
            Reply::AnswerAndClose(body) => {
                let head = format!("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await?;
                return stream.shutdown().await;
            }
            Reply::HalfAnAnswer => {
                stream
                    .write_all(b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{\"attempt\":")
                    .await?;
                return stream.shutdown().await;
            }
            Reply::HangUp => return Ok(()),
        }
    }
    Ok(())
}

async fn read_request(
    stream: &mut TlsStream<TcpStream>,
    connection: usize,
) -> std::io::Result<Option<Heard>> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        assert!(head.len() < MAX_HEAD, "a head without end");
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let head = String::from_utf8(head).expect("a head is text");
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let length = field("content-length").map_or(0, |text| text.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let packed = field("content-encoding").is_some_and(|coding| coding == "gzip");
    if packed {
        let mut unpacked = vec![];
        GzDecoder::new(&body[..])
            .read_to_end(&mut unpacked)
            .expect("gzip");
        body = unpacked;
    }
    let path = head.split(' ').nth(1).expect("a path");
    let path = path.split('?').next().expect("a path").to_owned();
    Ok(Some(Heard {
        connection,
        path,
        packed,
        body,
    }))
}
