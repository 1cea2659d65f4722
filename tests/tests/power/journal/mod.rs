//! The till's journal: a day of several lives is recorded, and the power cut at every call of it.

mod book;
mod check;
mod life;
mod writer;

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use sealpoint_journal::{JOURNAL_FILE, KEY_FILE};
use tempfile::TempDir;

use crate::calls::{self, Call, TRACED, Timed};
use crate::disk::{Deaf, Found};
use crate::states::{self, Moment};
use book::Books;
use life::Life;

/// Crash states that a plain run opens.
const STATES: usize = 2000;
/// Crash states that are enough to see that a disk which ignores syncs loses something.
const BROKEN_STATES: usize = 60;

#[test]
fn a_power_cut_at_any_call_loses_nothing_that_the_journal_acknowledged() {
    let day = Day::record();
    let report = day.check(Deaf::No, states::wanted(STATES));
    report.assert_whole("journal");
}

/// What the test above would say of a journal that does not wait for its log to be on the disk.
#[test]
fn without_the_syncs_of_the_log_acknowledged_sales_are_lost() {
    let day = Day::record();
    let report = day.check(Deaf::ToTheLog, BROKEN_STATES);
    report.assert_broken("a disk that ignores the syncs of the log");
}

/// The writer's day, call by call.
struct Day {
    folder: TempDir,
    calls: Vec<Timed>,
}

impl Day {
    fn record() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = folder.path().join("state");
        std::fs::create_dir(&state).expect("a folder in a temporary folder");
        let mut calls = Vec::new();
        for life in Life::of_day() {
            let log = folder.path().join(format!("life-{}.strace", life.number));
            let ended = Command::new("strace")
                .args([
                    "-f",
                    "--seccomp-bpf",
                    "-ttt",
                    "-y",
                    "-xx",
                    "-s",
                    "2000000",
                    "-e",
                    TRACED,
                    "-o",
                ])
                .arg(&log)
                .arg(env::current_exe().expect("the test runs from a file"))
                .args(["--exact", "--ignored", "--nocapture"])
                .arg("journal::writer::sells_for_a_life")
                .env(writer::FOLDER, &state)
                .env(writer::LIFE, life.words())
                .stdout(Stdio::null())
                .status()
                .expect("strace is there: `cargo xtask test` installs it");
            assert!(ended.success(), "life {} ended with {ended}", life.number);
            calls::append(&mut calls, &log, &state);
        }
        let day = Self { folder, calls };
        day.assert_worth_it();
        day
    }

    /// The recording holds what it is there for: names, syncs, and a log that is brought into the
    /// journal in the middle of a life.
    fn assert_worth_it(&self) {
        let journal = self.state().join(JOURNAL_FILE);
        let count = |which: &dyn Fn(&Call) -> bool| {
            self.calls.iter().filter(|timed| which(&timed.call)).count()
        };
        let syncs = count(&|call| matches!(call, Call::Synced { .. }));
        let pages = count(&|call| matches!(call, Call::Write { path, .. } if *path == journal));
        let names = count(&|call| matches!(call, Call::Unlink(_)));
        assert!(
            syncs > 300 && pages > 100 && names > 2,
            "{syncs} syncs, {pages} pages of the journal, {names} names removed"
        );
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    fn check(&self, deaf: Deaf, wanted: usize) -> states::Report {
        let (state, said) = (self.state(), self.state().join(writer::SAID));
        let mut books = Books::new();
        let mut heard = |call: &Call| {
            if let Call::Write { path, bytes, .. } = call
                && *path == said
            {
                books.hear(String::from_utf8_lossy(bytes).trim_end());
            }
            Books {
                done: books.done.clone(),
                begun: books.begun.clone(),
            }
        };
        let moments = self.calls.iter().map(|timed| Moment {
            expected: heard(&timed.call),
            call: timed.call.clone(),
        });
        states::check(moments, deaf, wanted, |found, books| {
            let folder = put_down(&state, found);
            check::check(folder.path(), books).map(|_| ())
        })
    }
}

/// Writes the journal's files of a crash state into a folder of its own.
fn put_down(state: &Path, found: &Found) -> TempDir {
    let folder = states::folder();
    for (path, bytes) in found {
        let name = path.strip_prefix(state).ok().and_then(Path::to_str);
        if let Some(name) = name.filter(|name| name.starts_with(JOURNAL_FILE) || *name == KEY_FILE)
        {
            std::fs::write(folder.path().join(name), bytes).expect("room for a crash state");
        }
    }
    folder
}
