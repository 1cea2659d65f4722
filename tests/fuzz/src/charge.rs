//! One charge with a card, and what must hold of it.

use std::sync::OnceLock;

use sealpoint_emv::{
    AcType, Charge, ChargeKind, Ending, HostAnswer, HostDecision, Input, Interface, Kernel, Known,
    Outcome, Output, PinEntry, PinPad, Sw, TerminalData,
};
use sealpoint_secret::SecretBytes;
use toml::{Table, Value};

use super::card::Card;

const DEMO: &str = include_str!("../../../src/emv/src/demo.toml");
/// Inputs after which a charge must be over.
const MAX_STEPS: usize = 600;

/// The demo's terminal, which is online only.
pub fn online() -> &'static TerminalData {
    static TERMINAL: OnceLock<TerminalData> = OnceLock::new();
    TERMINAL.get_or_init(|| TerminalData::from_toml(DEMO).expect("the demo's profile is valid"))
}

/// One that may approve alone, takes every CVM, and whose action codes say nothing.
pub fn offline() -> &'static TerminalData {
    static TERMINAL: OnceLock<TerminalData> = OnceLock::new();
    TERMINAL.get_or_init(|| {
        let mut profile: Table = toml::from_str(DEMO).expect("the demo's profile is TOML");
        if let Some(Value::Table(terminal)) = profile.get_mut("terminal") {
            terminal.insert("type".into(), 22.into());
            terminal.insert("capabilities".into(), "20F8C8".into());
        }
        if let Some(Value::Array(applications)) = profile.get_mut("application") {
            for application in applications.iter_mut().filter_map(Value::as_table_mut) {
                application.insert("floor_limit_minor".into(), 10_000.into());
                if let Some(Value::Table(contactless)) = application.get_mut("contactless") {
                    contactless.insert("ttq".into(), "37204080".into());
                    contactless.insert("floor_limit_minor".into(), 10_000.into());
                }
                for code in ["tac_denial", "tac_online", "tac_default"] {
                    application.insert(code.into(), "0000000000".into());
                }
            }
        }
        TerminalData::from_toml(&profile.to_string()).expect("the changed profile is valid")
    })
}

/// A purchase of ten euros.
pub fn purchase() -> Charge {
    Charge {
        amount_minor: 1_000,
        currency: 978,
        exponent: 2,
        cashback_minor: 0,
        kind: ChargeKind::Purchase,
        date: [0x26, 0x11, 0x22],
        time: [0x12, 0x34, 0x56],
        unpredictable_number: [1, 2, 3, 4],
        random_draw: 99,
        forced_online: false,
        offline_up_to_minor: i64::MAX,
        counter: 1,
        terminal_id: *b"TERM0001",
    }
}

/// A plain approval.
pub fn approval() -> Option<HostAnswer> {
    HostAnswer::new(HostDecision::Approved, *b"00", &[], &[]).ok()
}

/// Plays a charge with contacts and checks its outcome.
pub fn play(mut card: Card, terminal: &TerminalData, host: Option<HostAnswer>) -> Outcome {
    let mut kernel = Kernel::new(terminal, purchase()).expect("the purchase has a place");
    let mut output = kernel.step(Input::Start {
        atr: &card.atr.clone(),
        interface: Interface::Contact,
        pad: PinPad {
            plaintext: true,
            enciphered: true,
            online: true,
        },
    });
    for _ in 0..MAX_STEPS {
        output = match output {
            Output::Done(outcome) => {
                check(&outcome, terminal, host.is_some());
                return *outcome;
            }
            Output::Send(command) => kernel.step(Input::RApdu(&card.answer(command.expose()))),
            Output::Choose(choices) => kernel.step(Input::Choice(choices.len() / 2)),
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            Output::AskPin(request) => kernel.step(Input::Pin(pin(&request))),
            Output::GoOnline(_) => kernel.step(match host.clone() {
                Some(answer) => Input::HostAnswer(answer),
                None => Input::UnableToGoOnline,
            }),
            Output::Wait => panic!("nobody asked it to wait"),
        };
    }
    panic!("it has no end");
}

fn pin(request: &sealpoint_emv::PinRequest) -> PinEntry {
    match request {
        sealpoint_emv::PinRequest::Enciphered { key, .. } => {
            PinEntry::Enciphered(SecretBytes::from_slice(&vec![1; key.modulus.len()]))
        }
        _ => PinEntry::Verified(Sw::OK),
    }
}

/// What must hold of every outcome.
pub fn check(outcome: &Outcome, terminal: &TerminalData, approved: bool) {
    let kind = outcome.evidence.cryptogram.map(|shown| shown.kind);
    match outcome.ending {
        Ending::Approved => {
            assert!(approved, "the host did not approve");
            let tapped = outcome.evidence.interface == Interface::Contactless;
            assert!(
                tapped || kind == Some(AcType::Tc),
                "the card did not approve"
            );
        }
        Ending::ApprovedOffline => {
            assert!(!terminal.kind.online_only(), "the terminal may not approve");
            assert_eq!(kind, Some(AcType::Tc), "the card did not approve");
        }
        _ => assert!(!outcome.pays(), "it pays with an ending that does not"),
    }
}
