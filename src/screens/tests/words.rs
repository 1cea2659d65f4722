//! Every sentence is there, in English as the till means it and in each other language.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sealpoint_screens::{Notice, Notices, TillWindow};
use sealpoint_till::NoticeCode;
use slint::ComponentHandle;

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui")
}

#[test]
fn the_window_says_each_notice_word_for_word() {
    i_slint_backend_testing::init_no_event_loop();
    let window = TillWindow::new().expect("the testing backend needs no display");
    let notices = window.global::<Notices>();
    let arguments = ["Gala Apples", "12.49", "kg"];
    for code in NoticeCode::ALL {
        let meant = sealpoint_till::Notice::new(*code, arguments.map(str::to_owned).to_vec());
        let json = serde_json::to_value(code).expect("a code is a plain enum");
        let said = notices.invoke_say(Notice {
            code: json
                .as_str()
                .expect("an enum without data is a string")
                .into(),
            a: arguments[0].into(),
            b: arguments[1].into(),
            c: arguments[2].into(),
            ..Notice::default()
        });
        assert_eq!(
            said, meant.text,
            "{code:?}: notices.slint differs from notice.rs"
        );
    }
}

#[test]
fn a_notice_without_words_here_is_said_in_english() {
    i_slint_backend_testing::init_no_event_loop();
    let window = TillWindow::new().expect("the testing backend needs no display");
    let said = window.global::<Notices>().invoke_say(Notice {
        code: "of_a_later_version".into(),
        text: "Something new happened. Call support.".into(),
        ..Notice::default()
    });
    assert_eq!(said, "Something new happened. Call support.");
}

#[test]
fn each_language_has_every_sentence_with_its_gaps() {
    let sentences = sentences();
    assert!(
        sentences.len() > 150,
        "only {} sentences found: the search is broken",
        sentences.len()
    );
    let languages = fs::read_dir(ui().join("lang")).expect("ui/lang is there");
    for language in languages {
        let folder = language.expect("ui/lang can be listed").path();
        let file = folder.join("LC_MESSAGES/sealpoint-screens.po");
        let said = catalogue(&fs::read_to_string(&file).expect("each language has its catalogue"));
        for sentence in &sentences {
            let Some(translations) = said.get(sentence) else {
                panic!("{} lacks: {sentence}", file.display());
            };
            for translation in translations {
                assert!(
                    !translation.is_empty(),
                    "{}: empty: {sentence}",
                    file.display()
                );
                assert_eq!(
                    gaps(translation),
                    gaps(sentence),
                    "{}: other gaps than: {sentence}",
                    file.display()
                );
            }
        }
        let known: BTreeSet<_> = sentences.iter().collect();
        let left: Vec<_> = said
            .keys()
            .filter(|s| !s.is_empty() && !known.contains(s))
            .collect();
        assert!(
            left.is_empty(),
            "{}: no longer said: {left:?}",
            file.display()
        );
    }
}

/// The first literal of each `@tr(…)`, without its context.
fn sentences() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in slint_files(&ui()) {
        let text = fs::read_to_string(&file).expect("a source file is text");
        for call in text.split("@tr(").skip(1) {
            let (first, rest) = literal(call).expect("@tr begins with a literal");
            let context = rest.trim_start().strip_prefix("=>");
            let sentence = context
                .and_then(literal)
                .map_or(first, |(second, _)| second);
            found.insert(sentence);
        }
    }
    found
}

fn slint_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).expect("ui can be listed") {
        let path = entry.expect("ui can be listed").path();
        if path.is_dir() {
            files.extend(slint_files(&path));
        } else if path.extension().is_some_and(|e| e == "slint") {
            files.push(path);
        }
    }
    files
}

/// The string literal that `text` begins with, as written, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let body = text.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = body.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    })?;
    Some((body[..end.0].to_owned(), &body[end.0 + 1..]))
}

/// `msgid` to its translations: one, or one for each plural form.
fn catalogue(po: &str) -> BTreeMap<String, Vec<String>> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in po.lines() {
        if let Some(id) = line.strip_prefix("msgid ").and_then(literal) {
            current = id.0;
        } else if line.starts_with("msgstr") {
            let text = line.split_once(' ').and_then(|(_, text)| literal(text));
            said.entry(current.clone())
                .or_default()
                .extend(text.map(|(text, _)| text));
        }
    }
    said
}

/// What is filled in: `{}`, `{0}`, `{n}`, in any order.
fn gaps(sentence: &str) -> BTreeMap<String, usize> {
    let mut gaps = BTreeMap::new();
    for gap in sentence.split('{').skip(1) {
        let name = gap.split('}').next().unwrap_or_default();
        *gaps.entry(name.to_owned()).or_default() += 1;
    }
    gaps
}
