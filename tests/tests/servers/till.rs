//! A till's outbox from outside: records, pushed in batches until each is acknowledged. An HTTPS
//! client of its own, so that the tests do not trust the uplink's.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sealpoint_sale::{Sale, SaleId, Tender};
use sealpoint_tls::Groups;
use sealpoint_wire::api::{AckOutcome, PushAnswer, PushRequest};
use sealpoint_wire::{Currency, Record, RecordHash, RecordId, RecordKind, WIRE_VERSION};
use uuid::Uuid;

use crate::process::PATIENCE;

/// An answer that takes longer is given up, as by an uplink.
const ANSWER: Duration = Duration::from_secs(5);
/// Between a push that failed and the next try.
const AGAIN: Duration = Duration::from_millis(50);
/// No answer of these tests is larger.
const MAX_ANSWER: usize = 1024 * 1024;

/// A till and what the collector has acknowledged to it.
pub struct Till {
    terminal: String,
    tls: Arc<ClientConfig>,
    seq: u64,
    /// Records by id, once they are acknowledged as created or existing.
    pub acknowledged: BTreeMap<RecordId, Record>,
    forgotten: u64,
    /// Pushes that failed and were made again.
    pub failures: u64,
}

impl Till {
    /// A till with the certificate in the folder.
    pub fn new(terminal: &str, folder: &Path) -> Self {
        Self {
            terminal: terminal.to_owned(),
            tls: client_config(folder),
            seq: 0,
            acknowledged: BTreeMap::new(),
            forgotten: 0,
            failures: 0,
        }
    }

    /// Its next records.
    pub fn next_records(&mut self, count: usize) -> Vec<Record> {
        (0..count)
            .map(|_| {
                self.seq += 1;
                record(&self.terminal, self.seq)
            })
            .collect()
    }

    /// Pushes new records over connections of their own until every one is acknowledged.
    pub fn push(&mut self, address: SocketAddr, count: usize) {
        let records = self.next_records(count);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let pushed = Connection::open(address, &self.tls).and_then(|mut c| c.push(&records));
            match pushed {
                Ok(answer) => return self.note(records, &answer),
                Err(error) => {
                    assert!(
                        Instant::now() < deadline,
                        "not acknowledged in time: {error}"
                    );
                    self.failures += 1;
                    std::thread::sleep(AGAIN);
                }
            }
        }
    }

    /// Takes an answer's word for what is stored.
    pub fn note(&mut self, records: Vec<Record>, answer: &PushAnswer) {
        assert_eq!(answer.results.len(), records.len());
        for (record, ack) in records.into_iter().zip(&answer.results) {
            assert_ne!(ack.outcome, AckOutcome::Refused, "{ack:?}");
            assert_eq!((ack.id, ack.hash), (record.id, record.hash));
            self.acknowledged.insert(record.id, record);
        }
        assert_eq!(answer.contiguous_seq, self.seq, "nothing before is missing");
    }

    /// Keeps the count of what is acknowledged and lets the records go: a load of an hour fits into
    /// the memory.
    pub fn forget(&mut self) {
        self.forgotten += self.acknowledged.len() as u64;
        self.acknowledged.clear();
    }

    /// Records that were acknowledged, those that were let go too.
    pub fn count(&self) -> u64 {
        self.forgotten + self.acknowledged.len() as u64
    }

    /// A connection that is kept.
    pub fn connect(&self, address: SocketAddr) -> io::Result<Connection> {
        Connection::open(address, &self.tls)
    }

    /// `GET /v1/summary`.
    pub fn summary(&self, address: SocketAddr) -> io::Result<sealpoint_wire::api::Summary> {
        let mut connection = self.connect(address)?;
        let (code, body) = connection.ask("GET", "/v1/summary", b"")?;
        if code != 200 {
            return Err(io::Error::other(format!("HTTP {code}")));
        }
        serde_json::from_slice(&body).map_err(io::Error::other)
    }
}

