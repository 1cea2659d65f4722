//! The card: one command in, one answer out (EMV 4.4 Books 1 and 3).
//!
//! No I/O, no clock, no random numbers. A card that is pulled out answers
//! with nothing at all, which every driver passes on as "no card".
//!
//! Deliberate simplifications: no card risk management of its own but what its
//! profile says; what scripts write is forgotten when the simulator ends, and
//! so is a new PIN; a tapped card knows qVSDC alone.

mod application;
mod authorise;
mod charge;
mod command;
mod issuer_script;
mod memory;
mod personalise;
mod read;
mod sign;
mod tap;
mod verify;

pub use memory::{ApplicationMemory, Memory};

use application::Application;
use charge::Charge;
use command::{Answer, Command, status};
use personalise::{Directory, directory};

use crate::issuer::{IssuerError, IssuerKeys};
use crate::profile::{Behaviour, Interface, Misbehaviour, Profile, RemoveAt};

/// Wrong PINs before the card blocks offline PIN.
pub(crate) const PIN_TRIES: u8 = 3;

/// One personalised card. Its counters outlive power-off, as on the chip; its
/// keys are wiped on drop.
pub struct Card {
    applications: Vec<Application>,
    /// The selected one, or the one that was selected last.
    current: usize,
    directory: Option<Directory>,
    interface: Interface,
    behaviour: Behaviour,
    pin_tries_left: u8,
    blocked: bool,
    stage: Stage,
    /// How many numbers it has drawn since it was made.
    draws: u32,
    commands: u16,
    waiting: Vec<u8>,
    leaving: bool,
    gone: bool,
}

/// How far the terminal has come since power-on.
enum Stage {
    Off,
    Idle,
    /// The payment system directory is selected.
    Directory,
    /// The application is selected.
    Selected,
    /// GET PROCESSING OPTIONS is answered.
    Initiated(Charge),
    /// The first GENERATE AC gave an ARQC.
    Online(Charge),
    /// The last cryptogram is given: only reading and scripts remain.
    Complete(Charge),
}

