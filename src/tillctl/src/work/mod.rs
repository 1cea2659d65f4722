//! `tillctl work`: what a till left to a person.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `report` | what people and programs are told |

mod args;
mod report;

use std::ffi::OsString;

use jiff::Timestamp;
use sealpoint_journal::{DbKey, JOURNAL_FILE, Journal, JournalError};

use crate::{exit::Exit, fault::Fault, tell};
use args::{Asked, Command, USAGE};

/// At most this many items are listed.
const MAX_LISTED: usize = 10_000;

/// Runs `work` with the arguments behind it.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    let Some(asked) = args::parse(arguments.iter().cloned())? else {
        return Ok(tell(USAGE, Exit::Approved));
    };
    Ok(match carry_out(&asked) {
        Ok(report) => tell(&report, Exit::Approved),
        Err(fault) => fault.tell(asked.json.then_some(report::VERSION)),
    })
}

fn carry_out(asked: &Asked) -> Result<String, Fault> {
    let key = DbKey::load(&asked.key).map_err(|error| Fault::told(Exit::NoJournal, &error))?;
    let path = asked.state.join(JOURNAL_FILE);
    // Opening one that is not there would make it.
    if !path.exists() {
        return Err(Fault {
            exit: Exit::NoJournal,
            what: format!("There is no journal {}.", path.display()),
            remedy: "Name the till's state folder with --state.".to_owned(),
        });
    }
    let open = Journal::open(&path, &key, &asked.terminal);
    let mut journal = open.map_err(|error| refused(&error))?;
    let now_ms = Timestamp::now().as_millisecond();
    let done = match &asked.command {
        Command::List => journal
            .work_items(MAX_LISTED)
            .map(|items| report::list(&items, asked.json)),
        Command::Close(item) => journal
            .close_work_item(item.number, &item.by, &item.note, now_ms)
            .map(|()| report::done("closed", item.number, asked.json)),
        Command::Reverse(item) => journal
            .reverse_work_item(item.number, &item.by, &item.note, now_ms)
            .map(|()| report::done("reversing", item.number, asked.json)),
    };
    done.map_err(|error| refused(&error))
}

fn refused(error: &JournalError) -> Fault {
    let exit = match error {
        JournalError::InUse(_) => Exit::TillRuns,
        JournalError::NoWorkItem(_) | JournalError::Unsaid(_) => Exit::Refused,
        _ => Exit::NoJournal,
    };
    Fault::told(exit, error)
}
