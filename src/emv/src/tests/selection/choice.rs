//! The final choice (Book 1 §12.4).

use super::{choices, entry, with_directory};
use crate::{
    Ending, Fault, Input, Kernel, NO_CHOICE, Output, PinPad, Refusal, TerminalData, tag,
    tests::card::{Card, approval, charge, hex, object, ok, pay, play, started},
};

#[test]
fn an_application_that_refuses_gives_way_to_the_next() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 1),
        entry("A0000000031010", b"VISA", 2),
    ]);
    let record = Card::good();
    let mut current = Vec::new();
    let ran = play(
        &super::terminal(),
        charge(),
        |command| match command {
            [_, 0xA4, _, _, length, data @ ..] if !data.starts_with(b"1PAY") => {
                current = data[..usize::from(*length)].to_vec();
                ok(&Card {
                    aid: current.clone(),
                    ..card.clone()
                }
                .application_fci())
            }
            [_, 0xA8, ..] if current == hex("A0000000041010") => vec![0x69, 0x85],
            [_, 0xB2, ..] if !current.is_empty() => record.answer(command),
            _ => card.answer(command),
        },
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(
        ran.evidence().aid.map(|aid| aid.to_string()).as_deref(),
        Some("A0000000031010")
    );
}

#[test]
fn a_card_that_selects_something_else_than_asked_is_passed_over() {
    let card = Card::good();
    let mut selects = 0;
    let ran = play(
        &super::terminal(),
        charge(),
        |command| {
            selects += usize::from(command[1] == 0xA4);
            // The fifth SELECT is the final one.
            if command[1] == 0xA4 && selects == 5 {
                let aid = hex("A000000003101099");
                return ok(&Card {
                    aid,
                    ..card.clone()
                }
                .application_fci());
            }
            card.answer(command)
        },
        None,
    );
    let none = Ending::NotAccepted(Refusal::NoCommonApplication);
    assert_eq!(ran.outcome.ending, none);
}

fn choosing_terminal() -> TerminalData {
    let mut terminal = super::terminal();
    terminal.cardholder_choice = true;
    terminal
}

