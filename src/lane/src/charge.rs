//! One charge: a card is presented, the kernel runs, and where the card wants it presented another
//! way, once more.

use std::time::{Duration, Instant};

use sealpoint_emv::{Charge, Ending, HostVerdict, Interface, Kernel, Outcome, TerminalData};
use sealpoint_vault::SecureRandom;
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};

use crate::{
    counterpart::{Counterpart, Fault, Word},
    measure::{Counts, Times},
    random::Drawn,
    reader::{CardError, Reader, Slot},
    transcript::Transcript,
    watch::{Look, Watch},
};

/// How often the reader is looked at while nothing else happens.
pub(crate) const POLL: Duration = Duration::from_millis(100);
/// How long to wait for a card at most, whatever is asked for.
const MAX_INSERT_WAIT: Duration = Duration::from_secs(300);
/// How long a reader may be missing before a charge fails because of it: the card service may just
/// be starting.
const READER_GRACE: Duration = Duration::from_secs(2);
/// How often a card may be presented in one charge: held to the reader, held again, inserted.
const MAX_PRESENTATIONS: u32 = 5;

/// What a charge is made with.
pub(crate) struct Charging<'a> {
    pub(crate) reader: &'a mut dyn Reader,
    pub(crate) watch: &'a mut Watch,
    pub(crate) counterpart: &'a mut dyn Counterpart,
    pub(crate) random: &'a dyn SecureRandom,
    pub(crate) transcript: Option<&'a mut Transcript>,
    pub(crate) counts: Counts,
    pub(crate) times: Times,
    /// Name of the slot whose card was presented last.
    pub(crate) charged: Option<String>,
}

/// What is to be charged, and where.
pub(crate) struct Plan<'a> {
    pub(crate) terminal: &'a TerminalData,
    /// Its random parts are drawn afresh each time that a card is presented.
    pub(crate) charge: Charge,
    /// How long to wait for a card.
    pub(crate) wait: Duration,
}

/// How a presentation of the card, or the charge, ended.
pub(crate) struct Ended {
    /// What the kernel says, if it came to that.
    pub(crate) outcome: Option<Box<Outcome>>,
    /// Why it ended, where the kernel only sees that it did, or was not asked.
    pub(crate) fault: Option<Fault>,
    /// What the cardholder can do to have it go on, as far as that may be.
    again: Option<CardPrompt>,
}

impl Charging<'_> {
    /// Runs a charge to its end.
    ///
    /// # Errors
    /// [`Fault`] if it ended before a card was in.
    pub(crate) fn run(&mut self, plan: &Plan<'_>) -> Result<Ended, Fault> {
        let mut wanted = None;
        let mut last = None;
        let mut presentations = 0;
        loop {
            // Before a card is asked for, so that what is wrong at once costs no card its turn.
            let kernel = self.kernel(plan)?;
            let start = Instant::now();
            let found = self.await_card(plan, wanted);
            self.times.presenting = self.times.presenting.saturating_add(start.elapsed());
            let slot = match found {
                // It was presented once, and then not the way that it was asked for: what it said
                // then is how it ends.
                Err(fault) if fault.kind == OutcomeKind::NoCard && last.is_some() => break,
                found => found?,
            };
            self.charged = Some(slot.name.clone());
            self.watch.spend(&slot);
            presentations += 1;
            let ended = self.present(kernel, plan, &slot, wanted);
            match ended.again {
                Some(prompt) if presentations < MAX_PRESENTATIONS => {
                    tracing::info!(?prompt, "the card is to be presented again");
                    self.reader.power_off();
                    wanted = Some(prompt);
                    last = Some(ended);
                }
                _ => return Ok(ended),
            }
        }
        last.ok_or_else(no_card)
    }

    /// A kernel with random numbers of its own.
    fn kernel(&self, plan: &Plan<'_>) -> Result<Kernel, Fault> {
        let refuse = |why: String| Fault::new(OutcomeKind::CannotSeal, why);
        let drawn = Drawn::from(self.random).map_err(|why| refuse(why.to_owned()))?;
        let charge = Charge {
            unpredictable_number: drawn.unpredictable_number,
            random_draw: drawn.ticket,
            ..plan.charge.clone()
        };
        Kernel::new(plan.terminal, charge)
            .map_err(|error| refuse(format!("No card can be charged: {error}.")))
    }

    /// Runs the kernel with the card in that slot.
    fn present(
        &mut self,
        kernel: Kernel,
        plan: &Plan<'_>,
        slot: &Slot,
        wanted: Option<CardPrompt>,
    ) -> Ended {
        self.counterpart.prompt(CardPrompt::Reading);
        let card = match self.reader.power_on(slot) {
            Ok(card) => card,
            Err(error) => {
                return Ended::of_card_error(error, self.watch.is_contactless(slot));
            }
        };
        if card.interface == Interface::Contactless {
            self.watch.note_contactless(slot);
            if wanted == Some(CardPrompt::UseContacts) || !takes_contactless(plan.terminal) {
                return Ended::use_contacts();
            }
        }
        self.converse(kernel, &card, slot)
    }

    /// Waits until a card is in that has not been through a charge, and gives its slot.
    fn await_card(&mut self, plan: &Plan<'_>, wanted: Option<CardPrompt>) -> Result<Slot, Fault> {
        let wait = plan.wait.min(MAX_INSERT_WAIT);
        let start = Instant::now();
        let mut reader_seen = start;
        let mut prompted = None;
        loop {
            let look = self.look();
            if let Some(slot) = look.fresh {
                return Ok(slot);
            }
            match look.missing() {
                Some(missing) if reader_seen.elapsed() >= READER_GRACE => {
                    return Err(Fault::new(OutcomeKind::ReaderFault, missing.why.clone()));
                }
                Some(_) => {}
                None => {
                    reader_seen = Instant::now();
                    let prompt = wanted.unwrap_or_else(|| {
                        if look.spent_in {
                            CardPrompt::RemoveCard
                        } else if look.contactless && takes_contactless(plan.terminal) {
                            CardPrompt::PresentCard
                        } else {
                            CardPrompt::InsertCard
                        }
                    });
                    if prompted.replace(prompt) != Some(prompt) {
                        self.counterpart.prompt(prompt);
                    }
                }
            }
            if start.elapsed() >= wait {
                if let Some(missing) = look.missing() {
                    return Err(Fault::new(OutcomeKind::ReaderFault, missing.why.clone()));
                }
                return Err(no_card());
            }
            if let Word::Cancel = self.counterpart.hear(POLL) {
                return Err(Fault::new(
                    OutcomeKind::Cancelled,
                    "Cancelled at the till. Start again or take cash.",
                ));
            }
        }
    }

    /// Looks at the reader.
    pub(crate) fn look(&mut self) -> Look {
        let look = self.watch.look(self.reader);
        self.counterpart.reader(look.state());
        look
    }
}

