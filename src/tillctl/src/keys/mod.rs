//! `tillctl keys`: the life of a till's keys, from a ceremony to their end.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `show` | every key and how it stands |
//! | `load`, `block` | root, manifest, hot list, acquirer's key; and key blocks |
//! | `ceremony` | a key from components that people enter |
//! | `rotate`, `destroy` | the end of a key |
//! | `retailer` | root keys, signatures, key blocks, away from any till |
//! | `held`, `folder` | what lies in the lane's folder, and how it is written |
//! | `entry`, `report` | what people type, and what they are told |

mod args;
mod block;
mod ceremony;
mod destroy;
mod entry;
mod folder;
mod held;
mod load;
mod report;
mod retailer;
mod rotate;
mod show;

use std::ffi::OsString;

use crate::{exit::Exit, fault::Fault, tell};
use args::{Asked, Command, Options};
pub use folder::{make, text_of};
pub use retailer::private_root;

/// Runs the command with the arguments behind its name.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    let Asked { command, options } = Asked::parse(arguments).map_err(misused)?;
    Ok(match carry_out(command, &options).map_err(misused) {
        Ok((text, exit)) => tell(text.trim_end(), exit),
        Err(fault) => fault.tell(options.json.then_some(report::VERSION)),
    })
}

/// Leads who misused this command to its own help.
fn misused(mut fault: Fault) -> Fault {
    if fault.exit == Exit::Misused {
        fault.remedy = "Run `tillctl keys --help` to see how it is called.".to_owned();
    }
    fault
}

/// Does what was asked for; what to print, and how the program ends.
fn carry_out(command: Command, options: &Options) -> Result<(String, Exit), Fault> {
    let done = match command {
        Command::Help => return Ok((args::USAGE.to_owned(), Exit::Approved)),
        Command::Show { profile } => return show::show(options, profile.as_deref()),
        Command::Load {
            file,
            id,
            replace_root,
            persons,
        } => load::load(
            options,
            file.as_deref(),
            id,
            replace_root.then_some(persons),
        )?,
        Command::Ceremony { id, entry } => ceremony::ceremony(options, &id, &entry)?,
        Command::Rotate { to } => rotate::rotate(options, to.as_ref())?,
        Command::Destroy { id: Some(id), yes } => destroy::one(options, &id, yes)?,
        Command::Destroy { id: None, yes } => destroy::all(options, yes)?,
        Command::Root { id, out } => retailer::root(id, out.as_deref())?,
        Command::Sign {
            file,
            root,
            hot_list,
            out,
        } => retailer::sign(&file, &root, hot_list, out.as_deref())?,
        Command::Erasure {
            terminal,
            root,
            out,
        } => retailer::erase_order(terminal, &root, out.as_deref())?,
        Command::Wrap {
            id,
            kind,
            initial_key_id,
            entry,
            out,
        } => {
            let wanted = retailer::Wanted {
                id,
                kind,
                initial_key_id,
            };
            retailer::wrap(&wanted, &entry, out.as_deref())?
        }
    };
    Ok((done.written(options.json), Exit::Approved))
}
