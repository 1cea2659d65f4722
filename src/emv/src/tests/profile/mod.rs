//! What a terminal's profile may say, and how a wrong one is refused.

mod applications;
mod contactless;
mod documentation;
mod keys;
mod sealing;
mod shape;
mod shipped;
mod terminal;

use crate::{ProfileError, TerminalData};

/// A profile that has every key.
const BENCH: &str = include_str!("../../../profiles/bench-offline.toml");

/// What is wrong with a profile.
struct Wrong {
    key: String,
    reason: String,
    remedy: String,
}

/// The bench's profile with `from` replaced once by `to`.
fn with(from: &str, to: &str) -> String {
    assert!(BENCH.contains(from), "{from}");
    BENCH.replacen(from, to, 1)
}

fn error(text: &str) -> ProfileError {
    match TerminalData::from_toml(text) {
        Err(error) => error,
        Ok(_) => panic!("it was accepted"),
    }
}

/// Why that replacement is refused. The line named is one that was replaced.
fn refused(from: &str, to: &str) -> Wrong {
    let text = with(from, to);
    let ProfileError::Value {
        line,
        key,
        reason,
        remedy,
    } = error(&text)
    else {
        panic!("{to}: not about a value");
    };
    let start = BENCH.find(from).expect("looked for above");
    let line_at = |at: usize| 1 + text[..at].matches('\n').count();
    let replaced = line_at(start)..=line_at(start + to.len());
    assert!(replaced.contains(&line), "{key} at line {line}");
    Wrong {
        key,
        reason,
        remedy,
    }
}

/// Each replacement is refused because of that key, with these words in the reason.
fn all_refused(key: &str, cases: &[(&str, &str, &str)]) {
    for (from, to, words) in cases {
        let wrong = refused(from, to);
        assert_eq!(wrong.key, key, "{to}: {}", wrong.reason);
        assert!(wrong.reason.contains(words), "{to}: {}", wrong.reason);
        assert!(!wrong.remedy.is_empty(), "{to}");
    }
}
