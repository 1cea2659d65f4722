//! What a till remembers of updates: what was installed and not yet started, and what came back.

use std::io;

use sealpoint_wire::release::ImageVersion;
use serde::{Deserialize, Serialize};

use super::{kernels, places::Places, running::Running};
use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// At most this many bytes of memory, and of a boot's id.
const MAX_MEMORY: u64 = 64 * 1024;
/// Images that did not come up; the oldest is forgotten first.
const MAX_FAILED: usize = 16;

/// What is remembered. Anybody may read it: the uplink tells the collector.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// The image that ran when this was written.
    pub running: Option<ImageVersion>,
    /// Written into the other slot, and not yet known to come up.
    pub installed: Option<Installed>,
    /// Installed before, and not looked at by the loader: installed anew once, and no more often.
    #[serde(default)]
    pub untried: Option<ImageVersion>,
    /// Installed before, and returned from: not tried again.
    #[serde(default)]
    pub failed: Vec<ImageVersion>,
    /// How it went last, a sentence.
    #[serde(default)]
    pub told: String,
}

/// An image in the other slot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Installed {
    /// Its version.
    pub version: ImageVersion,
    /// The boot in which it was written.
    pub boot: String,
    /// Journal schemas that its till can open.
    pub journal_reads: Vec<u32>,
}

/// What the last start made of the image that was installed before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Since {
    /// None is waiting.
    Nothing,
    /// It waits for a restart.
    Waits(Installed),
    /// It runs.
    Runs,
    /// The machine started again and this image runs: the other did not come up.
    CameBack(ImageVersion),
}

impl Memory {
    /// What is remembered. What cannot be understood is forgotten: then at worst an image that did
    /// not come up is tried once more.
    pub fn read(places: &Places) -> Self {
        plain_file::read(&places.memory(), MAX_MEMORY, Links::Refused)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Looks what became of the image that was installed.
    pub fn settle(&mut self, places: &Places, running: &Running, boot: &str) -> Since {
        self.running = Some(running.version.clone());
        match &self.installed {
            None => Since::Nothing,
            Some(installed) if installed.version == running.version => Since::Runs,
            Some(installed) if installed.boot == boot => Since::Waits(installed.clone()),
            // The loader has not looked at it: nothing speaks against it, and it is installed anew.
            // Once: a machine whose loader never takes it would start again for ever.
            Some(installed)
                if self.untried.as_ref() != Some(&installed.version)
                    && kernels::is_untried(places, &installed.version) =>
            {
                self.untried = Some(installed.version.clone());
                self.installed = None;
                Since::Nothing
            }
            Some(installed) => {
                let version = installed.version.clone();
                self.installed = None;
                self.failed.retain(|known| *known != version);
                self.failed.push(version.clone());
                let many = self.failed.len().saturating_sub(MAX_FAILED);
                self.failed.drain(..many);
                Since::CameBack(version)
            }
        }
    }

    /// Writes it down, whole or not at all; it is on the disk when this returns.
    pub fn write(&self, places: &Places) -> Result<(), Fault> {
        let written = || -> io::Result<()> {
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            plain_file::replace(&places.memory(), 0o644, &text)
        };
        written().map_err(|error| {
            Fault::files(
                format!("What became of the update cannot be written down ({error})."),
                "See that the volume of /var/lib/sealpoint/update is there and sound.",
            )
        })
    }
}

/// Which boot this is.
pub fn boot(places: &Places) -> Result<String, Fault> {
    let read = plain_file::read(&places.boot_id(), MAX_MEMORY, Links::Followed);
    match read.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()) {
        Ok(boot) if !boot.is_empty() => Ok(boot),
        _ => Err(Fault::files(
            "The kernel does not say which boot this is.",
            "See that /proc is mounted.",
        )),
    }
}
