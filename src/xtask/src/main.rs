//! `cargo xtask`: the house's chores, each one command that says what it does.
//!
//! | command | what |
//! |---|---|
//! | `demo` | a working till with everything around it; without a display, a scripted shift |
//! | `image` | the locked-down image of a till; `--boot` boots, sells and attacks it |
//! | `test` | format, lints, build, all tests |
//! | `shots` | the pictures in `docs/screens` |
//! | `deb` | the Debian packages of the till and of the collector |
//! | `sbom` | what an image or a package is made of |
//! | `reproduce` | the image twice, and what of it differs |
//! | `bench` | the figures: start, scan, memory, sizes; what the journal and the collector take |

mod bench;
mod cargo;
mod deb;
mod demo;
mod image;
mod interrupt;
mod openssl;
mod packages;
mod process;
mod progress;
mod reproduce;
mod say;
mod sbom;
mod servers;
mod shots;
mod test;
mod till;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything that one does with this repository, each in one command.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Open a till with everything around it; without a display, run a scripted shift
    Demo(demo::Arguments),
    /// Check format and lints, build everything, run every test
    Test(test::Arguments),
    /// Make the Debian packages of the till and of the collector
    Deb(deb::Arguments),
    /// Build the image twice and say what differs
    Reproduce(reproduce::Arguments),
    /// Write what an image or a package is made of, as CycloneDX
    Sbom(sbom::Arguments),
    /// Build the locked-down image of a till, and with --boot boot, sell and attack it
    Image(image::Arguments),
    /// Make the pictures in docs/screens again
    Shots(shots::Arguments),
    /// Measure start, scan to view, memory, sizes, commits, the drain and the stores
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let well = |()| ExitCode::SUCCESS;
    let done = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments).map(well),
        Command::Test(arguments) => test::run(&arguments),
        Command::Deb(arguments) => deb::run(&arguments).map(well),
        Command::Reproduce(arguments) => reproduce::run(&arguments).map(well),
        Command::Sbom(arguments) => sbom::run(&arguments).map(well),
        Command::Image(arguments) => image::run(&arguments).map(well),
        Command::Shots(arguments) => shots::run(&arguments).map(well),
        Command::Bench(arguments) => bench::run(&arguments).map(well),
    };
    done.unwrap_or_else(|why| {
        say::stopped(&why);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_command_line_can_be_read() {
        super::Arguments::command().debug_assert();
    }
}
