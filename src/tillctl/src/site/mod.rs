//! `tillctl site`: what a till is told of its shop, as one text that the retailer signed.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `text`, `values` | the keys of `site.toml` and what each may be |
//! | `sign`, `contents` | IT's desk: everything is checked before it is signed |
//! | `bundle` | the signed text |
//! | `source`, `floor`, `unpack` | the till: verified, not behind what was accepted, then unpacked |
//! | `outputs` | the files that a till's units read |
//! | `device` | a bundle written raw into a partition |
//! | `show` | what is in a bundle |

mod args;
mod bundle;
mod contents;
mod device;
mod floor;
mod outputs;
mod show;
mod sign;
mod source;
mod text;
mod unpack;
mod values;

use std::ffi::OsString;

use sealpoint_vault::signed::{MAX_ROOT_FILE, RootPublicKey};

use crate::{exit::Exit, fault::Fault, keys::text_of, tell};
use args::{Asked, Command};

/// Runs the command with the arguments behind its name.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    let asked = Asked::parse(arguments)?;
    let done = match &asked.command {
        Command::Help => Ok(args::USAGE.to_owned()),
        Command::Sign(wanted) => sign::sign(wanted),
        Command::Show(file, trust) => show::show(file, trust, asked.json),
        Command::Write(file, to) => device::write(file, to),
        Command::Unpack(wanted) => unpack::unpack(wanted),
    };
    Ok(match done {
        Ok(text) => tell(&text, Exit::Approved),
        Err(fault) => fault.tell(asked.json.then_some(show::VERSION)),
    })
}

/// The root key that a till trusts.
fn trusted(path: &std::path::Path) -> Result<RootPublicKey, Fault> {
    let text = text_of(path, MAX_ROOT_FILE)?;
    RootPublicKey::parse(&text).map_err(|bad| {
        Fault::files(
            format!("{} is no root key: {bad}.", path.display()),
            "Name the file retailer.pub.toml that `tillctl keys root` made.",
        )
    })
}
