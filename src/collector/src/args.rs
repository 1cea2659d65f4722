//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use sealpoint_wire::TerminalId;

use crate::store::Target;

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
    /// The acquirer; without one no card is authorised.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub acquirer: Option<String>,
    /// Address and port of the operator's pages; on the loopback only.
    #[arg(long, value_name = "ADDR:PORT", value_parser = loopback)]
    pub pages: Option<SocketAddr>,
    /// Writes the address that tills connect to into this file once it is bound.
    #[arg(long, value_name = "FILE")]
    pub port_file: Option<PathBuf>,
    /// Writes the address of the operator's pages into this file once it is bound.
    #[arg(long, value_name = "FILE", requires = "pages")]
    pub pages_port_file: Option<PathBuf>,
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
    /// Makes a key and a certificate for one till.
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