/// One TLS connection to a collector, with the till's certificate.
pub struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    fn open(address: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let tcp = TcpStream::connect_timeout(&address, ANSWER)?;
        tcp.set_read_timeout(Some(ANSWER))?;
        tcp.set_write_timeout(Some(ANSWER))?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("127.0.0.1").map_err(io::Error::other)?;
        let tls = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        Ok(Self(StreamOwned::new(tls, tcp)))
    }

    /// `POST /v1/records`.
    pub fn push(&mut self, records: &[Record]) -> io::Result<PushAnswer> {
        let request = PushRequest {
            version: WIRE_VERSION,
            records: records.to_vec(),
        };
        let body = serde_json::to_vec(&request).map_err(io::Error::other)?;
        let (code, answer) = self.ask("POST", "/v1/records", &body)?;
        if code != 200 {
            let said = String::from_utf8_lossy(&answer).into_owned();
            return Err(io::Error::other(format!("HTTP {code}: {said}")));
        }
        serde_json::from_slice(&answer).map_err(io::Error::other)
    }

    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all(&[head.as_bytes(), body].concat())?;
        self.0.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let mut read = Vec::with_capacity(16 * 1024);
        let mut part = [0; 16 * 1024];
        loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&read[..end]).into_owned();
                let (code, len) = code_and_length(&head)?;
                let body = end + 4;
                if read.len() >= body + len {
                    return Ok((code, read[body..body + len].to_vec()));
                }
            }
            let more = self.0.read(&mut part)?;
            if more == 0 || read.len() > MAX_ANSWER {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            read.extend(&part[..more]);
        }
    }
}

fn code_and_length(head: &str) -> io::Result<(u16, usize)> {
    let mut lines = head.lines();
    let code = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    code.zip(length)
        .ok_or_else(|| io::Error::other(format!("no such answer is known: {head}")))
}

/// The first records of a terminal.
pub fn records_of(terminal: &str, count: usize) -> Vec<Record> {
    (1..).take(count).map(|seq| record(terminal, seq)).collect()
}

/// A cash sale of about 1 KiB, as a till writes one.
fn record(terminal: &str, seq: u64) -> Record {
    let minor = i64::try_from(seq % 10_000).expect("a small number") + 100;
    let sale = Sale {
        id: SaleId::new(Uuid::now_v7()),
        receipt_no: seq,
        terminal: terminal.to_owned(),
        // What makes the record as long as one of five lines.
        cashier: "Kim, who is the cashier of this till in this store ".repeat(12),
        at: "2026-11-22T12:00:00+01:00".to_owned(),
        currency: Currency::Eur,
        lines: vec![],
        tax: vec![],
        total_minor: minor,
        tenders: vec![Tender::Cash {
            given_minor: minor,
            change_minor: 0,
        }],
        age_confirmed: 0,
    };
    let mut record = Record {
        id: RecordId::new(Uuid::now_v7()),
        terminal: terminal.parse().expect("a terminal id"),
        epoch: 1,
        seq,
        kind: RecordKind::Sale,
        sale: sale.id,
        at_ms: 1_795_000_000_000,
        clock_behind_ms: None,
        body: serde_json::to_string(&sale).expect("a sale serialises"),
        hash: RecordHash::new([0; 32]),
    };
    record.hash = record.compute_hash();
    record
}

fn client_config(folder: &Path) -> Arc<ClientConfig> {
    let read = |name: &str| fs::read(folder.join(name)).expect("an enrolled till has its files");
    let certificate =
        |name: &str| CertificateDer::from_pem_slice(&read(name)).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.pem")).expect("a CA");
    let key = PrivateKeyDer::from_pem_slice(&read("key.pem")).expect("a key");
    let config =
        ClientConfig::builder_with_provider(sealpoint_tls::provider(Groups::HybridOrClassical))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring speaks TLS 1.3")
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate("cert.pem")], key)
            .expect("key and certificate fit");
    Arc::new(config)
}
