//! The demo's virtual card reader, as the panel on screen moves its cards.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sealpoint_till::view::{DemoCard, DemoView};
use serde::Deserialize;
use serde_json::json;

use crate::event::{Event, Events};

/// The reader answers within this.
const ANSWER: Duration = Duration::from_secs(2);
/// How often the panel looks whether a card went away by itself.
const LOOK: Duration = Duration::from_millis(500);
/// At most this many bytes of an answer.
const MAX_ANSWER: u64 = 64 * 1024;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    card: Option<String>,
    #[serde(default)]
    cards: Vec<Card>,
}

#[derive(Deserialize)]
struct Card {
    name: String,
    title: String,
}

/// Inserts a card, or removes the inserted one. Inserting swaps a card that is still in.
///
/// # Errors
/// What happened and what to do, in a sentence.
pub fn ask(control: &Path, insert: Option<&str>) -> Result<DemoView, String> {
    let remove = tell(control, &json!({ "remove": true }));
    match insert {
        None => remove,
        Some(name) => tell(control, &json!({ "insert": name })),
    }
}

/// The cards and which is inserted.
///
/// # Errors
/// What happened and what to do, in a sentence.
pub fn look(control: &Path) -> Result<DemoView, String> {
    tell(control, &json!({ "state": true }))
}

/// Looks after the cards in a thread of its own and tells of each change.
pub fn watch(control: PathBuf, events: Events) {
    thread::spawn(move || {
        let mut seen = None;
        loop {
            if let Ok(view) = look(&control)
                && seen.as_ref() != Some(&view)
            {
                if events.send(Event::Demo(view.clone())).is_err() {
                    return;
                }
                seen = Some(view);
            }
            thread::sleep(LOOK);
        }
    });
}

fn tell(control: &Path, order: &serde_json::Value) -> Result<DemoView, String> {
    let unreachable =
        |_| "The virtual card reader does not answer. Start the demo again.".to_owned();
    let mut socket = UnixStream::connect(control).map_err(unreachable)?;
    socket.set_read_timeout(Some(ANSWER)).map_err(unreachable)?;
    writeln!(socket, "{order}").map_err(unreachable)?;
    let mut line = String::new();
    BufReader::new(socket.take(MAX_ANSWER))
        .read_line(&mut line)
        .map_err(unreachable)?;
    let answer: Answer = serde_json::from_str(&line).map_err(|_| {
        "The virtual card reader said something else. Start the demo again.".to_owned()
    })?;
    match answer.error {
        Some(error) => Err(error),
        None => Ok(DemoView {
            cards: answer
                .cards
                .into_iter()
                .map(|card| DemoCard {
                    name: card.name,
                    title: card.title,
                })
                .collect(),
            inserted: answer.card,
        }),
    }
}
