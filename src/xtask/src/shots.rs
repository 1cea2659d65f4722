//! `cargo xtask shots`: the pictures in `docs/screens`, taken from the real till.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::cargo::{Profile, Workspace};
use crate::demo::{State, Surroundings};
use crate::packages::{self, Use};
use crate::process::cannot_write;
use crate::till::{Pictures, Till};
use crate::{interrupt, say};

/// What `cargo xtask shots` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Where the pictures go
    #[arg(long, value_name = "DIR", default_value = "docs/screens")]
    out: PathBuf,
}

/// The size that the screen is drawn for.
const FULL: (u32, u32) = (1920, 1080);
/// The smallest that it must fit.
const SMALL: (u32, u32) = (1024, 768);
/// All pictures together take at most this many bytes of the repository.
const MAX_BYTES: u64 = 3 * 1024 * 1024;
/// The link and the card take at most this long.
const WAIT: Duration = Duration::from_secs(90);

/// A till that is pictured.
struct Model {
    till: Till,
    out: PathBuf,
    bytes: u64,
}

/// Takes every picture anew.
///
/// # Errors
/// What the till refused, or a picture that could not be written.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let workspace = Workspace::find()?;
    packages::ensure(&[Use::Build])?;
    let programs = workspace.build_programs(Profile::Dev)?;
    interrupt::catch()?;
    // The same pictures each time: the till begins its day without a past.
    let folder = workspace.target.join("xtask/shots");
    let _ = fs::remove_dir_all(&folder);
    let mut around = Surroundings::start(&programs, State::open(&folder)?)?;
    let out = workspace.root.join(&arguments.out);
    fs::create_dir_all(&out).map_err(|error| cannot_write(&out, &error))?;
    say::heading("Taking pictures");
    let mut model = Model::start(&programs, &around, out)?;
    model.ringing_up()?;
    model.taking_money()?;
    model.looking_up()?;
    model.colours_and_sizes()?;
    around.stop_collector();
    model.offline()?;
    model.till.quit();
    if model.bytes > MAX_BYTES {
        return Err(format!(
            "The pictures take {} KB, more than {} KB. Leave some out.",
            model.bytes / 1024,
            MAX_BYTES / 1024
        ));
    }
    say::note(&format!(
        "{} KB in {}",
        model.bytes / 1024,
        model.out.display()
    ));
    Ok(())
}

impl Model {
    fn start(programs: &Path, around: &Surroundings, out: PathBuf) -> Result<Self, String> {
        let state = around.state();
        let till = Till::start(programs, &state.till(), state.logs(), Pictures::Offscreen)?;
        let mut model = Self {
            till,
            out,
            bytes: 0,
        };
        model.till.wait("reader", WAIT)?;
        model.till.wait("link_up", WAIT)?;
        Ok(model)
    }

    fn does(&mut self, action: Value) -> Result<(), String> {
        let answer = self.till.ask(&action)?;
        match answer["type"].as_str() {
            Some("error") => Err(format!("{action}: {}", answer["text"])),
            _ => Ok(()),
        }
    }

    fn scans(&mut self, codes: &[&str]) -> Result<(), String> {
        codes
            .iter()
            .try_for_each(|code| self.does(json!({ "do": "scan", "code": code })))
    }

    fn picture(&mut self, name: &str, (width, height): (u32, u32)) -> Result<(), String> {
        let path = self.out.join(format!("{name}.png"));
        self.does(json!({ "do": "snapshot", "path": path, "width": width, "height": height }))?;
        let size = fs::metadata(&path).map_err(|error| cannot_write(&path, &error))?;
        self.bytes += size.len();
        say::note(&format!("{name}.png  {} KB", size.len() / 1024));
        Ok(())
    }

    fn fill_basket(&mut self) -> Result<(), String> {
        self.scans(&["2900000012189", "2900000013063", "2900000013421"])?;
        self.does(json!({ "do": "quantity", "quantity": "3" }))?;
        self.scans(&["2900000016033"])?;
        self.scans(&["2111001012508", "2900000012363", "2900000016309"])
    }

    fn ringing_up(&mut self) -> Result<(), String> {
        self.fill_basket()?;
        self.picture("ringing", FULL)?;
        self.does(json!({ "do": "search", "query": "milk" }))?;
        self.picture("search", FULL)?;
        self.does(json!({ "do": "search", "query": "" }))?;
        self.scans(&["2999999999991"])?;
        self.picture("error", FULL)?;
        self.does(json!({ "do": "dismiss" }))?;
        self.does(json!({ "do": "help" }))?;
        self.picture("help", SMALL)?;
        self.does(json!({ "do": "help" }))
    }

    fn taking_money(&mut self) -> Result<(), String> {
        self.does(json!({ "do": "total" }))?;
        self.picture("tender", FULL)?;
        self.does(json!({ "do": "cash", "given_minor": 2000 }))?;
        self.does(json!({ "do": "card" }))?;
        self.till.wait("card", WAIT)?;
        self.picture("card", FULL)?;
        self.does(json!({ "do": "demo", "insert": "visa-approved" }))?;
        self.till.wait("no_card", WAIT)?;
        self.does(json!({ "do": "demo" }))?;
        self.does(json!({ "do": "receipt" }))?;
        self.picture("receipt", FULL)?;
        self.does(json!({ "do": "next" }))?;
        self.scans(&["2900000012547", "2900000012097"])?;
        self.does(json!({ "do": "cash", "given_minor": 2000 }))?;
        self.picture("change", FULL)?;
        self.does(json!({ "do": "next" }))
    }

    fn looking_up(&mut self) -> Result<(), String> {
        self.scans(&["2900000017047", "2900000012271"])?;
        self.does(json!({ "do": "cash_exact" }))?;
        self.picture("age", FULL)?;
        self.does(json!({ "do": "answer", "yes": true }))?;
        for codes in [
            ["2900000013605", "2900000013155"],
            ["2900000012455", "2900000013339"],
        ] {
            self.scans(&codes)?;
            self.does(json!({ "do": "park" }))?;
        }
        self.does(json!({ "do": "park" }))?;
        self.picture("parked", FULL)?;
        self.does(json!({ "do": "back" }))
    }

    fn colours_and_sizes(&mut self) -> Result<(), String> {
        self.fill_basket()?;
        self.picture("ringing-small", SMALL)?;
        for theme in ["dark", "contrast"] {
            self.does(json!({ "do": "theme", "theme": theme }))?;
            self.picture(&format!("ringing-{theme}"), FULL)?;
        }
        self.does(json!({ "do": "theme", "theme": "dark" }))?;
        self.does(json!({ "do": "total" }))?;
        self.picture("tender-dark", FULL)?;
        self.does(json!({ "do": "theme", "theme": "light" }))?;
        self.picture("tender-small", SMALL)?;
        self.does(json!({ "do": "cash_exact" }))?;
        self.till.wait("drained", WAIT)
    }

    fn offline(&mut self) -> Result<(), String> {
        for code in ["2900000012097", "2900000013513", "2900000016217"] {
            self.scans(&[code])?;
            self.does(json!({ "do": "cash_exact" }))?;
        }
        self.till.wait("link_down", WAIT)?;
        self.scans(&["2900000016125", "2900000013605"])?;
        self.does(json!({ "do": "total" }))?;
        self.picture("offline", FULL)
    }
}
