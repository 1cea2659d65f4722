//! `docs/profile.md`, held against the reader of profiles.

use super::error;
use crate::{TerminalData, profile};

const PAGE: &str = include_str!("../../../../../docs/profile.md");

/// The one block of that language.
fn block(language: &str) -> &'static str {
    let opening = format!("```{language}\n");
    let mut blocks = PAGE.split(&opening).skip(1);
    let first = blocks.next().expect("there is a block");
    assert!(blocks.next().is_none(), "one block of {language}");
    first.split("```").next().unwrap_or_default()
}

#[test]
fn the_example_is_a_profile() {
    let example = TerminalData::from_toml(block("toml")).expect("the example is a profile");
    assert_eq!(example.applications.len(), 1);
    assert_eq!((example.keys.len(), example.revoked.len()), (1, 1));
    assert!(example.applications[0].contactless.is_some());
}

#[test]
fn the_example_has_every_key_and_the_tables_describe_each() {
    let example = block("toml");
    for key in profile::all_keys() {
        let written = example
            .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .any(|word| word == key);
        assert!(written, "the example has no {key}");
        let described = PAGE.contains(&format!("`{key}`"))
            || PAGE.contains(&format!("`[{key}]`"))
            || PAGE.contains(&format!("`[[{key}]]`"));
        assert!(described, "{key} is not described");
    }
}

#[test]
fn the_refusal_that_it_shows_is_what_is_said() {
    let wrong = block("toml").replace("type = 22", "type = 34");
    assert_eq!(error(&wrong).to_string(), block("text").trim_end());
}
