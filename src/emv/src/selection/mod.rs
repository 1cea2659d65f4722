//! Application selection (EMV 4.4 Book 1 §12).
//!
//! First the card's own directory (§12.3.2); if it has none, or nothing in it is accepted here, the
//! terminal's list of AIDs one by one (§12.3.3); then the final choice (§12.4).

pub(crate) mod candidate;
mod directory;
pub(crate) mod fci;

use crate::{
    aid::Aid,
    apdu::{CApdu, Sw},
    exchange::Answer,
    fault::Fault,
    outcome::{Ending, Refusal},
    selection::{
        candidate::{Candidate, Candidates},
        directory::{Directory, FIRST_RECORD},
        fci::Fci,
    },
    terminal::{Application, TerminalData},
};

pub use candidate::{Choice, NO_CHOICE};
pub use directory::MAX_DIRECTORY_RECORDS;

/// Applications with the same AID that are looked for on one card.
pub const MAX_OCCURRENCES: u8 = 8;

/// The search for an application that card and terminal share.
pub(crate) struct Selection {
    asked: Asked,
    candidates: Candidates,
    /// Whether an accepted application was found blocked.
    blocked: bool,
    /// Whether the cardholder chose before.
    chose: bool,
}

/// What the card is being asked.
enum Asked {
    /// SELECT the directory.
    Directory,
    /// READ RECORD of the directory.
    Entry { directory: Directory, record: u8 },
    /// SELECT an AID of the terminal's list.
    Listed(Listed),
    /// Nothing: the cardholder is.
    Choice,
    /// SELECT the application that was chosen.
    Final(Candidate),
}

/// A place in the terminal's list.
#[derive(Clone, Copy, Default)]
struct Listed {
    place: usize,
    /// Which of the card's applications that begin with the AID, from 0.
    occurrence: u8,
    /// The one before it.
    before: Option<Aid>,
}

/// The application that card and terminal agreed on.
#[derive(Clone)]
pub(crate) struct Selected {
    /// The card's name for it.
    pub(crate) df_name: Aid,
    /// The terminal's terms for it.
    pub(crate) application: Application,
    /// Its name, as the cardholder knows it.
    pub(crate) label: String,
    /// What GET PROCESSING OPTIONS is to tell the card.
    pub(crate) pdol: Vec<u8>,
}

/// What comes next.
pub(crate) enum Turn {
    /// Ask the card.
    Send(CApdu),
    /// Ask the cardholder.
    Choose(Vec<Choice>),
    /// Done.
    Selected(Box<Selected>),
}

impl Selection {
    /// Begins with the card's directory.
    pub(crate) fn start() -> (Self, CApdu) {
        let selection = Self {
            asked: Asked::Directory,
            candidates: Candidates::default(),
            blocked: false,
            chose: false,
        };
        (selection, CApdu::select(directory::NAME, false))
    }

    /// Takes the card's answer.
    pub(crate) fn answered(
        &mut self,
        terminal: &TerminalData,
        answer: &Answer,
    ) -> Result<Turn, Ending> {
        match std::mem::replace(&mut self.asked, Asked::Choice) {
            Asked::Directory => self.directory(terminal, answer),
            Asked::Entry { directory, record } => self.entry(terminal, answer, directory, record),
            Asked::Listed(listed) => self.listed(terminal, answer, listed),
            Asked::Choice => Err(Fault::OutOfTurn.into()),
            Asked::Final(candidate) => self.selected(terminal, answer, &candidate),
        }
    }

    /// Takes the cardholder's choice. Who confirms none ends the charge (§12.4).
    pub(crate) fn chosen(&mut self, index: usize) -> Result<Turn, Ending> {
        if !matches!(self.asked, Asked::Choice) {
            return Err(Fault::OutOfTurn.into());
        }
        if index == NO_CHOICE {
            return Err(Ending::Cancelled);
        }
        let candidate = self.candidates.take(index).ok_or(Fault::BadChoice)?;
        self.chose = true;
        Ok(self.select(candidate))
    }

    /// Looks for another application, because the selected one refused (Book 3 §10.1).
    pub(crate) fn resume(&mut self, terminal: &TerminalData) -> Result<Turn, Ending> {
        if self.candidates.is_empty() {
            return Err(Ending::NotAccepted(Refusal::ConditionsOfUse));
        }
        self.choose(terminal)
    }

    /// §12.3.2 step 1.
    fn directory(&mut self, terminal: &TerminalData, answer: &Answer) -> Result<Turn, Ending> {
        if answer.sw == Sw::NOT_SUPPORTED {
            return Err(Ending::NotAccepted(Refusal::CardBlocked));
        }
        let directory = match answer.sw {
            Sw::OK => Directory::parse(answer.bytes(), terminal),
            _ => None,
        };
        match directory {
            Some(directory) => Ok(self.ask_entry(directory, FIRST_RECORD)),
            None => self.ask_listed(terminal, Listed::default()),
        }
    }

