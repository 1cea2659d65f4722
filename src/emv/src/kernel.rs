//! One charge from the card's reset to its outcome (EMV 4.4 Book 3 §8.1): what may come when, and
//! what ends it. The phases themselves follow in `course`.

use crate::{
    apdu::CApdu,
    charge::{Charge, ChargeError},
    contactless::EntryPoint,
    cvm::Verifying,
    dialogue::Dialogue,
    exchange::{Counts, Exchange, Heard},
    fault::Fault,
    generate_ac::{AcType, Asked},
    issuer::HostAnswer,
    lookup::{Known, LookUp},
    online::{self, OnlineRequest},
    outcome::{Decliner, Ending, Evidence, HostVerdict, Interface, Outcome},
    pin::{PinEntry, PinPad, PinRequest},
    records::Reading,
    risk::Checking,
    script::Scripts,
    selection::{Choice, Selection},
    terminal::TerminalData,
    verification::Tvr,
    wait::{Awaited, Patience},
};

/// The kernel for one charge. Give it what happened, do what it says, until it is done.
///
/// It wipes what the card gave as soon as the outcome is known, and when dropped. Of an approval that
/// the host was not asked for, what it must be told waits for [`Kernel::take_advice`].
pub struct Kernel {
    pub(crate) dialogue: Dialogue,
    pub(crate) exchange: Exchange,
    patience: Patience,
    pub(crate) stage: Stage,
    advice: Option<Box<OnlineRequest>>,
}

/// What happened.
pub enum Input<'a> {
    /// A card was powered up and gave this answer to reset. First input of all.
    Start {
        /// The answer to reset.
        atr: &'a [u8],
        /// How it is spoken to.
        interface: Interface,
        /// What the reader's PIN pad can do.
        pad: PinPad,
    },
    /// The card answered a command; with its status word.
    RApdu(&'a [u8]),
    /// The cardholder chose, counted from 0; [`usize::MAX`] if they want none of it.
    Choice(usize),
    /// What is known of the card here.
    Known(Known),
    /// What came of the PIN.
    Pin(PinEntry),
    /// What was last asked for has not come for so long. The kernel has no clock: this is how it gives
    /// up waiting. A driver that is held up while the card answers tells how long that took before it
    /// gives the answer.
    Tick {
        /// Milliseconds since it was asked for; an [`Output::Wait`] in between asks for nothing.
        waited_ms: u32,
    },
    /// The host answered.
    HostAnswer(HostAnswer),
    /// The host could not be asked or did not answer.
    UnableToGoOnline,
    /// The card is gone, or does not answer.
    CardRemoved,
    /// The cashier gave up. While the host is asked it counts as unreachable, and the card is told to
    /// decline.
    Cancel,
}

/// What to do.
pub enum Output {
    /// Send this to the card and give its answer.
    Send(CApdu),
    /// Ask the cardholder, and give the choice.
    Choose(Vec<Choice>),
    /// Look the card up in what this terminal remembers, and give [`Input::Known`].
    LookUp(LookUp),
    /// Ask the reader's PIN pad, and give [`Input::Pin`].
    AskPin(PinRequest),
    /// Wait: nothing is to be done, the last request stands.
    Wait,
    /// Seal the card data, ask the host, and give its answer or [`Input::UnableToGoOnline`].
    GoOnline(Box<OnlineRequest>),
    /// It is over; any further input gives the same again.
    Done(Box<Outcome>),
}

/// What is awaited.
pub(crate) enum Stage {
    Idle,
    Selecting(Selection),
    Choosing(Selection),
    Initiating(Selection),
    Reading(Reading),
    LookingUp,
    AuthenticatingCard,
    Verifying(Verifying),
    AwaitingPin(Verifying),
    CheckingRisk(Checking),
    FirstAc { asked: Asked, decliner: Decliner },
    Online,
    AuthenticatingIssuer { scripts: Vec<u8> },
    ScriptsBefore { running: Scripts, all: Vec<u8> },
    SecondAc { asked: Asked, scripts: Vec<u8> },
    ScriptsAfter { running: Scripts, ending: Ending },
    Contactless(EntryPoint),
    Over(Box<Outcome>),
}

