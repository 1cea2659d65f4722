//! `tillctl site unpack`: on the till, at each boot.

use std::path::Path;

use super::{
    args::ToUnpack,
    bundle::Bundle,
    floor::Floor,
    outputs::{self, Output, REFUSED},
    source, trusted,
};
use crate::{fault::Fault, plain_file};

/// Takes up the bundle, or leaves in the folder why not, for the till's screen.
///
/// What an earlier bundle left in the folder stays if this one is refused: it was signed as well.
pub fn unpack(wanted: &ToUnpack) -> Result<String, Fault> {
    let refused = Output {
        name: REFUSED,
        mode: 0o644,
        text: None,
    };
    let done = unpacked(wanted);
    let text = done.as_ref().err().map(|fault| format!("{fault}\n"));
    let told = put(&wanted.out, &Output { text, ..refused });
    done.and_then(|done| told.map(|()| done))
}

fn unpacked(wanted: &ToUnpack) -> Result<String, Fault> {
    let root = trusted(&wanted.trust)?;
    let places: Vec<&Path> = wanted.from.iter().map(AsRef::as_ref).collect();
    let (place, text) = source::first(&places)?;
    let bundle =
        Bundle::verify(&text, &root).map_err(|bad| source::refused(place, &bad.to_string()))?;
    Floor::new(&wanted.floor).accept(&bundle)?;
    for output in outputs::of(&bundle, &wanted.out) {
        put(&wanted.out, &output)?;
    }
    Ok(format!(
        "This till is {} of \"{}\", by the site bundle of version {} in {}.",
        bundle.terminal,
        bundle.site.store,
        bundle.site.version,
        place.display()
    ))
}

/// Puts a file into the folder, or replaces it whole, or takes it away.
fn put(folder: &Path, output: &Output) -> Result<(), Fault> {
    let path = folder.join(output.name);
    let done = match &output.text {
        Some(text) => plain_file::replace(&path, output.mode, text.as_bytes()),
        None => plain_file::remove_if_there(&path),
    };
    done.map_err(|error| {
        Fault::files(
            format!("{} cannot be written ({error}).", path.display()),
            "Check that the folder is there, has room, and is this user's.",
        )
    })
}
