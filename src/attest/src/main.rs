//! `attest`: one request of the uplink on standard input, or the roll-back counter.

mod args;
mod image;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use sealpoint_attest::rollback::{self, RollbackError};
use sealpoint_attest::serve::answer_one;
use sealpoint_attest::tpm::{self, TpmError};
use sealpoint_shield::defect;
use tracing_subscriber::EnvFilter;

use args::{Asked, Counter, USAGE};

/// The TPM, the connection or a file is in trouble.
const EXIT_TROUBLE: u8 = 1;
/// Wrong arguments.
const EXIT_USAGE: u8 = 2;
/// The image is refused.
const EXIT_REFUSED: u8 = 4;
/// There is no TPM.
const EXIT_NO_TPM: u8 = 5;
/// The uplink writes its request, and reads the answer, at once.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    defect::abort_on_panic();
    let asked = match args::read() {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("{error}.\n{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let filter =
        EnvFilter::try_from_env("SEALPOINT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    match asked {
        Asked::Help => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Asked::Answer { tpm } => {
            let answered =
                connection().and_then(|mut stream| answer_one(&mut stream, || tpm::open(&tpm)));
            match answered {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::warn!(%error, "the uplink's request was not answered");
                    ExitCode::from(EXIT_TROUBLE)
                }
            }
        }
        Asked::Counter {
            tpm,
            what,
            without_tpm_ok,
        } => {
            let done = image::index(what.index())
                .map_err(Trouble::Image)
                .and_then(|index| {
                    let mut tpm = tpm::open(&tpm).map_err(RollbackError::from)?;
                    Ok(count(&mut tpm, &what, index)?)
                });
            said(done, without_tpm_ok)
        }
    }
}

/// The socket that was handed over as standard input.
fn connection() -> io::Result<UnixStream> {
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// What kept the counter from being looked at.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Image(image::ImageError),
    #[error(transparent)]
    Counter(#[from] RollbackError),
}

fn count(tpm: &mut tpm::Tpm, what: &Counter, index: u64) -> Result<String, RollbackError> {
    match what {
        Counter::Check { state, .. } => {
            let set_up = state
                .as_ref()
                .is_some_and(|state| !matches!(state.try_exists(), Ok(false)));
            let floor = rollback::check(tpm, index, set_up)?;
            Ok(format!(
                "This image may run: its roll-back index is {index}, the TPM asks for {floor} or more."
            ))
        }
        Counter::Raise { .. } => {
            let floor = rollback::raise(tpm, index)?;
            Ok(format!(
                "Images with a roll-back index below {floor} are refused from now on."
            ))
        }
        Counter::Show => Ok(match rollback::floor(tpm)? {
            Some(floor) => format!("Images with a roll-back index below {floor} are refused."),
            None => "There is no roll-back counter yet.".to_owned(),
        }),
    }
}

/// On standard error too where it is refused: that is what the unit puts on the console.
fn said(done: Result<String, Trouble>, without_tpm_ok: bool) -> ExitCode {
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(Trouble::Counter(RollbackError::Tpm(error @ TpmError::Absent(_)))) => {
            if without_tpm_ok {
                println!("{error} Without it nothing keeps an older image from running.");
                ExitCode::SUCCESS
            } else {
                eprintln!("{error}");
                ExitCode::from(EXIT_NO_TPM)
            }
        }
        Err(trouble) => {
            eprintln!("{trouble}");
            match &trouble {
                Trouble::Counter(error) if error.is_refusal() => ExitCode::from(EXIT_REFUSED),
                _ => ExitCode::from(EXIT_TROUBLE),
            }
        }
    }
}
