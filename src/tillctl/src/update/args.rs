//! The command line of `tillctl update`.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_wire::release::{ImageVersion, MAX_SCHEMAS};

use super::places::Places;
use crate::fault::Fault;

/// How long a till must have been at rest before the machine starts again, minutes.
const REST_MINUTES: u64 = 10;
/// How long a new image may take until its till is up, seconds.
const WITHIN_S: u64 = 300;
/// The longest that either may be.
const MAX_WAIT: u64 = 24 * 60;

/// What `--help` prints.
pub const USAGE: &str = "\
The system under a till is replaced whole: another slot, signed, and back by itself if it does not
come up. Never while a charge is open, and never by one that cannot read the till's journal.

usage: tillctl update make DIR --root FILE --version V --from V --rollback-index N
                               --journal-reads N,N [--journal-writes N] [--built TIME]
       tillctl update check FOLDER     would it be installed now? Changes nothing
       tillctl update apply FOLDER     checks, copies and installs it; the machine goes on
       tillctl update run [--rest-minutes N]
                                       what the service does: installs what was downloaded, and
                                       starts the machine again when nobody needs the till
       tillctl update healthy [--within SECONDS]
                                       waits until the till of this image is up; on trial a machine
                                       whose till does not come up starts again
       tillctl update blessed          this image stays: older ones may not come back
       tillctl update show             what runs, what waits, what did not come up

  --root FILE          the retailer's private root key
  --version V          the image's version, 1.4.0
  --from V             the oldest image that may be updated to it in one step
  --rollback-index N   never lower than the last one; raised when older images have a hole
  --journal-reads N,N  journal schemas that its till can open
  --journal-writes N   the one that it brings a journal to (the highest that it reads)
  --built TIME         when it was built, 2026-11-23T09:00:00Z (now)
  --rest-minutes N     how long nobody may have needed the till before a restart (10)
  --within SECONDS     how long the till may take to be up (300)
  --system DIR         a system that lies there instead of this one
  --json               one JSON object instead of a sentence
  --help               print this and stop

Exit code: 0 done or nothing to do, 1 report not written, 2 wrong command line, 73 files,
120 not a release that the retailer signed, 121 a file is missing or damaged, 122 older than what
runs, or it did not come up here before, 123 not now: a charge is open, or the till does not say,
124 it could not read the till's journal, 125 no room, 126 not installed, 127 the till is not up.";

/// What the command line asks for.
pub struct Asked {
    /// What to do.
    pub command: Command,
    /// Where the system is.
    pub places: Places,
    /// One JSON object instead of a sentence.
    pub json: bool,
}

/// What to do.
pub enum Command {
    /// Sign a release.
    Make(Box<Wanted>),
    /// Say whether the one in this folder would be installed.
    Check(PathBuf),
    /// Install it.
    Apply(PathBuf),
    /// One turn of the service; how long the till must have been at rest.
    Run(Duration),
    /// Wait until the till is up, for so long.
    Healthy(Duration),
    /// This image stays.
    Blessed,
    /// Say how things stand.
    Show,
}

/// A release to be signed.
pub struct Wanted {
    /// The folder with its files.
    pub folder: PathBuf,
    /// The retailer's private root key.
    pub root: PathBuf,
    /// The image's version.
    pub version: ImageVersion,
    /// The oldest image that may be updated to it.
    pub from: ImageVersion,
    /// Its roll-back index.
    pub rollback_index: u32,
    /// Journal schemas that its till can open.
    pub journal_reads: Vec<u32>,
    /// The one that it writes.
    pub journal_writes: u32,
    /// When it was built, if that is not now.
    pub built: Option<String>,
}

