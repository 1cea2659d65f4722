//! `cargo xtask test`: what a change must pass, what fails quickest first.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Args;

use crate::cargo::Workspace;
use crate::packages::{self, Use, runs};
use crate::progress::{self, Tally};
use crate::{image, openssl, say, servers};

/// The packages of the retailer's programs, which the tests with machines start on the host.
const RETAILER: &[&str] = &[
    "sealpoint-collector",
    "sealpoint-tillctl",
    "sealpoint-hostsim",
    "sealpoint-cardsim",
];

/// What `cargo xtask test` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Also build the locked-down image, boot it, sell, and attack it: half an hour in emulation
    #[arg(long)]
    image: bool,
    /// Given to the test runner, such as the part of a test's name
    #[arg(last = true, value_name = "RUNNER ARGUMENT")]
    runner: Vec<String>,
}

/// One step, before it is run.
struct Step {
    what: &'static str,
    doing: &'static str,
    command: Command,
    /// Without it, nothing after it makes sense.
    essential: bool,
    builds: bool,
}

/// One step, after it was run.
struct Done {
    what: &'static str,
    ok: bool,
    took: Duration,
}

/// Runs every check, even after one has failed, and sums up. The last line is the count of tests.
///
/// # Errors
/// What is missing, if the checks cannot be run at all.
pub fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let began = Instant::now();
    let workspace = Workspace::find()?;
    packages::ensure(&[
        Use::Build,
        Use::Compare,
        Use::Test,
        Use::Window,
        Use::Package,
        Use::Server,
    ])?;
    servers::ensure(&workspace)?;
    openssl::ensure(&workspace)?;
    let crates = workspace.crates(&[]);
    let mut steps = steps(&workspace, &arguments.runner);
    if image::fresh::is_stale(&workspace)? {
        // After the build of the programs, before what reads it.
        let at = steps.len().saturating_sub(2);
        steps.insert(at, root_step()?);
    }
    if arguments.image {
        steps.push(image_step(&workspace)?);
    }
    let count = steps.len();
    let (mut done, mut tally) = (vec![], Tally::default());
    for (index, mut step) in steps.into_iter().enumerate() {
        say::heading(&format!("[{}/{count}] {}", index + 1, step.what));
        let crates = crates.filter(|_| step.builds);
        let ended = progress::run(&mut step.command, step.doing, crates)?;
        tally += ended.tally;
        done.push(Done {
            what: step.what,
            ok: ended.ok,
            took: ended.took,
        });
        if !ended.ok && step.essential {
            break;
        }
    }
    sum_up(&done, count, began.elapsed());
    if arguments.image {
        say::note(&format!(
            "what the machines said and showed: {}",
            evidence(&workspace).display()
        ));
    }
    let failed: Vec<&str> = done.iter().filter(|d| !d.ok).map(|d| d.what).collect();
    if !failed.is_empty() {
        say::line(&format!(
            "Not passed: {}. Mend what is said above and run `cargo xtask test` again.",
            failed.join(", ")
        ));
    }
    say::line(&format!("{} passed, {} failed", tally.passed, tally.failed));
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds the image whose file systems the tests read, with programs as tests have them: minutes, and
/// only when what it is made of has changed.
fn root_step() -> Result<Step, String> {
    let own = std::env::current_exe()
        .map_err(|error| format!("The path of this program is not known: {error}."))?;
    let mut command = Command::new(own);
    command.args(["image", "--dev"]);
    Ok(Step {
        what: "The image's file systems",
        doing: "building the image",
        command,
        essential: false,
        builds: false,
    })
}

