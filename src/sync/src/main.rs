//! `uplink`: store-and-forward between the till on standard input and the collector.

mod lock_down;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use sealpoint_shield::{EXIT_REFUSED, clean, defect, report};
use sealpoint_sync::driver::{self, Config, Credentials, Target};
use sealpoint_tls::Groups;
use sealpoint_wire::{FromUplink, LinkState, Posture, WIRE_VERSION, frame};
use tracing_subscriber::EnvFilter;

const USAGE: &str = "\
usage: uplink [--collector https://HOST:PORT --ca FILE --cert FILE --key FILE] [--classical]
              [--clock SOCKET] [--attest SOCKET] [--updates DIR] [--production]

Started by the till, with a Unix socket as its standard input. Logs JSON lines to standard error;
SEALPOINT_LOG sets what is logged (error, warn, info, debug). Without --collector the till is told
that no collector is configured. The folders of the three files are all that it may read, and the
key's folder all that it may write, where it puts a renewed certificate; keep nothing else there.
With --classical it also agrees in X25519 and P-256 alone, which whoever records it may open with a
quantum computer of later years: for a proxy on the way that knows no other. To whoever listens at --clock it brings the collector's
signed time, to set the machine's clock by; from whoever listens at --attest it brings the collector the TPM's word on what runs here. Into DIR/incoming it downloads what the collector offers
of the system under the till, behind everything else; DIR/state.json says what is there. With --production it does not start with less than its whole protection.";

/// Wrong arguments, or no socket.
const EXIT_USAGE: u8 = 2;
/// How long the till may take to read why the uplink does not run.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

enum Asked {
    Run {
        config: Option<Box<Config>>,
        production: bool,
    },
    Help,
}

fn main() -> ExitCode {
    defect::abort_on_panic();
    let (config, production) = match arguments() {
        Ok(Asked::Run { config, production }) => (config.map(|config| *config), production),
        Ok(Asked::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}.\n{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let cleaned = match clean::begin_with(lock_down::ENVIRONMENT, clean::SMALL) {
        Ok(cleaned) => cleaned,
        Err(error) => {
            eprintln!("{error}");
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
    let posture = match lock_down::uplink(config.as_ref(), production, cleaned) {
        Ok(posture) => posture,
        Err(refused) => {
            report(refused.posture());
            tracing::error!("{refused}");
            let why = refused.to_string();
            if let Err(error) = refuse(why, refused.posture().clone()) {
                tracing::warn!(%error, "the till was not told");
            }
            return ExitCode::from(EXIT_REFUSED);
        }
    };
    report(&posture);
    match run(config, posture) {
        Ok(()) => {
            tracing::info!("the till closed the socket");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the uplink cannot go on. Start the till again.");
            ExitCode::FAILURE
        }
    }
}

/// Tells the till why this uplink does not run, as its only words: whoever stands at the till has no
/// other way to hear it.
fn refuse(why: String, posture: Posture) -> io::Result<()> {
    let mut socket = till()?;
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let hello = FromUplink::Hello {
        version: WIRE_VERSION,
        posture: Some(posture),
    };
    frame::write(&mut socket, &hello)?;
    let state = LinkState::Down { why };
    frame::write(&mut socket, &FromUplink::Link { state })
}

/// The socket that was handed over as standard input.
fn till() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn run(config: Option<Config>, posture: Posture) -> io::Result<()> {
    let socket = till()?;
    socket.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let till = tokio::net::UnixStream::from_std(socket)?;
        driver::run(config, Some(posture), till).await
    })
}

fn arguments() -> Result<Asked, lexopt::Error> {
    let (mut collector, mut ca, mut cert, mut key) = (None, None, None, None);
    let (mut production, mut groups) = (false, Groups::Hybrid);
    let (mut clock, mut attest, mut updates) = (None, None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("collector") => collector = Some(parser.value()?.string()?),
            Long("ca") => ca = Some(PathBuf::from(parser.value()?)),
            Long("cert") => cert = Some(PathBuf::from(parser.value()?)),
            Long("key") => key = Some(PathBuf::from(parser.value()?)),
            Long("classical") => groups = Groups::HybridOrClassical,
            Long("clock") => clock = Some(PathBuf::from(parser.value()?)),
            Long("attest") => attest = Some(PathBuf::from(parser.value()?)),
            Long("updates") => updates = Some(PathBuf::from(parser.value()?)),
            Long("production") => production = true,
            Short('h') | Long("help") => return Ok(Asked::Help),
            other => return Err(other.unexpected()),
        }
    }
    let Some(collector) = collector else {
        return Ok(Asked::Run {
            config: None,
            production,
        });
    };
    let required = |file: Option<PathBuf>, name: &str| {
        file.ok_or_else(|| lexopt::Error::from(format!("--collector also needs {name} FILE")))
    };
    let credentials = Credentials {
        ca: required(ca, "--ca")?,
        cert: required(cert, "--cert")?,
        key: required(key, "--key")?,
    };
    Ok(Asked::Run {
        config: Some(Box::new(Config {
            target: Target::parse(&collector),
            credentials,
            groups,
            clock,
            attest,
            updates,
        })),
        production,
    })
}