/// Understands the arguments behind `update`; `None` for `--help`.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Asked>, Fault> {
    let mut parser = Parser::from_args(arguments);
    let mut words = Vec::new();
    let (mut places, mut json) = (Places::here(), false);
    let (mut rest, mut within) = (REST_MINUTES, WITHIN_S);
    let mut making = Making::default();
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Arg::Value(word) => words.push(word),
            Arg::Long("json") => json = true,
            Arg::Long("system") => {
                places = Places::at(PathBuf::from(parser.value().map_err(wrong)?))
            }
            Arg::Long("rest-minutes") => rest = bounded(&mut parser)?,
            Arg::Long("within") => within = bounded(&mut parser)?,
            Arg::Long("root") => making.root = Some(parser.value().map_err(wrong)?.into()),
            Arg::Long("version") => making.version = Some(value(&mut parser)?),
            Arg::Long("from") => making.from = Some(value(&mut parser)?),
            Arg::Long("rollback-index") => making.rollback_index = Some(value(&mut parser)?),
            Arg::Long("journal-reads") => making.journal_reads = Some(text(&mut parser)?),
            Arg::Long("journal-writes") => making.journal_writes = Some(value(&mut parser)?),
            Arg::Long("built") => making.built = Some(text(&mut parser)?),
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let mut words = words.into_iter();
    let what = words.next().unwrap_or_default();
    let folder = words.next().map(PathBuf::from);
    if words.next().is_some() {
        return Err(Fault::misused("There is a word too many."));
    }
    let command = match (what.to_str().unwrap_or_default(), folder) {
        ("make", Some(folder)) => Command::Make(Box::new(making.wanted(folder)?)),
        ("check", Some(folder)) => Command::Check(folder),
        ("apply", Some(folder)) => Command::Apply(folder),
        ("run", None) => Command::Run(Duration::from_secs(rest * 60)),
        ("healthy", None) => Command::Healthy(Duration::from_secs(within)),
        ("blessed", None) => Command::Blessed,
        ("show", None) => Command::Show,
        ("make" | "check" | "apply", None) => {
            return Err(Fault::misused("The folder of the release is not named."));
        }
        _ => {
            return Err(Fault::misused(
                "It is `update make`, `check`, `apply`, `run`, `healthy`, `blessed` or `show`.",
            ));
        }
    };
    Ok(Some(Asked {
        command,
        places,
        json,
    }))
}

/// What was said of a release to be signed.
#[derive(Default)]
struct Making {
    root: Option<PathBuf>,
    version: Option<ImageVersion>,
    from: Option<ImageVersion>,
    rollback_index: Option<u32>,
    journal_reads: Option<String>,
    journal_writes: Option<u32>,
    built: Option<String>,
}

impl Making {
    fn wanted(self, folder: PathBuf) -> Result<Wanted, Fault> {
        let needs = |name: &str| Fault::misused(format!("`{name}` is needed to make a release."));
        let reads = self.journal_reads.ok_or_else(|| needs("--journal-reads"))?;
        let journal_reads: Vec<u32> = reads
            .split(',')
            .take(MAX_SCHEMAS + 1)
            .map(|schema| schema.parse().ok())
            .collect::<Option<_>>()
            .ok_or_else(|| Fault::misused("`--journal-reads` is a list like 1,2."))?;
        let highest = journal_reads.iter().copied().max().unwrap_or_default();
        Ok(Wanted {
            folder,
            root: self.root.ok_or_else(|| needs("--root"))?,
            version: self.version.ok_or_else(|| needs("--version"))?,
            from: self.from.ok_or_else(|| needs("--from"))?,
            rollback_index: self
                .rollback_index
                .ok_or_else(|| needs("--rollback-index"))?,
            journal_writes: self.journal_writes.unwrap_or(highest),
            journal_reads,
            built: self.built,
        })
    }
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    let value = parser.value().and_then(|value| value.string());
    value.map_err(wrong)
}

fn value<T: core::str::FromStr>(parser: &mut Parser) -> Result<T, Fault>
where
    T::Err: core::fmt::Display,
{
    let text = text(parser)?;
    text.parse()
        .map_err(|why| Fault::misused(format!("{text:?} is not understood: {why}.")))
}

fn bounded(parser: &mut Parser) -> Result<u64, Fault> {
    let text = text(parser)?;
    let number = text.parse().ok().filter(|number| *number <= MAX_WAIT);
    number.ok_or_else(|| Fault::misused(format!("{text:?} is no number from 0 to {MAX_WAIT}.")))
}

fn wrong(error: lexopt::Error) -> Fault {
    Fault::misused(format!("The command line is not understood: {error}."))
}
