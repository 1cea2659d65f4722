//! The command line.

use std::path::PathBuf;

use lexopt::prelude::*;
use sealpoint_attest::tpm::DEVICE;

pub const USAGE: &str = "\
usage: attest [--tpm DEVICE]
       attest rollback check (--index N | --image FILE) [--state PATH] [--without-tpm-ok]
       attest rollback raise (--to N | --image FILE) [--without-tpm-ok]
       attest rollback show

Without a command: started by the system for each connection of the uplink, with the socket as its
standard input, it answers one request with what the TPM gives: its keys, or a quote.

rollback check ends with 0 if an image with that roll-back index may run, and with 4 if the TPM's
counter says that this till has run a newer one. A till that has no counter gets one, unless --state
names something that exists: then it was set up before, and is refused. rollback raise has older images
refused from now on; there is no way back. --image reads rollback_index from an image.toml. Without a
TPM both end with 5, or with 0 if --without-tpm-ok says that nothing else is expected. Other trouble
ends with 1. DEVICE is /dev/tpmrm0 unless given.";

/// What is asked for.
pub enum Asked {
    /// The uplink's request.
    Answer { tpm: PathBuf },
    /// The roll-back counter.
    Counter {
        tpm: PathBuf,
        what: Counter,
        without_tpm_ok: bool,
    },
    /// These words.
    Help,
}

/// What of the counter.
pub enum Counter {
    /// Whether an image may run.
    Check {
        index: Index,
        /// What exists if the till was set up.
        state: Option<PathBuf>,
    },
    /// Up.
    Raise { to: Index },
    /// Where it is.
    Show,
}

/// Where the image's roll-back index is from.
pub enum Index {
    Given(u64),
    Image(PathBuf),
}

impl Counter {
    /// The index that it is about, if it is about one.
    pub const fn index(&self) -> Option<&Index> {
        match self {
            Self::Check { index, .. } | Self::Raise { to: index } => Some(index),
            Self::Show => None,
        }
    }
}

/// Reads them.
///
/// # Errors
/// What is not understood.
pub fn read() -> Result<Asked, lexopt::Error> {
    let mut words: Vec<String> = Vec::new();
    let (mut tpm, mut state) = (PathBuf::from(DEVICE), None);
    let (mut given, mut image, mut without_tpm_ok) = (None, None, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word.string()?),
            Long("tpm") => tpm = PathBuf::from(parser.value()?),
            Long("index" | "to") => given = Some(Index::Given(parser.value()?.parse()?)),
            Long("image") => image = Some(Index::Image(PathBuf::from(parser.value()?))),
            Long("state") => state = Some(PathBuf::from(parser.value()?)),
            Long("without-tpm-ok") => without_tpm_ok = true,
            Short('h') | Long("help") => return Ok(Asked::Help),
            other => return Err(other.unexpected()),
        }
    }
    let index = match (given, image) {
        (Some(_), Some(_)) => return Err("an index or an image, not both".into()),
        (given, image) => given.or(image),
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let what = match (words.as_slice(), index) {
        ([], None) => return Ok(Asked::Answer { tpm }),
        (["rollback", "check"], Some(index)) => Counter::Check { index, state },
        (["rollback", "raise"], Some(to)) => Counter::Raise { to },
        (["rollback", "show"], None) => Counter::Show,
        (["rollback", "check" | "raise"], None) => {
            return Err("rollback needs an index or --image FILE".into());
        }
        _ => return Err("these words are not understood".into()),
    };
    Ok(Asked::Counter {
        tpm,
        what,
        without_tpm_ok,
    })
}
