//! The control socket: one JSON object per line in, one out.
//!
//! | in | out |
//! |---|---|
//! | `{"insert":"visa-approved"}` | the view, or an error |
//! | `{"remove":true}` | the view |
//! | `{"list":true}`, `{"state":true}` | the view |
//!
//! The view is `{"card":null,"cards":[{"name":..,"title":..,"what":..}]}`, an
//! error `{"error":"a sentence"}`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::slot::Slot;
use crate::socket::{Server, SocketError};

/// Panels and tests that may be connected at a time.
const CLIENTS: usize = 8;

/// The longest request in bytes.
const LINE_MAX: u64 = 1024;

/// Serves the control socket; dropping it closes and removes the socket.
pub struct Control {
    _server: Server,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    Insert(String),
    Remove(bool),
    List(bool),
    State(bool),
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

impl Control {
    /// Opens the socket with mode 0600.
    ///
    /// # Errors
    /// [`SocketError`] if the path is in use or cannot be made.
    pub fn bind(path: &Path, slot: Slot) -> Result<Self, SocketError> {
        let server = Server::bind(path, CLIENTS, move |stream| {
            if let Err(error) = converse(stream, &slot) {
                tracing::debug!(%error, "a control connection broke");
            }
        })?;
        Ok(Self { _server: server })
    }
}

fn converse(stream: UnixStream, slot: &Slot) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut line = Vec::new();
    loop {
        line.clear();
        reader
            .by_ref()
            .take(LINE_MAX)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let whole = line.ends_with(b"\n");
        let mut answer = if whole || line.len() as u64 != LINE_MAX {
            answer(&line, slot)
        } else {
            refuse("the line is too long; send one short JSON object per line".into())
        };
        answer.push(b'\n');
        writer.write_all(&answer)?;
        if !whole {
            return Ok(());
        }
    }
}

fn answer(line: &[u8], slot: &Slot) -> Vec<u8> {
    match serde_json::from_slice(line) {
        Ok(Request::Insert(name)) => {
            if let Err(error) = slot.insert(&name) {
                return refuse(error.to_string());
            }
        }
        Ok(Request::Remove(true)) => slot.remove(),
        Ok(Request::List(true) | Request::State(true)) => {}
        Ok(Request::Remove(false) | Request::List(false) | Request::State(false)) | Err(_) => {
            return refuse(
                "not understood; send {\"insert\":\"NAME\"}, {\"remove\":true}, {\"list\":true} \
                 or {\"state\":true}"
                    .into(),
            );
        }
    }
    to_json(&slot.view())
}

fn refuse(error: String) -> Vec<u8> {
    to_json(&Refusal { error })
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and lists of strings always serialise")
}
