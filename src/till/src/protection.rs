//! What is less safe than in a shop, said for as long as it is so.

use std::collections::BTreeMap;

use sealpoint_wire::Posture;
use sealpoint_wire::lane::MAX_WARNINGS;

use crate::action::short;
use crate::effect::{Effect, Settings};
use crate::notice::{Notice, NoticeCode};
use crate::till::Till;

/// What the till knows of its own protection and of its processes'.
#[derive(Default, Debug)]
pub(crate) struct Protection {
    key_in_file: bool,
    classical: bool,
    /// What each program lacks.
    short: BTreeMap<&'static str, String>,
    /// The card process's own sentences.
    lane: Vec<String>,
    /// Which warning is told next.
    next: usize,
}

impl Protection {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut protection = Self {
            key_in_file: settings.key_in_file,
            classical: settings.collector && settings.classical,
            ..Self::default()
        };
        protection.heard("till", settings.posture.as_ref());
        protection
    }

    /// A program said how it protects itself.
    pub(crate) fn heard(&mut self, program: &'static str, posture: Option<&Posture>) {
        let Some(posture) = posture else {
            return;
        };
        let missing: Vec<&str> = posture
            .shortfalls()
            .map(|achieved| achieved.measure.word())
            .collect();
        if missing.is_empty() {
            self.short.remove(program);
        } else {
            self.short.insert(program, short(&missing.join(", ")));
        }
    }

    /// The card process said what will soon be in its way.
    pub(crate) fn lane_warns(&mut self, warnings: &[String]) {
        self.lane = warnings
            .iter()
            .take(MAX_WARNINGS)
            .map(|warning| short(warning))
            .collect();
    }

    /// Everything to warn of, the gravest first.
    pub(crate) fn warnings(&self) -> Vec<Notice> {
        let key = self
            .key_in_file
            .then(|| Notice::new(NoticeCode::KeyInFile, vec![]));
        let short = self.short.iter().map(|(program, missing)| {
            let args = vec![(*program).to_owned(), missing.clone()];
            Notice::new(NoticeCode::LessProtected, args)
        });
        let lane = self
            .lane
            .iter()
            .map(|warning| Notice::new(NoticeCode::LaneWarning, vec![warning.clone()]));
        let classical = self
            .classical
            .then(|| Notice::new(NoticeCode::ClassicalLink, vec![]));
        key.into_iter()
            .chain(short)
            .chain(classical)
            .chain(lane)
            .collect()
    }
}

impl Till {
    /// Everything to warn of, for as long as it is so.
    pub(crate) fn warnings(&self) -> Vec<Notice> {
        let mut warnings = self.standing.warnings();
        warnings.extend(self.protection.warnings());
        warnings
    }

    /// Puts the next warning into the bar; after the last one the first.
    pub(crate) fn tell_warning(&mut self) -> Vec<Effect> {
        let warnings = self.warnings();
        if warnings.is_empty() {
            return self.say(NoticeCode::NoWarnings, vec![]);
        }
        let place = self.protection.next % warnings.len();
        self.protection.next = place + 1;
        if let Some(warning) = warnings.into_iter().nth(place) {
            self.bar.put(warning);
        }
        vec![]
    }
}
