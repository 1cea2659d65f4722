//! The command line of `tillctl clock`.

use std::{ffi::OsString, path::PathBuf};

use jiff::Timestamp;
use lexopt::{Arg, Parser, ValueExt};
use rustls::pki_types::ServerName;

use super::memory::Folders;
use crate::fault::Fault;

/// What `tillctl clock --help` prints.
pub const USAGE: &str = "\
The machine's clock, by the collector's signed time and by nothing else. Run by its units.

usage: tillctl clock set --ca FILE --name NAME [--not-before TIME] [--state DIR] [--run DIR]
       tillctl clock floor [--not-before TIME] [--state DIR] [--run DIR]
       tillctl clock steady

set     standard input is a connection of the uplink: asks for a signed time by it, proves it, and
        sets the clock. Forward or back, however far, the first time since the machine started; later
        by at most 15 minutes, and never back: time does not run backwards in a shop that sells. What
        is off by less than a second is brought up slowly, in half an hour at most
floor   sets a clock that is before the last time that was proved to that time
steady  lets the clock run as it does by itself, where `set` was interrupted

  --ca FILE          the retailer's CA, PEM
  --name NAME        the collector's name
  --not-before TIME  a time that is past, 2026-11-23T09:30:00Z: when the site bundle was signed
  --state DIR        what is remembered (/var/lib/sealpoint/clock)
  --run DIR          what is remembered until the machine stops (/run/sealpoint-clock)
  --help             print this and stop

Exit code: 0 done, 1 report not written, 2 wrong command line, 73 a file cannot be read or written,
112 the time is not proved, 113 the clock is not set.";

/// What the command line asks for.
pub enum Asked {
    /// Set the clock.
    Set(ToSet),
    /// Set it to its floor if it is before that.
    Floor(Folders),
    /// End a slewing.
    Steady,
    /// Print [`USAGE`].
    Help,
}

/// Whom to believe.
pub struct ToSet {
    /// The retailer's CA.
    pub ca: PathBuf,
    /// The collector's name.
    pub name: ServerName<'static>,
    /// What is remembered.
    pub folders: Folders,
}

impl Asked {
    /// Understands the arguments behind `clock`.
    pub fn parse(arguments: &[OsString]) -> Result<Self, Fault> {
        let mut parser = Parser::from_args(arguments);
        let verb = match parser.next().map_err(wrong)? {
            Some(Arg::Value(name)) => name.string().map_err(wrong)?,
            Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Self::Help),
            _ => return Err(misused("Say set, floor or steady.")),
        };
        let known = matches!(verb.as_str(), "set" | "floor" | "steady");
        if !known {
            return Err(misused(format!(
                "{verb:?} is neither set, floor nor steady."
            )));
        }
        let (set, steady) = (verb == "set", verb == "steady");
        let (mut ca, mut name) = (None, None);
        let mut folders = Folders {
            state: "/var/lib/sealpoint/clock".into(),
            run: "/run/sealpoint-clock".into(),
            not_before_ms: 0,
        };
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                Arg::Long("ca") if set => ca = Some(parser.value().map_err(wrong)?.into()),
                Arg::Long("name") if set => name = Some(host(&mut parser)?),
                Arg::Long("not-before") if !steady => folders.not_before_ms = time(&mut parser)?,
                Arg::Long("state") if !steady => {
                    folders.state = parser.value().map_err(wrong)?.into()
                }
                Arg::Long("run") if !steady => folders.run = parser.value().map_err(wrong)?.into(),
                other => return Err(wrong(other.unexpected())),
            }
        }
        Ok(match verb.as_str() {
            "set" => Self::Set(ToSet {
                ca: ca.ok_or_else(|| misused("`--ca FILE` is needed."))?,
                name: name.ok_or_else(|| misused("`--name NAME` is needed."))?,
                folders,
            }),
            "floor" => Self::Floor(folders),
            _ => Self::Steady,
        })
    }
}

fn host(parser: &mut Parser) -> Result<ServerName<'static>, Fault> {
    let text = parser.value().and_then(|v| v.string()).map_err(wrong)?;
    let bad = misused(format!("{text:?} is no name that a certificate has."));
    ServerName::try_from(text).map_err(|_| bad)
}

fn time(parser: &mut Parser) -> Result<i64, Fault> {
    let text = parser.value().and_then(|v| v.string()).map_err(wrong)?;
    let time: Timestamp = text
        .parse()
        .map_err(|_| misused(format!("{text:?} is no time such as 2026-11-23T09:30:00Z.")))?;
    Ok(time.as_millisecond())
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: impl Into<String>) -> Fault {
    Fault {
        remedy: "Run `tillctl clock --help` to see how it is called.".to_owned(),
        ..Fault::misused(what)
    }
}
