//! One charge from the card's reset to its outcome (EMV 4.4 Book 3 §8.1).

use crate::{
    action,
    apdu::CApdu,
    charge::{Charge, ChargeError},
    cvm,
    dialogue::Dialogue,
    exchange::{Answer, Exchange, Heard},
    fault::Fault,
    generate_ac::{self, AcType},
    gpo::{self, Initiated},
    issuer::{self, HostAnswer},
    lookup::{Known, LookUp},
    online::{self, OnlineRequest},
    outcome::{Decliner, Ending, Evidence, HostVerdict, Interface, Outcome},
    pin::{PinEntry, PinPad, PinRequest},
    records::{self, Reading},
    restrictions, risk,
    script::{Scripts, When},
    selection::{Choice, Selection, Turn},
    tag,
    terminal::TerminalData,
    verification::{Tsi, Tvr},
};

/// Bytes of an answer to reset (Book 1 §8).
const ATR: core::ops::RangeInclusive<usize> = 2..=33;

/// The kernel for one charge. Give it what happened, do what it says, until it is done.
///
/// It wipes what the card gave as soon as the outcome is known, and when dropped.
pub struct Kernel {
    pub(crate) dialogue: Dialogue,
    exchange: Exchange,
    stage: Stage,
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
    /// The cardholder chose, counted from 0.
    Choice(usize),
    /// What is known of the card here.
    Known(Known),
    /// What came of the PIN.
    Pin(PinEntry),
    /// What was last asked for has not come for so long; milliseconds since the last output. The
    /// kernel has no clock: this is how it gives up waiting.
    Tick {
        /// Milliseconds since the last output.
        waited_ms: u32,
    },
    /// The host answered.
    HostAnswer(HostAnswer),
    /// The host could not be asked or did not answer.
    UnableToGoOnline,
    /// The card is gone, or does not answer.
    CardRemoved,
    /// The cashier gave up. While the host is asked this is the same as an unreachable host.
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

/// Which answer is awaited.
enum Stage {
    Idle,
    Selecting(Selection),
    Initiating(Selection),
    Reading(Reading),
    FirstAc { asked: AcType, decliner: Decliner },
    Online,
    Authenticating { scripts: Vec<u8> },
    ScriptsBefore { running: Scripts, all: Vec<u8> },
    SecondAc { asked: AcType, scripts: Vec<u8> },
    ScriptsAfter { running: Scripts, ending: Ending },
    Over(Box<Outcome>),
}

/// What to do next, or how it ended.
type Step = Result<Output, Ending>;

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
            stage: Stage::Idle,
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

    fn advance(&mut self, input: Input<'_>) -> Step {
        match (&self.stage, input) {
            (_, Input::RApdu(raw)) => match self.exchange.hear(raw)? {
                Heard::Ask(command) => Ok(Output::Send(command)),
                Heard::Whole(answer) => self.answered(&answer),
            },
            (_, Input::CardRemoved) => Err(Ending::Removed),
            (Stage::Online, Input::UnableToGoOnline | Input::Cancel) => self.unreachable(),
            (_, Input::Cancel) => Err(Ending::Cancelled),
            (
                Stage::Idle,
                Input::Start {
                    atr,
                    interface,
                    pad,
                },
            ) => {
                self.dialogue.interface = interface;
                self.dialogue.pad = pad;
                self.select(atr)
            }
            (Stage::Selecting(_), Input::Choice(index)) => self.chosen(index),
            (Stage::Online, Input::HostAnswer(answer)) => self.host_answered(&answer),
            _ => Err(Fault::OutOfTurn.into()),
        }
    }

