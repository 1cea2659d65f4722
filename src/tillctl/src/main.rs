//! `tillctl`: what IT does to a till without its screen.
//!
//! | command | module |
//! |---|---|
//! | `tillctl card`: one charge through the card reader, for a bench | [`card`] |
//!
//! One JSON object or one page for people on standard output, and nothing else there; the exit code
//! says how it went ([`exit`]).

mod args;
mod card;
mod exit;
mod fault;

use std::{env, io::Write, panic, process::ExitCode};

use crate::{args::Asked, exit::Exit};

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        // Where it was and no more: a panic's own text could quote what was being read.
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        say(
            &mut std::io::stderr(),
            &format!("tillctl: a defect in the program, at {at}."),
        );
    }));
    match Asked::parse(env::args_os().skip(1)) {
        Ok(Asked::Card(wanted)) => card::run(&wanted),
        Ok(Asked::Help) => {
            say(&mut std::io::stdout(), args::USAGE);
            Exit::Approved
        }
        Err(fault) => {
            say(&mut std::io::stderr(), &format!("tillctl: {fault}"));
            Exit::Misused
        }
    }
    .into()
}

/// Prints a text. Nobody is left to tell if that fails.
fn say(to: &mut dyn Write, text: &str) {
    let _told = writeln!(to, "{text}");
}
