//! The candidate list (EMV 4.4 Book 1 §12.3.1 and §12.4).

use crate::{aid::Aid, terminal::TerminalData};

/// Candidates of one card.
const MAX_CANDIDATES: usize = 32;
/// Application priority indicator: not to be selected without the cardholder's confirmation.
const CONFIRM: u8 = 0x80;
/// Application priority indicator: the priority, 1 first, 0 none.
const PRIORITY: u8 = 0x0F;

/// An [`Input::Choice`](crate::Input::Choice) that chooses none of what was offered.
pub const NO_CHOICE: usize = usize::MAX;

/// An application that the cardholder may choose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The card's name for it.
    pub aid: Aid,
    /// Its name, as the cardholder knows it.
    pub label: String,
}

/// An application as a card describes it.
pub(crate) struct Found {
    pub(crate) df_name: Aid,
    pub(crate) label: Option<String>,
    pub(crate) priority: u8,
}

/// An application that card and terminal share.
pub(crate) struct Candidate {
    pub(super) df_name: Aid,
    /// Which of the terminal's applications it is.
    pub(super) place: usize,
    pub(super) label: String,
    priority: u8,
}

/// The applications that card and terminal share.
#[derive(Default)]
pub(crate) struct Candidates(Vec<Candidate>);

/// Which of the terminal's applications a card's name for one matches (§12.3.1). The closest, for an
/// AID of the terminal may begin another.
pub(super) fn accepted(terminal: &TerminalData, df_name: &Aid) -> Option<usize> {
    terminal
        .applications
        .iter()
        .enumerate()
        .filter(|(_, known)| {
            *df_name == known.aid || (known.partial && df_name.extends(&known.aid))
        })
        .max_by_key(|(_, known)| known.aid.as_slice().len())
        .map(|(place, _)| place)
}

impl Candidate {
    fn needs_confirmation(&self) -> bool {
        self.priority & CONFIRM != 0
    }

    /// Where it stands in the order: those without a priority come last.
    fn rank(&self) -> u8 {
        match self.priority & PRIORITY {
            0 => PRIORITY + 1,
            priority => priority,
        }
    }
}

impl Candidates {
    /// Adds an application if the terminal accepts it and does not have it yet.
    pub(super) fn add(&mut self, terminal: &TerminalData, found: &Found) {
        let known = self.0.iter().any(|known| known.df_name == found.df_name);
        let accepted = accepted(terminal, &found.df_name);
        let Some(place) = accepted.filter(|_| !known && self.0.len() < MAX_CANDIDATES) else {
            return;
        };
        let name = || terminal.applications[place].name.clone();
        self.0.push(Candidate {
            df_name: found.df_name,
            place,
            label: found.label.clone().unwrap_or_else(name),
            priority: found.priority,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Orders by the card's priorities; equals stay in the order in which they were found.
    pub(super) fn order(&mut self) {
        self.0.sort_by_key(Candidate::rank);
    }

    pub(super) fn choices(&self) -> Vec<Choice> {
        let choice = |candidate: &Candidate| Choice {
            aid: candidate.df_name,
            label: candidate.label.clone(),
        };
        self.0.iter().map(choice).collect()
    }

    pub(super) fn take(&mut self, index: usize) -> Option<Candidate> {
        (index < self.0.len()).then(|| self.0.remove(index))
    }

    /// The one candidate there is, if it needs no confirmation.
    pub(super) fn take_only_unconfirmed(&mut self) -> Option<Candidate> {
        match &self.0[..] {
            [only] if !only.needs_confirmation() => self.0.pop(),
            _ => None,
        }
    }

    /// The first candidate that needs no confirmation.
    pub(super) fn take_first_unconfirmed(&mut self) -> Option<Candidate> {
        let place = self.0.iter().position(|one| !one.needs_confirmation())?;
        Some(self.0.remove(place))
    }
}
