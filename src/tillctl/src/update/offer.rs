//! A release in a folder: who signed it, and whether it fits the image that runs.

use std::path::{Path, PathBuf};

use sealpoint_vault::signed::{self, MAX_ROOT_FILE, Purpose, RootPublicKey};
use sealpoint_wire::release::Release;

use super::{
    memory::Memory,
    places::{self, Places},
    refused::Refused,
    running::Running,
    spool,
};
use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// A release that the retailer signed. Its files were not looked at yet.
pub struct Offer {
    /// Where it lies.
    pub folder: PathBuf,
    /// The signed text.
    pub text: String,
    /// What it says.
    pub release: Release,
}

impl Offer {
    /// Reads the release in a folder. Nothing of it is understood before its signature holds.
    pub fn read(places: &Places, folder: &Path) -> Result<Self, Fault> {
        let path = places::release_text(folder);
        let text = text_of(&path, Purpose::Release.max_len(), Links::Refused)?;
        let root = trusted(places)?;
        let body = signed::verify(&text, Purpose::Release, &root).map_err(Refused::Unsigned)?;
        let release = Release::parse(body).map_err(Refused::NotARelease)?;
        Ok(Self {
            folder: folder.to_owned(),
            release,
            text,
        })
    }

    /// Refuses what may not follow this image, or could not be returned from.
    pub fn follows(&self, running: &Running, memory: &Memory) -> Result<(), Refused> {
        let release = &self.release;
        if release.version <= running.version {
            return Err(Refused::Older {
                found: release.version.clone(),
                running: running.version.clone(),
            });
        }
        if release.rollback_index < running.rollback_index {
            return Err(Refused::LowerIndex {
                found: release.rollback_index,
                running: running.rollback_index,
            });
        }
        if running.version < release.from {
            return Err(Refused::TooFar {
                from: release.from.clone(),
                running: running.version.clone(),
            });
        }
        if memory.failed.contains(&release.version) {
            return Err(Refused::CameBack(release.version.clone()));
        }
        if !running.journal_reads.contains(&release.journal_writes) {
            return Err(Refused::NoWayBack {
                writes: release.journal_writes,
            });
        }
        Ok(())
    }

    /// Refuses files that are not those that were signed for.
    pub fn is_whole(&self) -> Result<(), Fault> {
        let mut files = self.release.files.iter();
        files.try_for_each(|file| spool::compare(&self.folder, file, &mut std::io::sink()))
    }
}

/// The root that this image trusts.
fn trusted(places: &Places) -> Result<RootPublicKey, Fault> {
    let path = places.trust();
    let text = text_of(&path, MAX_ROOT_FILE, Links::Followed)?;
    RootPublicKey::parse(&text).map_err(|bad| {
        Fault::files(
            format!("{path:?} is no root key: {bad}."),
            "The image has to hold the retailer's root: build it with that file.",
        )
    })
}

fn text_of(path: &Path, bound: usize, links: Links) -> Result<String, Fault> {
    let read = plain_file::read(path, bound as u64, links)
        .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
    read.map_err(|error| {
        Fault::files(
            format!("{path:?} cannot be read ({error})."),
            "See that it is there and a plain file.",
        )
    })
}
