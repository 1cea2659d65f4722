//! The control socket: one JSON object per line in, one out.
//!
//! | in | out |
//! |---|---|
//! | `{"insert":"visa-approved"}` | the view, or an error |
//! | `{"remove":true}` | the view |
//! | `{"list":true}`, `{"state":true}` | the view |
//! | `{"faults":{"delay_ms":500,"remove_at":3}}` | the view; [`Faults`] has all, `{}` mends |
//! | `{"press":{"pin":"1234"}}`, `{"press":"cancel"}`, `"timeout"`, `"wrong_length"` | the view, or an error |
//! | `{"reader":"unplug"}`, `{"reader":"plug"}` | the view, or an error |
//!
//! With `"slot":1` in the same object it concerns that slot, else slot 0. The last two lines are
//! for the reader behind `pcscd` (`cardsim ifd`): what the cardholder does at its PIN pad, and
//! its plug.
//!
//! The view is `{"card":null,"cards":[{"name":..,"title":..,"what":..}]}`, of the slot that it
//! concerned; behind `pcscd` with `"slots":[{"contactless":false,"card":null,"asks_for_pin":
//! false}]` of all slots. An error is `{"error":"a sentence"}`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::faults::Faults;
use crate::ifd::IfdReader;
use crate::keypad::Press;
use crate::slot::{Slot, View};
use crate::socket::{Server, SocketError};

/// Panels and tests that may be connected at a time.
const CLIENTS: usize = 8;

/// The longest request in bytes.
const LINE_MAX: u64 = 1024;

/// What is said to a line that makes no sense.
const NOT_UNDERSTOOD: &str = "not understood; send {\"insert\":\"NAME\"}, {\"remove\":true}, \
    {\"list\":true}, {\"state\":true}, {\"faults\":{}}, {\"press\":{\"pin\":\"1234\"}} or \
    {\"reader\":\"unplug\"}, with \"slot\":1 in it for another slot than the first";

/// Serves the control socket; dropping it closes and removes the socket.
pub struct Control {
    _server: Server,
}

/// What a control socket controls.
pub enum Desk {
    /// One slot.
    Slot(Slot),
    /// All slots of a reader, and the reader.
    Reader(Arc<IfdReader>),
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    slot: usize,
    #[serde(flatten)]
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    Insert(String),
    Remove(bool),
    List(bool),
    State(bool),
    Faults(Faults),
    Press(Press),
    Reader(Plug),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Plug {
    Plug,
    Unplug,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    view: View,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slots: Vec<SlotView>,
}

#[derive(Serialize)]
struct SlotView {
    contactless: bool,
    card: Option<String>,
    asks_for_pin: bool,
}

impl Control {
    /// Opens the socket with mode 0600.
    ///
    /// # Errors
    /// [`SocketError`] if the path is in use or cannot be made.
    pub fn bind(path: &Path, desk: impl Into<Desk>) -> Result<Self, SocketError> {
        let desk = desk.into();
        let server = Server::bind(path, CLIENTS, move |stream| {
            if let Err(error) = converse(stream, &desk) {
                tracing::debug!(%error, "a control connection broke");
            }
        })?;
        Ok(Self { _server: server })
    }
}

impl From<Slot> for Desk {
    fn from(slot: Slot) -> Self {
        Self::Slot(slot)
    }
}

impl From<Arc<IfdReader>> for Desk {
    fn from(reader: Arc<IfdReader>) -> Self {
        Self::Reader(reader)
    }
}

impl Desk {
    fn slot(&self, number: usize) -> Result<&Slot, String> {
        let found = match self {
            Self::Slot(slot) => Some(slot).filter(|_| number == 0),
            Self::Reader(reader) => reader.slots().nth(number),
        };
        found.ok_or_else(|| format!("there is no slot {number}; count from 0"))
    }

    fn reader(&self) -> Result<&IfdReader, String> {
        match self {
            Self::Reader(reader) => Ok(reader),
            Self::Slot(_) => Err("this reader has no plug; start `cardsim ifd` for one".into()),
        }
    }

    fn view(&self, slot: &Slot) -> Answer {
        let slots = match self {
            Self::Slot(_) => Vec::new(),
            Self::Reader(reader) => reader.slots().map(SlotView::from).collect(),
        };
        Answer {
            view: slot.view(),
            slots,
        }
    }
}

impl From<&Slot> for SlotView {
    fn from(slot: &Slot) -> Self {
        Self {
            contactless: slot.is_contactless(),
            card: slot.card_name(),
            asks_for_pin: slot.asks_for_pin(),
        }
    }
}

fn converse(stream: UnixStream, desk: &Desk) -> io::Result<()> {
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
        let said = if whole || line.len() as u64 != LINE_MAX {
            answer(&line, desk)
        } else {
            Err("the line is too long; send one short JSON object per line".into())
        };
        let mut said = said.unwrap_or_else(|error| to_json(&Refusal { error }));
        said.push(b'\n');
        writer.write_all(&said)?;
        if !whole {
            return Ok(());
        }
    }
}

fn answer(line: &[u8], desk: &Desk) -> Result<Vec<u8>, String> {
    let line: Line = serde_json::from_slice(line).map_err(|_| NOT_UNDERSTOOD.to_owned())?;
    let slot = desk.slot(line.slot)?;
    match line.request {
        Request::Insert(name) => slot.insert(&name).map_err(|error| error.to_string())?,
        Request::Remove(true) => slot.remove(),
        Request::Faults(faults) => slot.set_faults(faults),
        Request::Press(press) => slot.press(press).map_err(|error| error.to_string())?,
        Request::Reader(Plug::Plug) => desk.reader()?.plug().map_err(|error| error.to_string())?,
        Request::Reader(Plug::Unplug) => desk.reader()?.unplug(),
        Request::List(true) | Request::State(true) => {}
        Request::Remove(false) | Request::List(false) | Request::State(false) => {
            return Err(NOT_UNDERSTOOD.to_owned());
        }
    }
    Ok(to_json(&desk.view(slot)))
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and lists of strings always serialise")
}
