//! The command line.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, ValueExt};
use sealpoint_wire::TerminalId;

/// What `lane --help` prints.
pub const USAGE: &str = "\
The card process of a till. It is started by the till, whose socket is its standard input.

usage: lane --keys DIR --terminal ID [--reader READER] [--profile FILE] [--production]

  --keys DIR       folder of the keys: the retailer's root key, manifest and hot list, the
                   acquirer's key, the key store
  --terminal ID    the terminal that this lane belongs to
  --reader READER  pcsc (the default), pcsc:PART-OF-NAME, or virtual:SOCKET for the demo
  --profile FILE   terminal profile (TOML); the demo's without it
  --production     do not start with less than the whole protection; always so in a build without
                   the demo
  --help           print this and stop";

/// The command line, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Args {
    /// Folder with the acquirer's key.
    pub keys: PathBuf,
    /// The terminal that this lane belongs to.
    pub terminal: TerminalId,
    /// Where cards are read.
    pub reader: ReaderChoice,
    /// Terminal profile; the built-in one without it.
    pub profile: Option<PathBuf>,
    /// Whether it refuses to run with less than its whole protection.
    pub production: bool,
}

/// Where cards are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReaderChoice {
    /// A reader of the card service, whose name contains this if given.
    Pcsc(Option<String>),
    /// The demo's virtual reader at this Unix socket.
    #[cfg(feature = "demo")]
    Virtual(PathBuf),
}

/// What the command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Run.
    Run(Args),
    /// Print [`USAGE`].
    Help,
}

/// Why a command line is not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} Run `lane --help` to see how it is called.")]
pub struct ArgsError(String);

impl Asked {
    /// Understands the arguments behind the program's name.
    ///
    /// # Errors
    /// [`ArgsError`] says which argument is wrong.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let (mut keys, mut terminal, mut profile) = (None, None, None);
        let mut production = cfg!(not(feature = "demo"));
        let mut reader = ReaderChoice::Pcsc(None);
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Long("keys") => keys = Some(parser.value().map_err(wrong)?.into()),
                Arg::Long("profile") => profile = Some(parser.value().map_err(wrong)?.into()),
                Arg::Long("terminal") => {
                    let id = parser
                        .value()
                        .and_then(|value| value.string())
                        .map_err(wrong)?;
                    terminal = Some(
                        id.parse::<TerminalId>()
                            .map_err(|e| ArgsError(e.to_string()))?,
                    );
                }
                Arg::Long("reader") => {
                    let text = parser
                        .value()
                        .and_then(|value| value.string())
                        .map_err(wrong)?;
                    reader = ReaderChoice::parse(&text)?;
                }
                Arg::Long("production") => production = true,
                Arg::Long("help") => return Ok(Self::Help),
                other => return Err(wrong(other.unexpected())),
            }
        }
        let missing = |name: &str| ArgsError(format!("`{name}` is missing."));
        Ok(Self::Run(Args {
            keys: keys.ok_or_else(|| missing("--keys DIR"))?,
            terminal: terminal.ok_or_else(|| missing("--terminal ID"))?,
            reader,
            profile,
            production,
        }))
    }
}

impl ReaderChoice {
    fn parse(text: &str) -> Result<Self, ArgsError> {
        match text.split_once(':') {
            None if text == "pcsc" => Ok(Self::Pcsc(None)),
            Some(("pcsc", name)) if !name.is_empty() => Ok(Self::Pcsc(Some(name.to_owned()))),
            #[cfg(feature = "demo")]
            Some(("virtual", socket)) if !socket.is_empty() => Ok(Self::Virtual(socket.into())),
            #[cfg(not(feature = "demo"))]
            Some(("virtual", _)) => Err(ArgsError(
                "This lane was built without the virtual reader, so it reads with `pcsc` only."
                    .to_owned(),
            )),
            _ => Err(ArgsError(format!("\"{text}\" is not a reader."))),
        }
    }
}

fn wrong(error: lexopt::Error) -> ArgsError {
    ArgsError(format!("The command line is not understood: {error}."))
}
