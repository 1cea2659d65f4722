//! What `collector` does besides serving, for an operator at a shell.

mod attest;
mod quarantine;
mod reconcile;
mod tills;
mod update;
mod work;

use std::io;

use jiff::Timestamp;

use crate::args::{Command, Quarantined, Work};
use crate::program::StartError;
use crate::store::{Database, OpenError, Store, StoreError, Target};
use crate::tls;
pub use update::Update;

/// What a command prints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// It is done, and all is well.
    Done(String),
    /// It is done, and found what a person should look at.
    Unmatched(String),
}

/// Does what the command line says and gives what is to be printed.
///
/// # Errors
/// [`StartError`] says what is wrong and what to do.
pub fn run(command: Command) -> Result<Said, StartError> {
    let said = match command {
        Command::Ca { tls, names } => {
            tls::create_ca(&tls, &names)?;
            Ok(format!(
                "The CA and the collector's certificate are in {}.\n\
                 Keep {} secret: who has it can enrol tills.",
                tls.display(),
                tls::CA_KEY
            ))
        }
        Command::Enrol { tls, terminal, out } => {
            tls::enrol(&tls, &terminal, &out)?;
            Ok(format!(
                "The certificate of {terminal} is in {}.",
                out.display()
            ))
        }
        Command::EnrolCode {
            store,
            tls,
            terminal,
            hours,
        } => tills::enrol_code(&store, &tls, &terminal, hours),
        Command::Revoke {
            store,
            terminal,
            serial,
            why,
        } => tills::revoke(&store, &terminal, serial, why),
        Command::Lost {
            store,
            terminal,
            order,
            stolen,
        } => tills::lose(&store, &terminal, &order, stolen),
        Command::Tills { store, json } => tills::list(&store, json),
        Command::Reconcile {
            store,
            batch,
            day,
            json,
        } => return reconcile::run(&store, &batch, day, json),
        Command::Work { command } => match command {
            Work::List { store, all, json } => work::list(&store, all, json),
            Work::Close {
                store,
                number,
                by,
                note,
            } => work::close(&store, number, &by, &note),
        },
        Command::Attest { command } => return attest::run(command),
        Command::Update { command } => update::run(command),
        Command::Quarantine { command } => match command {
            Quarantined::List { store, json } => quarantine::list(&store, json),
            Quarantined::Release { store, terminal } => quarantine::release(&store, &terminal),
        },
    };
    said.map(Said::Done)
}

/// One step against the store, beside the collectors that serve from it.
fn visit<T: Send + 'static>(
    target: &Target,
    step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StartError> {
    let store = Store::visit(target)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(StartError::Runtime)?;
    let done = runtime.block_on(store.run(step));
    done.map_err(|error| StartError::Store(OpenError::Store(error)))
}

/// A moment for people, by the second, UTC.
fn moment(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| "-".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

fn json(value: &serde_json::Value) -> Result<String, StartError> {
    serde_json::to_string_pretty(value)
        .map_err(|error| StartError::Runtime(io::Error::other(error)))
}
