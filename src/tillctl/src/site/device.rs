//! `tillctl site write`: a bundle, raw, into a partition.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileTypeExt,
    path::Path,
};

use sealpoint_vault::signed::Purpose;

use super::source;
use crate::{exit::Exit, fault::Fault};

/// A partition for a bundle has 16 MiB; what is much larger is a disk or somebody's files.
const MAX_DEVICE: u64 = 64 * 1024 * 1024;
/// Bytes that are read or written at once.
const CHUNK: usize = 64 * 1024;

/// Writes the bundle of that file to that device, with zero bytes to its end.
pub fn write(file: &Path, to: &Path) -> Result<String, Fault> {
    let text = source::read(file)?
        .filter(|text| Purpose::claimed_by(text) == Some(Purpose::Site))
        .ok_or_else(|| source::refused(file, "it is no site bundle"))?;
    let failed = |error: io::Error| {
        Fault::files(
            format!("{} cannot be written ({error}).", to.display()),
            "Check that it is there, that nothing uses it, and that you may write to it.",
        )
    };
    let mut device = OpenOptions::new()
        .read(true)
        .write(true)
        .open(to)
        .map_err(failed)?;
    let kind = device.metadata().map_err(failed)?.file_type();
    if !kind.is_block_device() && !kind.is_file() {
        return Err(unfit(to, "it is neither a partition nor a file"));
    }
    let size = device.seek(SeekFrom::End(0)).map_err(failed)?;
    if size > MAX_DEVICE {
        return Err(unfit(
            to,
            &format!("it has {size} bytes, and a partition for a bundle has 16777216"),
        ));
    }
    if size <= text.len() as u64 {
        return Err(unfit(
            to,
            &format!(
                "it has {size} bytes, and the bundle with its end needs {}",
                text.len() + 1
            ),
        ));
    }
    if !is_free(&mut device).map_err(failed)? {
        return Err(unfit(
            to,
            "it holds something that is no bundle, such as a file system or a partition table",
        ));
    }
    let mut written = || -> io::Result<()> {
        device.seek(SeekFrom::Start(0))?;
        device.write_all(text.as_bytes())?;
        let mut rest = size - text.len() as u64;
        while rest > 0 {
            let part = rest.min(CHUNK as u64);
            device.write_all(&[0; CHUNK][..part as usize])?;
            rest -= part;
        }
        device.sync_all()
    };
    written().map_err(failed)?;
    Ok(format!(
        "The bundle is in {}. The till takes it up when it starts.",
        to.display()
    ))
}

/// Whether all of a device is zero bytes, but for a bundle at its beginning.
fn is_free(device: &mut File) -> io::Result<bool> {
    device.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    device.take(MAX_DEVICE).read_to_end(&mut bytes)?;
    let end = bytes.iter().position(|byte| *byte == 0);
    let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    let zeros = rest.iter().all(|byte| *byte == 0);
    let bundle = str::from_utf8(text).ok().and_then(Purpose::claimed_by) == Some(Purpose::Site);
    Ok(zeros && (text.is_empty() || bundle))
}

fn unfit(to: &Path, why: &str) -> Fault {
    Fault {
        exit: Exit::NoSiteDevice,
        what: format!("Nothing is written to {}: {why}.", to.display()),
        remedy: "Name the partition with the label sealpoint-site; if it was used for something \
                 else before, discard it first with `blkdiscard -z`."
            .to_owned(),
    }
}