impl Card {
    /// Personalises a card: derives its keys and writes its records.
    ///
    /// # Errors
    /// [`IssuerError`] if the issuer file has no key for its PAN.
    pub fn new(profile: &Profile, issuer: &IssuerKeys) -> Result<Self, IssuerError> {
        let second = profile.second.as_ref();
        let accounts = [(&profile.application, &profile.holder)];
        let accounts = accounts
            .into_iter()
            .chain(second.map(|second| (&second.application, &second.holder)));
        let applications = accounts
            .map(|(application, holder)| Application::new(profile, application, holder, issuer))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            applications,
            current: 0,
            directory: directory(profile),
            interface: profile.interface,
            behaviour: profile.behaviour.clone(),
            pin_tries_left: PIN_TRIES.saturating_sub(profile.counters.wrong_pins),
            blocked: profile.behaviour.blocked,
            stage: Stage::Off,
            draws: 0,
            commands: 0,
            waiting: Vec::new(),
            leaving: false,
            gone: false,
        })
    }

    /// Powers up or resets the contacts; the answer is the ATR
    /// (EMV 4.4 Book 1 section 8, basic ATR for T=1 or T=0).
    pub fn power_on(&mut self) -> Vec<u8> {
        self.power_off();
        self.stage = Stage::Idle;
        self.atr()
    }

    /// Takes the power away: everything but the counters is forgotten.
    pub fn power_off(&mut self) {
        self.stage = Stage::Off;
        self.commands = 0;
        self.waiting = Vec::new();
        self.leaving = false;
        self.gone = false;
    }

    /// The Answer To Reset, without a reset.
    #[must_use]
    pub fn atr(&self) -> Vec<u8> {
        if self.interface == Interface::Contactless {
            // As a reader says it for a tapped card without historical bytes (PC/SC part 3,
            // 3.1.3.2.3.1).
            vec![0x3B, 0x80, 0x80, 0x01, 0x01]
        } else if self.behaviour.t0 {
            // TB1 = 00, TC1 = 00: no programming voltage, no extra guard time.
            vec![0x3B, 0x60, 0x00, 0x00]
        } else {
            // T=1 with IFSC 254, CWI 5 and BWI 4, checked by an LRC.
            vec![0x3B, 0xE0, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x45, 0xEB]
        }
    }

    /// How long the driver should wait before each answer, in milliseconds.
    #[must_use]
    pub fn delay_ms(&self) -> u64 {
        self.behaviour.delay_ms
    }

    /// Whether the card has left the reader by itself.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Answers one command: data and status word; or nothing if the card is
    /// gone or without power.
    pub fn apdu(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.gone || matches!(self.stage, Stage::Off) {
            return Vec::new();
        }
        self.commands = self.commands.saturating_add(1);
        let command = match Command::parse(bytes) {
            Ok(command) => command,
            Err(answer) => return answer.into_bytes(),
        };
        if self.vanishes_at(&command) {
            self.gone = true;
            return Vec::new();
        }
        let answer = if self.behaviour.t0 {
            self.answer_t0(&command)
        } else {
            self.answer_t1(&command)
        };
        if self.leaving && self.waiting.is_empty() {
            self.gone = true;
        }
        answer.into_bytes()
    }

    fn vanishes_at(&self, command: &Command<'_>) -> bool {
        let generate_ac = command.is(0x80, 0xAE);
        match self.behaviour.remove_at {
            Some(RemoveAt::Gpo) => command.is(0x80, 0xA8),
            Some(RemoveAt::FirstAc) => generate_ac && matches!(self.stage, Stage::Initiated(_)),
            Some(RemoveAt::SecondAc) => generate_ac && matches!(self.stage, Stage::Online(_)),
            Some(RemoveAt::Command(number)) => self.commands == number,
            Some(RemoveAt::AfterFirstAc) | None => false,
        }
    }

    /// Under T=1 an answer with data comes at once, if Le asks for it.
    fn answer_t1(&mut self, command: &Command<'_>) -> Answer {
        if command.returns_data() && command.le.is_none() {
            return Answer::from(status::WRONG_LENGTH);
        }
        let answer = self.run(command);
        match command.le {
            Some(le) if answer.body.len() > le => Answer::from(status::wrong_le(answer.body.len())),
            _ => answer,
        }
    }

    /// Under T=0 a command brings data or fetches them, never both: the
    /// answer to a command with data waits for GET RESPONSE, and Le must be
    /// exact (EMV 4.4 Book 1 9.3.1).
    fn answer_t0(&mut self, command: &Command<'_>) -> Answer {
        if command.is(0x00, 0xC0) {
            let answer = Answer::from(std::mem::take(&mut self.waiting));
            if answer.body.is_empty() {
                return Answer::from(status::CONDITIONS_NOT_SATISFIED);
            }
            if command.le.is_some_and(|le| le != answer.body.len()) {
                let length = answer.body.len();
                self.waiting = answer.body;
                return Answer::from(status::wrong_le(length));
            }
            return answer;
        }
        self.waiting.clear();
        let answer = self.run(command);
        let length = answer.body.len();
        if length == 0 {
            answer
        } else if !command.data.is_empty() {
            self.waiting = answer.body;
            Answer::from(status::more_data(length))
        } else if command.le != Some(length) {
            Answer::from(status::wrong_le(length))
        } else {
            answer
        }
    }

    fn run(&mut self, command: &Command<'_>) -> Answer {
        // A challenge is good for the next command only (EMV 4.4 Book 2 7.2).
        if let Stage::Initiated(charge) = &mut self.stage
            && !command.is(0x00, 0x20)
        {
            charge.challenge = None;
        }
        match (command.cla, command.ins) {
            (0x00, 0xA4) => self.select(command),
            (0x00, 0xB2) => self.read_record(command),
            (0x00, 0x20) => self.verify(command),
            (0x00, 0x84) => self.get_challenge(command),
            (0x00, 0x88) => self.internal_authenticate(command),
            (0x00, 0x82) => self.external_authenticate(command),
            (0x80, 0xA8) => self.get_processing_options(command),
            (0x80, 0xAE) => self.generate_ac(command),
            (0x80, 0xCA) => self.get_data(command),
            (0x84 | 0x8C, 0x16 | 0x18 | 0x1E | 0x24) | (0x04, 0xDA | 0xDC) => {
                self.issuer_script(command)
            }
            (0x00 | 0x04 | 0x80 | 0x84 | 0x8C, _) => {
                Answer::from(status::INSTRUCTION_NOT_SUPPORTED)
            }
            _ => Answer::from(status::CLASS_NOT_SUPPORTED),
        }
    }

    fn application(&self) -> &Application {
        &self.applications[self.current]
    }

    fn application_mut(&mut self) -> &mut Application {
        &mut self.applications[self.current]
    }

    fn misbehaves(&self, how: Misbehaviour) -> bool {
        self.behaviour.misbehaves == Some(how)
    }
}
