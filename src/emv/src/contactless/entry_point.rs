//! The entry point: from the card's directory to a kernel, and from its outcome to the next step
//! (Book B §3.3 to §3.5).

use crate::{
    apdu::{CApdu, Sw},
    contactless::{
        candidates::{self, Candidate, Candidates},
        directory,
        kernel::{self, Kernel, KernelOutcome, Turn},
        limits::{self, Combination},
    },
    dialogue::Dialogue,
    exchange::Answer,
    fault::Fault,
    generate_ac::AcType,
    issuer::{self, HostAnswer},
    lookup::{Known, LookUp},
    outcome::{Ending, HostVerdict, Refusal},
    pin::{PinEntry, PinRequest},
    selection::{Selected, fci::Fci},
    wait::Awaited,
};

/// A charge without contacts.
pub(crate) struct EntryPoint {
    combinations: Vec<Combination>,
    candidates: Candidates,
    /// Whether the card has an application that is accepted by contacts.
    insertable: bool,
    stage: Stage,
}

/// What to do next; how a charge ends comes as an [`Ending`] instead.
pub(crate) enum Step {
    /// Ask the card.
    Send(CApdu),
    /// Look the card up.
    LookUp(LookUp),
    /// Ask for a PIN.
    AskPin(PinRequest),
    /// Ask the host. The card is no longer needed.
    GoOnline,
}

/// What is awaited.
enum Stage {
    /// The card's directory.
    Directory,
    /// The application that was chosen.
    Application(Candidate),
    /// What the kernel asked for.
    Kernel(Kernel),
    /// The host.
    Online,
}

impl EntryPoint {
    /// Start A: pre-processing, and SELECT of the card's directory.
    ///
    /// # Errors
    /// [`Ending::UseContacts`] if no application may be used without contacts for this charge.
    pub(crate) fn start(dialogue: &Dialogue) -> Result<(Self, CApdu), Ending> {
        let combinations = limits::combinations(dialogue);
        if combinations.is_empty() {
            return Err(Ending::UseContacts);
        }
        let entry_point = Self {
            combinations,
            candidates: Candidates::default(),
            insertable: false,
            stage: Stage::Directory,
        };
        Ok((entry_point, CApdu::select(directory::NAME, false)))
    }

    /// Takes the card's answer.
    pub(crate) fn answered(
        &mut self,
        dialogue: &mut Dialogue,
        answer: &Answer,
    ) -> Result<Step, Ending> {
        match std::mem::replace(&mut self.stage, Stage::Directory) {
            Stage::Directory => self.directory(dialogue, answer),
            Stage::Application(candidate) => self.selected(dialogue, answer, candidate),
            Stage::Kernel(mut kernel) => {
                let turn = kernel.answered(dialogue, answer)?;
                self.turn(dialogue, kernel, turn)
            }
            Stage::Online => Err(Fault::OutOfTurn.into()),
        }
    }

    /// Takes what the terminal remembers of the card.
    pub(crate) fn known(&mut self, dialogue: &mut Dialogue, known: Known) -> Result<Step, Ending> {
        let mut kernel = self.kernel()?;
        let turn = kernel.known(dialogue, known)?;
        self.turn(dialogue, kernel, turn)
    }

    /// Takes what came of the PIN.
    pub(crate) fn entered(
        &mut self,
        dialogue: &mut Dialogue,
        entry: PinEntry,
    ) -> Result<Step, Ending> {
        let mut kernel = self.kernel()?;
        let turn = kernel.entered(dialogue, entry)?;
        self.turn(dialogue, kernel, turn)
    }

    /// Takes the host's answer. It decides alone: the card has given its cryptogram and is gone, so
    /// that neither issuer authentication data nor scripts reach it.
    pub(crate) fn host_answered(&self, dialogue: &mut Dialogue, answer: &HostAnswer) -> Ending {
        if !self.is_online() {
            return Fault::OutOfTurn.into();
        }
        let _undelivered = issuer::answered(dialogue, answer);
        match dialogue.host {
            HostVerdict::Approved => Ending::Approved,
            HostVerdict::Declined(arc) => Ending::DeclinedByHost(arc),
            HostVerdict::Referred(arc) => Ending::Referred(arc),
            HostVerdict::NotAsked | HostVerdict::Asked | HostVerdict::Unreachable => {
                Ending::UnableToGoOnline
            }
        }
    }

    /// Notes that the host could not be asked: declined, for no card is there to ask again.
    pub(crate) fn unreachable(&self, dialogue: &mut Dialogue) -> Ending {
        if !self.is_online() {
            return Fault::OutOfTurn.into();
        }
        issuer::unreachable(dialogue);
        issuer::decided_without_host(dialogue, AcType::Aac);
        Ending::UnableToGoOnline
    }

