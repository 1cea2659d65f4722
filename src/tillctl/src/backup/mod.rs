//! `tillctl backup` and `tillctl restore`: a till's journal, kept and brought back.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command lines |
//! | `report` | what people and programs are told |

mod args;
mod report;

use std::ffi::OsString;

use jiff::Timestamp;
use sealpoint_journal::{
    DbKey, JOURNAL_FILE, JournalError,
    backup::{self, BackupError},
};

use crate::{exit::Exit, fault::Fault, tell};
use args::{Asked, Command, USAGE};
use report::Report;

/// Runs `backup`, or `restore`, with the arguments behind it.
pub fn run(restore: bool, arguments: &[OsString]) -> Result<Exit, Fault> {
    let asked = args::parse(restore, arguments.iter().cloned())?;
    if matches!(asked.command, Command::Help) {
        return Ok(tell(USAGE, Exit::Approved));
    }
    Ok(match carry_out(&asked) {
        Ok(report) => tell(&report.written(asked.json), Exit::Approved),
        Err(fault) => fault.tell(asked.json.then_some(report::VERSION)),
    })
}

fn carry_out(asked: &Asked) -> Result<Report, Fault> {
    let key = DbKey::load(&asked.key).map_err(|error| Fault::told(Exit::NoJournal, &error))?;
    let journal = asked.state.join(JOURNAL_FILE);
    let done = match &asked.command {
        Command::Backup(out) => {
            backup::backup(&journal, &key, out).map(|proved| Report::backup(out, proved))
        }
        Command::Verify(file) => backup::verify(file, &key)
            .and_then(|proved| proved.refuse_other(file, asked.terminal.as_ref()))
            .map(|proved| Report::verified(file, proved)),
        Command::Restore(from, epoch) => {
            let now_ms = Timestamp::now().as_millisecond();
            let terminal = asked.terminal.as_ref();
            backup::restore(from, &journal, &key, terminal, *epoch, now_ms)
                .map(|replaced| Report::restored(&journal, replaced))
        }
        Command::Help => return Err(Fault::misused("No command is given.")),
    };
    done.map_err(|error| Fault::told(exit(&error), &error))
}

/// How the program ends after this error.
fn exit(error: &BackupError) -> Exit {
    match error {
        BackupError::NotWhole { .. } | BackupError::OtherTerminal { .. } => Exit::NotWhole,
        BackupError::InUse(_) | BackupError::Journal(JournalError::InUse(_)) => Exit::TillRuns,
        BackupError::Unreadable { .. }
        | BackupError::Unwritable { .. }
        | BackupError::Exists(_)
        | BackupError::NeverStill(_) => Exit::BackupFiles,
        BackupError::Journal(_) | BackupError::NoEpoch(_) => Exit::NoJournal,
    }
}
