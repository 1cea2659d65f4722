//! What was searched, what could not be, and what was found.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Serialize;

use super::search::Found;
use crate::exit::Exit;

/// Findings that are told one by one; the others are counted.
const MAX_HITS: usize = 1_000;
/// Things that could not be searched and are told one by one.
const MAX_GAPS: usize = 200;

/// The report of a scan. Fields are added without a new version; none is renamed or removed.
#[derive(Serialize, Debug)]
pub struct Report {
    /// 1.
    pub version: u16,
    /// `nothing_found`, `found`, `incomplete` or `search_fails`.
    pub result: &'static str,
    /// The exit code.
    pub exit_code: u8,
    /// How many card numbers, keys and PIN blocks were looked for.
    pub looked_for: usize,
    /// In how many forms, all together.
    pub patterns: usize,
    /// Whether the search finds what was planted.
    pub self_test: SelfTest,
    /// What was searched.
    pub searched: Vec<Searched>,
    /// What was not, and why.
    pub not_searched: Vec<Gap>,
    /// What was left out because the command line says so, or because it is not there.
    pub left_out: Vec<Gap>,
    /// What was found.
    pub hits: Vec<Hit>,
    /// How many findings there are, with those that are not listed.
    pub hit_count: u64,
    /// How long it took.
    pub took_ms: u64,
    #[serde(skip)]
    places: BTreeMap<(String, Option<usize>, &'static str, String), usize>,
    #[serde(skip)]
    gap_count: usize,
}

/// What the search found of what was planted, form by form.
#[derive(Serialize, Clone, Default, Debug)]
pub struct SelfTest {
    /// Forms that were planted.
    pub planted: usize,
    /// How many of them were found in a file.
    pub found_in_file: usize,
    /// How many of them were found in the memory of another process.
    pub found_in_memory: usize,
    /// Why memory could not be searched, if so.
    pub memory_obstacle: Option<String>,
}

impl SelfTest {
    /// Whether what is there is found; memory only counts where it can be read.
    pub fn holds(&self) -> bool {
        self.planted > 0
            && self.found_in_file == self.planted
            && (self.found_in_memory == self.planted || self.memory_obstacle.is_some())
    }
}

/// Something that was searched.
#[derive(Serialize, Debug)]
pub struct Searched {
    /// `files`, `logs`, `cores`, `database`, `values`, `memory` or `swap`.
    pub kind: &'static str,
    /// Which.
    pub name: String,
    /// Files, pages, values or mappings; of memory those of the last pass.
    pub parts: u64,
    /// Bytes; of memory those of all passes.
    pub bytes: u64,
    /// How often.
    pub passes: u64,
}

/// Something that was not searched.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Which.
    pub what: String,
    /// Why, and what to do.
    pub why: String,
}

/// Something that was found.
#[derive(Serialize, Debug)]
pub struct Hit {
    /// The file, or the process and mapping.
    pub place: String,
    /// Bytes from its start; of memory the address.
    pub at: u64,
    /// How it is written there.
    pub form: &'static str,
    /// At most its first six and last four digits, or the name of the key.
    pub what: String,
    /// What stands around what nobody named, without a digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// In how many places, or passes, the same was found.
    pub times: u64,
    /// When it was seen first and last, in milliseconds from the start of the scan.
    pub first_ms: u64,
    /// See `first_ms`.
    pub last_ms: u64,
}

impl Report {
    /// Nothing searched, nothing found.
    pub fn new(looked_for: usize, patterns: usize) -> Self {
        Self {
            version: 1,
            result: "",
            exit_code: 0,
            looked_for,
            patterns,
            self_test: SelfTest::default(),
            searched: Vec::new(),
            not_searched: Vec::new(),
            left_out: Vec::new(),
            hits: Vec::new(),
            hit_count: 0,
            took_ms: 0,
            places: BTreeMap::new(),
            gap_count: 0,
        }
    }

    /// Notes a finding. The same thing in the same form in the same place is one, seen several times.
    pub fn found(&mut self, place: &str, found: Found, since_start: Duration) {
        self.hit_count += 1;
        let now = millis(since_start);
        let form = found.form.word();
        let key = (place.to_owned(), found.needle, form, found.shown.clone());
        if let Some(hit) = self.places.get(&key).and_then(|at| self.hits.get_mut(*at)) {
            hit.times += 1;
            hit.last_ms = now;
        } else if self.hits.len() < MAX_HITS {
            self.places.insert(key, self.hits.len());
            self.hits.push(Hit {
                place: place.to_owned(),
                at: found.at,
                form,
                what: found.shown,
                context: found.context,
                times: 1,
                first_ms: now,
                last_ms: now,
            });
        }
    }

    /// Something could not be searched.
    pub fn gap(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let gap = Gap {
            what: what.into(),
            why: why.into(),
        };
        if self.not_searched.contains(&gap) {
            return;
        }
        self.gap_count += 1;
        if self.not_searched.len() < MAX_GAPS {
            self.not_searched.push(gap);
        }
    }

    /// Something was not to be searched.
    pub fn left_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(Gap {
            what: what.into(),
            why: why.into(),
        });
    }

    /// Judges all that was noted.
    pub fn conclude(&mut self, took: Duration) -> Exit {
        self.took_ms = millis(took);
        let (result, exit) = if self.hit_count > 0 {
            ("found", Exit::CardDataFound)
        } else if !self.self_test.holds() {
            ("search_fails", Exit::SearchFails)
        } else if self.gap_count > 0 {
            ("incomplete", Exit::NotEverywhere)
        } else {
            ("nothing_found", Exit::Approved)
        };
        self.result = result;
        self.exit_code = exit.code();
        exit
    }

    /// For programs.
    pub fn to_json(&self) -> String {
        // It holds texts and numbers alone.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// A path as it may be printed.
pub fn shown(path: &Path) -> String {
    path.display()
        .to_string()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
