//! Where a bundle lies: a plain file, or a partition without a file system, as the text and zero bytes
//! behind it. Nothing but the text's length is looked at before its signature is checked.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileTypeExt,
    path::Path,
};

use sealpoint_vault::signed::Purpose;

use crate::{
    exit::Exit,
    fault::Fault,
    plain_file::{self, Links},
};

/// The most that is read: a bundle, and the zero byte behind it.
const MAX_READ: u64 = Purpose::Site.max_len() as u64 + 1;

/// The text of the first place that holds anything, with that place.
///
/// A place that holds something is the one that counts: if that is refused, the next is not looked at,
/// for else whoever spoils the first could choose.
///
/// # Errors
/// [`Exit::NoSite`] if no place holds anything, and what is wrong with the one that does.
pub fn first<'a>(places: &[&'a Path]) -> Result<(&'a Path, String), Fault> {
    for place in places {
        if let Some(text) = read(place)? {
            return Ok((place, text));
        }
    }
    let places: Vec<String> = places
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    Err(Fault {
        exit: Exit::NoSite,
        what: "This till has no site yet: nobody told it which shop it is in.".to_owned(),
        remedy: format!(
            "Sign a bundle with `tillctl site sign` and write it to {} (docs/site.md).",
            places.join(" or ")
        ),
    })
}

/// The text at that place; `None` if there is no such place or it begins with a zero byte.
pub fn read(place: &Path) -> Result<Option<String>, Fault> {
    let file = match open(place) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(place, &error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_READ)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(place, &error))?;
    let end = bytes.iter().position(|byte| *byte == 0);
    bytes.truncate(end.unwrap_or(bytes.len()));
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > Purpose::Site.max_len() {
        return Err(refused(
            place,
            &format!("it has more than {} bytes", Purpose::Site.max_len()),
        ));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| refused(place, "it is not a text"))
}

/// A plain file or a block device; a pipe is not waited for.
fn open(place: &Path) -> io::Result<File> {
    let file = plain_file::open_anything(place, Links::Followed)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() || kind.is_block_device() {
        Ok(file)
    } else {
        Err(io::Error::other("it is neither a file nor a partition"))
    }
}

/// What lies there is no bundle for this till.
pub fn refused(place: &Path, why: &str) -> Fault {
    Fault {
        exit: Exit::SiteRefused,
        what: format!("The site bundle in {} is refused: {why}.", place.display()),
        remedy: "Write the bundle again that IT signed for this till, unchanged.".to_owned(),
    }
}

fn unreadable(place: &Path, error: &io::Error) -> Fault {
    Fault::files(
        format!("{} cannot be read ({error}).", place.display()),
        "Check the disk, and that this user may read it.",
    )
}
