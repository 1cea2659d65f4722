//! The command line of `tillctl work`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_journal::KEY_FILE;
use sealpoint_wire::TerminalId;

use crate::fault::Fault;

/// Where a till's state is, if nothing else is said.
const STATE: &str = "/var/lib/sealpoint/till";

/// What `--help` prints.
pub const USAGE: &str = "\
What no machine may settle, and a till left to a person: charges without the bank that it declined,
refused or did not answer in time, reversals that are not acknowledged, attempts of a restored till.

usage: tillctl work list       --terminal ID [--state DIR] [--journal-key FILE] [--json]
       tillctl work close N    --by NAME --note TEXT --terminal ID [...]
       tillctl work reverse N  --by NAME --note TEXT --terminal ID [...]

  list                what is open, oldest first: what happened and what to do
  close N             item N is settled. A reversal that is not acknowledged ends with it, and is not
                      tried any more: close it only when the acquirer has undone the charge
  reverse N           the charge of a restored attempt is to be undone: its customer has no goods
  --by NAME           who settled it
  --note TEXT         how
  --terminal ID       whose journal it has to be
  --state DIR         the till's state folder (/var/lib/sealpoint/till)
  --journal-key FILE  key of the journal (db.key in the state folder). In production it is a system
                      credential
  --json              one JSON object instead of a page for people
  --help              print this and stop

The till must not run: its journal is opened as by a start.

Exit code: 0 done, 1 report not written, 2 wrong command line, 72 there is no such open item, 81 the
till runs, 83 the key or the journal is not usable.";

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
    /// Whose journal it has to be.
    pub terminal: TerminalId,
}

/// What to do.
pub enum Command {
    /// List what is open.
    List,
    /// Close this one.
    Close(Settled),
    /// Have the charge of this one undone.
    Reverse(Settled),
}

/// An item that somebody settled.
pub struct Settled {
    /// Its number.
    pub number: u64,
    /// Who.
    pub by: String,
    /// How.
    pub note: String,
}

/// Understands the arguments behind `work`; `None` for `--help`.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Asked>, Fault> {
    let mut parser = Parser::from_args(arguments);
    let mut words = Vec::new();
    let (mut by, mut note, mut key, mut terminal) = (None, None, None, None);
    let (mut state, mut json) = (PathBuf::from(STATE), false);
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Arg::Value(word) if words.len() < 2 => words.push(word.string().map_err(wrong)?),
            Arg::Long("by") => by = Some(text(&mut parser)?),
            Arg::Long("note") => note = Some(text(&mut parser)?),
            Arg::Long("terminal") => terminal = Some(text(&mut parser)?),
            Arg::Long("state") => state = file(&mut parser)?,
            Arg::Long("journal-key") => key = Some(file(&mut parser)?),
            Arg::Long("json") => json = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let settled = |number: &str| {
        Ok::<_, Fault>(Settled {
            number: number
                .parse()
                .map_err(|_| misused(format!("{number:?} is no number of an item.")))?,
            by: by.ok_or_else(|| misused("`--by NAME` is needed: who settled it."))?,
            note: note.ok_or_else(|| misused("`--note TEXT` is needed: how it was settled."))?,
        })
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command = match words[..] {
        ["list"] => Command::List,
        ["close", number] => Command::Close(settled(number)?),
        ["reverse", number] => Command::Reverse(settled(number)?),
        _ => {
            return Err(misused(
                "`list`, `close NUMBER` or `reverse NUMBER` is needed.",
            ));
        }
    };
    let terminal: String = terminal.ok_or_else(|| misused("`--terminal ID` is needed."))?;
    Ok(Some(Asked {
        command,
        json,
        key: key.unwrap_or_else(|| state.join(KEY_FILE)),
        state,
        terminal: terminal
            .parse()
            .map_err(|_| misused(format!("{terminal:?} is no terminal id.")))?,
    }))
}

fn file(parser: &mut Parser) -> Result<PathBuf, Fault> {
    parser.value().map(PathBuf::from).map_err(wrong)
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    let value = parser.value().and_then(|value| value.string());
    value.map_err(wrong)
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: impl Into<String>) -> Fault {
    Fault {
        remedy: "Run `tillctl work --help` to see how it is called.".to_owned(),
        ..Fault::misused(what)
    }
}