#[test]
fn the_cardholder_chooses_where_the_terminal_offers_it() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 2),
        entry("A0000000031010", b"VISA", 1),
    ]);
    let mut kernel = Kernel::new(&choosing_terminal(), charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    while let Output::Send(command) = output {
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    let Output::Choose(choices) = output else {
        panic!("the cardholder was not asked");
    };
    let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(labels, ["VISA", "MASTERCARD"]);
    let Output::Send(select) = kernel.step(Input::Choice(1)) else {
        panic!("the choice was not selected");
    };
    assert_eq!(select.expose()[5..12], hex("A0000000041010"));
}

#[test]
fn what_may_be_an_account_is_not_offered() {
    let card = with_directory(&[
        entry("A0000000041010", b"5413330089010434", 2),
        entry("A0000000031010", b"4761 7390", 1),
    ]);
    assert_eq!(choices(&choosing_terminal(), &card), ["Visa", "Mastercard"]);
}

#[test]
fn what_was_not_offered_cannot_be_chosen() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 2),
        entry("A0000000031010", b"VISA", 1),
    ]);
    let mut kernel = Kernel::new(&choosing_terminal(), charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    while let Output::Send(command) = output {
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    let Output::Done(outcome) = kernel.step(Input::Choice(2)) else {
        panic!("it went on");
    };
    assert_eq!(outcome.ending, Ending::Terminated(Fault::BadChoice));
}

#[test]
fn a_label_cannot_put_control_characters_on_the_receipt() {
    let mut card = Card::good();
    card.fci = object(tag::LABEL, b"VI\x1B[2JSA\n");
    assert_eq!(pay(&card).evidence().label.as_deref(), Some("VI[2JSA"));
}

#[test]
fn a_preferred_name_is_shown_if_its_alphabet_is_known() {
    let mut card = Card::good();
    let label = object(tag::LABEL, b"VISA");
    let preferred = object(tag::PREFERRED_NAME, b"Carte Bleue \xE9");
    card.fci = [&label[..], &preferred, &object(tag::CODE_TABLE, &[1])].concat();
    assert_eq!(
        pay(&card).evidence().label.as_deref(),
        Some("Carte Bleue é")
    );
    card.fci = [&label[..], &preferred, &object(tag::CODE_TABLE, &[5])].concat();
    assert_eq!(pay(&card).evidence().label.as_deref(), Some("VISA"));
}

#[test]
fn a_name_in_an_alphabet_that_the_terminal_does_not_show_is_not_shown() {
    let mut card = Card::good();
    let label = object(tag::LABEL, b"VISA");
    let preferred = object(tag::PREFERRED_NAME, b"Carte Bleue \xE9");
    card.fci = [&label[..], &preferred, &object(tag::CODE_TABLE, &[1])].concat();
    let mut terminal = super::terminal();
    terminal.more_capabilities[4] = 0;
    let ran = play(&terminal, charge(), |one| card.answer(one), None);
    assert_eq!(ran.evidence().label.as_deref(), Some("VISA"));
}

#[test]
fn without_a_label_the_terminal_has_a_name_for_it() {
    let mut card = Card::good();
    card.fci = Vec::new();
    assert_eq!(pay(&card).evidence().label.as_deref(), Some("Visa"));
}

/// A kernel that asks its cardholder to choose.
fn asking(card: &Card) -> Kernel {
    let mut kernel = Kernel::new(&choosing_terminal(), charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    while let Output::Send(command) = output {
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    assert!(matches!(output, Output::Choose(_)), "it asks");
    kernel
}

#[test]
fn one_application_may_need_the_cardholders_confirmation() {
    let card = with_directory(&[entry("A0000000031010", b"VISA", 0x81)]);
    let Output::Send(select) = asking(&card).step(Input::Choice(0)) else {
        panic!("it was not selected");
    };
    assert_eq!(select.expose()[5..12], hex("A0000000031010"));
    for no in [Input::Choice(NO_CHOICE), Input::Cancel] {
        let Output::Done(outcome) = asking(&card).step(no) else {
            panic!("it went on");
        };
        assert_eq!(outcome.ending, Ending::Cancelled);
    }
}

#[test]
fn one_application_that_needs_no_confirmation_is_not_asked_about() {
    let card = Card::good();
    let host = approval();
    let ran = play(
        &choosing_terminal(),
        charge(),
        |command| card.answer(command),
        Some(&host),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

#[test]
fn what_needs_confirmation_is_left_out_where_nobody_can_confirm() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 0x81),
        entry("A0000000031010", b"VISA", 0x02),
    ]);
    let ran = play(&super::terminal(), charge(), |one| card.answer(one), None);
    let last = ran
        .commands(0xA4)
        .last()
        .map(|select| select[5..12].to_vec());
    assert_eq!(last, Some(hex("A0000000031010")));
}

#[test]
fn equal_and_absent_priorities_keep_the_cards_order() {
    let card = with_directory(&[
        entry("A0000000043060", b"MAESTRO", 0),
        entry("A0000000041010", b"MASTERCARD", 2),
        entry("A0000000031010", b"VISA", 2),
    ]);
    assert_eq!(
        choices(&choosing_terminal(), &card),
        ["MASTERCARD", "VISA", "MAESTRO"]
    );
}

#[test]
fn an_application_that_refuses_is_not_offered_again() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 1),
        entry("A0000000043060", b"MAESTRO", 2),
        entry("A0000000031010", b"VISA", 3),
    ]);
    let mut offers = Vec::new();
    let mut kernel = Kernel::new(&choosing_terminal(), charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    loop {
        output = match output {
            Output::Send(command) => match command.expose() {
                [_, 0xA4, _, _, 7, aid @ .., _] => {
                    let aid = aid.to_vec();
                    let fci = Card {
                        aid,
                        ..card.clone()
                    };
                    kernel.step(Input::RApdu(&ok(&fci.application_fci())))
                }
                [_, 0xA8, ..] => kernel.step(Input::RApdu(&[0x69, 0x85])),
                other => kernel.step(Input::RApdu(&card.answer(other))),
            },
            Output::Choose(choices) => {
                offers.push(choices.len());
                kernel.step(Input::Choice(0))
            }
            Output::Done(outcome) => {
                let refused = Ending::NotAccepted(Refusal::ConditionsOfUse);
                assert_eq!(outcome.ending, refused);
                break;
            }
            _ => panic!("nothing else is to be done"),
        };
    }
    assert_eq!(offers, [3, 2, 1], "nothing is taken that was not chosen");
}

#[test]
fn an_application_that_cannot_be_selected_gives_way_to_the_next() {
    for refusal in [[0x6A, 0x82], [0x62, 0x83], [0x69, 0x85]] {
        let card = with_directory(&[
            entry("A0000000041010", b"MASTERCARD", 1),
            entry("A0000000031010", b"VISA", 2),
        ]);
        let ran = play(
            &super::terminal(),
            charge(),
            |command| match command {
                [_, 0xA4, _, _, 7, 0xA0, 0, 0, 0, 4, ..] => refusal.to_vec(),
                _ => card.answer(command),
            },
            None,
        );
        let aid = ran.evidence().aid.map(|aid| aid.to_string());
        assert_eq!(aid.as_deref(), Some("A0000000031010"));
    }
}
