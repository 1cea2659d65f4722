//! The terminal's list of AIDs (Book 1 §12.3.3).

use crate::{
    Aid, Ending, MAX_OCCURRENCES, Refusal, Tvr, tag,
    tests::card::{Card, NOT_FOUND, approval, charge, hex, object, ok, pay, play},
};

#[test]
fn without_a_directory_the_list_is_tried() {
    let ran = pay(&Card::good());
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(ran.evidence().label.as_deref(), Some("VISA CREDIT"));
    // Directory, three of the list, the final one.
    assert_eq!(ran.commands(0xA4).len(), 5);
}

/// SELECTs of a card that answers an AID of seven bytes with what `name` makes of it.
fn selects(name: impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<(Vec<u8>, bool)> {
    let card = Card::good();
    let mut occurrence = 0;
    let ran = play(
        &super::terminal(),
        charge(),
        |command| match command {
            [_, 0xA4, _, next, 7, aid @ .., _] => {
                occurrence = if *next == 0 { 0 } else { occurrence + 1 };
                let aid = name(aid, occurrence);
                ok(&Card {
                    aid,
                    ..card.clone()
                }
                .application_fci())
            }
            [_, 0xA4, ..] => NOT_FOUND.to_vec(),
            _ => card.answer(command),
        },
        None,
    );
    ran.commands(0xA4)
        .into_iter()
        .filter(|command| command[4] == 7)
        .map(|command| (command[5..12].to_vec(), command[3] == 2))
        .collect()
}

fn next_ones(selects: &[(Vec<u8>, bool)]) -> usize {
    selects.iter().filter(|(_, next)| *next).count()
}

#[test]
fn occurrences_without_end_end() {
    let selects = selects(|aid, occurrence| [aid, &[occurrence]].concat());
    assert_eq!(next_ones(&selects), 3 * (usize::from(MAX_OCCURRENCES) - 1));
}

#[test]
fn an_occurrence_that_repeats_itself_is_the_last() {
    let selects = selects(|aid, _| [aid, &[0x01]].concat());
    assert_eq!(next_ones(&selects), 3, "one more of each AID, and no more");
}

#[test]
fn a_name_that_was_not_asked_for_has_no_next_one() {
    for other in ["A0000000651010", "A000000003", "B0000000031010 01"] {
        assert_eq!(next_ones(&selects(|_, _| hex(other))), 0, "{other}");
    }
}

#[test]
fn an_exact_name_has_no_next_one() {
    assert_eq!(next_ones(&selects(|aid, _| aid.to_vec())), 0);
}

#[test]
fn a_second_occurrence_is_found_behind_a_blocked_first() {
    let card = Card::good();
    let longer = |last: u8| Card {
        aid: [&card.aid[..], &[last]].concat(),
        ..card.clone()
    };
    let ran = play(
        &super::terminal(),
        charge(),
        |command| match command {
            [_, 0xA4, _, 0x00, 7, ..] if card.answer(command) != NOT_FOUND => {
                [&longer(1).application_fci()[..], &[0x62, 0x83]].concat()
            }
            [_, 0xA4, _, 0x02, 7, ..] => ok(&longer(2).application_fci()),
            [_, 0xA4, _, 0x00, 8, .., 2, 0] => ok(&longer(2).application_fci()),
            _ => card.answer(command),
        },
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
    let aid = ran.evidence().aid.map(|aid| aid.to_string());
    assert_eq!(aid.as_deref(), Some("A000000003101002"));
}

#[test]
fn a_longer_name_does_not_match_where_the_terminal_wants_it_exact() {
    let mut terminal = super::terminal();
    for application in &mut terminal.applications {
        application.partial = false;
    }
    let mut card = Card::good();
    card.aid = hex("A000000003101001");
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    let none = Ending::NotAccepted(Refusal::NoCommonApplication);
    assert_eq!(ran.outcome.ending, none);
    let nexts = ran.commands(0xA4).into_iter().filter(|one| one[3] == 2);
    assert_eq!(nexts.count(), 1, "an exact one may follow");
}

#[test]
fn an_application_gets_the_terms_of_the_closest_aid() {
    let mut terminal = super::terminal();
    let mut scheme = terminal.applications[0].clone();
    scheme.aid = Aid::from_slice(&hex("A000000003")).expect("an AID");
    scheme.version = [0x77, 0x77];
    terminal.applications.insert(0, scheme);
    let card = Card::good();
    let host = approval();
    let ran = play(&terminal, charge(), |one| card.answer(one), Some(&host));
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert!(!ran.tvr().contains(Tvr::VERSIONS_DIFFER));
}

#[test]
fn an_application_whose_fci_lacks_something_mandatory_is_passed_over() {
    let good = Card::good().application_fci();
    let df_name = object(tag::DF_NAME, &Card::good().aid);
    for fci in [
        Vec::new(),
        object(tag::FCI, &df_name),
        object(tag::FCI, &object(tag::PROPRIETARY, &hex("870101"))),
        object(
            tag::FCI,
            &[&df_name[..], &object(tag::PROPRIETARY, &hex("5005AA"))].concat(),
        ),
        object(tag::FCI, &hex("8404A0000000 A500")),
        good[..good.len() - 1].to_vec(),
        good[2..].to_vec(),
        [&good[..], &df_name].concat(),
        object(tag::FCI, &[&good[2..], &hex("5005AA")[..]].concat()),
    ] {
        let card = Card::good();
        let ran = play(
            &super::terminal(),
            charge(),
            |command| match command {
                [_, 0xA4, ..] if card.answer(command) != NOT_FOUND => ok(&fci),
                _ => card.answer(command),
            },
            None,
        );
        let none = Ending::NotAccepted(Refusal::NoCommonApplication);
        assert_eq!(ran.outcome.ending, none, "{fci:02X?}");
    }
}

#[test]
fn a_blocked_card_is_known_by_the_first_aid_alone() {
    let answer = |blocked: usize| {
        let card = Card::good();
        let mut listed = 0;
        let ran = play(
            &super::terminal(),
            charge(),
            |command| match command {
                [_, 0xA4, _, _, 7, ..] => {
                    listed += 1;
                    match listed == blocked {
                        true => vec![0x6A, 0x81],
                        false => card.answer(command),
                    }
                }
                _ => card.answer(command),
            },
            Some(&approval()),
        );
        ran.outcome.ending
    };
    assert_eq!(answer(1), Ending::NotAccepted(Refusal::CardBlocked));
    assert_eq!(answer(2), Ending::Approved);
}

#[test]
fn a_card_that_cannot_be_used_is_not_accepted() {
    let refused = |card: &Card| {
        let ran = play(&super::terminal(), charge(), |one| card.answer(one), None);
        match ran.outcome.ending {
            Ending::NotAccepted(refusal) => refusal,
            other => panic!("{other:?}"),
        }
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
        &super::terminal(),
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
fn a_blocked_application_that_is_not_accepted_anyway_is_none() {
    let mut terminal = super::terminal();
    for application in &mut terminal.applications {
        application.partial = false;
    }
    let mut card = Card::good();
    card.aid = hex("A000000003101001");
    let ran = play(
        &terminal,
        charge(),
        |command| match command {
            [_, 0xA4, ..] if card.answer(command) != NOT_FOUND => {
                [&card.application_fci()[..], &[0x62, 0x83]].concat()
            }
            _ => card.answer(command),
        },
        None,
    );
    let none = Ending::NotAccepted(Refusal::NoCommonApplication);
    assert_eq!(ran.outcome.ending, none);
}