/// What to do next, or how it ended.
pub(crate) type Step = Result<Output, Ending>;

impl From<Fault> for Ending {
    fn from(fault: Fault) -> Self {
        Self::Terminated(fault)
    }
}

impl Kernel {
    /// A kernel for one charge at one terminal.
    ///
    /// # Errors
    /// [`ChargeError`] if the charge cannot be written into its data elements.
    pub fn new(terminal: &TerminalData, charge: Charge) -> Result<Self, ChargeError> {
        charge.check()?;
        Ok(Self {
            dialogue: Dialogue::new(terminal.clone(), charge),
            exchange: Exchange::new(),
            patience: Patience::default(),
            stage: Stage::Idle,
            advice: None,
        })
    }

    /// Takes what happened, and says what to do.
    pub fn step(&mut self, input: Input<'_>) -> Output {
        if let Stage::Over(outcome) = &self.stage {
            return Output::Done(outcome.clone());
        }
        match self.advance(input) {
            Ok(output) => output,
            Err(ending) => self.end(ending),
        }
    }

    /// What the host must be told of a charge that card and terminal approved before it was asked
    /// (ARC Y1, Book 4 Annex A6), once; it holds the card, so seal it at once. None for any other
    /// outcome: of an approval after the host could not be asked (Y3), [`Output::GoOnline`] gave the
    /// card, and [`Evidence::de55`] has the TC.
    pub fn take_advice(&mut self) -> Option<Box<OnlineRequest>> {
        self.advice.take()
    }

