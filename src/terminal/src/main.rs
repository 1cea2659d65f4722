//! `till`: the terminal. It has `lane` and `uplink` started, shows the cashier's screen and sells.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sealpoint_shield::clean::{self, Cleaned};
use sealpoint_shield::{defect, starter};
use sealpoint_terminal::kiosk::refused;
use sealpoint_terminal::lock_down::{self, ENVIRONMENT};
use sealpoint_terminal::notify::Notifier;
use sealpoint_terminal::sources::Sources;
use sealpoint_terminal::start::Prepared;
use sealpoint_terminal::state::State;
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
    if let Some(code) = starter::run() {
        return code;
    }
    defect::abort_on_panic();
    let cleaned = match clean::begin(ENVIRONMENT) {
        Ok(cleaned) => cleaned,
        Err(error) => return cannot_start(&error.to_string()),
    };
    let arguments = Arguments::parse();
    let filter =
        EnvFilter::try_from_env("SEALPOINT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    match start(&arguments, cleaned) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => cannot_start(&why),
    }
}

fn cannot_start(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(EXIT_CANNOT_START)
}

fn start(arguments: &Arguments, cleaned: Cleaned) -> Result<(), String> {
    // Before the till locks itself down: afterwards no such socket can be made.
    let notifier = Notifier::open();
    let ready = match configuration(arguments) {
        Ok(config) => prepare(&config, arguments, cleaned).map(|prepared| (prepared, config)),
        Err(why) => {
            // A window that only says why the till cannot sell needs no rights either. No state is
            // made for it: the folder may be another's, where the configuration is wrong.
            if arguments.state.is_dir()
                && let Ok(state) = State::open(&arguments.state)
            {
                let _posture = lock_down::till(&Config::default(), &state, false, cleaned);
            }
            Err(why)
        }
    };
    match (arguments.stdio, arguments.offscreen) {
        (true, false) => run::without_window(ready?),
        (true, true) => run::offscreen(ready?),
        (false, _) => run::with_window(ready, &notifier),
    }
}

fn configuration(arguments: &Arguments) -> Result<Config, String> {
    let default = arguments.state.join("till.toml");
    let path = match &arguments.config {
        Some(path) => path,
        None if default.exists() => &default,
        None => return Ok(Config::default()),
    };
    match refused::why(path) {
        Some(why) => Err(why),
        None => Config::load(path).map_err(|error| error.to_string()),
    }
}

/// What must come before anything else, in this order: for afterwards no process can be made.
fn prepare(config: &Config, arguments: &Arguments, cleaned: Cleaned) -> Result<Prepared, String> {
    let state = State::open(&arguments.state).map_err(|error| error.to_string())?;
    let sources = Sources::new(config, &state)?;
    let posture = lock_down::till(config, &state, arguments.offscreen, cleaned)?;
    Ok(Prepared {
        state,
        sources,
        posture,
    })
}
