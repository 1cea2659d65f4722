//! Everything around the till: acquirer and issuer, collector, card reader.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::demo::state::{State, TERMINAL};
use crate::demo::totals::Totals;
use crate::process::{Process, Recipe, cannot_write};

/// The loopback, on a port that is free.
const FREE: &str = "127.0.0.1:0";

/// The running surroundings of a till. Dropping them ends them, in this order.
pub struct Surroundings {
    collector: Option<Process>,
    reader: Process,
    acquirer: Process,
    acquirer_at: String,
    collector_at: String,
    pages_at: String,
    programs: PathBuf,
    sockets: Sockets,
    state: State,
}

/// A folder for sockets, whose paths must be short. Removed when it is dropped.
struct Sockets(PathBuf);

impl Surroundings {
    /// Starts everything and writes the till's configuration.
    ///
    /// # Errors
    /// What does not start, and why.
    pub fn start(programs: &Path, state: State) -> Result<Self, String> {
        state.set_up(programs)?;
        let sockets = Sockets::make()?;
        let text = |path: &Path| path.display().to_string();

        let port_file = sockets.fresh("acquirer.port");
        let mut acquirer = Process::start(
            Recipe::server("hostsim", programs.join("hostsim"), state.logs()).with([
                "serve",
                "--listen",
                FREE,
                "--dir",
                &text(&state.host()),
                "--port-file",
                &text(&port_file),
            ]),
        )?;
        let acquirer_at = acquirer.wait_for_file(&port_file)?;

        let control = sockets.fresh("cards.sock");
        let mut reader = Process::start(
            Recipe::server("cardsim", programs.join("cardsim"), state.logs()).with([
                "reader",
                "--socket",
                &text(&sockets.fresh("reader.sock")),
                "--control",
                &text(&control),
                "--issuer",
                &text(&state.host().join("issuer.toml")),
            ]),
        )?;
        reader.wait_for_socket(&control)?;

        let mut surroundings = Self {
            collector: None,
            reader,
            acquirer,
            acquirer_at,
            collector_at: FREE.to_owned(),
            pages_at: FREE.to_owned(),
            programs: programs.to_owned(),
            sockets,
            state,
        };
        surroundings.start_collector()?;
        surroundings.configure_till()?;
        Ok(surroundings)
    }

    /// Starts the collector, where it was before if it ran before.
    ///
    /// # Errors
    /// Its own sentence, if it does not start.
    pub fn start_collector(&mut self) -> Result<(), String> {
        if self.collector.as_mut().is_some_and(|c| !c.has_ended()) {
            return Ok(());
        }
        let port_file = self.sockets.fresh("collector.port");
        let pages_file = self.sockets.fresh("pages.port");
        let state = &self.state;
        let text = |path: &Path| path.display().to_string();
        let recipe = Recipe::server("collector", self.programs.join("collector"), state.logs())
            .with(["--listen", &self.collector_at])
            .with([
                "--store".to_owned(),
                format!("sqlite:{}", state.store().display()),
            ])
            .with(["--tls", &text(&state.tls())])
            .with(["--acquirer", &self.acquirer_at])
            // For curl, whose TLS library on Debian 12 knows no hybrid key exchange. The till does.
            .with(["--classical"])
            .with(["--pages", &self.pages_at])
            .with(["--port-file", &text(&port_file)])
            .with(["--pages-port-file", &text(&pages_file)]);
        let mut collector = Process::start(recipe)?;
        self.collector_at = collector.wait_for_file(&port_file)?;
        self.pages_at = collector.wait_for_file(&pages_file)?;
        self.collector = Some(collector);
        Ok(())
    }

    /// Stops the collector: from here on the till is on its own.
    pub fn stop_collector(&mut self) {
        self.collector = None;
    }

    /// The state folder.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The collector's page.
    pub fn pages(&self) -> String {
        format!("http://{}/", self.pages_at)
    }

    /// Process ids of what runs, with names.
    pub fn pids(&self) -> Vec<(&'static str, u32)> {
        let collector = self.collector.as_ref().map(|c| ("collector", c.pid()));
        let acquirer = ("hostsim", self.acquirer.pid());
        let reader = ("cardsim", self.reader.pid());
        collector.into_iter().chain([acquirer, reader]).collect()
    }

    /// What the collector holds of the till, asked over the same road and with the same certificate
    /// that the till uses.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn collector_totals(&self) -> Result<Totals, String> {
        let uplink = self.state.till().join("uplink");
        let said = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--max-time", "20"])
            .arg("--cacert")
            .arg(uplink.join("ca.pem"))
            .arg("--cert")
            .arg(uplink.join("cert.pem"))
            .arg("--key")
            .arg(uplink.join("key.pem"))
            .arg(format!("https://{}/v1/summary", self.collector_at))
            .output()
            .map_err(|error| format!("`curl` cannot be run: {error}. Install curl."))?;
        if !said.status.success() {
            let why = String::from_utf8_lossy(&said.stderr);
            return Err(format!("The collector was not asked: {}.", why.trim()));
        }
        let summary: Value = serde_json::from_slice(&said.stdout)
            .map_err(|_| "The collector's summary is not JSON. Look into its log.".to_owned())?;
        let ours = summary["terminals"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["terminal"] == TERMINAL));
        Ok(ours.map(Totals::read).unwrap_or_default())
    }

    fn configure_till(&self) -> Result<(), String> {
        let path = self.state.till().join("till.toml");
        // A JSON text is a TOML text too.
        let socket = |name: &str| self.sockets.0.join(name).display().to_string();
        let text = format!(
            "# Written by `cargo xtask demo`, anew each time: the ports and sockets are others.\n\
             store = \"Sealpoint Market\"\n\
             terminal = \"{TERMINAL}\"\n\
             cashier = \"Kim\"\n\
             mark = \"DEMO\"\n\
             receipts = \"files\"\n\
             reader = {}\n\
             demo_cards = {}\n\
             collector = {}\n\n\
             [receipt]\n\
             head = [\"Sealpoint Market\", \"1 Example Street\", \"Exampletown\"]\n\
             foot = [\"Thank you for your visit\"]\n",
            json!(format!("virtual:{}", socket("reader.sock"))),
            json!(socket("cards.sock")),
            json!(format!("https://{}", self.collector_at)),
        );
        fs::write(&path, text).map_err(|error| cannot_write(&path, &error))
    }
}

impl Sockets {
    fn make() -> Result<Self, String> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let name = format!("sealpoint-{}-{}", process::id(), now.as_nanos());
        let folder = std::env::temp_dir().join(name);
        // It must not be there: somebody else's folder is no place for our sockets.
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| {
                let folder = folder.display();
                format!("{folder} cannot be made: {error}. Set TMPDIR to a folder of your own.")
            })?;
        Ok(Self(folder))
    }

    /// A path in it where nothing is.
    fn fresh(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        let _ = fs::remove_file(&path);
        path
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
