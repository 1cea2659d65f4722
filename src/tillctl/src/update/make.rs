//! Signs a release over the files in a folder: the build's last step, on the retailer's machine.

use std::{fs, io::Read, path::Path};

use jiff::Timestamp;
use sealpoint_vault::signed::{self, Purpose};
use sealpoint_wire::release::{MAX_PART, Part, PartFile, Release, Sha256};
use sha2::Digest;

use super::{Done, args::Wanted, places, report::Report};
use crate::{
    fault::Fault,
    keys::{make, private_root},
    plain_file::{self, Links},
};

/// Entries of the folder at most.
const MAX_ENTRIES: usize = 1024;
/// Bytes that are read at a time.
const PIECE: usize = 256 * 1024;

/// Writes `release.txt` beside the files.
pub fn release(wanted: &Wanted) -> Done {
    let part = |part: Part| of(part, wanted);
    let release = Release {
        version: wanted.version.clone(),
        from: wanted.from.clone(),
        rollback_index: wanted.rollback_index,
        journal_reads: wanted.journal_reads.clone(),
        journal_writes: wanted.journal_writes,
        built: wanted.built.clone().unwrap_or_else(now),
        files: [
            part(Part::Kernel)?,
            part(Part::Root)?,
            part(Part::Verity)?,
            part(Part::Signature)?,
        ],
    };
    let body = release.to_string();
    // What no till would take is not worth a signature.
    Release::parse(&body)
        .map_err(|bad| Fault::misused(format!("No till would take this release: {bad}.")))?;
    if release.from >= release.version {
        return Err(Fault::misused("`--from` has to be older than `--version`."));
    }
    let private = private_root(&wanted.root)?;
    let text = signed::sign(&body, Purpose::Release, &private)
        .map_err(|bad| Fault::misused(format!("The release is not signed: {bad}.")))?;
    let path = places::release_text(&wanted.folder);
    make(&path, text.as_bytes())?;
    let told = format!(
        "{} is signed by \"{}\": {} bytes in four files.",
        release.version,
        private.public().id(),
        release.total_len()
    );
    Ok(Report::new("made", told).release(&release.version))
}

/// The one file in the folder that is this part.
fn of(part: Part, wanted: &Wanted) -> Result<PartFile, Fault> {
    let entries = fs::read_dir(&wanted.folder).map_err(|error| unread(&wanted.folder, &error))?;
    let mut names: Vec<String> = entries
        .flatten()
        .take(MAX_ENTRIES)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| part.is_named(name, &wanted.version))
        .collect();
    let (Some(name), true) = (names.pop(), names.is_empty()) else {
        return Err(Fault::refused(
            format!(
                "There is not exactly one file for the {part:?} of {} in {:?}.",
                wanted.version, wanted.folder
            ),
            "Its names are sealpoint_VERSION.efi and sealpoint_VERSION.root_UUID.raw, .verity_UUID.raw \
             and .sig_UUID.raw, the last three packed with xz or not.",
        ));
    };
    let path = wanted.folder.join(&name);
    let (len, sha256) = hash(&path).map_err(|error| unread(&path, &error))?;
    Ok(PartFile {
        part,
        name,
        len,
        sha256,
    })
}

fn hash(path: &Path) -> std::io::Result<(u64, Sha256)> {
    let mut file = plain_file::open(path, Links::Refused)?.take(MAX_PART + 1);
    let mut digest = sha2::Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut len = 0_u64;
    loop {
        let count = file.read(&mut piece)?;
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        len = len.saturating_add(bytes.len() as u64);
        digest.update(bytes);
    }
    Ok((len, Sha256(digest.finalize().into())))
}

fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn unread(path: &Path, error: &std::io::Error) -> Fault {
    Fault::files(
        format!("{path:?} cannot be read ({error})."),
        "See that it is there, and that you may read it.",
    )
}
