//! `cargo xtask test`: what a change must pass, what fails quickest first.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Args;

use crate::cargo::Workspace;
use crate::packages::{self, Use, runs};
use crate::progress::{self, Tally};
use crate::{openssl, say, servers};

/// What `cargo xtask test` can be told.
#[derive(Args)]
pub struct Arguments {
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
    packages::ensure(&[Use::Build, Use::Compare, Use::Test, Use::Server])?;
    servers::ensure(&workspace)?;
    openssl::ensure(&workspace)?;
    let crates = workspace.crates(&[]);
    let steps = steps(&workspace, &arguments.runner);
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
