//! `cardsim`: virtual EMV cards for the demo and for tests.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use clap::{Parser, Subcommand};
use sealpoint_cardsim::vpcd::VPCD_PORT;
use sealpoint_cardsim::{Control, IssuerKeys, Slot, VirtualReader, VpcdClient, profile};

/// Virtual EMV cards for the demo and for tests; never for production.
#[derive(Parser)]
#[command(name = "cardsim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw test keys for the simulated issuer
    Keys {
        /// The file to create (mode 0600); it must not exist
        #[arg(long)]
        out: PathBuf,
    },
    /// List the cards
    Cards,
    /// Be a reader with a card on a Unix socket
    Reader {
        /// Where the lane connects
        #[arg(long)]
        socket: PathBuf,
        /// Where cards are inserted and removed
        #[arg(long)]
        control: PathBuf,
        /// The issuer file, from `cardsim keys`
        #[arg(long)]
        issuer: PathBuf,
    },
    /// Be a card behind pcscd, through its vpcd driver
    Vpcd {
        /// Where vpcd listens
        #[arg(long, default_value = "127.0.0.1")]
        host: String,
        /// Where vpcd listens
        #[arg(long, default_value_t = VPCD_PORT)]
        port: u16,
        /// The issuer file, from `cardsim keys`
        #[arg(long)]
        issuer: PathBuf,
        /// The card to insert at once
        #[arg(long)]
        card: Option<String>,
        /// Where cards are inserted and removed
        #[arg(long)]
        control: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cardsim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Keys { out } => {
            IssuerKeys::create(&out)?;
        }
        Command::Cards => {
            let mut out = io::stdout().lock();
            for card in profile::shipped() {
                writeln!(out, "{:22} {}: {}", card.name, card.title, card.what)?;
            }
        }
        Command::Reader {
            socket,
            control,
            issuer,
        } => {
            let slot = wallet(&issuer)?;
            let _reader = VirtualReader::bind(&socket, slot.clone())?;
            let _control = Control::bind(&control, slot)?;
            serve_until_killed()?;
        }
        Command::Vpcd {
            host,
            port,
            issuer,
            card,
            control,
        } => {
            let slot = wallet(&issuer)?;
            if let Some(name) = card {
                slot.insert(&name)?;
            }
            let _control = control
                .map(|path| Control::bind(&path, slot.clone()))
                .transpose()?;
            let _client = VpcdClient::start(&host, port, slot)?;
            serve_until_killed()?;
        }
    }
    Ok(())
}

fn wallet(issuer: &Path) -> Result<Slot, Box<dyn Error>> {
    Ok(Slot::new(&profile::shipped(), &IssuerKeys::load(issuer)?)?)
}

/// Says that the sockets are open, for whoever waits for it, and stays.
fn serve_until_killed() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "ready")?;
    out.flush()?;
    loop {
        thread::park();
    }
}