    /// What was exchanged with the card so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.exchange.counts()
    }

    fn advance(&mut self, input: Input<'_>) -> Step {
        let awaited = self.stage.awaited();
        if let Input::Tick { waited_ms } = input {
            return self.tick(awaited, waited_ms);
        }
        self.patience.over(awaited);
        match (&self.stage, input) {
            (_, Input::RApdu(raw)) => match self.exchange.hear(raw)? {
                Heard::Ask(command) => Ok(Output::Send(command)),
                Heard::Whole(answer) => self.answered(&answer),
            },
            (Stage::Contactless(_), input) => self.contactless(input),
            (_, Input::CardRemoved) => Err(Ending::Removed),
            (Stage::Online, Input::UnableToGoOnline) => self.unreachable(),
            (Stage::Online, Input::Cancel) => self.given_up(),
            (_, Input::Cancel) => Err(Ending::Cancelled),
            (
                Stage::Idle,
                Input::Start {
                    atr,
                    interface,
                    pad,
                },
            ) => {
                self.dialogue.begin(interface, pad);
                match interface {
                    Interface::Contact => self.select(atr),
                    Interface::Contactless => self.present(),
                }
            }
            (Stage::Choosing(_), Input::Choice(index)) => self.chosen(index),
            (Stage::LookingUp, Input::Known(known)) => self.known(known),
            (Stage::AwaitingPin(_), Input::Pin(entry)) => self.entered(entry),
            (Stage::Online, Input::HostAnswer(answer)) => self.host_answered(&answer),
            _ => Err(Fault::OutOfTurn.into()),
        }
    }

    /// Nothing came so far. Whoever is too slow is treated as one who does not answer.
    fn tick(&mut self, awaited: Awaited, waited_ms: u32) -> Step {
        if matches!(self.stage, Stage::Idle) || !self.patience.ends(awaited, waited_ms) {
            return Ok(Output::Wait);
        }
        self.patience.over(awaited);
        match awaited {
            Awaited::Card | Awaited::Driver => Err(Fault::TooSlow.into()),
            Awaited::Choice => Err(Ending::Cancelled),
            Awaited::Pin => self.advance(Input::Pin(PinEntry::Cancelled)),
            Awaited::Host => self.advance(Input::UnableToGoOnline),
        }
    }

    pub(crate) fn send(&mut self, command: CApdu, awaiting: Stage) -> Step {
        self.stage = awaiting;
        Ok(Output::Send(self.exchange.send(command)?))
    }

    /// Ends the charge, gathers the evidence, and wipes what the card gave.
    fn end(&mut self, ending: Ending) -> Output {
        let settled = self.settled(ending);
        let ending = self.advised(settled);
        let outcome = Box::new(Outcome {
            ending,
            evidence: Evidence::of(&mut self.dialogue),
        });
        self.dialogue.forget_card();
        self.exchange.close();
        self.stage = Stage::Over(outcome.clone());
        Output::Done(outcome)
    }

    /// Keeps what the host must be told of an approval that it was not asked for. What it cannot be
    /// told of is none.
    fn advised(&mut self, ending: Ending) -> Ending {
        if ending != Ending::ApprovedOffline || self.dialogue.host != HostVerdict::NotAsked {
            return ending;
        }
        match online::request(&mut self.dialogue) {
            Ok(request) => {
                self.advice = Some(Box::new(request));
                ending
            }
            Err(fault) => fault.into(),
        }
    }

    /// What an ending comes to where the matter had been decided before.
    fn settled(&mut self, ending: Ending) -> Ending {
        let gone = matches!(
            ending,
            Ending::Removed | Ending::Cancelled | Ending::Terminated(Fault::TooSlow)
        );
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            // After the final cryptogram nothing changes the ending any more.
            Stage::ScriptsAfter {
                mut running,
                ending,
            } => {
                running.abandon(&mut self.dialogue);
                ending
            }
            // Nor does a card that is gone change a decline.
            Stage::FirstAc { asked, decliner } if gone && asked.kind == AcType::Aac => {
                Ending::DeclinedOffline(decliner)
            }
            Stage::SecondAc { asked, .. } if gone && asked.kind == AcType::Aac => self.declined(),
            Stage::AuthenticatingIssuer { .. } | Stage::ScriptsBefore { .. }
                if gone && self.dialogue.host != HostVerdict::Approved =>
            {
                self.declined()
            }
            _ => ending,
        }
    }

    /// The ending of a charge that nobody approved, or the card alone refused.
    pub(crate) fn declined(&self) -> Ending {
        match self.dialogue.host {
            HostVerdict::Approved => Ending::DeclinedByCard,
            HostVerdict::Declined(arc) => Ending::DeclinedByHost(arc),
            HostVerdict::Referred(arc) => Ending::Referred(arc),
            HostVerdict::Asked | HostVerdict::Unreachable => Ending::UnableToGoOnline,
            // A second cryptogram without the host follows a first that was not proven.
            HostVerdict::NotAsked => {
                Ending::DeclinedOffline(Decliner::Terminal(self.dialogue.tvr & Tvr::CDA_FAILED))
            }
        }
    }
}

impl Stage {
    fn awaited(&self) -> Awaited {
        match self {
            Self::Choosing(_) => Awaited::Choice,
            Self::AwaitingPin(_) => Awaited::Pin,
            Self::Online => Awaited::Host,
            Self::Idle | Self::LookingUp | Self::Over(_) => Awaited::Driver,
            Self::Contactless(entry_point) => entry_point.awaited(),
            Self::Selecting(_)
            | Self::Initiating(_)
            | Self::Reading(_)
            | Self::AuthenticatingCard
            | Self::Verifying(_)
            | Self::CheckingRisk(_)
            | Self::FirstAc { .. }
            | Self::AuthenticatingIssuer { .. }
            | Self::ScriptsBefore { .. }
            | Self::SecondAc { .. }
            | Self::ScriptsAfter { .. } => Awaited::Card,
        }
    }
}
