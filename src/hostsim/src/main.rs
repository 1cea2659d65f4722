//! `hostsim`: an acquirer and issuer with test keys, for the demo and for tests.

mod operator;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sealpoint_cardsim::IssuerKeys;
use sealpoint_hostsim::key_file::{self, ISSUER_FILE};
use sealpoint_hostsim::{AnswerMode, Config, HostSim};
use tracing_subscriber::EnvFilter;

/// Filter of the log lines; `info` if it is not set.
const LOG: &str = "SEALPOINT_LOG";
/// Exit code for everything that the operator can put right.
const CANNOT_RUN: u8 = 2;

/// An acquirer and issuer with test keys, for the demo and for tests; never for production.
#[derive(Parser)]
#[command(name = "hostsim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the host's keys, and the public key file for tills
    Keys {
        /// The host's folder
        #[arg(long)]
        dir: PathBuf,
        /// The public key file to write; it must not exist
        #[arg(long)]
        public_out: PathBuf,
    },
    /// Add a base derivation key for cards that are sealed with DUKPT; a running host takes it when it
    /// is started again
    Bdk(operator::Bdk),
    /// Make a till's initial DUKPT key, wrapped in an X9.143 key block
    KeyBlock(operator::KeyBlock),
    /// Open the card of one authorisation and show its truncated number
    Open(operator::Open),
    /// Write the batch: the approvals that stand, as CSV
    Batch(operator::Batch),
    /// Answer ISO 8583 messages
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8583")]
    listen: SocketAddr,
    /// The host's folder, from `hostsim keys`
    #[arg(long)]
    dir: PathBuf,
    /// The ledger; ledger.ndjson in the host's folder if not given
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// How the host is spoken to, an acquirer profile (docs/acquirer.md); if not given, as each
    /// message begins
    #[arg(long)]
    profile: Option<PathBuf>,
    /// How to answer: normal, decline, decline-over:MINOR, partial:MINOR, silent, late:MS,
    /// drop-answer, refuse-reversals or garble
    #[arg(long, default_value_t)]
    answer: AnswerMode,
    /// Unix socket where the answer mode can be changed
    #[arg(long)]
    control: Option<PathBuf>,
    /// File to write the bound address to, once the host listens
    #[arg(long)]
    port_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(filter)
        .init();
    let done = match Arguments::parse().command {
        Command::Keys { dir, public_out } => keys(&dir, &public_out),
        Command::Bdk(bdk) => operator::add_base_key(bdk),
        Command::KeyBlock(key_block) => operator::make_key_block(&key_block),
        Command::Open(open) => operator::open_card(&open),
        Command::Batch(batch) => operator::write_batch(&batch),
        Command::Serve(serve) => serve_until_killed(serve),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hostsim: {error}");
            ExitCode::from(CANNOT_RUN)
        }
    }
}

fn keys(dir: &Path, public_out: &Path) -> Result<(), Box<dyn Error>> {
    let key_id = key_file::create(dir, public_out)?;
    let issuer = dir.join(ISSUER_FILE);
    if !issuer.exists() {
        IssuerKeys::create(&issuer)?;
    }
    writeln!(io::stdout(), "{key_id}")?;
    Ok(())
}

fn serve_until_killed(serve: Serve) -> Result<(), Box<dyn Error>> {
    let host = HostSim::start(&Config {
        listen: serve.listen,
        dir: serve.dir,
        ledger: serve.ledger,
        profile: serve
            .profile
            .as_deref()
            .map(operator::profile)
            .transpose()?,
        answer: serve.answer,
        control: serve.control,
    })?;
    if let Some(path) = serve.port_file {
        write_whole(&path, &format!("{}\n", host.addr())).map_err(|error| {
            format!("{path:?} cannot be written ({error}); choose a file that is yours")
        })?;
    }
    tracing::info!(addr = %host.addr(), answer = %serve.answer, "listening");
    host.serve_forever();
    Ok(())
}

/// Whoever waits for the file sees all of it or nothing.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut half = path.as_os_str().to_owned();
    half.push(".part");
    fs::write(&half, text)?;
    fs::rename(&half, path)
}
