//! The candidate list and its order (Book B §3.3.2 and §3.3.3).

use crate::{
    aid::Aid,
    contactless::{kernel, limits::Combination},
    selection::candidate::Found,
    terminal::{Application, TerminalData},
};

/// Candidates of one card.
const MAX_CANDIDATES: usize = 32;
/// Application priority indicator: the priority, 1 first, 0 none. Whether the cardholder should
/// confirm (bit 8) means nothing without contacts: presenting the card is the choice.
const PRIORITY: u8 = 0x0F;
/// Requested kernel: whichever the reader has.
const ANY_KERNEL: u8 = 0;

/// An entry of the card's directory.
pub(super) struct Entry {
    pub(super) found: Found,
    /// The kernel that it asks for, 0 for any.
    pub(super) kernel: u8,
}

/// An application that card and reader share, and the kernel for it.
pub(super) struct Candidate {
    /// The card's name for it.
    pub(super) df_name: Aid,
    /// Its name, as the directory writes it.
    pub(super) label: Option<String>,
    /// The reader's side of it.
    pub(super) combination: Combination,
    priority: u8,
}

/// The applications that card and reader share, best first.
#[derive(Default)]
pub(super) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Every entry with the reader's longest AID that it matches and whose kernel it asks for
    /// (§3.3.2.5), in the order of the card's priorities and then of its directory (§3.3.3.2).
    pub(super) fn of(
        terminal: &TerminalData,
        combinations: &[Combination],
        entries: Vec<Entry>,
    ) -> Self {
        let candidates = entries.into_iter().filter_map(|entry| {
            let combination = combinations
                .iter()
                .filter(|one| [ANY_KERNEL, kernel::id(one.kernel)].contains(&entry.kernel))
                .filter_map(|one| Some((terminal.applications.get(one.place)?, one)))
                .filter(|(application, _)| accepts(application, &entry.found.df_name))
                .max_by_key(|(application, _)| application.aid.as_slice().len())
                .map(|(_, one)| *one)?;
            Some(Candidate {
                df_name: entry.found.df_name,
                label: entry.found.label,
                combination,
                priority: entry.found.priority & PRIORITY,
            })
        });
        let mut candidates: Vec<Candidate> = candidates.take(MAX_CANDIDATES).collect();
        candidates.sort_by_key(Candidate::rank);
        Self(candidates)
    }

    /// The best that is left.
    pub(super) fn take_first(&mut self) -> Option<Candidate> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

impl Candidate {
    /// Where it stands in the order: those without a priority come last.
    fn rank(&self) -> u8 {
        match self.priority {
            0 => PRIORITY + 1,
            priority => priority,
        }
    }
}

/// Whether the reader's AID stands for the card's name: whole, or as its beginning unless the profile
/// wants it whole (§3.3.2.5 B).
pub(super) fn accepts(application: &Application, df_name: &Aid) -> bool {
    *df_name == application.aid || (application.partial && df_name.extends(&application.aid))
}
