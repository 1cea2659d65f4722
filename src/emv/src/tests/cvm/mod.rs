//! Cardholder verification (EMV 4.4 Book 3 §10.5, Book 4 §6.3.4).

mod any_list;
mod conditions;
mod enciphered_pin;
mod offline_pin;
mod online_pin;
mod rules;

use super::card::{Card, approval, charge, started};
use crate::{
    Charge, Input, Kernel, Known, Outcome, Output, PinEntry, PinPad, PinRequest, Sw, TerminalData,
    Tsi, Tvr, demo_profile, tag,
};

/// Terminal capabilities byte 2: every method there is.
const EVERY_METHOD: u8 = 0xF8;
const PLAINTEXT: u8 = 0x80;
const ONLINE: u8 = 0x40;
const SIGNATURE: u8 = 0x20;
const ENCIPHERED: u8 = 0x10;
const NO_CVM: u8 = 0x08;
/// A pad that can do everything.
const PAD: PinPad = PinPad {
    plaintext: true,
    enciphered: true,
    online: true,
};
/// CVM results if nothing could be performed.
const NOTHING: [u8; 3] = [0x3F, 0x00, 0x01];
const CORRECT: Sw = Sw(0x9000);
/// Steps that a charge of these tests takes at most.
const MAX_STEPS: usize = 200;

/// A terminal that supports these methods.
fn terminal(methods: u8) -> TerminalData {
    let mut terminal = demo_profile();
    terminal.capabilities[1] = methods;
    terminal
}

/// A card with these rules, where X is 10.00 and Y is 50.00.
fn card(rules: &str) -> Card {
    Card::good().with(tag::CVM_LIST, &format!("000003E8 00001388 {rules}"))
}

/// What became of cardholder verification.
struct Verified {
    outcome: Outcome,
    /// The commands of cardholder verification: GET DATA, GET CHALLENGE, VERIFY.
    commands: Vec<Vec<u8>>,
    /// The first GENERATE AC.
    generate_ac: Vec<u8>,
    /// Tries left, as each PIN request said.
    asked: Vec<Option<u8>>,
}

impl Verified {
    fn results(&self) -> [u8; 3] {
        self.outcome.evidence.cvm_results
    }

    /// The bits of TVR byte 3, and the one for missing data.
    fn bits(&self) -> Tvr {
        let missing = Tvr::CARD_DATA_MISSING.bits();
        self.outcome.evidence.tvr & Tvr::from_bits_retain(0x00_00FF_0000 | missing)
    }

    fn said(&self) -> ([u8; 3], Tvr) {
        (self.results(), self.bits())
    }

    fn performed(&self) -> bool {
        self.outcome.evidence.tsi.contains(Tsi::CVM)
    }
}

/// Plays a charge, with `pad` for a PIN pad and `enter` for who stands before it.
fn verify(
    terminal: &TerminalData,
    charge: Charge,
    pad: PinPad,
    mut answer: impl FnMut(&[u8]) -> Vec<u8>,
    mut enter: impl FnMut(PinRequest) -> PinEntry,
) -> Verified {
    let mut kernel = Kernel::new(terminal, charge).expect("a charge");
    let (mut commands, mut asked, mut generate_ac) = (Vec::new(), Vec::new(), Vec::new());
    let mut output = kernel.step(started(pad));
    for _ in 0..MAX_STEPS {
        output = match output {
            Output::Send(command) => {
                let bytes = command.expose();
                match bytes[1] {
                    0xCA | 0x84 | 0x20 => commands.push(bytes.to_vec()),
                    0xAE if generate_ac.is_empty() => generate_ac = bytes.to_vec(),
                    _ => {}
                }
                kernel.step(Input::RApdu(&answer(bytes)))
            }
            Output::AskPin(request) => {
                asked.push(match &request {
                    PinRequest::Plaintext { tries_left }
                    | PinRequest::Enciphered { tries_left, .. } => *tries_left,
                    PinRequest::Online { .. } => None,
                });
                kernel.step(Input::Pin(enter(request)))
            }
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            Output::GoOnline(_) => kernel.step(Input::HostAnswer(approval())),
            Output::Choose(_) | Output::Wait => kernel.step(Input::Cancel),
            Output::Done(outcome) => {
                return Verified {
                    outcome: *outcome,
                    commands,
                    generate_ac,
                    asked,
                };
            }
        };
    }
    panic!("the charge did not end");
}

/// A purchase at a terminal of these methods without a PIN pad.
fn without_pad(methods: u8, rules: &str) -> Verified {
    let card = card(rules);
    verify(
        &terminal(methods),
        charge(),
        PinPad::NONE,
        |command| card.answer(command),
        |_| panic!("no pad was there to ask"),
    )
}

/// A purchase with a pad, and what comes of each PIN in its order.
fn with_pins(methods: u8, card: &Card, pins: Vec<PinEntry>) -> Verified {
    let mut pins = pins.into_iter();
    verify(
        &terminal(methods),
        charge(),
        PAD,
        |command| card.answer(command),
        |_| pins.next().expect("a PIN too many was asked for"),
    )
}
