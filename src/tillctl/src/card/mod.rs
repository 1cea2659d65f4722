//! `tillctl card`: one charge through the card reader, without a screen and without a sale.

mod charge;
mod collector;
mod host;
mod page;
mod readers;
mod report;
mod words;

use std::{ffi::OsString, io::stdout};

use sealpoint_lane::{
    bench,
    reader::{Bounded, CALL_TIMEOUT, PcscReader, Reader},
    transcript::Transcript,
};

use crate::{
    args::{self, Asked, Host, Wanted},
    exit::Exit,
    fault::Fault,
    say, tell,
};
use host::AtBench;
use report::Report;

/// Runs a command line that begins with `card`, or asks for help.
pub fn command(arguments: &[OsString]) -> Result<Exit, Fault> {
    match Asked::parse(arguments.iter().cloned())? {
        Asked::Card(wanted) => Ok(run(&wanted)),
        Asked::Help => {
            say(&mut stdout(), args::USAGE);
            Ok(Exit::Approved)
        }
    }
}

/// Runs what was asked for and prints it; how the program ends.
fn run(wanted: &Wanted) -> Exit {
    let done = if wanted.list {
        readers::list(wanted)
    } else {
        charge_card(wanted)
    };
    match done {
        Ok((text, exit)) => tell(&text, exit),
        Err(fault) => fault.tell(wanted.json.then_some(report::VERSION)),
    }
}

/// The reader that was asked for.
fn reader(wanted: &Wanted) -> Box<dyn Reader> {
    #[cfg(feature = "demo")]
    if let Some(socket) = &wanted.virtual_reader {
        return Box::new(sealpoint_lane::reader::VirtualReader::new(socket.clone()));
    }
    let pcsc = PcscReader::new(wanted.reader.clone());
    Box::new(Bounded::new(pcsc, CALL_TIMEOUT))
}

fn charge_card(wanted: &Wanted) -> Result<(String, Exit), Fault> {
    let terminal = charge::terminal(wanted)?;
    let (plan, local_time) = charge::plan(wanted)?;
    let collector = match &wanted.host {
        Host::Collector(collector) => Some(collector::Asking::new(
            collector,
            wanted,
            terminal.sealing,
            &local_time,
        )?),
        Host::Approve | Host::Decline | Host::Nobody => None,
    };
    let mut attendant = AtBench::new(wanted, collector);
    let mut transcript = wanted.transcript.then(Transcript::default);
    let mut reader = reader(wanted);
    let ended = bench::charge(
        reader.as_mut(),
        &terminal,
        plan,
        wanted.wait,
        &mut attendant,
        transcript.as_mut(),
    );
    let undone = attendant.undo();
    let report = Report::new(
        wanted,
        &terminal,
        &ended,
        attendant.seen(),
        undone,
        transcript,
    );
    let text = if wanted.json {
        report.to_json()
    } else {
        page::write(&report)
    };
    Ok((text, report.exit()))
}
