//! The command line of `tillctl doctor`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser};

use crate::fault::Fault;

/// Where a till keeps what it has, unless it is told otherwise.
pub const STATE: &str = "/var/lib/sealpoint/till";

/// What `tillctl doctor --help` prints.
pub const USAGE: &str = "\
Tells how the till stands, on one page, with what to do for each finding.

usage: tillctl doctor [--json] [--state DIR] [--config FILE]
       tillctl doctor --scan-for-test-cards [...]

  --json         one JSON object instead of a page for people
  --state DIR    the till's state folder (/var/lib/sealpoint/till)
  --config FILE  the till's configuration; without it till.toml in the state folder
  --help         print this and stop

Run it as root: another user cannot see all of it, and is told what was not seen. Nothing is changed.

Exit code: 0 healthy, 60 something needs care soon, 61 something is broken or dangerous now,
1 report not written, 2 wrong command line.";

/// What the command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Look and report.
    Look(Wanted),
    /// Print [`USAGE`].
    Help,
}

/// Which till, and how to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// One JSON object instead of a page.
    pub json: bool,
    /// The till's state folder.
    pub state: PathBuf,
    /// The till's configuration, if not in the state folder.
    pub config: Option<PathBuf>,
}

impl Asked {
    /// Understands the arguments behind `doctor`.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Fault> {
        let mut parser = Parser::from_args(arguments);
        let mut wanted = Wanted {
            json: false,
            state: STATE.into(),
            config: None,
        };
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Long("json") => wanted.json = true,
                Arg::Long("state") => wanted.state = parser.value().map_err(wrong)?.into(),
                Arg::Long("config") => {
                    wanted.config = Some(parser.value().map_err(wrong)?.into());
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                other => return Err(wrong(other.unexpected())),
            }
        }
        Ok(Self::Look(wanted))
    }
}

fn wrong(error: lexopt::Error) -> Fault {
    Fault {
        remedy: "Run `tillctl doctor --help` to see how it is called.".to_owned(),
        ..Fault::misused(format!("The command line is not understood: {error}."))
    }
}
