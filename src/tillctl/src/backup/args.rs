//! The command lines of `tillctl backup` and `tillctl restore`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_journal::KEY_FILE;
use sealpoint_wire::TerminalId;

use crate::fault::Fault;

/// Where a till's state is, if nothing else is said.
const STATE: &str = "/var/lib/sealpoint/till";

/// What `--help` prints behind either command.
pub const USAGE: &str = "\
Takes, proves and restores backups of a till's journal: its sales, its queue and its charges.

usage: tillctl backup --out FILE [--state DIR] [--journal-key FILE] [--json]
       tillctl restore --verify FILE [--state DIR] [--journal-key FILE] [--terminal ID] [--json]
       tillctl restore --from FILE [--state DIR] [--journal-key FILE] [--terminal ID]
                       [--epoch N] [--json]

  --out FILE          writes a backup there: one moment of the journal, encrypted under the till's
                      own key, and proved. The till may run, and notices nothing. A file that is
                      there is not replaced
  --verify FILE       proves that this backup restores a till, and touches none
  --from FILE         puts this backup in the journal's place, in a new epoch. The till must not
                      run. The journal that was there is kept beside it
  --state DIR         the till's state folder (/var/lib/sealpoint/till)
  --journal-key FILE  key of the journal (db.key in the state folder). In production it is a system
                      credential
  --terminal ID       refuses another terminal's backup
  --epoch N           the new epoch is N at least: one more than the highest that the collector has
                      seen of this terminal, where this machine cannot know it
  --json              one JSON object instead of a page for people
  --help              print this and stop

A backup does not hold the key: keep it elsewhere, for without it nobody opens the backup.

Exit code: 0 done, 1 report not written, 2 wrong command line, 80 the backup is not whole or is another
terminal's, 81 a till runs, 82 a file cannot be read or written, 83 the key or the journal is not usable.";

/// What the command line asks for.
pub struct Asked {
    /// What to do.
    pub command: Command,
    /// One JSON object instead of a page.
    pub json: bool,
    /// The till's state folder.
    pub state: PathBuf,
    /// The journal's key.
    pub key: PathBuf,
    /// Whose backup it has to be.
    pub terminal: Option<TerminalId>,
}

/// What to do.
pub enum Command {
    /// Write a backup there.
    Backup(PathBuf),
    /// Prove this one.
    Verify(PathBuf),
    /// Restore this one, in that epoch at least.
    Restore(PathBuf, Option<u32>),
    /// Print [`USAGE`].
    Help,
}

/// Understands the arguments behind `backup`, or behind `restore`.
pub fn parse(restore: bool, arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, Fault> {
    let mut parser = Parser::from_args(arguments);
    let (mut files, mut key, mut epoch) = ([None, None, None], None, None);
    let [out, verify, from] = &mut files;
    let mut asked = Asked {
        command: Command::Help,
        json: false,
        state: STATE.into(),
        key: PathBuf::new(),
        terminal: None,
    };
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Arg::Long("out") if !restore => *out = Some(file(&mut parser)?),
            Arg::Long("verify") if restore => *verify = Some(file(&mut parser)?),
            Arg::Long("from") if restore => *from = Some(file(&mut parser)?),
            Arg::Long("epoch") if restore => epoch = Some(number(&mut parser)?),
            Arg::Long("terminal") if restore => asked.terminal = Some(terminal(&mut parser)?),
            Arg::Long("state") => asked.state = file(&mut parser)?,
            Arg::Long("journal-key") => key = Some(file(&mut parser)?),
            Arg::Long("json") => asked.json = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(asked),
            other => return Err(wrong(other.unexpected())),
        }
    }
    asked.key = key.unwrap_or_else(|| asked.state.join(KEY_FILE));
    asked.command = match files {
        [Some(out), ..] => Command::Backup(out),
        [_, Some(_), Some(_)] => {
            return Err(misused("A backup is proved or restored, one at a time."));
        }
        [_, Some(_), None] if epoch.is_some() => {
            return Err(misused("`--epoch` goes with `--from` alone."));
        }
        [_, Some(verify), None] => Command::Verify(verify),
        [_, None, Some(from)] => Command::Restore(from, epoch),
        [None, None, None] if restore => {
            return Err(misused("`--verify FILE` or `--from FILE` is needed."));
        }
        [None, None, None] => return Err(misused("`--out FILE` is needed.")),
    };
    Ok(asked)
}

fn file(parser: &mut Parser) -> Result<PathBuf, Fault> {
    parser.value().map(PathBuf::from).map_err(wrong)
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    let value = parser.value().and_then(|value| value.string());
    value.map_err(wrong)
}

fn number(parser: &mut Parser) -> Result<u32, Fault> {
    let text = text(parser)?;
    let number = text.parse().ok().filter(|number| *number >= 1);
    number.ok_or_else(|| misused(format!("{text:?} is no epoch: it is a number from 1 on.")))
}

fn terminal(parser: &mut Parser) -> Result<TerminalId, Fault> {
    let text = text(parser)?;
    let terminal = text.parse();
    terminal.map_err(|_| misused(format!("{text:?} is no terminal id.")))
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: impl Into<String>) -> Fault {
    Fault {
        remedy: "Run `tillctl backup --help` to see how it is called.".to_owned(),
        ..Fault::misused(what)
    }
}