/// Boots the image and goes through the table of attacks, one machine at a time.
///
/// # Errors
/// If a test fails; the runner says which.
pub fn image(workspace: &Workspace, name: &str) -> Result<(), String> {
    say::heading("Booting it, selling, and attacking it");
    say::note("Software emulation: about a minute a boot, and each attack is at least one.");
    if !runs("cargo", &["nextest", "--version"]) {
        return Err(
            "The tests with machines want cargo-nextest, which runs one at a time. \
                    Install it with `cargo install --locked cargo-nextest`."
                .to_owned(),
        );
    }
    let mut programs = workspace.cargo();
    programs.args(["build", "--bins", progress::TELL]);
    for package in RETAILER {
        programs.args(["--package", package]);
    }
    let built = progress::run(&mut programs, "building", None)?.ok;
    let mut runner = workspace.cargo();
    runner
        .args(["nextest", "run", "--package", "sealpoint-tests"])
        .args(["--test", "image", "--run-ignored", "all", "--no-fail-fast"])
        .env("SEALPOINT_IMAGE", name);
    let stood = built && progress::run(&mut runner, "attacking", None)?.ok;
    say::note(&format!(
        "what the machines said and showed: {}",
        evidence(workspace).display()
    ));
    if stood {
        return Ok(());
    }
    Err("The image did not stand all of it; the runner says above what failed.".to_owned())
}

/// The images that the table wants besides the one under test, as version and roll-back index: an older
/// one, which a till that ran this one refuses, and the next, to be updated to.
pub fn neighbours(version: &str, rollback_index: u32) -> [(String, u32); 2] {
    let (first, last) = version.rsplit_once('.').unwrap_or(("0", version));
    let last: u64 = last.parse().unwrap_or(0);
    [
        ("0.0.1".to_owned(), rollback_index.saturating_sub(1)),
        (format!("{first}.{}", last + 1), rollback_index + 1),
    ]
}

/// Where the machines' screens, consoles and frames are kept.
fn evidence(workspace: &Workspace) -> PathBuf {
    workspace.target.join("image/evidence")
}

fn steps(workspace: &Workspace, runner: &[String]) -> Vec<Step> {
    let cargo = |arguments: &[&str]| {
        let mut command = workspace.cargo();
        command.args(arguments);
        command
    };
    let mut lints = cargo(&["clippy", "--workspace", "--all-targets", progress::TELL]);
    lints.args(["--", "--deny", "warnings"]);
    let mut tests = if runs("cargo", &["nextest", "--version"]) {
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
    } else {
        say::note(
            "cargo-nextest is not installed, so `cargo test` runs the tests: slower, the same.",
        );
        cargo(&[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ])
    };
    tests.args(runner);
    vec![
        Step {
            what: "Format",
            doing: "checking the format",
            command: cargo(&["fmt", "--all", "--check"]),
            essential: false,
            builds: false,
        },
        Step {
            what: "Lints",
            doing: "checking",
            command: lints,
            essential: false,
            builds: true,
        },
        Step {
            what: "Build of programs and tests",
            doing: "building",
            command: cargo(&["build", "--workspace", "--bins", "--tests", progress::TELL]),
            essential: true,
            builds: true,
        },
        Step {
            what: "Tests",
            doing: "testing",
            command: tests,
            essential: false,
            builds: false,
        },
        Step {
            what: "Tests in the documentation",
            doing: "testing",
            command: cargo(&["test", "--workspace", "--doc"]),
            essential: false,
            builds: false,
        },
    ]
}

/// Builds the image and its neighbours, and goes through the table of attacks.
fn image_step(workspace: &Workspace) -> Result<Step, String> {
    let this = std::env::current_exe()
        .map_err(|error| format!("This program does not know where it lies: {error}."))?;
    let mut command = Command::new(this);
    command
        .args(["image", "--boot"])
        .current_dir(&workspace.root);
    Ok(Step {
        what: "The image in a machine",
        doing: "building and attacking the image",
        command,
        essential: false,
        builds: false,
    })
}

fn sum_up(done: &[Done], count: usize, took: Duration) {
    say::heading("Summary");
    for step in done {
        let word = if step.ok { "passed" } else { "FAILED" };
        let time = say::duration(step.took);
        say::note(&format!("{word}  {:28} {time:>12}", step.what));
    }
    if done.len() < count {
        say::note(&format!(
            "{} further steps were not run.",
            count - done.len()
        ));
    }
    say::note(&format!("all in {}", say::duration(took)));
}
