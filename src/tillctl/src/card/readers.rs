//! `--list`: the readers and what is in them.

use serde::Serialize;

use super::reader;
use crate::{args::Wanted, exit::Exit, fault::Fault};

#[derive(Serialize)]
struct List {
    version: u8,
    readers: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    contactless: bool,
    card: bool,
}

/// The readers, as text or JSON.
pub(super) fn list(wanted: &Wanted) -> Result<(String, Exit), Fault> {
    let slots = reader(wanted).slots().map_err(|missing| Fault {
        exit: Exit::ReaderFault,
        what: "There is no card reader.".to_owned(),
        remedy: missing.why,
    })?;
    let readers: Vec<_> = slots
        .into_iter()
        .map(|slot| Entry {
            name: slot.name,
            contactless: slot.contactless,
            card: slot.card.is_some(),
        })
        .collect();
    let text = if wanted.json {
        let list = List {
            version: super::report::VERSION,
            readers,
        };
        serde_json::to_string_pretty(&list).unwrap_or_default()
    } else {
        let line = |entry: &Entry| {
            let card = if entry.card { "a card in it" } else { "empty" };
            let kind = if entry.contactless {
                ", contactless"
            } else {
                ""
            };
            format!("{}: {card}{kind}", entry.name)
        };
        readers.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    Ok((text, Exit::Approved))
}
