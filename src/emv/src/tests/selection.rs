use super::card::{Card, NOT_FOUND, approval, charge, hex, object, ok, pay, play};
use crate::{
    Ending, Fault, Input, Kernel, MAX_DIRECTORY_RECORDS, MAX_OCCURRENCES, Output, Refusal,
    TerminalData, demo_profile, tag,
};

fn entry(aid: &str, label: &[u8], priority: u8) -> Vec<u8> {
    let parts = [
        object(tag::AID_CARD, &hex(aid)),
        object(tag::LABEL, label),
        object(tag::PRIORITY, &[priority]),
    ];
    object(tag::DIRECTORY_ENTRY, &parts.concat())
}

fn directory_fci(file: u8) -> Vec<u8> {
    let parts = [
        object(tag::DF_NAME, b"1PAY.SYS.DDF01"),
        object(tag::PROPRIETARY, &object(tag::SFI, &[file])),
    ];
    ok(&object(tag::FCI, &parts.concat()))
}

fn with_directory(entries: &[Vec<u8>]) -> Card {
    let mut card = Card::good();
    card.directory = directory_fci(1);
    card.directory_records = vec![object(tag::RECORD, &entries.concat())];
    card
}

/// Plays until GET PROCESSING OPTIONS and gives the AIDs that were selected on the way.
fn selected(card: &Card) -> Vec<Vec<u8>> {
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xA4, _, _, length, data @ ..] if !data.starts_with(b"1PAY") => Card {
                aid: data[..usize::from(*length)].to_vec(),
                ..card.clone()
            }
            .answer(command),
            _ => card.answer(command),
        },
        None,
    );
    ran.commands(0xA4)
        .into_iter()
        .map(|command| command[5..command.len() - 1].to_vec())
        .collect()
}

#[test]
fn the_directory_names_the_application() {
    let card = with_directory(&[entry("A0000000031010", b"VISA", 1)]);
    assert_eq!(
        selected(&card),
        [b"1PAY.SYS.DDF01".to_vec(), hex("A0000000031010")]
    );
}

#[test]
fn the_highest_priority_is_taken_and_none_is_last() {
    let card = with_directory(&[
        entry("A0000000043060", b"MAESTRO", 0),
        entry("A0000000031010", b"VISA", 2),
        entry("A0000000041010", b"MASTERCARD", 1),
    ]);
    assert_eq!(selected(&card).last(), Some(&hex("A0000000041010")));
}

#[test]
fn a_longer_name_matches_in_part() {
    let card = with_directory(&[entry("A000000003101001", b"VISA", 1)]);
    assert_eq!(selected(&card).last(), Some(&hex("A000000003101001")));
}

#[test]
fn without_a_directory_the_list_is_tried() {
    let ran = pay(&Card::good());
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(ran.evidence().label.as_deref(), Some("VISA CREDIT"));
    // Directory, three of the list, the final one.
    assert_eq!(ran.commands(0xA4).len(), 5);
}

#[test]
fn a_directory_without_a_match_or_beyond_reading_gives_way_to_the_list() {
    let foreign = with_directory(&[entry("A0000000651010", b"JCB", 1)]);
    let mut broken = Card::good();
    broken.directory = ok(&hex("6F05840312"));
    let mut bad_file = Card::good();
    bad_file.directory = directory_fci(11);
    for card in [foreign, broken, bad_file] {
        assert!(selected(&card).contains(&hex("A0000000031010")));
    }
}

#[test]
fn a_directory_with_an_error_in_it_counts_for_nothing() {
    let entry = entry("A0000000041010", b"MASTERCARD", 1);
    let good = object(tag::RECORD, &entry);
    let cut_off = object(tag::RECORD, &[&entry[..], &hex("6105")].concat());
    let inside = object(tag::RECORD, &hex("6103 4F07A0"));
    for bad in [cut_off, inside, hex("6F00"), Vec::new()] {
        let mut card = with_directory(&[]);
        card.directory_records = vec![good.clone(), bad];
        assert!(selected(&card).contains(&hex("A0000000031010")));
    }
    let card = with_directory(&[entry]);
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xB2, 2, ..] => vec![0x69, 0x85],
            _ => card.answer(command),
        },
        None,
    );
    let list = ran.commands(0xA4).len();
    assert!(list > 2, "the list was tried: {list}");
}

#[test]
fn a_directory_without_end_ends() {
    let mut card = with_directory(&[]);
    card.directory_records = vec![object(tag::RECORD, &[]); 255];
    let ran = pay(&card);
    let reads = ran.commands(0xB2).len();
    assert!(
        reads >= usize::from(MAX_DIRECTORY_RECORDS) && reads < 32,
        "{reads}"
    );
}

#[test]
fn occurrences_without_end_end() {
    let card = Card::good();
    let ran = play(
        &demo_profile(),
        charge(),
        |command| {
            let Some(length) = command.get(4).filter(|_| command[1] == 0xA4) else {
                return card.answer(command);
            };
            let asked = &command[5..5 + usize::from(*length)];
            if asked.starts_with(b"1PAY") {
                return NOT_FOUND.to_vec();
            }
            let aid = [asked, &[0x01]].concat();
            ok(&Card {
                aid,
                ..card.clone()
            }
            .application_fci())
        },
        None,
    );
    let next: usize = ran
        .commands(0xA4)
        .iter()
        .filter(|select| select[3] == 2)
        .count();
    assert_eq!(next, 3 * (usize::from(MAX_OCCURRENCES) - 1));
}

#[test]
fn a_card_that_cannot_be_used_is_not_accepted() {
    let refused = |card: &Card| match pay(card).outcome.ending {
        Ending::NotAccepted(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    let mut blocked = Card::good();
    blocked.directory = vec![0x6A, 0x81];
    assert_eq!(refused(&blocked), Refusal::CardBlocked);
    let mut foreign = Card::good();
    foreign.aid = hex("A0000000651010");
    assert_eq!(refused(&foreign), Refusal::NoCommonApplication);
    let mut conditions = Card::good();
    conditions.options = vec![0x69, 0x85];
    assert_eq!(refused(&conditions), Refusal::ConditionsOfUse);
    let mut confirm = Card::good();
    confirm.fci = object(tag::PRIORITY, &[0x81]);
    assert_eq!(refused(&confirm), Refusal::NeedsConfirmation);
}

#[test]
fn a_blocked_application_is_not_accepted() {
    let card = Card::good();
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xA4, _, 0x00, 7, ..] if card.answer(command) != NOT_FOUND => {
                [&card.application_fci()[..], &[0x62, 0x83]].concat()
            }
            _ => card.answer(command),
        },
        None,
    );
    assert_eq!(
        ran.outcome.ending,
        Ending::NotAccepted(Refusal::ApplicationBlocked)
    );
}

#[test]
fn an_application_that_refuses_gives_way_to_the_next() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 1),
        entry("A0000000031010", b"VISA", 2),
    ]);
    let record = Card::good();
    let mut current = Vec::new();
    let ran = play(
        &demo_profile(),
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
        &demo_profile(),
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
    let mut terminal = demo_profile();
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
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
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
fn what_was_not_offered_cannot_be_chosen() {
    let card = with_directory(&[
        entry("A0000000041010", b"MASTERCARD", 2),
        entry("A0000000031010", b"VISA", 1),
    ]);
    let mut kernel = Kernel::new(&choosing_terminal(), charge()).expect("a charge");
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
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
