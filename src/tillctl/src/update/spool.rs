//! A copy of a release that nobody else can change, hashed while it is made.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sealpoint_wire::release::{PartFile, RELEASE_FILE, Sha256};
use sha2::Digest;

use super::{offer::Offer, places::Places, refused::Refused};
use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// Room that an update leaves for the journal and the log.
const RESERVE: u64 = 64 * 1024 * 1024;
/// Bytes that are read at a time.
const PIECE: usize = 256 * 1024;

/// Reads a file of a release to its end, into `to`, and compares.
pub fn compare(folder: &Path, file: &PartFile, to: &mut dyn Write) -> Result<(), Fault> {
    let missing = |error: io::Error| Refused::Missing {
        name: file.name.clone(),
        why: error.to_string(),
    };
    let damaged = || Refused::Damaged(file.name.clone());
    let from = plain_file::open(&folder.join(&file.name), Links::Refused).map_err(missing)?;
    // One byte more than it may have, so that a longer file is another file.
    let mut from = from.take(file.len.saturating_add(1));
    let mut digest = sha2::Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut read = 0_u64;
    loop {
        let count = from.read(&mut piece).map_err(missing)?;
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        read = read.saturating_add(bytes.len() as u64);
        if read > file.len {
            return Err(damaged().into());
        }
        digest.update(bytes);
        to.write_all(bytes).map_err(|error| unwritable(&error))?;
    }
    let found = Sha256(digest.finalize().into());
    if read == file.len && found == file.sha256 {
        Ok(())
    } else {
        Err(damaged().into())
    }
}

/// Refuses a release that there is no room for.
pub fn has_room(places: &Places, offer: &Offer) -> Result<(), Fault> {
    let spool = places.spool();
    let folder = spool.parent().unwrap_or(&spool);
    let found = rustix::fs::statvfs(folder).map_err(|error| unwritable(&error.into()))?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let needed = offer.release.total_len().saturating_add(RESERVE);
    if needed <= free {
        return Ok(());
    }
    Err(Refused::NoRoom { needed, free }.into())
}

/// Copies a release. Whatever becomes of the folder that it came from, this is what was signed.
pub fn copy(places: &Places, offer: &Offer) -> Result<PathBuf, Fault> {
    clear(places)?;
    has_room(places, offer)?;
    let spool = places.spool();
    let made = DirBuilder::new().mode(0o700).create(&spool);
    made.map_err(|error| unwritable(&error))?;
    let create = |name: &str| {
        let mut new = OpenOptions::new();
        let file = new.write(true).create_new(true).mode(0o600);
        file.open(spool.join(name))
            .map_err(|error| unwritable(&error))
    };
    for file in &offer.release.files {
        let mut to = create(&file.name)?;
        compare(&offer.folder, file, &mut to)?;
        to.sync_all().map_err(|error| unwritable(&error))?;
    }
    let mut text = create(RELEASE_FILE)?;
    let written = text.write_all(offer.text.as_bytes());
    written.map_err(|error| unwritable(&error))?;
    Ok(spool)
}

/// Removes the copy.
pub fn clear(places: &Places) -> Result<(), Fault> {
    match fs::remove_dir_all(places.spool()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(&error)),
        _ => Ok(()),
    }
}

fn unwritable(error: &io::Error) -> Fault {
    Fault::files(
        format!("The copy of the update cannot be made ({error})."),
        "See that the volume of /var/lib/sealpoint/update is there and sound.",
    )
}
