//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;
use sealpoint_tls::certificate::Serial;
use sealpoint_wire::TerminalId;

use crate::attest::Policy;
use crate::attest::args::Attest;
use crate::commands::Update;
use crate::sink::{SinkArguments, SinkPlan};
use crate::store::{MAX_NOTE, Target};

/// At most this many characters of a reason.
const MAX_REASON: usize = 200;

/// Receives what tills record, keeps each record once, and asks the acquirer for them.
///
/// Logs JSON lines to standard error; SEALPOINT_LOG sets what is logged (error, warn, info, debug).
#[derive(Debug, Parser)]
#[command(
    name = "collector",
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Option<Serve>,
    /// What to feed while serving.
    #[command(flatten)]
    pub sink: SinkArguments,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Address and port to listen on for tills; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// Where records are stored.
    #[arg(long, value_name = "sqlite:FILE|postgres://USER@HOST:PORT/DATABASE")]
    pub store: Target,
    /// Folder with the CA's and the collector's certificates (see: collector ca).
    #[arg(long, value_name = "DIR")]
    pub tls: PathBuf,
    /// Also takes links in X25519 and P-256 alone, which whoever records one may open with a quantum
    /// computer of later years: for a proxy on the way that knows no other.
    #[arg(long)]
    pub classical: bool,
    /// The acquirer; without one no card is authorised.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub acquirer: Option<String>,
    /// How the acquirer wants to be spoken to (docs/acquirer.md): edition and encoding of ISO 8583,
    /// elements, message types, times. ISO 8583:1987 in ASCII if not given.
    #[arg(long, value_name = "FILE", requires = "acquirer")]
    pub acquirer_profile: Option<PathBuf>,
    /// Address and port of the operator's pages; on the loopback only.
    #[arg(long, value_name = "ADDR:PORT", value_parser = loopback)]
    pub pages: Option<SocketAddr>,
    /// Requests per second that one till may make, with a burst of two seconds'; more are answered
    /// 429. A push holds up to 100 records.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub till_rate: u32,
    /// What becomes of tills that do not show, by their TPM, that they run an image of the retailer's:
    /// nobody is asked, it is told, or they charge no card until they do (docs/attestation.md).
    #[arg(long, value_name = "POLICY", value_enum, default_value_t = Policy::Report)]
    pub attest: Policy,
    /// Folder with the releases of the tills' image that are offered (see: collector update publish).
    #[arg(long, value_name = "DIR")]
    pub updates: Option<PathBuf>,
    /// Writes the address that tills connect to into this file once it is bound.
    #[arg(long, value_name = "FILE")]
    pub port_file: Option<PathBuf>,
    /// Writes the address of the operator's pages into this file once it is bound.
    #[arg(long, value_name = "FILE", requires = "pages")]
    pub pages_port_file: Option<PathBuf>,
    /// The sink that is fed, from [`SinkArguments`].
    #[arg(skip)]
    pub sink: Option<SinkPlan>,
}

