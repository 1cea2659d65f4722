//! The conformance suite: dialogues as data, written from EMV 4.4 and the contactless books, not from
//! the kernel. README.md says how they are written down; each file of dialogues/ is one test, which
//! names every dialogue that fails.

mod card;
mod dialogue;
mod expect;
mod notation;
mod objects;
mod play;
mod terminal;

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use dialogue::{Dialogue, File};

/// Each file of dialogues/ and its test.
macro_rules! files {
    ($($file:ident)*) => {
        const FILES: &[&str] = &[$(stringify!($file)),*];
        $(
            #[test]
            fn $file() {
                run(stringify!($file));
            }
        )*
    };
}

files! {
    reset
    candidates
    choice
    options
    records
    authentication
    restrictions
    verification
    risk
    action
    first_cryptogram
    issuer
    scripts
    completion
    transport
    tapped
}

/// Dialogues that this project knows to fail, by name, with the reason.
const KNOWN: &str = include_str!("known.toml");

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/dialogues")
}

fn read(file: &str) -> Vec<Dialogue> {
    let path = folder().join(file).with_extension("toml");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.dialogue
}

fn known() -> BTreeMap<String, String> {
    toml::from_str(KNOWN).expect("known.toml is a table of names and reasons")
}

fn run(file: &str) {
    let known = known();
    let mut report = String::new();
    for dialogue in read(file) {
        let differences = match play::play(&dialogue) {
            Ok(seen) => expect::differences(&dialogue, &seen),
            Err(error) => vec![error],
        };
        let line = match (differences.is_empty(), known.get(&dialogue.name)) {
            (true, None) => continue,
            (true, Some(_)) => "passes: take it out of known.toml".to_owned(),
            (false, Some(reason)) => {
                println!("known to fail: {} ({reason})", dialogue.name);
                continue;
            }
            (false, None) => differences.join("\n    "),
        };
        let (name, book) = (&dialogue.name, &dialogue.book);
        write!(report, "\n  {name} ({book})\n    {line}").expect("a string takes everything");
    }
    assert!(report.is_empty(), "{file}.toml:{report}");
}

#[test]
fn every_file_of_dialogues_is_run() {
    let entries = std::fs::read_dir(folder()).expect("the dialogues are there");
    let mut found: Vec<String> = entries
        .map(|entry| {
            let path = entry.expect("a folder can be read").path();
            path.file_stem()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    found.sort();
    let mut run = FILES.to_vec();
    run.sort_unstable();
    assert_eq!(found, run);
}

#[test]
fn every_dialogue_has_a_name_of_its_own_and_a_source() {
    let mut names = BTreeMap::new();
    for file in FILES {
        for dialogue in read(file) {
            assert!(!dialogue.book.is_empty(), "{} has no source", dialogue.name);
            let before = names.insert(dialogue.name.clone(), *file);
            assert_eq!(before, None, "{} is there twice", dialogue.name);
        }
    }
    for name in known().keys() {
        assert!(names.contains_key(name), "{name} of known.toml is gone");
    }
    assert!(names.len() >= 90, "only {} dialogues", names.len());
}
