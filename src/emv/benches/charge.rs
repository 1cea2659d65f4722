//! What the kernel itself costs: whole charges against the recorded answers of a card, beside the
//! one thing in them that is arithmetic, the RSA public operation of the scheme's key.
//!
//! `cargo bench -p sealpoint-emv` prints both; the ratio is the figure.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crypto_bigint::{
    BoxedUint, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use sealpoint_cardsim::{Card, IssuerKeys, profile};
use sealpoint_emv::{
    Charge, ChargeKind, HostAnswer, HostDecision, Input, Interface, Kernel, Known, Output, PinPad,
    TerminalData, demo_profile,
};

fn charge() -> Charge {
    Charge {
        amount_minor: 1234,
        cashback_minor: 0,
        currency: 978,
        exponent: 2,
        kind: ChargeKind::Purchase,
        date: [0x26, 0x11, 0x22],
        time: [0x12, 0x00, 0x00],
        unpredictable_number: [1, 2, 3, 4],
        random_draw: 50,
        forced_online: false,
        offline_up_to_minor: i64::MAX,
        counter: 1,
        terminal_id: *b"BENCH001",
    }
}

/// Plays a charge; whoever answers is given each command.
fn play(terminal: &TerminalData, atr: &[u8], mut card: impl FnMut(&[u8]) -> Vec<u8>) -> bool {
    let mut kernel = Kernel::new(terminal, charge()).expect("a charge");
    let approved = HostAnswer::new(HostDecision::Approved, *b"00", &[], &[]).expect("an answer");
    let mut output = kernel.step(Input::Start {
        atr,
        interface: Interface::Contact,
        pad: PinPad::NONE,
    });
    loop {
        output = match output {
            Output::Send(command) => kernel.step(Input::RApdu(&card(command.expose()))),
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            Output::GoOnline(_) => kernel.step(Input::HostAnswer(approved.clone())),
            Output::Done(outcome) => return outcome.pays(),
            Output::Choose(_) | Output::AskPin(_) | Output::Wait => kernel.step(Input::Cancel),
        };
    }
}

/// The card's answer to reset, and its answers in their order.
fn record(name: &str) -> (Vec<u8>, Vec<Vec<u8>>) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let issuer = IssuerKeys::create(&folder.path().join("issuer")).expect("keys");
    let profile = profile::all()
        .into_iter()
        .find(|card| card.name == name)
        .expect("a shipped card");
    let mut card = Card::new(&profile, &issuer).expect("a card");
    let atr = card.power_on();
    let mut answers = Vec::new();
    let approved = play(&demo_profile(), &atr, |command| {
        let answer = card.apdu(command);
        answers.push(answer.clone());
        answer
    });
    assert!(approved, "{name} does not approve");
    (atr, answers)
}

fn charges(criterion: &mut Criterion) {
    let terminal = demo_profile();
    let scheme = terminal.keys.iter().max_by_key(|key| key.modulus.len());
    let scheme = scheme.expect("the demo has keys").clone();
    let bits = u32::try_from(scheme.modulus.len() * 8).expect("a modulus is short");
    criterion.bench_function(
        "baseline: RSA public operation, the largest scheme key",
        |b| {
            let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, bits).expect("it fits");
            let modulus = Odd::new(number(&scheme.modulus)).expect("odd");
            let message = number(&[7; 64]);
            let exponent = BoxedUint::from(u64::from(scheme.exponent));
            b.iter(|| {
                let parameters = BoxedMontyParams::new_vartime(modulus.clone());
                BoxedMontyForm::new(black_box(message.clone()), &parameters).pow(&exponent)
            });
        },
    );
    for name in ["cda", "dda", "sda", "no-cvm"] {
        let (atr, answers) = record(name);
        criterion.bench_function(
            &format!("{name}: one charge, {} APDUs", answers.len()),
            |b| {
                b.iter(|| {
                    let mut answers = answers.iter();
                    assert!(play(&terminal, &atr, |_| {
                        answers.next().cloned().unwrap_or_default()
                    }));
                });
            },
        );
    }
}

criterion_group!(benches, charges);
criterion_main!(benches);
