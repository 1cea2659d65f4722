//! `tillctl`: what IT does to a till without its screen.
//!
//! | command | module |
//! |---|---|
//! | `tillctl card`: one charge through the card reader, for a bench | [`card`] |
//! | `tillctl keys`: shows, loads, rotates and destroys keys | [`keys`] |
//! | `tillctl enrol`: makes the till's key and gets its certificate | [`enrol`] |
//! | `tillctl doctor`: how the till stands, on one page | [`doctor`] |
//! | `tillctl backup`, `tillctl restore`: the journal, kept and brought back | [`backup`] |
//! | `tillctl work`: what a till left to a person | [`work`] |
//! | `tillctl site`: what a till is told of its shop, signed | [`site`] |
//! | `tillctl setup`: the keys that a till makes for itself | [`setup`] |
//! | `tillctl clock`: the machine's clock, by the collector's signed time | [`clock`] |
//! | `tillctl update`: the system under a till, replaced whole | [`update`] |
//!
//! One JSON object or one page for people on standard output, and nothing else there; the exit code
//! says how it went ([`exit`]).

mod args;
mod backup;
mod card;
mod clock;
mod doctor;
mod enrol;
mod exit;
mod fault;
mod keys;
mod plain_file;
mod setup;
mod site;
mod update;
mod work;

use std::{
    env,
    ffi::OsString,
    io::{Write, stderr, stdout},
    panic,
    process::ExitCode,
};

use crate::{exit::Exit, fault::Fault};

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        // Where it was and no more: a panic's own text could quote what was being read.
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        say(
            &mut std::io::stderr(),
            &format!("tillctl: a defect in the program, at {at}."),
        );
    }));
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    run(&arguments)
        .unwrap_or_else(|fault| fault.tell(None))
        .into()
}

/// Runs the command that is named first, with the arguments behind its name.
fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    let (command, rest) = match arguments.split_first() {
        Some((first, rest)) => (first.to_str().unwrap_or_default(), rest),
        None => return Err(Fault::misused("No command is given.")),
    };
    match command {
        "keys" => keys::run(rest),
        "doctor" => doctor::run(rest),
        "backup" => backup::run(false, rest),
        "restore" => backup::run(true, rest),
        "enrol" => enrol::run(rest),
        "work" => work::run(rest),
        "site" => site::run(rest),
        "setup" => setup::run(rest),
        "clock" => clock::run(rest),
        "update" => update::run(rest),
        _ => card::command(arguments),
    }
}

/// Prints a text. Nobody is left to tell if that fails.
fn say(to: &mut dyn Write, text: &str) {
    let _told = writeln!(to, "{text}");
}

/// Prints a report. A report that nobody gets is no success.
fn tell(text: &str, exit: Exit) -> Exit {
    match writeln!(stdout(), "{text}").and_then(|()| stdout().flush()) {
        Ok(()) => exit,
        Err(error) => {
            let why = format!("tillctl: The report cannot be written ({error}).");
            say(&mut stderr(), &why);
            Exit::Untold
        }
    }
}
