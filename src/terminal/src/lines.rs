//! `till --stdio`: actions in as NDJSON on standard input, views out as NDJSON on standard output.
//!
//! The format is described for integrators in `docs/stdio.md`.

use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_till::view::Pane;
use sealpoint_till::{Action, Input, View};
use sealpoint_wire::{LinkState, ReaderState};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::event::{Event, Events};
use crate::offscreen::Frame;
use crate::outlet::Outlet;

/// At most this many bytes in one line.
const MAX_LINE: u64 = 64 * 1024;
/// A wait without `timeout_ms` lasts at most this long.
const DEFAULT_WAIT_MS: u64 = 30_000;
/// And no wait lasts longer than this.
const MAX_WAIT_MS: u64 = 600_000;

/// Standard output, and the wait that holds the next line back.
pub struct Lines {
    out: Outlet,
    pub(crate) waiting: Option<Waiting>,
    shots: Option<Sender<Frame>>,
}

/// A line that waits for something to become true.
pub struct Waiting {
    until: Until,
    deadline: Instant,
    pub(crate) reply: Reply,
}

/// Whom a view answers.
pub struct Reply {
    /// The `id` of the line.
    pub(crate) reply_to: Option<String>,
    /// Told when the next line may be read.
    pub(crate) done: Sender<()>,
}

/// What a line may wait for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// No card is in flight, or one is and the cashier is asked about it.
    NoCard,
    /// A card is waited for or in flight.
    Card,
    /// The holder of the card is to choose one of its applications.
    Choice,
    /// The cashier is asked something.
    Question,
    /// The collector answers.
    LinkUp,
    /// The collector does not answer.
    LinkDown,
    /// Nothing waits for the collector, no charge is being undone, and none is to be told the bank.
    Drained,
    /// A reader is there.
    Reader,
}

/// A picture of the window that a line asked for.
#[derive(Debug)]
pub struct Shot {
    /// PNG file to write.
    pub path: PathBuf,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Told what came of it.
    pub done: Sender<Result<(), String>>,
}

/// What a line can ask for besides the actions of a cashier.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
enum Request {
    Wait {
        until: Until,
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
    Snapshot {
        path: PathBuf,
        width: u32,
        height: u32,
    },
    Quit,
}

impl Lines {
    /// Writes to standard output; pictures are taken by whoever hears `shots`.
    #[must_use]
    pub fn new(shots: Option<Sender<Frame>>) -> Self {
        Self {
            out: Outlet::new(Box::new(io::stdout())),
            waiting: None,
            shots,
        }
    }

    /// A view that nobody asked for.
    pub(crate) fn view(&self, view: &View) {
        self.out.tell(Self::line_of(view));
    }

    /// The view that answers a line; `done` is told once it was written.
    pub(crate) fn answer(&self, view: &View, done: Sender<()>) {
        self.out.answer(Self::line_of(view), done);
    }

    fn line_of(view: &View) -> String {
        let mut value = json!({ "type": "view" });
        if let (Value::Object(line), Ok(Value::Object(fields))) =
            (&mut value, serde_json::to_value(view))
        {
            line.extend(fields);
        }
        value.to_string()
    }

    /// Whether what is waited for is true now, or will not come any more.
    pub(crate) fn is_met(&self, view: &View) -> bool {
        self.waiting
            .as_ref()
            .is_some_and(|w| holds(w.until, view) || Instant::now() >= w.deadline)
    }
}

fn holds(until: Until, view: &View) -> bool {
    match until {
        Until::NoCard => {
            (view.card.is_none() && view.pane != Pane::Card) || view.question.is_some()
        }
        Until::Question => view.question.is_some(),
        Until::Card => view.card.is_some(),
        Until::Choice => view
            .card
            .as_ref()
            .is_some_and(|card| !card.choices.is_empty()),
        Until::LinkUp => view.link == LinkState::Up,
        Until::LinkDown => matches!(view.link, LinkState::Down { .. }),
        Until::Drained => {
            let untold = view.offline.map_or(0, |offline| offline.taken_count);
            view.queue.count == 0 && view.reversals_due == 0 && untold == 0
        }
        Until::Reader => !matches!(view.reader, ReaderState::Missing { .. }),
    }
}

impl Engine {
    /// Takes one line. `done` is told when the next may be read.
    pub(crate) fn line(&mut self, text: &str, number: u64, done: Sender<()>) {
        if text.trim().is_empty() {
            let _ = done.send(());
            return;
        }
        let (reply_to, value) = match understand(text) {
            Ok(understood) => understood,
            Err(why) => return self.refuse(None, number, &why, done),
        };
        let is_request = matches!(
            value.get("do").and_then(Value::as_str),
            Some("wait" | "snapshot" | "quit")
        );
        if is_request {
            match serde_json::from_value(value) {
                Ok(request) => self.request(request, reply_to, number, done),
                Err(error) => self.refuse(reply_to.as_deref(), number, &error.to_string(), done),
            }
            return;
        }
        match serde_json::from_value::<Action>(value) {
            Ok(action) => {
                self.input(Input::Action(action));
                self.show(Some(Reply { reply_to, done }));
            }
            Err(error) => self.refuse(reply_to.as_deref(), number, &error.to_string(), done),
        }
    }

