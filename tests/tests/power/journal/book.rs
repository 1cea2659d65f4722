//! What the journal must hold at a moment, by what the writer had said until then.

use std::collections::{BTreeMap, BTreeSet};

use super::writer::is_voided;

/// The till's book, kept beside it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Book {
    pub opened: bool,
    /// The sale whose basket is open.
    pub draft: Option<u64>,
    pub sold: u64,
    /// Sales that a card paid.
    pub by_card: BTreeSet<u64>,
    /// Attempts and their states, as words.
    pub attempts: BTreeMap<u64, String>,
    /// Sequences that the collector has.
    pub acked: BTreeSet<u64>,
}

impl Book {
    /// One step that was done.
    pub fn enter(&mut self, step: &str) {
        let words: Vec<&str> = step.split(' ').collect();
        let number = |at: usize| -> u64 {
            let word = words.get(at).and_then(|word| word.parse().ok());
            word.expect("the writer's own words")
        };
        match words[0] {
            "open" => self.opened = true,
            "draft" => self.draft = Some(number(1)),
            "acked" => drop(self.acked.insert(number(1))),
            "attempt" => drop(self.attempts.insert(number(1), words[2].to_owned())),
            "sale" => {
                let n = number(1);
                (self.sold, self.draft) = (n, None);
                let paid = words.get(2).map_or("", |words| words);
                for k in paid.split(',').filter_map(|k| k.parse().ok()) {
                    let state = if is_voided(n) {
                        "REVERSAL_DUE"
                    } else {
                        self.by_card.insert(n);
                        "COMMITTED"
                    };
                    self.attempts.insert(k, state.to_owned());
                }
            }
            other => panic!("the writer said {other}"),
        }
    }

    /// Whether an attempt that the book has in the one state may be found in the other: a start
    /// settles what the stop left open, and settles nothing else.
    pub fn may_be_found(written: &str, found: &str) -> bool {
        match written {
            "INTENT" => ["INTENT", "DECLINED"].contains(&found),
            "SENT" => ["SENT", "UNKNOWN", "REVERSAL_DUE"].contains(&found),
            settled => settled == found,
        }
    }
}

/// The book, and the one after the step that was under way, if one was.
pub struct Books {
    pub done: Book,
    pub begun: Option<Book>,
}

impl Books {
    pub fn new() -> Self {
        Self {
            done: Book::default(),
            begun: None,
        }
    }

    /// A line of the writer's.
    pub fn hear(&mut self, line: &str) {
        if let Some(step) = line.strip_prefix("begin ") {
            let mut next = self.done.clone();
            next.enter(step);
            self.begun = Some(next);
        } else if line.starts_with("done ") {
            self.done = self.begun.take().expect("what is done was begun");
        }
    }
}