    /// How the charge ends if the card leaves the field now; not at all once everything is read
    /// (Book B §3.3.3.7: back to Start B).
    pub(crate) fn removed(&self) -> Option<Ending> {
        let read = match &self.stage {
            Stage::Directory | Stage::Application(_) => false,
            Stage::Kernel(kernel) => kernel.has_read_card(),
            Stage::Online => true,
        };
        (!read).then_some(Ending::PresentAgain)
    }

    /// Who has the next word.
    pub(crate) fn awaited(&self) -> Awaited {
        match &self.stage {
            Stage::Directory | Stage::Application(_) => Awaited::Card,
            Stage::Kernel(kernel) => kernel.awaited(),
            Stage::Online => Awaited::Host,
        }
    }

    /// Whether the host is being asked.
    pub(crate) fn is_online(&self) -> bool {
        matches!(self.stage, Stage::Online)
    }

    fn kernel(&mut self) -> Result<Kernel, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Directory) {
            Stage::Kernel(kernel) => Ok(kernel),
            Stage::Directory | Stage::Application(_) | Stage::Online => Err(Fault::OutOfTurn),
        }
    }

    /// §3.3.2: any answer but a readable directory is an empty one.
    fn directory(&mut self, dialogue: &mut Dialogue, answer: &Answer) -> Result<Step, Ending> {
        let entries = match answer.sw {
            Sw::OK => directory::entries(answer.bytes()),
            _ => Vec::new(),
        };
        let terminal = &dialogue.terminal;
        self.insertable = terminal.applications.iter().any(|application| {
            entries
                .iter()
                .any(|entry| candidates::accepts(application, &entry.found.df_name))
        });
        self.candidates = Candidates::of(terminal, &self.combinations, entries);
        self.select_next()
    }

    /// Start C, §3.3.3. With nothing left the books say "insert, swipe or try another card": insert,
    /// if that can help.
    fn select_next(&mut self) -> Result<Step, Ending> {
        match self.candidates.take_first() {
            Some(candidate) => {
                let command = CApdu::select(candidate.df_name.as_slice(), false);
                self.stage = Stage::Application(candidate);
                Ok(Step::Send(command))
            }
            None if self.insertable => Err(Ending::UseContacts),
            None => Err(Ending::NotAccepted(Refusal::NoCommonApplication)),
        }
    }

    /// §3.3.3.5 and §3.3.3.6: an application that cannot be selected, or not run by its kernel, is
    /// passed over.
    fn selected(
        &mut self,
        dialogue: &mut Dialogue,
        answer: &Answer,
        candidate: Candidate,
    ) -> Result<Step, Ending> {
        let Combination { place, kernel, ttq } = candidate.combination;
        let fci = match answer.sw {
            Sw::OK => Fci::parse(answer.bytes()),
            _ => None,
        };
        let fci = fci.filter(|fci| {
            let same = fci.df_name == candidate.df_name || fci.df_name.extends(&candidate.df_name);
            same && kernel::can_run(kernel, fci.pdol)
        });
        let Some((fci, application)) = fci.zip(dialogue.terminal.applications.get(place)) else {
            return self.select_next();
        };
        let label = fci.label().or(candidate.label);
        let selected = Selected {
            df_name: fci.df_name,
            application: application.clone(),
            label: label.unwrap_or_else(|| application.name.clone()),
            pdol: fci.pdol.to_vec(),
        };
        dialogue.take_up(selected);
        let (kernel, command) = Kernel::start(kernel, dialogue, ttq)?;
        self.stage = Stage::Kernel(kernel);
        Ok(Step::Send(command))
    }

    fn turn(
        &mut self,
        dialogue: &mut Dialogue,
        kernel: Kernel,
        turn: Turn,
    ) -> Result<Step, Ending> {
        self.stage = Stage::Kernel(kernel);
        match turn {
            Turn::Send(command) => Ok(Step::Send(command)),
            Turn::LookUp(look_up) => Ok(Step::LookUp(look_up)),
            Turn::AskPin(request) => Ok(Step::AskPin(request)),
            Turn::Done(outcome) => self.outcome(dialogue, outcome),
        }
    }

    /// §3.5.
    fn outcome(&mut self, dialogue: &mut Dialogue, outcome: KernelOutcome) -> Result<Step, Ending> {
        match outcome {
            KernelOutcome::SelectNext => {
                dialogue.selected = None;
                self.select_next()
            }
            KernelOutcome::OnlineRequest => {
                self.stage = Stage::Online;
                Ok(Step::GoOnline)
            }
            KernelOutcome::TryAgain => Err(Ending::SeePhone),
            KernelOutcome::TryAnotherInterface => Err(Ending::UseContacts),
            KernelOutcome::Approved => {
                issuer::decided_offline(dialogue, AcType::Tc);
                Err(Ending::ApprovedOffline)
            }
            KernelOutcome::Declined(decliner) => {
                issuer::decided_offline(dialogue, AcType::Aac);
                Err(Ending::DeclinedOffline(decliner))
            }
            KernelOutcome::EndApplication(ending) => Err(ending),
        }
    }
}
