//! The command line of `tillctl setup`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser};

use crate::fault::Fault;

/// What `tillctl setup --help` prints.
pub const USAGE: &str = "\
Makes the keys that a till makes for itself.

usage: tillctl setup credentials [--out DIR] [--state DIR]

Makes db.key, which the journal is encrypted under, and lane.key, which the lane's key store is: 32
random bytes each, sealed by systemd-creds to this machine's TPM where it has one, else to its host
key, and proved to open. In clear they are on no disk and in no command line. A key that is there is
left as it is. Where there is a journal no new db.key is made.

  --out DIR             folder for the two (/var/lib/sealpoint/credentials)
  --state DIR           the till's state folder (/var/lib/sealpoint/till)
  --systemd-creds FILE  another program in the place of /usr/bin/systemd-creds
  --help                print this and stop

Exit code: 0 made or there already, 1 report not written, 2 wrong command line, 73 a file cannot be
read or written, 110 there is a journal and its db.key is gone, 111 systemd-creds cannot seal or open.";

/// What the command line asks for.
pub enum Asked {
    /// Make what is missing.
    Credentials(Wanted),
    /// Print [`USAGE`].
    Help,
}

/// Where.
pub struct Wanted {
    /// Folder for the sealed keys.
    pub out: PathBuf,
    /// The till's state folder.
    pub state: PathBuf,
    /// What seals them.
    pub program: PathBuf,
}

impl Asked {
    /// Understands the arguments behind `setup`.
    pub fn parse(arguments: &[OsString]) -> Result<Self, Fault> {
        let mut parser = Parser::from_args(arguments);
        match parser.next().map_err(wrong)? {
            Some(Arg::Value(name)) if name == "credentials" => {}
            Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Self::Help),
            _ => return Err(misused("Say what to set up: credentials.")),
        }
        let mut wanted = Wanted {
            out: "/var/lib/sealpoint/credentials".into(),
            state: "/var/lib/sealpoint/till".into(),
            program: "/usr/bin/systemd-creds".into(),
        };
        while let Some(argument) = parser.next().map_err(wrong)? {
            let place = match argument {
                Arg::Long("out") => &mut wanted.out,
                Arg::Long("state") => &mut wanted.state,
                Arg::Long("systemd-creds") => &mut wanted.program,
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                other => return Err(wrong(other.unexpected())),
            };
            *place = parser.value().map_err(wrong)?.into();
        }
        Ok(Self::Credentials(wanted))
    }
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: impl Into<String>) -> Fault {
    Fault {
        remedy: "Run `tillctl setup --help` to see how it is called.".to_owned(),
        ..Fault::misused(what)
    }
}