fn no_card() -> Fault {
    Fault::new(
        OutcomeKind::NoCard,
        "No card was presented in time. Start again or take cash.",
    )
}

/// Whether the profile takes any card without contacts.
fn takes_contactless(terminal: &TerminalData) -> bool {
    terminal
        .applications
        .iter()
        .any(|application| application.contactless.is_some())
}

impl Ended {
    /// The kernel came to an end with a card that was spoken to in that way.
    pub(crate) fn of_kernel(
        outcome: Box<Outcome>,
        fault: Option<Fault>,
        interface: Interface,
    ) -> Self {
        // A cardholder who gave up is no reason for what came after it.
        let fault = fault.filter(|fault| {
            fault.kind != OutcomeKind::Cancelled || outcome.ending == Ending::Cancelled
        });
        // What the host may have approved is not asked for a second time.
        let asked = outcome.evidence.host != HostVerdict::NotAsked;
        let torn = fault.as_ref().is_none_or(|fault| {
            matches!(
                fault.kind,
                OutcomeKind::CardRemoved | OutcomeKind::CardFault
            )
        });
        let again = match outcome.ending {
            _ if asked => None,
            Ending::UseContacts => Some(CardPrompt::UseContacts),
            Ending::SeePhone => Some(CardPrompt::SeePhone),
            Ending::PresentAgain if torn => Some(CardPrompt::PresentAgain),
            Ending::Removed if torn && interface == Interface::Contactless => {
                Some(CardPrompt::PresentAgain)
            }
            _ => None,
        };
        Self {
            outcome: Some(outcome),
            fault,
            again,
        }
    }

    /// It ended before a card was in.
    pub(crate) fn without_card(fault: Fault) -> Self {
        Self {
            outcome: None,
            fault: Some(fault),
            again: None,
        }
    }

    fn of_card_error(error: CardError, contactless: bool) -> Self {
        let again = (contactless && !matches!(error, CardError::Failed(_)))
            .then_some(CardPrompt::PresentAgain);
        Self {
            outcome: None,
            fault: Some(error.into()),
            again,
        }
    }

    /// A card was held to the reader where it must be inserted.
    fn use_contacts() -> Self {
        Self {
            outcome: None,
            fault: Some(Fault::new(
                OutcomeKind::NotAccepted,
                Ending::UseContacts.to_string(),
            )),
            again: Some(CardPrompt::UseContacts),
        }
    }
}
