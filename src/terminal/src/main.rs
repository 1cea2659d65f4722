//! `till`: the terminal. It starts `lane` and `uplink`, shows the cashier's screen and sells.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sealpoint_terminal::{Config, run};
use tracing_subscriber::EnvFilter;

/// Cannot start: wrong configuration, state folder or arguments.
const EXIT_CANNOT_START: u8 = 2;

/// The till of a checkout: scan, take money, next customer; online or not.
#[derive(Parser)]
#[command(version, name = "till")]
struct Arguments {
    /// Folder for everything the till keeps; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "/var/lib/sealpoint/till")]
    state: PathBuf,
    /// Configuration (TOML); without it till.toml in the state folder, if there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// No window: actions in as NDJSON on standard input, views out on standard output
    #[arg(long)]
    stdio: bool,
    /// With --stdio: draw the window in memory too, so that it can be pictured
    #[arg(long, requires = "stdio")]
    offscreen: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter =
        EnvFilter::try_from_env("SEALPOINT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(EXIT_CANNOT_START)
        }
    }
}

fn start(arguments: &Arguments) -> Result<(), String> {
    let default = arguments.state.join("till.toml");
    let config = match &arguments.config {
        Some(path) => Config::load(path),
        None if default.exists() => Config::load(&default),
        None => Ok(Config::default()),
    };
    let config = config.map_err(|error| error.to_string());
    match (arguments.stdio, arguments.offscreen) {
        (true, false) => run::without_window(config?, &arguments.state),
        (true, true) => run::offscreen(config?, &arguments.state),
        (false, _) => run::with_window(config, &arguments.state),
    }
}
