//! One POST over TLS 1.3 to a collector that is known by the code alone, and then the connection is
//! closed. No runtime: nothing else happens meanwhile.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, Stream, pki_types::ServerName};
use sealpoint_tls::{Groups, PinnedCa, code::CaPin, provider};

use super::args::Address;
use crate::{exit::Exit, fault::Fault};

/// How long connecting, and each reading and writing, may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// At most this many bytes of an answer, head and all; a certificate with its CA needs 3 KiB.
const MAX_ANSWER: u64 = 64 * 1024;

/// A whole answer.
pub struct Answer {
    /// HTTP code.
    pub code: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Posts JSON.
pub fn post(
    to: &Address,
    path: &str,
    body: &[u8],
    pin: &CaPin,
    groups: Groups,
) -> Result<Answer, Fault> {
    let name = ServerName::try_from(to.host.clone())
        .map_err(|_| unreached(to, "its name is none that a certificate has"))?;
    let provider = provider(groups);
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unreached(to, &error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(PinnedCa::new(*pin, provider))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut tls = ClientConnection::new(Arc::new(config), name)
        .map_err(|error| unreached(to, &error.to_string()))?;
    let mut tcp = connect(to).map_err(|error| unreached(to, &error.to_string()))?;
    let host = if to.host.contains(':') {
        format!("[{}]", to.host)
    } else {
        to.host.clone()
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}:{}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        to.port,
        body.len()
    );
    let text = exchange(Stream::new(&mut tls, &mut tcp), head.as_bytes(), body)
        .map_err(|error| broken(to, &error))?;
    understood(&text).ok_or_else(|| unreached(to, "its answer is not HTTP"))
}

fn connect(to: &Address) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (to.host.as_str(), to.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn exchange(
    mut stream: Stream<'_, ClientConnection, TcpStream>,
    head: &[u8],
    body: &[u8],
) -> io::Result<Vec<u8>> {
    stream.write_all(head)?;
    stream.write_all(body)?;
    stream.flush()?;
    let mut text = Vec::new();
    match stream.take(MAX_ANSWER).read_to_end(&mut text) {
        // Closed without a word: the length in the head says whether it is whole.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
        read => {
            read?;
        }
    }
    Ok(text)
}

/// Code and body, if the body is as long as the head says (RFC 9112 section 6.2).
fn understood(text: &[u8]) -> Option<Answer> {
    let end = text.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = core::str::from_utf8(text.get(..end)?).ok()?;
    let body = text.get(end + 4..)?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    if first.next() != Some("HTTP/1.1") {
        return None;
    }
    let code = first.next()?.parse().ok()?;
    let length: usize = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?
        .1
        .trim()
        .parse()
        .ok()?;
    (body.len() == length).then(|| Answer {
        code,
        body: body.to_vec(),
    })
}

fn broken(to: &Address, error: &io::Error) -> Fault {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Fault {
            exit: Exit::NoCollector,
            what: format!(
                "At {}:{} is not the collector that the code names: its certificate is of another \
                 CA, for another name, or not valid today.",
                to.host, to.port
            ),
            remedy: "Check --collector and this machine's clock; nothing was told to it."
                .to_owned(),
        },
        _ => unreached(to, &error.to_string()),
    }
}

fn unreached(to: &Address, why: &str) -> Fault {
    Fault {
        exit: Exit::NoCollector,
        what: format!(
            "The collector at {}:{} is not reached: {why}.",
            to.host, to.port
        ),
        remedy: "Check --collector and the network.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_whole_or_not_at_all() {
        let whole = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\n{}";
        let answer = understood(whole).expect("whole");
        assert_eq!((answer.code, answer.body.as_slice()), (403, &b"{}"[..]));
        for text in [
            &whole[..whole.len() - 1],
            b"HTTP/1.1 200 OK\r\n\r\n{}",
            b"HTTP/2 200\r\ncontent-length: 2\r\n\r\n{}",
            b"HTTP/1.1 two\r\ncontent-length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}more",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2",
            b"",
        ] {
            assert!(
                understood(text).is_none(),
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }
}
