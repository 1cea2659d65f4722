//! `cargo xtask bench`: the figures that we hold ourselves to, measured on this machine.
//!
//! Printed as Markdown, so that they can be put into a note as they are.

mod boot;
mod load;
mod memory;
mod paint;
mod rooms;
mod scans;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use crate::cargo::{Profile, Workspace};
use crate::demo::{State, Surroundings};
use crate::packages::{self, Use};
use crate::till::{Pictures, Till};
use crate::{interrupt, say};

/// What `cargo xtask bench` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Build and measure as shipped; without it, as the demo runs
    #[arg(long, global = true)]
    release: bool,
    /// One part alone
    #[command(subcommand)]
    part: Option<Part>,
}

/// A part of the figures that is asked for by its name, for it takes its time.
#[derive(Subcommand)]
enum Part {
    /// Tills that push as fast as they are acknowledged, against a collector on each store
    Load(load::Arguments),
}

/// Every program that we build.
const PROGRAMS: [&str; 6] = ["till", "lane", "uplink", "collector", "hostsim", "cardsim"];
/// The link comes up within this.
const LINK: Duration = Duration::from_secs(60);

/// Measures and prints.
///
/// # Errors
/// What could not be measured.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let profile = if arguments.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    if let Some(Part::Load(arguments)) = &arguments.part {
        return load::run(arguments, profile);
    }
    let workspace = Workspace::find()?;
    packages::ensure(&[Use::Build, Use::Window, Use::Server, Use::Bench])?;
    let programs = workspace.build_programs(profile)?;
    interrupt::catch()?;
    let folder = workspace.target.join("xtask/bench");
    let _ = fs::remove_dir_all(&folder);
    let around = Surroundings::start(&programs, State::open(&folder)?)?;

    let name = match profile {
        Profile::Dev => "dev profile, as the demo runs",
        Profile::Release => "release profile",
    };
    say::heading(&format!("Figures ({name})"));
    let mut table = Table::default();
    sizes(&programs, &mut table);
    paint::measure(&programs, &around, &mut table)?;
    let state = around.state();
    let began = Instant::now();
    let mut till = Till::start(&programs, &state.till(), state.logs(), Pictures::None)?;
    table.row("start to first view, no window", &millis(began.elapsed()));
    till.wait("link_up", LINK)?;
    scans::measure(&mut till, &mut table)?;
    rooms::measure(&rooms::COMMITS, &workspace, profile, &mut table)?;
    boot::measure(&programs, &folder, &workspace, profile, &mut table)?;
    rooms::measure(&rooms::DRAIN, &workspace, profile, &mut table)?;
    rooms::measure(&rooms::STORE, &workspace, profile, &mut table)?;
    memory::row("till, no window", till.pid(), &mut table)?;
    for (name, pid) in around.pids() {
        memory::row(name, pid, &mut table)?;
    }
    till.quit();
    table.print();
    Ok(())
}

/// Rows of name and figure.
#[derive(Default)]
pub struct Table(Vec<(String, String)>);

impl Table {
    /// Adds one.
    pub fn row(&mut self, name: &str, figure: &str) {
        say::note(&format!("{name}: {figure}"));
        self.0.push((name.to_owned(), figure.to_owned()));
    }

    fn print(&self) {
        say::line("\n| measured | |\n|---|---:|");
        for (name, figure) in &self.0 {
            say::line(&format!("| {name} | {figure} |"));
        }
    }
}

fn sizes(programs: &Path, table: &mut Table) {
    for program in PROGRAMS {
        if let Ok(about) = fs::metadata(programs.join(program)) {
            let name = format!("size of `{program}`");
            table.row(&name, &megabytes(about.len()));
        }
    }
}

/// `12.3 MB`, of a million bytes each.
pub fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// `1.23 ms`.
pub fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:02} ms", micros / 1000, micros / 10 % 100)
}

#[cfg(test)]
mod tests {
    use super::{megabytes, millis};
    use std::time::Duration;

    #[test]
    fn figures_keep_their_zeros() {
        assert_eq!(megabytes(12_045_000), "12.0 MB");
        assert_eq!(millis(Duration::from_micros(1_050)), "1.05 ms");
    }
}
