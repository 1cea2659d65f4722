//! Waiting: the kernel gives up by what it is told of the time.

use super::card::{Card, approval, charge, ends, reach, started};
use crate::{
    CARD_ANSWER_MS, CARD_TOTAL_MS, CHOICE_MS, Ending, Fault, HOST_MS, HostVerdict, Input, Kernel,
    Output, PIN_MS, PinPad, TerminalData, TerminalType, demo_profile, tag,
};

fn tick(waited_ms: u32) -> Input<'static> {
    Input::Tick { waited_ms }
}

fn waits(kernel: &mut Kernel, waited_ms: u32) -> bool {
    matches!(kernel.step(tick(waited_ms)), Output::Wait)
}

const TOO_SLOW: Ending = Ending::Terminated(Fault::TooSlow);

#[test]
fn a_card_that_does_not_answer_is_given_up() {
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    assert!(waits(&mut kernel, u32::MAX), "nothing has been asked for");
    let _ = kernel.step(started(PinPad::NONE));
    for waited in [0, 1_000, CARD_ANSWER_MS - 1] {
        assert!(waits(&mut kernel, waited));
    }
    assert_eq!(ends(&mut kernel, tick(CARD_ANSWER_MS)).ending, TOO_SLOW);
    assert_eq!(ends(&mut kernel, tick(0)).ending, TOO_SLOW, "it stays over");
}

#[test]
fn a_card_that_is_slow_every_time_is_given_up() {
    let card = Card::good();
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    let each = CARD_TOTAL_MS / 4;
    let mut answers = 0;
    let outcome = loop {
        output = match output {
            Output::Send(command) => match kernel.step(tick(each)) {
                Output::Wait => {
                    answers += 1;
                    kernel.step(Input::RApdu(&card.answer(command.expose())))
                }
                over => over,
            },
            Output::Done(outcome) => break outcome,
            _ => panic!("it was not slow enough"),
        };
    };
    assert_eq!((outcome.ending, answers), (TOO_SLOW, 3));
}

#[test]
fn time_that_others_take_is_not_the_cards() {
    let mut kernel = reach(&demo_profile(), &Card::good(), &approval(), |output| {
        matches!(output, Output::GoOnline(_))
    });
    assert!(waits(&mut kernel, HOST_MS - 1));
    assert!(matches!(
        kernel.step(Input::HostAnswer(approval())),
        Output::Send(_)
    ));
    assert!(waits(&mut kernel, CARD_ANSWER_MS - 1));
}

#[test]
fn a_host_that_does_not_answer_counts_as_unreachable() {
    let card = Card::good();
    let mut kernel = reach(&demo_profile(), &card, &approval(), |output| {
        matches!(output, Output::GoOnline(_))
    });
    let Output::Send(command) = kernel.step(tick(HOST_MS)) else {
        panic!("the card was not told");
    };
    let outcome = ends(&mut kernel, Input::RApdu(&card.answer(command.expose())));
    assert_eq!(outcome.ending, Ending::UnableToGoOnline);
    assert_eq!(outcome.evidence.host, HostVerdict::Unreachable);
}

#[test]
fn a_card_that_is_silent_after_the_host_declined_changes_nothing() {
    let decline = crate::HostAnswer::new(crate::HostDecision::Declined, *b"05", &[], &[]);
    let mut cryptograms = 0;
    let mut kernel = reach(
        &demo_profile(),
        &Card::good(),
        &decline.expect("a host answer"),
        |output| {
            cryptograms +=
                usize::from(matches!(output, Output::Send(command) if command.expose()[1] == 0xAE));
            cryptograms == 2
        },
    );
    assert_eq!(
        ends(&mut kernel, tick(CARD_ANSWER_MS)).ending,
        Ending::DeclinedByHost(*b"05")
    );
}

#[test]
fn a_cardholder_who_does_not_choose_is_not_waited_for() {
    let mut terminal = demo_profile();
    terminal.cardholder_choice = true;
    let mut card = Card::good();
    // To be confirmed by the cardholder.
    let place = card.fci.len() - 1;
    card.fci[place] = 0x81;
    let mut kernel = reach(&terminal, &card, &approval(), |output| {
        matches!(output, Output::Choose(_))
    });
    assert!(waits(&mut kernel, CHOICE_MS - 1));
    assert_eq!(ends(&mut kernel, tick(CHOICE_MS)).ending, Ending::Cancelled);
}

/// A terminal whose reader has a PIN pad for the host's verification.
fn with_pin_pad() -> TerminalData {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::AttendedOnlineOnly;
    terminal.capabilities[1] |= 0x40;
    terminal
}

#[test]
fn a_pin_that_is_not_entered_in_time_cancels() {
    let card = Card::good().with(tag::CVM_LIST, "0000000000000000 0200");
    let mut kernel = Kernel::new(&with_pin_pad(), charge()).expect("a charge");
    let pad = PinPad {
        online: true,
        ..PinPad::NONE
    };
    let mut output = kernel.step(started(pad));
    loop {
        output = match output {
            Output::Send(command) => kernel.step(Input::RApdu(&card.answer(command.expose()))),
            Output::LookUp(_) => kernel.step(Input::Known(crate::Known::default())),
            Output::AskPin(_) => break,
            _ => panic!("no PIN was asked for"),
        };
    }
    assert!(waits(&mut kernel, PIN_MS - 1));
    assert_eq!(ends(&mut kernel, tick(PIN_MS)).ending, Ending::Cancelled);
}
