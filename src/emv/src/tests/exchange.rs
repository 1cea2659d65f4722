//! Commands and their answers (EMV 4.4 Book 1 §9.3.1, Book 3 §6.3).

use super::card::{Card, approval, charge, ok, play};
use crate::{
    Aid, Application, Command, Ending, Fault, MAX_APDUS, MAX_BYTES, MAX_FOLLOW_UPS, apdu::CApdu,
    demo_profile, exchange::Exchange,
};

/// A T=0 card: it keeps its answer until GET RESPONSE fetches it, in pieces.
fn t0(card: &Card, piece: usize) -> impl FnMut(&[u8]) -> Vec<u8> {
    let card = card.clone();
    let mut kept: Vec<u8> = Vec::new();
    move |command| {
        if command[1] != 0xC0 {
            kept = card.answer(command);
            if kept.len() == 2 {
                return kept.clone();
            }
            return vec![0x61, u8::try_from(kept.len() - 2).unwrap_or(0)];
        }
        let taken = piece.min(kept.len() - 2);
        let data: Vec<u8> = kept.drain(..taken).collect();
        let status = match kept.len() - 2 {
            0 => vec![0x90, 0x00],
            more => vec![0x61, u8::try_from(more).unwrap_or(0)],
        };
        [data, status].concat()
    }
}

#[test]
fn a_t0_card_is_asked_for_its_answer() {
    let ran = play(
        &demo_profile(),
        charge(),
        t0(&Card::good(), 256),
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert!(!ran.commands(0xC0).is_empty());
}

#[test]
fn an_answer_in_pieces_is_joined() {
    let ran = play(
        &demo_profile(),
        charge(),
        t0(&Card::good(), 60),
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

#[test]
fn a_command_with_a_wrong_length_is_sent_again_with_the_right_one() {
    let card = Card::good();
    let ran = play(
        &demo_profile(),
        charge(),
        |command| {
            let le = *command.last().expect("Le");
            if command[1] == 0xB2 && le == 0 {
                return vec![0x6C, 0x77];
            }
            card.answer(command)
        },
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(
        ran.commands(0xB2),
        [[0x00, 0xB2, 1, 0x0C, 0], [0x00, 0xB2, 1, 0x0C, 0x77]]
    );
}

#[test]
fn a_wrong_length_of_get_response_repeats_that_and_not_the_command() {
    let card = Card::good();
    let mut kept = Vec::new();
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match (command[1], command.last()) {
            (0xAE, _) => {
                kept = card.answer(command);
                vec![0x61, 0x00]
            }
            (0xC0, Some(0)) => vec![0x6C, 0x14],
            (0xC0, _) => kept.clone(),
            _ => card.answer(command),
        },
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(ran.commands(0xAE).len(), 2);
    assert_eq!(ran.commands(0xC0).len(), 4);
}

#[test]
fn a_second_wrong_length_is_a_fault() {
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command[1] {
            0xA8 => vec![0x6C, 0x08],
            _ => Card::good().answer(command),
        },
        None,
    );
    assert!(matches!(
        ran.outcome.ending,
        Ending::Terminated(Fault::Answer(Command::GetProcessingOptions, sw)) if sw.0 == 0x6C08
    ));
}

#[test]
fn an_endless_answer_ends() {
    let ran = play(&demo_profile(), charge(), |_| vec![0x61, 0x00], None);
    assert_eq!(
        ran.outcome.ending,
        Ending::Terminated(Fault::EndlessAnswer(Command::Select))
    );
    assert_eq!(ran.sent.len(), usize::from(MAX_FOLLOW_UPS) + 1);
}

#[test]
fn an_answer_without_or_with_too_much_is_a_fault() {
    for length in [0, 1, 259] {
        let ran = play(&demo_profile(), charge(), |_| vec![0; length], None);
        assert_eq!(
            ran.outcome.ending,
            Ending::Terminated(Fault::AnswerLength(Command::Select))
        );
    }
}

#[test]
fn no_card_gets_more_commands_than_the_bound() {
    // A long list, and a card that has another occurrence of every application on it.
    let mut terminal = demo_profile();
    let known = terminal.applications[0].clone();
    terminal.applications = (0..32)
        .map(|last| Application {
            aid: Aid::from_slice(&[0xA0, 0, 0, 0, 3, last]).expect("an AID"),
            ..known.clone()
        })
        .collect();
    let card = Card::good();
    let mut occurrence = 0;
    let ran = play(
        &terminal,
        charge(),
        |command| match command {
            [_, 0xA4, _, _, 6, aid @ .., _] => {
                occurrence = (occurrence + 1) % 100;
                ok(&Card {
                    aid: [aid, &[occurrence]].concat(),
                    ..card.clone()
                }
                .application_fci())
            }
            _ => card.answer(command),
        },
        None,
    );
    assert_eq!(ran.outcome.ending, Ending::Terminated(Fault::TooManyApdus));
    assert_eq!(ran.sent.len(), usize::from(MAX_APDUS));
    assert_eq!(ran.counts.apdus, MAX_APDUS);
}

#[test]
fn a_charge_has_a_bound_on_bytes_too() {
    let mut exchange = Exchange::new();
    let fault = loop {
        let command = CApdu::select(&[0; 255], false);
        let heard = exchange
            .send(command)
            .and_then(|_| exchange.hear(&[0x90; 258]));
        if let Err(fault) = heard {
            break fault;
        }
    };
    assert_eq!(fault, Fault::TooMuchData);
    let counts = exchange.counts();
    assert!(counts.apdus < MAX_APDUS, "this bound comes first");
    assert!(counts.bytes_sent + counts.bytes_received <= MAX_BYTES + 261);
}

#[test]
fn what_was_exchanged_is_counted() {
    let ran = play(
        &demo_profile(),
        charge(),
        t0(&Card::good(), 256),
        Some(&approval()),
    );
    let sent: usize = ran.sent.iter().map(Vec::len).sum();
    assert_eq!(usize::from(ran.counts.apdus), ran.sent.len());
    assert_eq!(ran.counts.bytes_sent as usize, sent);
    assert!(ran.counts.bytes_received > 2 * u32::from(ran.counts.apdus));
}
