//! The card is pulled at every command that it is sent.

use sealpoint_cardsim::{
    Profile,
    profile::{self, RemoveAt},
};
use sealpoint_wire::lane::OutcomeKind;

use crate::bench::Bench;

/// More commands than any shipped card is sent.
const MOST_COMMANDS: u16 = 40;

fn pulled_at_each_command(name: &str) {
    let whole = profile::shipped()
        .into_iter()
        .find(|card| card.name == name)
        .expect("a shipped card");
    let cards: Vec<Profile> = (1..=MOST_COMMANDS)
        .map(|command| {
            let mut card = whole.clone();
            card.name = format!("pulled-at-{command}");
            card.behaviour.remove_at = Some(RemoveAt::Command(command));
            card
        })
        .collect();
    let mut bench = Bench::with_cards(&cards);
    bench.hello();
    let mut pulled = 0;
    for card in &cards {
        bench.slot.insert(&card.name).expect("inserted");
        let attempt = bench.read();
        let outcome = bench.outcome_with_host(attempt);
        if bench.slot.view().card.is_some() {
            // It was asked for fewer commands than that, so it lived.
            assert_eq!(outcome.kind, OutcomeKind::Approved, "{}", card.name);
            break;
        }
        assert_eq!(
            outcome.kind,
            OutcomeKind::CardRemoved,
            "{}: {outcome:?}",
            card.name
        );
        assert!(
            outcome
                .why
                .is_some_and(|why| why.contains("Insert it again"))
        );
        pulled += 1;
    }
    assert!(
        (6..MOST_COMMANDS).contains(&pulled),
        "{pulled} commands in a charge"
    );
}

#[test]
fn a_visa_card_pulled_at_any_command_is_never_approved() {
    pulled_at_each_command("visa-approved");
}

#[test]
fn a_mastercard_pulled_at_any_command_is_never_approved() {
    pulled_at_each_command("mastercard-approved");
}
