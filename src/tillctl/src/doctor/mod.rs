//! `tillctl doctor`: how the till stands, on one page.
//!
//! | module | what |
//! |---|---|
//! | [`facts`] | what is so, gathered from files and `/proc`: no judgement |
//! | [`checks`] | findings from facts: no file, no clock |
//! | [`finding`], [`ids`] | a finding, and every kind of it |
//! | [`page`], [`report`] | the findings for people and for programs |
//!
//! It looks and changes nothing, and believes no process what the kernel can tell of it.

mod args;
mod checks;
mod facts;
mod finding;
mod ids;
mod page;
mod places;
mod report;
mod scan;

use std::{ffi::OsString, io::stdout};

use args::{Asked, USAGE, Wanted};
use facts::Facts;
use places::Places;
use report::Report;

use crate::{exit::Exit, fault::Fault, say, tell};

/// Runs the command with the arguments behind its name.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    if scan::is_wanted(arguments) {
        return scan::command(arguments);
    }
    match Asked::parse(arguments.iter().cloned())? {
        Asked::Look(wanted) => Ok(look(&wanted)),
        Asked::Help => {
            say(&mut stdout(), USAGE);
            Ok(Exit::Approved)
        }
    }
}

/// Looks, judges and reports.
fn look(wanted: &Wanted) -> Exit {
    let facts = Facts::gather(wanted, &Places::here());
    let report = Report::new(&facts, checks::all(&facts));
    let text = if wanted.json {
        report.to_json()
    } else {
        page::write(&report)
    };
    tell(&text, report.exit())
}
