//! Handshakes with another implementation, in both directions: OpenSSL, which `cargo xtask test`
//! installs under the target folder.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, Stream,
};
use rustls_pki_types::{PrivateKeyDer, ServerName};
use sealpoint_tls::{Groups, is_hybrid, provider};
use tempfile::TempDir;

/// The folder below the target folder that xtask's `openssl.rs` fills.
const INSTALLED: &str = "servers/pyopenssl-26.4.0";
/// Everything here is done in well under a second; this is for a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

struct Certificate {
    folder: TempDir,
    made: rcgen::CertifiedKey<rcgen::KeyPair>,
}

impl Certificate {
    fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["collector".to_owned()]).expect("made");
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("cert.pem"), made.cert.pem()).expect("written");
        let key = made.signing_key.serialize_pem();
        fs::write(folder.path().join("key.pem"), key).expect("written");
        Self { folder, made }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn server(&self) -> ServerConnection {
        let key = PrivateKeyDer::try_from(self.made.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider(Groups::Hybrid))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("suites")
            .with_no_client_auth()
            .with_single_cert(vec![self.made.cert.der().clone()], key)
            .expect("a pair");
        ServerConnection::new(Arc::new(config)).expect("a server")
    }

    fn client(&self) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        roots.add(self.made.cert.der().clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(provider(Groups::Hybrid))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("suites")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("collector").expect("a name");
        ClientConnection::new(Arc::new(config), name).expect("a client")
    }
}

fn openssl(arguments: &[&str]) -> Child {
    let program = std::env::current_exe().expect("this test");
    let target = program
        .ancestors()
        .nth(3)
        .expect("target/PROFILE/deps/TEST");
    let packages: PathBuf = target.join(INSTALLED);
    assert!(
        packages.is_dir(),
        "OpenSSL is not at {}. Run `cargo xtask test`, which installs it.",
        packages.display()
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other_stack.py");
    Command::new("python3")
        .arg(script)
        .args(arguments)
        .env("PYTHONPATH", packages)
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs")
}

fn said(child: Child) -> String {
    let done = child.wait_with_output().expect("it ends");
    String::from_utf8(done.stdout).expect("text")
}

/// OpenSSL as the client of a server of ours, and what it says; whether ours agreed in the hybrid
/// group.
fn with_client(groups: &str) -> (String, Result<bool, std::io::Error>) {
    let certificate = Certificate::make();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port().to_string();
    let child = openssl(&["client", &port, &certificate.file("cert.pem"), groups]);
    let (mut tcp, _) = listener.accept().expect("it connects");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut server = certificate.server();
    let talked = talk(Stream::new(&mut server, &mut tcp), b"pong", b"ping", false);
    let hybrid = talked.map(|()| is_hybrid(&server));
    drop(tcp);
    (said(child), hybrid)
}

/// OpenSSL as the server of a client of ours.
fn with_server(groups: &str) -> (String, Result<bool, std::io::Error>) {
    let certificate = Certificate::make();
    let files = [certificate.file("cert.pem"), certificate.file("key.pem")];
    let mut child = openssl(&["server", &files[0], &files[1], groups]);
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut port = String::new();
    output.read_line(&mut port).expect("a port");
    let port: u16 = port.trim().parse().expect("a number");
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut client = certificate.client();
    let talked = talk(Stream::new(&mut client, &mut tcp), b"ping", b"pong", true);
    let hybrid = talked.map(|()| is_hybrid(&client));
    drop(tcp);
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    child.wait().expect("it ends");
    (rest, hybrid)
}

fn talk(
    mut stream: impl Read + Write,
    say: &[u8; 4],
    hear: &[u8; 4],
    first: bool,
) -> std::io::Result<()> {
    let mut heard = [0; 4];
    if first {
        stream.write_all(say)?;
    }
    stream.read_exact(&mut heard)?;
    assert_eq!(&heard, hear);
    if !first {
        stream.write_all(say)?;
    }
    stream.flush()
}

#[test]
fn openssl_and_our_server_agree_in_the_hybrid_group() {
    let (said, hybrid) = with_client("X25519MLKEM768");
    assert_eq!(said, "X25519MLKEM768 pong\n");
    assert!(hybrid.expect("a handshake"));
}

#[test]
fn our_client_and_openssl_agree_in_the_hybrid_group() {
    let (said, hybrid) = with_server("X25519MLKEM768");
    assert_eq!(said, "X25519MLKEM768 ping\n");
    assert!(hybrid.expect("a handshake"));
}

#[test]
fn an_openssl_that_prefers_another_group_is_asked_for_the_hybrid_one() {
    let (said, hybrid) = with_client("X25519:X25519MLKEM768");
    assert_eq!(said, "X25519MLKEM768 pong\n");
    assert!(hybrid.expect("a handshake"));
}

#[test]
fn an_openssl_that_knows_classical_groups_alone_is_refused_by_both_ends() {
    for (said, hybrid) in [with_client("X25519:P-256"), with_server("X25519:P-256")] {
        assert!(said.starts_with("refused "), "{said}");
        assert!(hybrid.is_err());
    }
}
