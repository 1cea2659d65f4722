//! `tillctl site sign`: from `site.toml` to a bundle.

use std::path::Path;

use jiff::Timestamp;
use sealpoint_emv::MAX_PROFILE;
use sealpoint_vault::signed::Purpose;

use super::{
    args::ToSign,
    bundle::Bundle,
    contents,
    text::{FileNames, FileTexts, Site},
    values::FileName,
};
use crate::{
    exit::Exit,
    fault::Fault,
    keys::{make, private_root, text_of},
};

/// At most this many bytes of `site.toml`.
const MAX_SITE: usize = 64 * 1024;
/// At most this many bytes of the CA's file.
const MAX_CA: usize = 64 * 1024;
/// At most this many bytes of a catalogue: what a bundle has room for beside the other files.
const MAX_CATALOGUE: usize = Purpose::Site.max_len() - 1024 * 1024;

/// Signs, and says what was signed.
pub fn sign(wanted: &ToSign) -> Result<String, Fault> {
    let root = private_root(&wanted.root)?;
    let mut site = read(&wanted.site)?;
    if let Some(terminal) = &wanted.terminal {
        site.terminal.id = Some(terminal.clone());
    }
    if let Some(code) = &wanted.code {
        site.terminal.enrol_code = Some(code.clone());
    }
    if let Some(address) = wanted.address {
        site.network.address = address;
    }
    let wrong = |why: &str| refused(&wanted.site, why);
    let terminal = site.check().map_err(|bad| wrong(&bad.to_string()))?.clone();
    let site = with_files(site, &wanted.site)?;
    let now = Timestamp::now();
    let said = contents::check(&site, root.public(), now).map_err(|why| wrong(&why))?;
    let text = Bundle::sign(site.clone(), now, &root).map_err(|bad| wrong(&bad.to_string()))?;
    // What the till will read is what was meant, or nothing is given out.
    let read_back = Bundle::verify(&text, root.public()).map_err(|bad| wrong(&bad.to_string()))?;
    if read_back.site != site {
        return Err(wrong(
            "one of its files does not come back from a bundle unchanged",
        ));
    }
    make(&wanted.out, text.as_bytes())?;
    let mut told = format!(
        "The site bundle of {terminal}, version {}, is signed by \"{}\" and in {:?}.",
        site.version,
        root.public().id(),
        wanted.out
    );
    for line in said {
        told.push('\n');
        told.push_str(&line);
    }
    Ok(told)
}

/// Reads `site.toml`; a wrong key, type or value is told with its line.
fn read(path: &Path) -> Result<Site<FileNames>, Fault> {
    let text = text_of(path, MAX_SITE)?;
    toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        refused(path, &format!("line {line}: {}", plainly(error.message())))
    })
}

/// The reader's words without the names of this language's types.
fn plainly(message: &str) -> String {
    let message = message.trim_end_matches('.').trim().replace('\n', " ");
    [
        ("a nonzero u16", "a number from 1 to 65535"),
        ("u16", "a number from 1 to 65535"),
        ("u32", "a whole number"),
        ("u64", "a whole number"),
        ("f64", "a number"),
    ]
    .iter()
    .fold(message, |text, (word, plain)| text.replace(word, plain))
}

/// The same with the files, which lie beside it.
fn with_files(site: Site<FileNames>, path: &Path) -> Result<Site<FileTexts>, Fault> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = |name: &FileName, bound| text_of(&folder.join(name.as_str()), bound);
    let files = FileTexts {
        profile: text(&site.files.profile, MAX_PROFILE)?,
        manifest: text(&site.files.manifest, Purpose::Manifest.max_len())?,
        ca: text(&site.files.ca, MAX_CA)?,
        catalogue: match &site.files.catalogue {
            Some(name) => Some(text(name, MAX_CATALOGUE)?),
            None => None,
        },
    };
    Ok(Site {
        version: site.version,
        store: site.store,
        terminal: site.terminal,
        network: site.network,
        collector: site.collector,
        till: site.till,
        display: site.display,
        usb: site.usb,
        brand: site.brand,
        update: site.update,
        files,
    })
}

fn refused(path: &Path, why: &str) -> Fault {
    Fault {
        exit: Exit::SiteRefused,
        what: format!("{} is not signed: {why}.", path.display()),
        remedy: "Correct it, and sign it again.".to_owned(),
    }
}
