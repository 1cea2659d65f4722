//! `cargo xtask demo`: a till, a card reader, a collector, an acquirer and an issuer on one machine.

mod console;
mod guide;
mod shift;
mod state;
mod surroundings;
mod totals;
mod transcript;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use crate::cargo::{Profile, Workspace};
use crate::packages::{self, Use};
use crate::process::{Group, Process, Recipe};
use crate::{interrupt, say};

pub use state::State;
pub use surroundings::Surroundings;

/// What `cargo xtask demo` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Folder for everything that the demo keeps [default: ~/.local/state/sealpoint-demo]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Set everything up, then hand standard input and output to `till --stdio`
    #[arg(long)]
    stdio: bool,
    /// Run the scripted shift even where there is a display; pictures and transcript go into DIR
    #[arg(long, value_name = "DIR", conflicts_with = "stdio")]
    shots: Option<PathBuf>,
}

/// Runs the demo.
///
/// # Errors
/// What happened and what to do.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.stdio {
        say::leave_stdout_alone();
    }
    let window = !arguments.stdio && arguments.shots.is_none() && packages::has_display();
    let mut uses = vec![Use::Build, Use::Compare];
    uses.extend(window.then_some(Use::Window));
    let workspace = Workspace::find()?;
    packages::ensure(&uses)?;
    // Before the build: who must choose another folder should not wait for it.
    let state = match &arguments.state {
        Some(folder) => State::open(folder)?,
        None => State::open(&state::default_folder()?)?,
    };
    let programs = workspace.build_programs(Profile::Dev)?;
    interrupt::catch()?;
    say::heading("Starting the acquirer, the collector and the card reader");
    let surroundings = Surroundings::start(&programs, state)?;
    if arguments.stdio {
        hand_over(&programs, &surroundings)
    } else if window {
        open(&programs, surroundings)
    } else {
        if arguments.shots.is_none() {
            say::note("There is no display, so a scripted shift runs instead of the window.");
        }
        let folder = match &arguments.shots {
            Some(folder) => folder.clone(),
            None => surroundings
                .state()
                .folder()
                .join(format!("demo-{}", now()?)),
        };
        shift::run(&programs, surroundings, &folder)
    }
}

/// A till on our own standard input and output.
fn hand_over(programs: &Path, surroundings: &Surroundings) -> Result<(), String> {
    say::note("The till speaks NDJSON from here on: see docs/stdio.md.");
    let mut recipe = till(programs, surroundings).with(["--stdio"]);
    recipe.group = Group::Ours;
    recipe.input = Stdio::inherit();
    recipe.output = Some(Stdio::inherit());
    let mut till = Process::start(recipe)?;
    till.wait()
}

/// A till with its window, and a console for what a window cannot do.
fn open(programs: &Path, mut surroundings: Surroundings) -> Result<(), String> {
    let mut till = Process::start(till(programs, &surroundings))?;
    guide::print(&surroundings);
    console::run(&mut till, &mut surroundings)?;
    say::note("Closing. Everything that was started is ended.");
    Ok(())
}

fn till<'a>(programs: &Path, surroundings: &'a Surroundings) -> Recipe<'a> {
    let state = surroundings.state();
    Recipe::server("till", programs.join("till"), state.logs())
        .with(["--state", &state.till().display().to_string()])
}

/// Date and time for the name of a folder.
fn now() -> Result<String, String> {
    let said = Command::new("date")
        .arg("+%Y-%m-%d-%H%M%S")
        .output()
        .map_err(|error| format!("`date` cannot be run: {error}. Install coreutils."))?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
