//! Running something long: its output goes through, and there is a sign of life in between.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::say;

/// With this, cargo tells on standard output which crate is done, fresh ones too.
pub const TELL: &str = "--message-format=json-render-diagnostics";
/// A sign of life comes this often where nobody watches.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// And this often where somebody does.
const TICK: Duration = Duration::from_millis(500);

/// How a run ended.
pub struct Ended {
    /// Whether it did what it should.
    pub ok: bool,
    /// How long it took.
    pub took: Duration,
    /// Tests that it said it ran.
    pub tally: Tally,
}

/// Tests that passed and failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs a program that may build crates and run tests. `crates` is about how many there are.
///
/// # Errors
/// If it cannot be started.
pub fn run(command: &mut Command, doing: &str, crates: Option<usize>) -> Result<Ended, String> {
    let began = Instant::now();
    let name = command.get_program().to_string_lossy().into_owned();
    if say::is_watched() {
        command.env("CARGO_TERM_COLOR", "always");
    } else {
        // rustfmt colours whatever it is told of pipes.
        command.env("TERM", "dumb");
    }
    let mut child = command
        .env("CARGO_TERM_PROGRESS_WHEN", "never")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name} cannot be started: {error}. Install it and try again."))?;
    let (sender, lines) = channel();
    forward(child.stdout.take(), sender.clone());
    forward(child.stderr.take(), sender);
    let mut shown = Shown::new(doing, crates, began);
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => shown.line(&line),
            Err(RecvTimeoutError::Timeout) => shown.time_goes_by(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    say::clear_passing();
    let status = child
        .wait()
        .map_err(|error| format!("{name} was lost: {error}. Try again."))?;
    Ok(Ended {
        ok: status.success(),
        took: began.elapsed(),
        tally: shown.tally,
    })
}

fn forward(stream: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if lines.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// What the person has been shown of a run.
struct Shown<'a> {
    doing: &'a str,
    crates: Option<usize>,
    began: Instant,
    last_word: Instant,
    built: BTreeSet<String>,
    now: String,
    tally: Tally,
}

impl<'a> Shown<'a> {
    fn new(doing: &'a str, crates: Option<usize>, began: Instant) -> Self {
        Self {
            doing,
            crates,
            began,
            last_word: began,
            built: BTreeSet::new(),
            now: String::new(),
            tally: Tally::default(),
        }
    }

    fn line(&mut self, line: &str) {
        if line.starts_with("{\"reason\":") {
            self.built.extend(crate_done(line));
            return;
        }
        let plain = without_colours(line);
        if let Some(name) = crate_at_work(&plain) {
            name.clone_into(&mut self.now);
            self.time_goes_by();
            return;
        }
        if let Some(tally) = tally_in(&plain) {
            self.tally += tally;
        }
        say::clear_passing();
        say::line(line);
        self.last_word = Instant::now();
    }

    fn time_goes_by(&mut self) {
        say::passing(&format!("{} {}", self.state(), self.now));
        if !say::is_watched() && self.last_word.elapsed() >= HEARTBEAT {
            say::note(&self.state());
            self.last_word = Instant::now();
        }
    }

    fn state(&self) -> String {
        let built = match (self.built.len(), self.crates) {
            (0, _) => String::new(),
            (built, Some(all)) => format!(" {built} of about {} crates,", all.max(built)),
            (built, None) => format!(" {built} crates,"),
        };
        format!(
            "still {}:{built} {} so far",
            self.doing,
            say::duration(self.began.elapsed())
        )
    }
}

/// The crate that is done, in what cargo tells with [`TELL`].
fn crate_done(line: &str) -> Option<String> {
    let told: Value = serde_json::from_str(line).ok()?;
    let package = told["package_id"].as_str()?;
    (told["reason"] == "compiler-artifact").then(|| package.to_owned())
}

/// The crate that cargo says it builds.
fn crate_at_work(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line
        .strip_prefix("Compiling ")
        .or_else(|| line.strip_prefix("Checking "))?;
    rest.split_whitespace().next()
}

/// The count in the closing line of nextest or of one test program. A test program's line counts at
/// the margin only: nextest shows those of failed tests too, indented.
fn tally_in(line: &str) -> Option<Tally> {
    let words: Vec<&str> = line
        .split([' ', ',', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    let count = |wanted: &str| {
        let pair = words.windows(2).find(|pair| pair[1] == wanted);
        pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
    };
    let closes = line.starts_with("test result: ") || line.trim_start().starts_with("Summary [");
    closes.then(|| Tally {
        passed: count("passed"),
        // A test that timed out or could not be run is counted apart by nextest.
        failed: count("failed") + count("timed") + count("exec"),
    })
}

/// A line without its escape sequences for colours.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if c == '\x1b' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Tally, crate_at_work, crate_done, tally_in, without_colours};

    #[test]
    fn a_crate_is_done_when_its_artifact_is_there() {
        let line = |reason: &str| format!(r#"{{"reason":"{reason}","package_id":"slint@1.18.1"}}"#);
        let done = crate_done(&line("compiler-artifact"));
        assert_eq!(done.as_deref(), Some("slint@1.18.1"));
        assert_eq!(crate_done(&line("build-script-executed")), None);
    }

    #[test]
    fn closing_lines_are_counted() {
        let nextest =
            "     Summary [  12.345s] 412 tests run: 410 passed (3 slow), 2 failed, 4 skipped";
        let cargo = "test result: FAILED. 8 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.35s";
        assert_eq!(
            tally_in(nextest),
            Some(Tally {
                passed: 410,
                failed: 2
            })
        );
        assert_eq!(
            tally_in(cargo),
            Some(Tally {
                passed: 8,
                failed: 1
            })
        );
        assert_eq!(tally_in("running 8 tests"), None);
        assert_eq!(
            tally_in("    test result: FAILED. 0 passed; 1 failed;"),
            None
        );
    }

    #[test]
    fn crates_are_counted_through_colours() {
        let line = without_colours("\x1b[1m\x1b[92m   Compiling\x1b[0m slint v1.18.1");
        assert_eq!(crate_at_work(&line), Some("slint"));
        assert_eq!(crate_at_work("warning: Compiling"), None);
    }
}
