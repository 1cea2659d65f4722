//! A card that leaves the field, and inputs out of turn.

use super::card::{PAD, TapCard, pin, small, start, terminal};
use crate::{
    CARD_ANSWER_MS, Ending, Fault, HOST_MS, Input, Kernel, Known, Outcome, Output, tag,
    tests::card::approval,
};

/// Plays until the card was asked so many things, or until something else is asked for.
fn played(card: &TapCard, commands: usize) -> (Kernel, Output) {
    let mut kernel = Kernel::new(&terminal(), small()).expect("a charge");
    let mut output = kernel.step(start(PAD));
    for _ in 1..commands {
        let Output::Send(command) = output else {
            break;
        };
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    (kernel, output)
}

fn done(output: Output) -> Outcome {
    match output {
        Output::Done(outcome) => *outcome,
        _ => panic!("it went on"),
    }
}

#[test]
fn a_card_that_leaves_before_it_has_said_all_is_to_be_presented_again() {
    for commands in 1..=4 {
        let (mut kernel, output) = played(&TapCard::offline(), commands);
        assert!(matches!(output, Output::Send(_)));
        let outcome = done(kernel.step(Input::CardRemoved));
        assert_eq!(outcome.ending, Ending::PresentAgain);
        assert!(!outcome.pays() && !outcome.may_need_reversal());
    }
}

#[test]
fn a_card_that_has_said_all_may_leave() {
    // While the host is asked.
    let (mut kernel, output) = played(&TapCard::online(), usize::MAX);
    assert!(matches!(output, Output::GoOnline(_)));
    assert!(matches!(kernel.step(Input::CardRemoved), Output::Wait));
    let outcome = done(kernel.step(Input::HostAnswer(approval())));
    assert_eq!(outcome.ending, Ending::Approved);

    // While the cardholder enters a PIN.
    let (mut kernel, output) = played(&TapCard::online().with(tag::CTQ, "8000"), usize::MAX);
    assert!(matches!(output, Output::AskPin(_)));
    assert!(matches!(kernel.step(Input::CardRemoved), Output::Wait));
    assert!(matches!(
        kernel.step(Input::Pin(pin())),
        Output::GoOnline(_)
    ));

    // While it is looked up.
    let card = TapCard::offline().with(tag::CTQ, "2000");
    let (mut kernel, output) = played(&card, usize::MAX);
    assert!(matches!(output, Output::LookUp(_)));
    assert!(matches!(kernel.step(Input::CardRemoved), Output::Wait));
    let output = kernel.step(Input::Known(Known::default()));
    assert!(matches!(output, Output::GoOnline(_)));
}

#[test]
fn the_cashier_may_give_up() {
    let (mut kernel, _) = played(&TapCard::online(), 3);
    let outcome = done(kernel.step(Input::Cancel));
    assert_eq!(outcome.ending, Ending::Cancelled);
    assert!(!outcome.may_need_reversal());

    let (mut kernel, _) = played(&TapCard::online(), usize::MAX);
    let outcome = done(kernel.step(Input::Cancel));
    assert_eq!(outcome.ending, Ending::UnableToGoOnline);
    assert!(outcome.may_need_reversal());
}

#[test]
fn whoever_says_nothing_is_given_up_on() {
    let (mut kernel, _) = played(&TapCard::online(), 2);
    let tick = |waited_ms| Input::Tick { waited_ms };
    assert!(matches!(
        kernel.step(tick(CARD_ANSWER_MS - 1)),
        Output::Wait
    ));
    let outcome = done(kernel.step(tick(CARD_ANSWER_MS)));
    assert_eq!(outcome.ending, Ending::Terminated(Fault::TooSlow));

    let (mut kernel, _) = played(&TapCard::online(), usize::MAX);
    assert!(matches!(kernel.step(tick(HOST_MS - 1)), Output::Wait));
    let outcome = done(kernel.step(tick(HOST_MS)));
    assert_eq!(outcome.ending, Ending::UnableToGoOnline);
}

#[test]
fn an_input_out_of_turn_ends_the_charge() {
    let inputs = || {
        [
            Input::Choice(0),
            Input::HostAnswer(approval()),
            Input::UnableToGoOnline,
            Input::Known(Known::default()),
            Input::Pin(pin()),
            start(PAD),
        ]
    };
    for commands in 1..=3 {
        for input in inputs() {
            let (mut kernel, _) = played(&TapCard::online(), commands);
            let outcome = done(kernel.step(input));
            assert_eq!(outcome.ending, Ending::Terminated(Fault::OutOfTurn));
            assert!(!outcome.pays());
        }
    }
    for input in [
        Input::RApdu(&[0x90, 0x00]),
        Input::Known(Known::default()),
        Input::Pin(pin()),
        start(PAD),
    ] {
        let (mut kernel, _) = played(&TapCard::online(), usize::MAX);
        let outcome = done(kernel.step(input));
        assert_eq!(outcome.ending, Ending::Terminated(Fault::OutOfTurn));
        assert!(outcome.may_need_reversal(), "the host was asked");
    }
}
