//! The whole kernel: card, cardholder, pad, host, cashier and clock are all the fuzzer's.

use sealpoint_emv::{
    HostAnswer, HostDecision, Input, Interface, Kernel, Known, MAX_APDUS, OnlinePin, Output,
    PinEntry, PinPad, Sw,
};
use sealpoint_secret::SecretBytes;

use super::{bytes::Bytes, charge};

/// Inputs after which a charge must be over; each takes at least a byte, or ends it.
const MAX_STEPS: usize = 4_096;
/// From this byte on an input is not what was asked for.
const TROUBLE: u8 = 0xF0;

/// Inputs as the bytes say: first interface, pad and terminal, then input by input.
pub fn kernel(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let first = bytes.byte();
    let terminal = match first & 0x02 {
        0 => charge::online(),
        _ => charge::offline(),
    };
    let (interface, atr): (_, &[u8]) = match first & 0x01 {
        0 => (Interface::Contact, &[0x3B, 0x60, 0x00, 0x00]),
        _ => (Interface::Contactless, &[0x3B, 0x80, 0x80, 0x01, 0x01]),
    };
    let pad = PinPad {
        plaintext: first & 0x04 == 0,
        enciphered: first & 0x08 == 0,
        online: first & 0x10 == 0,
    };
    let mut kernel = Kernel::new(terminal, charge::purchase()).expect("the purchase has a place");
    let mut output = kernel.step(Input::Start {
        atr,
        interface,
        pad,
    });
    let (mut asked, mut approved) = (Output::Wait, false);
    for _ in 0..MAX_STEPS {
        match output {
            Output::Done(outcome) => {
                charge::check(&outcome, terminal, approved);
                assert!(kernel.counts().apdus <= MAX_APDUS, "too many commands");
                return;
            }
            Output::Wait => {}
            other => asked = other,
        }
        output = if bytes.is_empty() {
            kernel.step(Input::CardRemoved)
        } else {
            input(&mut kernel, &asked, &mut bytes, &mut approved)
        };
        if bytes.is_empty() && matches!(output, Output::Wait) {
            output = kernel.step(Input::Cancel);
        }
    }
    panic!("it has no end");
}

fn input(
    kernel: &mut Kernel,
    asked: &Output,
    bytes: &mut Bytes<'_>,
    approved: &mut bool,
) -> Output {
    let first = bytes.byte();
    let kind = if first >= TROUBLE {
        bytes.byte() % 8
    } else {
        match asked {
            Output::Send(_) | Output::Wait | Output::Done(_) => 0,
            Output::Choose(_) => 1,
            Output::LookUp(_) => 2,
            Output::AskPin(_) => 3,
            Output::GoOnline(_) => 4,
        }
    };
    let input = match kind {
        0 => Input::RApdu(bytes.piece()),
        1 => Input::Choice(usize::from(first)),
        2 => Input::Known(Known {
            earlier_minor: i64::from(first) << (first % 56),
            on_exception_file: first & 1 != 0,
        }),
        3 => Input::Pin(entry(first, bytes)),
        4 => {
            let decision = match first % 3 {
                0 => HostDecision::Approved,
                1 => HostDecision::Declined,
                _ => HostDecision::Referred,
            };
            match HostAnswer::new(decision, *b"00", bytes.piece(), bytes.piece()) {
                Ok(answer) => {
                    *approved |=
                        matches!(asked, Output::GoOnline(_)) && decision == HostDecision::Approved;
                    Input::HostAnswer(answer)
                }
                Err(_) => Input::UnableToGoOnline,
            }
        }
        5 => Input::Tick {
            waited_ms: u32::from(bytes.byte()) << (first & 0x0F),
        },
        6 => Input::CardRemoved,
        _ => Input::Cancel,
    };
    kernel.step(input)
}

fn entry(first: u8, bytes: &mut Bytes<'_>) -> PinEntry {
    match first % 6 {
        0 => PinEntry::Verified(Sw::OK),
        1 => PinEntry::Verified(Sw(u16::from_be_bytes([bytes.byte(), bytes.byte()]))),
        2 => PinEntry::Enciphered(SecretBytes::from_slice(bytes.piece())),
        3 => PinEntry::Online(OnlinePin {
            block: bytes.piece().to_vec(),
            ksn: bytes.piece().to_vec(),
        }),
        4 => PinEntry::Bypassed,
        _ => PinEntry::PadFailed,
    }
}
