//! `cardsim`: virtual EMV cards for the demo and for tests.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use clap::{Args, Parser, Subcommand};
use sealpoint_cardsim::profile::Interface;
use sealpoint_cardsim::vpcd::VPCD_PORT;
use sealpoint_cardsim::{
    Control, IfdReader, IssuerKeys, Profile, Slot, VirtualReader, VpcdClient, profile,
};

/// What to write to the control socket, for `--help`.
const AT_THE_CONTROL_SOCKET: &str = "\
At the control socket, one JSON object a line; \"slot\":1 in it means the second slot:
  {\"insert\":\"visa-approved\"}  {\"remove\":true}  {\"list\":true}  {\"state\":true}
  {\"press\":{\"pin\":\"1234\"}}  {\"press\":\"cancel\"}  \"timeout\"  \"wrong_length\"
  {\"reader\":\"unplug\"}  {\"reader\":\"plug\"}
  {\"faults\":{\"delay_ms\":500}}  each answer comes later
  {\"faults\":{\"remove_at\":3}}   the card is pulled out at the third command since power-up
  {\"faults\":{\"drop_at\":3}}     the answer to that command is lost
  {\"faults\":{\"mute_from\":3}}   from that command on the card says nothing
  {\"faults\":{\"garble\":{\"seed\":7,\"percent\":12}}}  so many of 100 answers are damaged
  {\"faults\":{}}                everything is well again";

/// Where the cards' counters are kept: beside the issuer file.
const CARD_FILE: &str = "cards.json";

/// Virtual EMV cards for the demo and for tests; never for production.
#[derive(Parser)]
#[command(name = "cardsim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Which cards there are.
#[derive(Args)]
struct Cards {
    /// The issuer file, from `cardsim keys`
    #[arg(long)]
    issuer: PathBuf,
    /// A card of your own, as src/cardsim/profiles/README.md says; once for each card
    #[arg(long = "profile")]
    profiles: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Draw test keys for the simulated issuer
    Keys {
        /// The file to create (mode 0600); it must not exist
        #[arg(long)]
        out: PathBuf,
    },
    /// List the cards; a reader for a till has the first fourteen, the others have all
    Cards,
    /// Be a reader with a card on a Unix socket
    Reader {
        /// Where the lane connects
        #[arg(long)]
        socket: PathBuf,
        /// Where cards are inserted and removed
        #[arg(long)]
        control: PathBuf,
        #[command(flatten)]
        cards: Cards,
    },
    /// Be a reader behind pcscd, through our own driver
    #[command(after_help = AT_THE_CONTROL_SOCKET)]
    Ifd {
        /// Where the driver connects: the DEVICENAME in reader.conf.d, with :2 behind it for two slots
        #[arg(long)]
        socket: PathBuf,
        /// The first slot has a PIN pad and takes every card, any further one is contactless
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
        slots: u8,
        #[command(flatten)]
        cards: Cards,
        /// The card to insert into the first slot at once
        #[arg(long)]
        card: Option<String>,
        /// Where cards are inserted and removed, keys pressed and faults made
        #[arg(long)]
        control: Option<PathBuf>,
    },
    /// Be a card behind pcscd, through its vpcd driver
    Vpcd {
        /// Where vpcd listens
        #[arg(long, default_value = "127.0.0.1")]
        host: String,
        /// Where vpcd listens
        #[arg(long, default_value_t = VPCD_PORT)]
        port: u16,
        #[command(flatten)]
        cards: Cards,
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
            for card in profile::all() {
                writeln!(out, "{:22} {}: {}", card.name, card.title, card.what)?;
            }
        }
        Command::Reader {
            socket,
            control,
            cards,
        } => {
            let slot = cards.wallet(profile::shipped())?;
            let _reader = VirtualReader::bind(&socket, slot.clone())?;
            let _control = Control::bind(&control, slot)?;
            serve_until_killed()?;
        }
        Command::Ifd {
            socket,
            slots,
            cards,
            card,
            control,
        } => {
            let first = cards.wallet(profile::all())?;
            if let Some(name) = card {
                first.insert(&name)?;
            }
            let others = (1..slots).map(|_| first.beside(Interface::Contactless));
            let slots = [first.clone()].into_iter().chain(others).collect();
            let reader = Arc::new(IfdReader::bind(&socket, slots)?);
            let _control = control
                .map(|path| Control::bind(&path, reader.clone()))
                .transpose()?;
            serve_until_killed()?;
        }
        Command::Vpcd {
            host,
            port,
            cards,
            card,
            control,
        } => {
            let slot = cards.wallet(profile::all())?;
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

impl Cards {
    /// Those and one's own, as they were when the last simulator with this issuer's keys ended.
    fn wallet(&self, mut profiles: Vec<Profile>) -> Result<Slot, Box<dyn Error>> {
        for path in &self.profiles {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("{path:?}: {error}; give the path of a card profile"))?;
            let card = Profile::parse(&text).map_err(|error| format!("{path:?}: {error}"))?;
            if profiles.iter().any(|other| other.name == card.name) {
                let name = card.name;
                return Err(format!("{path:?}: there is a card {name} already; rename it").into());
            }
            profiles.push(card);
        }
        let slot = Slot::new(&profiles, &IssuerKeys::load(&self.issuer)?)?;
        slot.keep_in(&self.issuer.with_file_name(CARD_FILE))?;
        Ok(slot)
    }
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
