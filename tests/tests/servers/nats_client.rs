//! A NATS client of its own, so that the tests do not trust the collector's: the text protocol and
//! the JetStream API's JSON, both as NATS documents them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use data_encoding::BASE64;
use sealpoint_wire::Record;
use serde_json::{Value, json};

/// The stream's name unless another is given.
pub const STREAM: &str = "SEALPOINT";
const PATIENCE: Duration = Duration::from_secs(5);
/// No message of these tests is larger.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// One connection.
pub struct Client {
    reader: BufReader<TcpStream>,
    asked: u64,
}

/// A message of the stream.
pub struct Message {
    pub subject: String,
    /// `Nats-Msg-Id`.
    pub id: String,
    pub record: Record,
}

impl Client {
    /// Connects and waits for the server's word that it is let in.
    pub fn connect(address: &str) -> io::Result<Self> {
        let address = address.parse().map_err(io::Error::other)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            reader: BufReader::new(stream),
            asked: 0,
        };
        let about = client.line()?;
        if !about.starts_with("INFO ") {
            return Err(io::Error::other(about));
        }
        let connect =
            json!({ "verbose": false, "pedantic": false, "headers": true, "no_responders": true });
        client.write(format!("CONNECT {connect}\r\nSUB _INBOX.test.* 1\r\nPING\r\n").as_bytes())?;
        loop {
            match client.line()?.as_str() {
                "PONG" => return Ok(client),
                line if line.starts_with("-ERR") => return Err(io::Error::other(line.to_owned())),
                _ => {}
            }
        }
    }

    /// A request of the JetStream API and its answer.
    pub fn ask(&mut self, subject: &str, body: &str) -> io::Result<Value> {
        self.asked += 1;
        let inbox = format!("_INBOX.test.{}", self.asked);
        let head = format!("PUB {subject} {inbox} {}\r\n", body.len());
        self.write(&[head.as_bytes(), body.as_bytes(), b"\r\n"].concat())?;
        loop {
            let line = self.line()?;
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["PING"] => self.write(b"PONG\r\n")?,
                ["MSG", to, _, len] => {
                    let body = self.take(len)?;
                    if *to == inbox {
                        return serde_json::from_slice(&body).map_err(io::Error::other);
                    }
                }
                ["HMSG", to, _, _, len] => {
                    let body = self.take(len)?;
                    if *to == inbox {
                        // Headers alone: nobody is there to answer.
                        return Err(io::Error::other(
                            String::from_utf8_lossy(&body).into_owned(),
                        ));
                    }
                }
                [error, ..] if *error == "-ERR" => return Err(io::Error::other(line)),
                _ => {}
            }
        }
    }

    /// What the servers say of the stream.
    pub fn stream_info(&mut self) -> io::Result<Value> {
        let info = self.ask(&format!("$JS.API.STREAM.INFO.{STREAM}"), "")?;
        match info.get("error") {
            None => Ok(info),
            Some(error) => Err(io::Error::other(error.to_string())),
        }
    }

    /// Every message of the stream from the one with this number on.
    pub fn messages(&mut self, from: u64) -> io::Result<Vec<Message>> {
        let last = self.stream_info()?["state"]["last_seq"]
            .as_u64()
            .ok_or_else(|| io::Error::other("a stream without a last message"))?;
        (from..=last).map(|number| self.message(number)).collect()
    }

    fn message(&mut self, number: u64) -> io::Result<Message> {
        let asked = json!({ "seq": number }).to_string();
        let answer = self.ask(&format!("$JS.API.STREAM.MSG.GET.{STREAM}"), &asked)?;
        let message = &answer["message"];
        let decoded = |key: &str| {
            let text = message[key].as_str().unwrap_or_default();
            BASE64.decode(text.as_bytes()).map_err(io::Error::other)
        };
        let headers = String::from_utf8(decoded("hdrs")?).map_err(io::Error::other)?;
        let id = headers
            .lines()
            .find_map(|line| line.strip_prefix("Nats-Msg-Id:"))
            .ok_or_else(|| io::Error::other(format!("message {number} without an id: {answer}")))?;
        Ok(Message {
            subject: message["subject"].as_str().unwrap_or_default().to_owned(),
            id: id.trim().to_owned(),
            record: serde_json::from_slice(&decoded("data")?).map_err(io::Error::other)?,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.by_ref().take(65_536).read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn take(&mut self, len: &str) -> io::Result<Vec<u8>> {
        let len: usize = len.parse().map_err(io::Error::other)?;
        if len > MAX_MESSAGE {
            return Err(io::Error::other("a message that is too large"));
        }
        let mut body = vec![0; len + 2];
        self.reader.read_exact(&mut body)?;
        body.truncate(len);
        Ok(body)
    }
}
