//! Known attacks on EMV, each played against the kernel with a genuine card, somebody in between, or
//! a counterfeit. `docs/attacks.md` lists them with what stops each, and what does not.

mod amount;
mod clone;
mod cryptogram;
mod downgrade;
mod genuine;
mod pin;
mod preplay;
mod relay;
mod replay;
mod smuggling;

use super::card::{Ran, charge, started};
use crate::{
    Charge, HostAnswer, HostDecision, Input, Kernel, Known, MAX_APDUS, OnlineRequest, Output,
    PinEntry, PinPad, Tag, TerminalData, Tvr, tlv,
};

/// A pad that gives the card a PIN in clear.
const PAD: PinPad = PinPad {
    plaintext: true,
    enciphered: false,
    online: false,
};

/// The terminal that may approve without the host.
fn bench() -> TerminalData {
    TerminalData::from_toml(include_str!("../../../profiles/bench-offline.toml"))
        .expect("it is shipped")
}

/// The terminal, with every charge asking the host.
fn online_only(mut terminal: TerminalData) -> TerminalData {
    terminal.kind = crate::TerminalType::AttendedOnlineOnly;
    terminal
}

/// What the issuer answers: it approves what a card of its own has asked for.
fn issuer(request: &OnlineRequest) -> Option<HostAnswer> {
    if genuine::issuer_recognises(&request.de55) {
        Some(genuine::approval(&request.de55))
    } else {
        HostAnswer::new(HostDecision::Declined, *b"05", &[], &[]).ok()
    }
}

/// Nobody answers.
fn nobody(_: &OnlineRequest) -> Option<HostAnswer> {
    None
}

/// A charge of that card at that terminal, with a PIN pad that is always told "right".
fn pay(
    terminal: &TerminalData,
    host: impl Fn(&OnlineRequest) -> Option<HostAnswer>,
    card: impl FnMut(&[u8]) -> Vec<u8>,
) -> Ran {
    pay_for(charge(), terminal, host, card)
}

fn pay_for(
    charge: Charge,
    terminal: &TerminalData,
    host: impl Fn(&OnlineRequest) -> Option<HostAnswer>,
    mut card: impl FnMut(&[u8]) -> Vec<u8>,
) -> Ran {
    let mut kernel = Kernel::new(terminal, charge).expect("a charge");
    let mut sent = Vec::new();
    let mut request = None;
    let mut output = kernel.step(started(PAD));
    for _ in 0..=MAX_APDUS {
        output = match output {
            Output::Send(command) => {
                sent.push(command.expose().to_vec());
                kernel.step(Input::RApdu(&card(command.expose())))
            }
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            Output::AskPin(_) => kernel.step(Input::Pin(PinEntry::Verified(crate::Sw::OK))),
            Output::GoOnline(asked) => {
                let answer = host(&asked);
                request = Some(*asked);
                kernel.step(answer.map_or(Input::UnableToGoOnline, Input::HostAnswer))
            }
            Output::Choose(_) | Output::Wait => panic!("nothing to choose or to wait for"),
            Output::Done(outcome) => {
                return Ran {
                    outcome: *outcome,
                    sent,
                    request,
                    counts: kernel.counts(),
                    advice: kernel.take_advice(),
                };
            }
        };
    }
    panic!("the charge did not end");
}

/// An element of DE 55 as the host was asked with it.
fn told(ran: &Ran, tag: Tag) -> Vec<u8> {
    let request = ran.request.as_ref().expect("the host was asked");
    element(&request.de55, tag)
}

fn element(de55: &[u8], tag: Tag) -> Vec<u8> {
    tlv::find(de55, tag)
        .expect("DE 55 is TLV")
        .expect("it is there")
        .to_vec()
}

/// The data of a command.
fn data(command: &[u8]) -> &[u8] {
    &command[5..5 + usize::from(command[4])]
}

/// Replaces the one place where `from` stands.
fn replace(answer: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut places = answer
        .windows(from.len())
        .enumerate()
        .filter(|(_, part)| *part == from)
        .map(|(place, _)| place);
    let place = places.next().expect("it is there");
    let mut changed = answer.to_vec();
    changed[place..place + to.len()].copy_from_slice(to);
    changed
}

fn has(ran: &Ran, bits: Tvr) -> bool {
    ran.tvr().contains(bits)
}