    /// §12.3.2 steps 2 to 6. After any error the directory counts for nothing.
    fn entry(
        &mut self,
        terminal: &TerminalData,
        answer: &Answer,
        directory: Directory,
        record: u8,
    ) -> Result<Turn, Ending> {
        let entries = match answer.sw {
            Sw::NO_RECORD => Some(Vec::new()),
            Sw::OK => directory.entries(answer.bytes()),
            _ => None,
        };
        let Some(entries) = entries else {
            self.candidates = Candidates::default();
            return self.ask_listed(terminal, Listed::default());
        };
        for found in entries {
            self.candidates.add(terminal, &found);
        }
        if answer.sw == Sw::OK && record < MAX_DIRECTORY_RECORDS {
            return Ok(self.ask_entry(directory, record + 1));
        }
        if self.candidates.is_empty() {
            return self.ask_listed(terminal, Listed::default());
        }
        self.choose(terminal)
    }

    /// §12.3.3 steps 2 to 7.
    fn listed(
        &mut self,
        terminal: &TerminalData,
        answer: &Answer,
        listed: Listed,
    ) -> Result<Turn, Ending> {
        let first = listed.place == 0 && listed.occurrence == 0;
        if answer.sw == Sw::NOT_SUPPORTED && first {
            return Err(Ending::NotAccepted(Refusal::CardBlocked));
        }
        let next_aid = Listed {
            place: listed.place + 1,
            ..Listed::default()
        };
        let fci = match answer.sw {
            Sw::OK | Sw::BLOCKED => Fci::parse(answer.bytes()),
            _ => None,
        };
        let Some((fci, application)) = fci.zip(terminal.applications.get(listed.place)) else {
            self.blocked |= answer.sw == Sw::BLOCKED;
            return self.ask_listed(terminal, next_aid);
        };
        let exact = fci.df_name == application.aid;
        let longer = fci.df_name.extends(&application.aid);
        if exact || longer {
            if answer.sw == Sw::OK {
                self.candidates.add(terminal, &fci.found_at(terminal));
            } else {
                self.blocked |= candidate::accepted(terminal, &fci.df_name).is_some();
            }
        }
        // The next occurrence is asked for until the card has no more. One that says the same again,
        // or something else than was asked for, would not come to an end.
        let again = listed.before == Some(fci.df_name);
        if !longer || again || listed.occurrence + 1 >= MAX_OCCURRENCES {
            return self.ask_listed(terminal, next_aid);
        }
        let next_occurrence = Listed {
            place: listed.place,
            occurrence: listed.occurrence + 1,
            before: Some(fci.df_name),
        };
        self.ask_listed(terminal, next_occurrence)
    }

    /// §12.4: the cardholder chooses where the terminal offers it, else the card's priorities do. Who
    /// chose one that then could not be had is asked again, even if a single other is left.
    fn choose(&mut self, terminal: &TerminalData) -> Result<Turn, Ending> {
        self.candidates.order();
        if self.candidates.is_empty() {
            let refusal = if self.blocked {
                Refusal::ApplicationBlocked
            } else {
                Refusal::NoCommonApplication
            };
            return Err(Ending::NotAccepted(refusal));
        }
        if !self.chose
            && let Some(only) = self.candidates.take_only_unconfirmed()
        {
            return Ok(self.select(only));
        }
        if terminal.cardholder_choice {
            self.asked = Asked::Choice;
            return Ok(Turn::Choose(self.candidates.choices()));
        }
        match self.candidates.take_first_unconfirmed() {
            Some(first) => Ok(self.select(first)),
            None => Err(Ending::NotAccepted(Refusal::NeedsConfirmation)),
        }
    }

    /// §12.4: an application that cannot be selected after all is passed over.
    fn selected(
        &mut self,
        terminal: &TerminalData,
        answer: &Answer,
        candidate: &Candidate,
    ) -> Result<Turn, Ending> {
        let fci = match answer.sw {
            Sw::OK => Fci::parse(answer.bytes()),
            _ => None,
        };
        let fci = fci.filter(|fci| fci.df_name == candidate.df_name);
        let Some((fci, application)) = fci.zip(terminal.applications.get(candidate.place)) else {
            self.blocked |= answer.sw == Sw::BLOCKED;
            return self.choose(terminal);
        };
        Ok(Turn::Selected(Box::new(Selected {
            df_name: candidate.df_name,
            application: application.clone(),
            label: fci
                .label_at(terminal)
                .unwrap_or_else(|| candidate.label.clone()),
            pdol: fci.pdol.to_vec(),
        })))
    }

    fn ask_entry(&mut self, directory: Directory, record: u8) -> Turn {
        self.asked = Asked::Entry { directory, record };
        Turn::Send(CApdu::read_record(directory.file, record))
    }

    /// SELECT of that place of the list, or the final choice if the list is at its end.
    fn ask_listed(&mut self, terminal: &TerminalData, listed: Listed) -> Result<Turn, Ending> {
        let Some(application) = terminal.applications.get(listed.place) else {
            return self.choose(terminal);
        };
        self.asked = Asked::Listed(listed);
        Ok(Turn::Send(CApdu::select(
            application.aid.as_slice(),
            listed.occurrence > 0,
        )))
    }

    fn select(&mut self, candidate: Candidate) -> Turn {
        let command = CApdu::select(candidate.df_name.as_slice(), false);
        self.asked = Asked::Final(candidate);
        Turn::Send(command)
    }
}
