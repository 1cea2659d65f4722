//! `till --stdio` from outside: one line out, its answer in. The format is in `docs/stdio.md`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::interrupt;
use crate::process::{Process, Recipe};

/// The till answers a line within this, waits apart.
const ANSWER: Duration = Duration::from_secs(60);
/// How often to look whether somebody wants to stop.
const LOOK: Duration = Duration::from_millis(200);
/// At most this many bytes in a line of the till.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// A till without a window, driven line by line.
pub struct Till {
    process: Process,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    sent: u64,
    view: Value,
}

/// What the till is to draw besides answering.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// The window, in memory.
    Offscreen,
    /// Nothing.
    None,
}

impl Till {
    /// Starts a till on its state folder and waits for its first view.
    ///
    /// # Errors
    /// The till's own sentence if it does not start.
    pub fn start(
        programs: &Path,
        state: &Path,
        logs: &Path,
        pictures: Pictures,
    ) -> Result<Self, String> {
        let mut recipe = Recipe::server("till", programs.join("till"), logs).with([
            "--state",
            &state.display().to_string(),
            "--stdio",
        ]);
        if pictures == Pictures::Offscreen {
            recipe = recipe.with(["--offscreen"]);
        }
        recipe.input = Stdio::piped();
        recipe.output = Some(Stdio::piped());
        let mut process = Process::start(recipe)?;
        let (input, output) = process.take_pipes();
        let (sender, lines) = channel();
        if let Some(output) = output {
            thread::spawn(move || {
                let mut reader = BufReader::new(output);
                let mut line = Vec::new();
                while reader
                    .by_ref()
                    .take(MAX_LINE)
                    .read_until(b'\n', &mut line)
                    .is_ok_and(|n| n > 0)
                {
                    let value = serde_json::from_slice(&line).unwrap_or(Value::Null);
                    if sender.send(value).is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
        let mut till = Self {
            process,
            input,
            lines,
            sent: 0,
            view: Value::Null,
        };
        till.view = till.hear(ANSWER)?;
        Ok(till)
    }

    /// The till's process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the cashier saw last.
    pub fn view(&self) -> &Value {
        &self.view
    }

    /// Does something and gives the answer: a view, a snapshot or an error.
    ///
    /// # Errors
    /// If the till has ended or does not answer.
    pub fn ask(&mut self, action: &Value) -> Result<Value, String> {
        self.ask_within(action, ANSWER)
    }

    fn ask_within(&mut self, action: &Value, time: Duration) -> Result<Value, String> {
        if interrupt::has_come() {
            return Err("Stopped, as asked.".to_owned());
        }
        self.sent += 1;
        let id = self.sent.to_string();
        let mut line = action.clone();
        if let Value::Object(fields) = &mut line {
            fields.insert("id".to_owned(), json!(id));
        }
        let sent = self
            .input
            .as_mut()
            .map(|input| writeln!(input, "{line}").and_then(|()| input.flush()));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.process.last_words());
        }
        let until = Instant::now() + time;
        loop {
            let heard = self.hear(until.saturating_duration_since(Instant::now()))?;
            let kind = heard.get("type").and_then(Value::as_str);
            let is_answer = heard.get("reply_to").and_then(Value::as_str) == Some(&id);
            if kind == Some("view") {
                self.view.clone_from(&heard);
            }
            if is_answer {
                return Ok(heard);
            }
        }
    }

    /// Waits for something to be true, as [`holds`] sees it.
    ///
    /// # Errors
    /// If it does not come true in time.
    pub fn wait(&mut self, until: &str, time: Duration) -> Result<(), String> {
        let timeout_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let action = json!({ "do": "wait", "until": until, "timeout_ms": timeout_ms });
        self.ask_within(&action, time + ANSWER)?;
        if holds(until, &self.view) {
            return Ok(());
        }
        Err(format!(
            "The till waited {} s for {until}, and it did not come. Its log says more.",
            time.as_secs()
        ))
    }

    fn hear(&mut self, time: Duration) -> Result<Value, String> {
        let until = Instant::now() + time;
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) if interrupt::has_come() => {
                    return Err("Stopped, as asked.".to_owned());
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err("The till does not answer. Its log says more.".to_owned());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.process.wait_until_ended();
                    return Err(self.process.last_words());
                }
            }
        }
    }

    /// Lets the till finish and end.
    pub fn quit(mut self) {
        // The end of its input is its end.
        self.input = None;
        self.process.wait_until_ended();
    }
}

/// Whether a view shows what was waited for.
fn holds(until: &str, view: &Value) -> bool {
    let link = || view["link"]["state"].as_str();
    match until {
        "no_card" => view["card"].is_null(),
        "card" => !view["card"].is_null(),
        "link_up" => link() == Some("up"),
        "link_down" => link() == Some("down"),
        "drained" => view["queue"]["count"] == 0 && view["reversals_due"] == 0,
        "reader" => view["reader"]["state"] != "missing",
        _ => false,
    }
}