    fn refuse(&mut self, reply_to: Option<&str>, number: u64, why: &str, done: Sender<()>) {
        let text = format!(
            "Line {number} is not an action: {why}. Nothing was done; correct the line and send it again."
        );
        let error =
            json!({ "type": "error", "reply_to": reply_to, "code": "not_an_action", "text": text });
        if let Some(lines) = &self.lines {
            lines.out.answer(error.to_string(), done);
        }
    }

    fn request(
        &mut self,
        request: Request,
        reply_to: Option<String>,
        number: u64,
        done: Sender<()>,
    ) {
        match request {
            Request::Wait { until, timeout_ms } => {
                let wait = timeout_ms.unwrap_or(DEFAULT_WAIT_MS).min(MAX_WAIT_MS);
                let deadline = Instant::now() + Duration::from_millis(wait);
                if let Some(lines) = self.lines.as_mut() {
                    lines.waiting = Some(Waiting {
                        until,
                        deadline,
                        reply: Reply { reply_to, done },
                    });
                }
                self.show(None);
            }
            Request::Snapshot {
                path,
                width,
                height,
            } => {
                let taken = self.take_shot(path.clone(), width, height);
                match (taken, &self.lines) {
                    (Ok(()), Some(lines)) => {
                        let shot =
                            json!({ "type": "snapshot", "reply_to": reply_to, "path": path });
                        lines.out.answer(shot.to_string(), done);
                    }
                    (Err(why), _) => self.refuse(reply_to.as_deref(), number, &why, done),
                    (Ok(()), None) => {}
                }
            }
            // No further line is read; the reader's end is the till's.
            Request::Quit => drop(done),
        }
    }

    fn take_shot(&mut self, path: PathBuf, width: u32, height: u32) -> Result<(), String> {
        let shots = self.lines.as_ref().and_then(|lines| lines.shots.clone());
        let Some(shots) = shots else {
            return Err("there is no window; start the till with --stdio --offscreen".to_owned());
        };
        let (done, answer) = channel();
        shots
            .send(Frame::Shot(Shot {
                path,
                width,
                height,
                done,
            }))
            .map_err(|_| "the window is closed".to_owned())?;
        answer
            .recv_timeout(Duration::from_secs(20))
            .map_err(|_| "the window did not answer".to_owned())?
    }
}

/// Splits a line into its `id` and the rest.
fn understand(text: &str) -> Result<(Option<String>, Value), String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON, {error}"))?;
    let Value::Object(mut fields) = value else {
        return Err("it must be a JSON object such as {\"do\":\"view\"}".to_owned());
    };
    let id = match fields.remove("id") {
        None => None,
        Some(Value::String(id)) if id.len() <= 100 => Some(id),
        Some(_) => return Err("id must be a text of at most 100 bytes".to_owned()),
    };
    Ok((id, Value::Object(fields)))
}

/// Reads standard input in a thread of its own, one line after the other is done.
///
/// # Errors
/// The system's, if no thread can be started.
pub fn listen(events: Events) -> io::Result<()> {
    thread::Builder::new()
        .name("lines".to_owned())
        .spawn(move || {
            let mut input = io::stdin().lock();
            let mut number = 0;
            while let Ok(Some(text)) = next_line(&mut input) {
                number += 1;
                let (done, finished) = channel();
                if events.send(Event::Line { text, number, done }).is_err()
                    || finished.recv().is_err()
                {
                    break;
                }
            }
            let _ = events.send(Event::InputEnded);
        })?;
    Ok(())
}

/// The next line without its end; a line over the bound is given as nothing that could be meant.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE {
        while input
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut Vec::new())? as u64
            == MAX_LINE
        {}
        return Ok(Some(format!("a line of more than {MAX_LINE} bytes")));
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}