/// What to do instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Makes the retailer's CA and the collector's certificate, for localhost and the names given.
    Ca {
        /// Folder that gets them; nothing in it is overwritten.
        #[arg(long, value_name = "DIR")]
        tls: PathBuf,
        /// A DNS name or IP address that tills reach the collector by; may be repeated.
        #[arg(long = "name", value_name = "DNS-or-IP")]
        names: Vec<String>,
    },
    /// Makes a key and a certificate for one till here, for a bench or a demo: elsewhere a till makes
    /// its key itself (see: collector enrol-code).
    Enrol {
        /// Folder with the CA.
        #[arg(long, value_name = "DIR")]
        tls: PathBuf,
        /// The till's terminal id: 1 to 8 characters of A to Z and 0 to 9.
        #[arg(long, value_name = "ID")]
        terminal: TerminalId,
        /// Folder that gets ca.pem, cert.pem and key.pem; nothing in it is overwritten.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Prints a code by which one till gets its certificate, once, within ten minutes or so many hours:
    /// tillctl enrol --code CODE
    EnrolCode {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// Folder with the CA's certificate.
        #[arg(long, value_name = "DIR")]
        tls: PathBuf,
        /// The till's terminal id: 1 to 8 characters of A to Z and 0 to 9.
        #[arg(long, value_name = "ID")]
        terminal: TerminalId,
        /// How long it is good, 1 to 720 hours: for a site bundle, which is signed before the till is
        /// where it sells. Who reads it on its way is that till.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=720))]
        hours: Option<u16>,
    },
    /// Revokes a till's certificates, at once on every collector of the store. It may still hand over
    /// what it sold, which is kept apart.
    Revoke {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The till.
        #[arg(long, value_name = "ID")]
        terminal: TerminalId,
        /// One certificate's serial number, hexadecimal; without it all that the till has.
        #[arg(long, value_name = "SERIAL")]
        serial: Option<Serial>,
        /// Why, for the till's screen and for whoever looks later.
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        why: String,
    },
    /// Says that a till is lost: revokes its certificates, and has it erase its keys once it has
    /// handed over what it sold.
    Lost {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The till.
        #[arg(long, value_name = "ID")]
        terminal: TerminalId,
        /// The order to erase, signed by the retailer's root (see: tillctl keys --help).
        #[arg(long, value_name = "FILE")]
        order: PathBuf,
        /// It was stolen: it erases its keys at once.
        #[arg(long)]
        stolen: bool,
    },
    /// Lists the tills, their certificates and how they stand.
    Tills {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Compares a day's till log with the acquirer's batch and the ledger of attempts. Ends with 0
    /// if all match, with 1 if not.
    Reconcile {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The acquirer's batch: CSV or JSON (docs/collector.md).
        #[arg(long, value_name = "FILE")]
        batch: PathBuf,
        /// The day, as in 2026-11-23, by the shop's clock.
        #[arg(long, value_name = "DAY", value_parser = day)]
        day: Date,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// What no machine may settle: declined advices and the like.
    Work {
        /// What to do.
        #[command(subcommand)]
        command: Work,
    },
    /// What tills run, by the word of their TPMs.
    Attest {
        /// What to do.
        #[command(subcommand)]
        command: Attest,
    },
    /// The tills' image: what is offered, and to whom (docs/updates.md).
    Update {
        /// What to do.
        #[command(subcommand)]
        command: Update,
    },
    /// What tills sent under a certificate that was expired or revoked.
    Quarantine {
        /// What to do.
        #[command(subcommand)]
        command: Quarantined,
    },
}

/// What to do with work items.
#[derive(Clone, Debug, Subcommand)]
pub enum Work {
    /// Lists the open ones.
    List {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// Closed ones, too.
        #[arg(long)]
        all: bool,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Closes one.
    Close {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// Its number.
        #[arg(value_name = "NUMBER")]
        number: i64,
        /// Who closes it.
        #[arg(long, value_name = "NAME", value_parser = reason)]
        by: String,
        /// What was done.
        #[arg(long, value_name = "TEXT", value_parser = note)]
        note: String,
    },
}

/// What to do with what is in quarantine.
#[derive(Clone, Debug, Subcommand)]
pub enum Quarantined {
    /// Lists it by till.
    List {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Takes a till's records into the books.
    Release {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The till.
        #[arg(long, value_name = "ID")]
        terminal: TerminalId,
    },
}

fn day(text: &str) -> Result<Date, String> {
    text.parse()
        .map_err(|_| "A day is YEAR-MONTH-DAY, as in 2026-11-23.".to_owned())
}

fn note(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.len() > MAX_NOTE {
        return Err(format!("A note has 1 to {MAX_NOTE} bytes."));
    }
    Ok(text.to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let fits = !text.trim().is_empty()
        && text.chars().count() <= MAX_REASON
        && !text.chars().any(char::is_control);
    if fits {
        Ok(text.trim().to_owned())
    } else {
        Err(format!(
            "A reason is 1 to {MAX_REASON} characters on one line."
        ))
    }
}

fn host_and_port(text: &str) -> Result<String, String> {
    let fits = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if fits {
        Ok(text.to_owned())
    } else {
        Err("An acquirer is HOST:PORT, without http:// before it.".to_owned())
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "The pages need ADDR:PORT, as in 127.0.0.1:8080.".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(
            "The pages ask nobody for a password, so they are served on the loopback only. Use \
             127.0.0.1:PORT, and a tunnel to see them from elsewhere."
                .to_owned(),
        )
    }
}