    /// The card's whole answer, to the phase that waits for it.
    fn answered(&mut self, answer: &Answer) -> Step {
        // An early return leaves `Idle`; every one of them ends the charge.
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Selecting(mut selection) => {
                let turn = selection.answered(&self.dialogue.terminal, answer)?;
                self.turn(selection, turn)
            }
            Stage::Initiating(selection) => self.initiated(selection, answer),
            Stage::Reading(reading) => {
                reading.answered(&mut self.dialogue, answer)?;
                self.read_next(reading)
            }
            Stage::FirstAc { asked, decliner } => self.first_ac(asked, decliner, answer),
            Stage::Authenticating { scripts } => {
                issuer::authenticated(&mut self.dialogue, answer);
                self.scripts_before(scripts)
            }
            Stage::ScriptsBefore { mut running, all } => {
                running.answered(&mut self.dialogue, answer);
                self.next_script_before(running, all)
            }
            Stage::SecondAc { asked, scripts } => self.second_ac(asked, &scripts, answer),
            Stage::ScriptsAfter {
                mut running,
                ending,
            } => {
                running.answered(&mut self.dialogue, answer);
                self.next_script_after(running, ending)
            }
            Stage::Idle | Stage::Online | Stage::Over(_) => Err(Fault::OutOfTurn.into()),
        }
    }

    fn send(&mut self, command: CApdu, awaiting: Stage) -> Step {
        self.stage = awaiting;
        Ok(Output::Send(self.exchange.send(command)?))
    }

    // Application selection.

    fn select(&mut self, atr: &[u8]) -> Step {
        if !ATR.contains(&atr.len()) {
            return Err(Fault::Reset.into());
        }
        let (selection, command) = Selection::start();
        self.send(command, Stage::Selecting(selection))
    }

    fn chosen(&mut self, index: usize) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Selecting(mut selection) => {
                let turn = selection.chosen(index)?;
                self.turn(selection, turn)
            }
            _ => Err(Fault::OutOfTurn.into()),
        }
    }

    fn turn(&mut self, selection: Selection, turn: Turn) -> Step {
        match turn {
            Turn::Send(command) => self.send(command, Stage::Selecting(selection)),
            Turn::Choose(choices) => {
                self.stage = Stage::Selecting(selection);
                Ok(Output::Choose(choices))
            }
            Turn::Selected(selected) => {
                self.dialogue.take_up(*selected);
                let command = gpo::command(&self.dialogue)?;
                self.send(command, Stage::Initiating(selection))
            }
        }
    }

    // Application data.

    fn initiated(&mut self, mut selection: Selection, answer: &Answer) -> Step {
        match gpo::answered(&mut self.dialogue, answer)? {
            Initiated::Ready { afl } => self.read_next(Reading::plan(&afl)?),
            Initiated::ConditionsNotSatisfied => {
                self.dialogue.selected = None;
                let turn = selection.resume(&self.dialogue.terminal)?;
                self.turn(selection, turn)
            }
        }
    }

    fn read_next(&mut self, mut reading: Reading) -> Step {
        match reading.next() {
            Some(command) => self.send(command, Stage::Reading(reading)),
            None => self.decide(),
        }
    }

    // The terminal's checks, then the card's.

    fn decide(&mut self) -> Step {
        let dialogue = &mut self.dialogue;
        records::complete(dialogue)?;
        // Offline data authentication: this terminal's capabilities offer none (Book 3 §10.3).
        dialogue.tvr |= Tvr::ODA_NOT_PERFORMED;
        restrictions::check(dialogue)?;
        cvm::perform(dialogue)?;
        risk::check(dialogue);
        let verdict = action::before_host(dialogue)?;
        let asked = verdict.cryptogram();
        if asked == AcType::Aac {
            issuer::declined_offline(dialogue);
        }
        let command = generate_ac::command(dialogue, asked, tag::CDOL1)?;
        let decliner = verdict.decliner();
        self.send(command, Stage::FirstAc { asked, decliner })
    }

    fn first_ac(&mut self, asked: AcType, decliner: Decliner, answer: &Answer) -> Step {
        let cryptogram = generate_ac::answered(&mut self.dialogue, asked, answer)?;
        self.dialogue.tsi |= Tsi::CARD_RISK;
        match cryptogram.kind {
            AcType::Arqc => {
                let request = online::request(&mut self.dialogue)?;
                self.dialogue.host = HostVerdict::Asked;
                self.stage = Stage::Online;
                Ok(Output::GoOnline(Box::new(request)))
            }
            AcType::Aac => Err(Ending::DeclinedOffline(decliner)),
            // No request of this kernel allows it; `generate_ac` has refused it already.
            AcType::Tc => Err(Fault::WrongCryptogram {
                asked,
                got: AcType::Tc,
            }
            .into()),
        }
    }

    // The host, and what it has to say to the card.

    fn host_answered(&mut self, answer: &HostAnswer) -> Step {
        let scripts = answer.scripts().to_vec();
        match issuer::answered(&mut self.dialogue, answer) {
            Some(authenticate) => self.send(authenticate, Stage::Authenticating { scripts }),
            None => self.scripts_before(scripts),
        }
    }

    fn unreachable(&mut self) -> Step {
        issuer::unreachable(&mut self.dialogue);
        self.ask_second_ac(Vec::new())
    }

    fn scripts_before(&mut self, all: Vec<u8>) -> Step {
        let running = Scripts::of(&mut self.dialogue, &all, When::Before);
        self.next_script_before(running, all)
    }

    fn next_script_before(&mut self, mut running: Scripts, all: Vec<u8>) -> Step {
        match running.next(&mut self.dialogue) {
            Some(command) => self.send(command, Stage::ScriptsBefore { running, all }),
            None => self.ask_second_ac(all),
        }
    }

    // Completion.

    fn ask_second_ac(&mut self, scripts: Vec<u8>) -> Step {
        let asked = match self.dialogue.host {
            HostVerdict::Approved => AcType::Tc,
            _ => AcType::Aac,
        };
        let command = generate_ac::command(&mut self.dialogue, asked, tag::CDOL2)?;
        self.send(command, Stage::SecondAc { asked, scripts })
    }

    fn second_ac(&mut self, asked: AcType, scripts: &[u8], answer: &Answer) -> Step {
        let cryptogram = generate_ac::answered(&mut self.dialogue, asked, answer)?;
        let ending = match (self.dialogue.host, cryptogram.kind) {
            (HostVerdict::Approved, AcType::Tc) => Ending::Approved,
            (HostVerdict::Approved, _) => Ending::DeclinedByCard,
            (host, _) => declined_by(host),
        };
        let running = Scripts::of(&mut self.dialogue, scripts, When::After);
        self.next_script_after(running, ending)
    }

    fn next_script_after(&mut self, mut running: Scripts, ending: Ending) -> Step {
        match running.next(&mut self.dialogue) {
            Some(command) => {
                let sent = self.exchange.send(command);
                self.stage = Stage::ScriptsAfter { running, ending };
                Ok(Output::Send(sent?))
            }
            None => Err(ending),
        }
    }

    /// Ends the charge, gathers the evidence, and wipes what the card gave.
    fn end(&mut self, ending: Ending) -> Output {
        let ending = match (std::mem::replace(&mut self.stage, Stage::Idle), ending) {
            // After the final cryptogram nothing changes the ending any more.
            (
                Stage::ScriptsAfter {
                    mut running,
                    ending,
                },
                _,
            ) => {
                running.abandon(&mut self.dialogue);
                ending
            }
            // Nor does a card that is gone change a decline.
            (_, Ending::Removed | Ending::Cancelled)
                if matches!(
                    self.dialogue.host,
                    HostVerdict::Declined(_) | HostVerdict::Unreachable
                ) =>
            {
                declined_by(self.dialogue.host)
            }
            (_, ending) => ending,
        };
        let outcome = Box::new(Outcome {
            ending,
            evidence: Evidence::of(&mut self.dialogue),
        });
        self.dialogue.store.forget_card();
        self.exchange = Exchange::new();
        self.stage = Stage::Over(outcome.clone());
        Output::Done(outcome)
    }
}

/// The ending where the host did not approve.
fn declined_by(host: HostVerdict) -> Ending {
    match host {
        HostVerdict::Declined(arc) => Ending::DeclinedByHost(arc),
        _ => Ending::UnableToGoOnline,
    }
}
