//! What was accepted before: the highest version, and which till this is. A bundle that was once right
//! is signed for ever, so the signature alone would let an older one in again.

use std::{io, path::Path};

use sealpoint_wire::TerminalId;

use crate::{
    exit::Exit,
    fault::Fault,
    plain_file::{self, Links},
};

use super::bundle::Bundle;

/// The highest version that was accepted.
pub const VERSION_FILE: &str = "version";
/// The till that this machine is.
pub const TERMINAL_FILE: &str = "terminal";
/// At most this many bytes in either.
const MAX_FILE: u64 = 64;

/// The folder that remembers.
pub struct Floor<'a> {
    folder: &'a Path,
}

impl<'a> Floor<'a> {
    /// In that folder, which is there.
    pub const fn new(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// Takes a bundle that is not behind what was accepted before; once this returns, nothing before
    /// it is accepted again.
    ///
    /// # Errors
    /// [`Exit::SiteOlder`] for an older one, [`Exit::SiteRefused`] for another till's.
    pub fn accept(&self, bundle: &Bundle) -> Result<(), Fault> {
        let terminal = self.read::<TerminalId>(TERMINAL_FILE)?;
        if let Some(terminal) = &terminal
            && *terminal != bundle.terminal
        {
            return Err(Fault {
                exit: Exit::SiteRefused,
                what: format!(
                    "The site bundle is refused: it is for the till {}, and this one is {terminal}.",
                    bundle.terminal
                ),
                remedy: format!(
                    "Write the bundle of {terminal}. If this machine is to become another till, set \
                     it up anew: its keys and its journal are {terminal}'s."
                ),
            });
        }
        let version = self.read::<u64>(VERSION_FILE)?;
        if let Some(version) = version
            && bundle.site.version < version
        {
            return Err(Fault {
                exit: Exit::SiteOlder,
                what: format!(
                    "The site bundle is refused: it has version {}, and version {version} was \
                     accepted before.",
                    bundle.site.version
                ),
                remedy: "Write the newest bundle, or sign this one anew with a higher version."
                    .to_owned(),
            });
        }
        if terminal.is_none() {
            self.write(TERMINAL_FILE, bundle.terminal.as_str())?;
        }
        if version != Some(bundle.site.version) {
            self.write(VERSION_FILE, &bundle.site.version.to_string())?;
        }
        Ok(())
    }

    /// What one of the files says. One that says nothing is no reason to forget.
    fn read<T: core::str::FromStr>(&self, name: &str) -> Result<Option<T>, Fault> {
        let path = self.folder.join(name);
        let damaged = || {
            Fault::files(
                format!("{} is damaged.", path.display()),
                "Write into it what this till had last, or set the till up anew.",
            )
        };
        match plain_file::read(&path, MAX_FILE, Links::Refused) {
            Ok(bytes) => str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.strip_suffix('\n'))
                .and_then(|text| text.parse().ok())
                .map(Some)
                .ok_or_else(damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::files(
                format!("{} cannot be read ({error}).", path.display()),
                "Check that the folder is this user's.",
            )),
        }
    }

    /// Replaces a file, on the disk when this returns.
    fn write(&self, name: &str, value: &str) -> Result<(), Fault> {
        let path = self.folder.join(name);
        plain_file::replace(&path, 0o644, format!("{value}\n").as_bytes()).map_err(|error| {
            Fault::files(
                format!("{} cannot be written ({error}).", path.display()),
                "Check that the folder is there, has room, and is this user's.",
            )
        })
    }
}
