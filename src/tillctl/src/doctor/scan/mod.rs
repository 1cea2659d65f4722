//! `tillctl doctor --scan-for-test-cards`: after some sales with test cards, whether their numbers lie
//! anywhere: in files, in the database, in the memory of the processes, in swap.
//!
//! | module | what |
//! |---|---|
//! | [`cards`] | what is looked for |
//! | [`forms`] | how it may be written |
//! | [`search`] | bytes in, findings out |
//! | [`loose`] | what nobody named and that could be a card number, in logs |
//! | [`files`], [`database`], [`memory`] | where it is looked for |
//! | [`self_test`] | that the search finds what is there |
//! | [`report`], [`page`] | what came of it |
//!
//! What is found is never printed: at most the first six and last four digits (PCI DSS 3.4.1).

mod args;
mod cards;
mod database;
mod files;
mod forms;
mod loose;
mod memory;
mod page;
mod report;
mod search;
mod self_test;

use std::{ffi::OsString, io::stdout, time::Instant};

use args::{Asked, SCAN, ScanWanted, USAGE};
use files::Files;
use report::Report;
use search::Search;

use crate::{exit::Exit, fault::Fault, say, tell};

/// Whether a command line asks for a scan.
pub fn is_wanted(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == SCAN)
}

/// Runs the command with the arguments behind `doctor`.
pub fn command(arguments: &[OsString]) -> Result<Exit, Fault> {
    match Asked::parse(arguments.iter().cloned())? {
        Asked::Scan(wanted) => run(&wanted),
        Asked::Hold => self_test::hold(),
        Asked::Help => {
            say(&mut stdout(), USAGE);
            Ok(Exit::Approved)
        }
    }
}

/// Searches and reports.
fn run(wanted: &ScanWanted) -> Result<Exit, Fault> {
    let start = Instant::now();
    let mut looked_for = cards::built_in()?;
    if let Some(path) = &wanted.cards {
        cards::read(path, &mut looked_for)?;
    }
    let named = looked_for.len();
    looked_for.push(self_test::made_up()?);
    let search = Search::new(&looked_for)?;
    drop(looked_for);
    let mut report = Report::new(named, search.needles().len());
    report.self_test = self_test::run(&search, named);
    if !wanted.self_test {
        everywhere(wanted, &search, start, &mut report);
    }
    let exit = report.conclude(start.elapsed());
    let text = if wanted.json {
        report.to_json()
    } else {
        page::write(&report)
    };
    Ok(tell(&text, exit))
}

fn everywhere(wanted: &ScanWanted, search: &Search, start: Instant, report: &mut Report) {
    // Memory first: what is in it now may be gone when the disk has been read.
    if wanted.memory {
        memory::search(search, &wanted.pids, wanted.for_long, start, report);
    } else {
        report.left_out("memory", "The command line says so.");
    }
    if !wanted.disk {
        return report.left_out("files, database and swap", "The command line says so.");
    }
    let mut files = Files {
        search,
        report,
        start,
    };
    if wanted.state.exists() || wanted.state_named {
        files.search("files", &wanted.state, false);
    } else {
        let why = "There is no such folder. Name the till's with --state.";
        files.report.left_out(report::shown(&wanted.state), why);
    }
    for log in &wanted.logs {
        files.search("logs", log, true);
    }
    for core in &wanted.cores {
        files.search("cores", core, false);
    }
    files.system_cores();
    if wanted.swap {
        for swap in files::swaps() {
            files.search("swap", &swap, false);
        }
    } else {
        files.report.left_out("swap", "The command line says so.");
    }
    database::search(&wanted.state, &wanted.journal_key, search, start, report);
}
