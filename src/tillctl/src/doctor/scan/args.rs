//! The command line of `tillctl doctor --scan-for-test-cards`.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_journal::KEY_FILE;

use super::super::args::STATE;
use crate::fault::Fault;

/// The option that asks for a scan.
pub const SCAN: &str = "--scan-for-test-cards";
/// Files, folders and processes that may be named, of each kind.
const MAX_NAMED: usize = 256;
/// Longest scan of memory.
const MAX_SECONDS: u64 = 24 * 60 * 60;

/// What `tillctl doctor --scan-for-test-cards --help` prints.
pub const USAGE: &str = "\
Searches a till's files, database, memory and swap for known test card numbers.

usage: tillctl doctor --scan-for-test-cards [--json] [--state DIR] [--cards FILE]
                      [--log FILE|DIR]... [--core FILE|DIR]... [--pid PID]... [--for SECONDS]
                      [--journal-key FILE] [--no-memory] [--memory-only] [--no-swap] [--self-test]

  --json              one JSON object instead of a page for people
  --state DIR         the till's state folder (/var/lib/sealpoint/till)
  --cards FILE        looks for these too: a card number a line, or NAME = HEX for a key or PIN
                      block
  --log FILE|DIR      a log, or an export of the system's journal; searched also for what could be
                      a card number or track data
  --core FILE|DIR     a core dump, or any other file
  --pid PID           a process to search; without it every till, lane and uplink that runs
  --for SECONDS       searches memory again and again for so long, or until the processes end
  --journal-key FILE  key of the database (db.key in the state folder)
  --no-memory         leaves memory out
  --memory-only       leaves everything else out
  --no-swap           leaves swap out
  --self-test         shows that the search finds what it looks for, and stops. Every run begins
                      so
  --help              print this and stop

Run it as root, after some sales with test cards. Nothing is changed, no number is printed.

Exit code: 0 nothing found, 62 found, 63 not found but not everything could be searched, 1 report not
written, 2 wrong command line, 64 the search does not find what was planted.";

/// What to search, and for what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScanWanted {
    /// One JSON object instead of a page.
    pub json: bool,
    /// The till's state folder.
    pub state: PathBuf,
    /// Whether it was named: then it must be there.
    pub state_named: bool,
    /// More to look for.
    pub cards: Option<PathBuf>,
    /// Logs, files or folders.
    pub logs: Vec<PathBuf>,
    /// Cores and other files, or folders.
    pub cores: Vec<PathBuf>,
    /// Processes; every process of a till if none is named.
    pub pids: Vec<u32>,
    /// How long to search memory; one pass without it.
    pub for_long: Option<Duration>,
    /// Key of the database.
    pub journal_key: PathBuf,
    /// Whether memory is searched.
    pub memory: bool,
    /// Whether anything else is searched.
    pub disk: bool,
    /// Whether swap is searched.
    pub swap: bool,
    /// Only show that the search works.
    pub self_test: bool,
}

/// What the command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Search.
    Scan(Box<ScanWanted>),
    /// Hold what standard input gives, for a search of this program's own child.
    Hold,
    /// Print [`USAGE`].
    Help,
}

impl Asked {
    /// Understands the arguments behind `doctor`.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Fault> {
        let mut parser = Parser::from_args(arguments);
        let mut journal_key = None;
        let mut wanted = ScanWanted {
            json: false,
            state: STATE.into(),
            state_named: false,
            cards: None,
            logs: Vec::new(),
            cores: Vec::new(),
            pids: Vec::new(),
            for_long: None,
            journal_key: PathBuf::new(),
            memory: true,
            disk: true,
            swap: true,
            self_test: false,
        };
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Long("scan-for-test-cards") => {}
                Arg::Long("json") => wanted.json = true,
                Arg::Long("state") => {
                    wanted.state = path(&mut parser)?;
                    wanted.state_named = true;
                }
                Arg::Long("cards") => wanted.cards = Some(path(&mut parser)?),
                Arg::Long("log") => wanted.logs.push(path(&mut parser)?),
                Arg::Long("core") => wanted.cores.push(path(&mut parser)?),
                Arg::Long("pid") => wanted.pids.push(number(&mut parser, "--pid")?),
                Arg::Long("for") => {
                    let seconds: u64 = number(&mut parser, "--for")?;
                    if seconds > MAX_SECONDS {
                        return Err(misused(format!("--for is at most {MAX_SECONDS} seconds.")));
                    }
                    wanted.for_long = Some(Duration::from_secs(seconds));
                }
                Arg::Long("journal-key") => journal_key = Some(path(&mut parser)?),
                Arg::Long("no-memory") => wanted.memory = false,
                Arg::Long("memory-only") => wanted.disk = false,
                Arg::Long("no-swap") => wanted.swap = false,
                Arg::Long("self-test") => wanted.self_test = true,
                Arg::Long("hold") => return Ok(Self::Hold),
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                other => return Err(wrong(other.unexpected())),
            }
        }
        let named = [wanted.logs.len(), wanted.cores.len(), wanted.pids.len()];
        if named.iter().any(|count| *count > MAX_NAMED) {
            return Err(misused(format!(
                "At most {MAX_NAMED} of each can be named."
            )));
        }
        wanted.journal_key = journal_key.unwrap_or_else(|| wanted.state.join(KEY_FILE));
        Ok(Self::Scan(Box::new(wanted)))
    }
}

fn path(parser: &mut Parser) -> Result<PathBuf, Fault> {
    parser.value().map(Into::into).map_err(wrong)
}

fn number<T: std::str::FromStr>(parser: &mut Parser, option: &str) -> Result<T, Fault> {
    let text = parser.value().and_then(|value| value.string());
    let text = text.map_err(wrong)?;
    text.parse()
        .map_err(|_| misused(format!("{option} {text:?} is no number that it can be.")))
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: String) -> Fault {
    Fault {
        remedy: format!("Run `tillctl doctor {SCAN} --help` to see how it is called."),
        ..Fault::misused(what)
    }
}
