//! Every card that the demo ships, from insertion to outcome.

use sealpoint_wire::{
    CardOutcome, FromLane,
    lane::{CardPrompt, OutcomeKind},
};

use crate::bench::Bench;
use crate::host::{find, hex};

fn charge(bench: &mut Bench, name: &str) -> CardOutcome {
    bench.slot.insert(name).expect("the card is in the wallet");
    let attempt = bench.read();
    let outcome = bench.outcome_with_host(attempt);
    if bench.slot.view().card.is_some() {
        bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        bench.take_card_out();
    }
    outcome
}

#[test]
fn each_demo_card_ends_as_its_name_says() {
    use OutcomeKind::*;
    let mut bench = Bench::new();
    assert_eq!(bench.hello(), None);
    let endings = [
        ("visa-approved", Approved, "TC"),
        ("mastercard-approved", Approved, "TC"),
        ("maestro-approved", Approved, "TC"),
        ("slow", Approved, "TC"),
        ("visa-declined", DeclinedByHost, "AAC"),
        ("mastercard-declined", DeclinedByHost, "AAC"),
        ("removed-too-soon", CardRemoved, "ARQC"),
        ("removed-while-online", CardRemoved, "ARQC"),
        ("offline-declined", DeclinedByCard, "AAC"),
        ("unknown-aid", NotAccepted, ""),
        ("blocked", NotAccepted, ""),
    ];
    for (name, kind, cryptogram) in endings {
        let outcome = charge(&mut bench, name);
        assert_eq!(outcome.kind, kind, "{name}: {outcome:?}");
        let emv = outcome.emv.clone().unwrap_or_default();
        assert_eq!(emv.ac_type, cryptogram, "{name}: {outcome:?}");
        assert_eq!(
            outcome.why.is_none(),
            kind == Approved,
            "{name}: {outcome:?}"
        );
        assert_eq!(
            outcome.card.is_some(),
            !cryptogram.is_empty(),
            "{name}: {outcome:?}"
        );
    }
    // The issuer of an expired card is asked all the same, and knows from the TVR.
    let expired = charge(&mut bench, "expired");
    let tvr = expired.emv.expect("the card gave a cryptogram").tvr;
    assert_eq!(&tvr[2..4], "40", "TVR byte 2 bit 7: expired application");
}

#[test]
fn an_approved_charge_shows_the_card_truncated_and_seals_the_rest() {
    let mut bench = Bench::new();
    bench.hello();
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::InsertCard);
    bench.slot.insert("visa-approved").expect("inserted");
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    let online = bench.expect_online(attempt);

    assert_eq!(online.card.label, "VISA CREDIT");
    assert_eq!(online.card.aid, "A0000000031010");
    assert_eq!(online.card.truncated_pan, "476173******0119");
    assert_eq!(online.card.last4, "0119");

    let de55 = online.de55.as_slice();
    let amount = find(de55, 0x9F02).expect("the amount goes to the issuer");
    assert_eq!(hex(&amount), "000000001299");
    assert_eq!(
        find(de55, 0x9A).map(|date| hex(&date)).as_deref(),
        Some("261122")
    );
    for account_data in [0x5A, 0x57, 0x5F20, 0x5F24, 0x56, 0x9F6B] {
        assert_eq!(
            find(de55, account_data),
            None,
            "{account_data:X} is sealed or stays in the card"
        );
    }

    let opened = bench.host.open(&online);
    assert_eq!(opened.pan, "4761739001010119");
    assert_eq!(opened.sequence, 1);
    let track2 = hex(&opened.track2.expect("the card gave track 2"));
    assert!(
        track2.starts_with("4761739001010119D3012201"),
        "the whole track is sealed"
    );

    let answer = bench.host.answer(&online);
    bench.tell(&sealpoint_wire::ToLane::Host { attempt, answer });
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::Approved);
    assert_eq!(outcome.card.as_ref(), Some(&online.card));
    bench.expect_prompt(attempt, CardPrompt::RemoveCard);
}

#[test]
fn two_charges_of_one_card_have_different_cryptograms_and_unpredictable_numbers() {
    let mut bench = Bench::new();
    bench.hello();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        bench.slot.insert("mastercard-approved").expect("inserted");
        let attempt = bench.read();
        let online = loop {
            match bench.hear() {
                FromLane::Prompt { .. } => {}
                FromLane::Online {
                    attempt: of,
                    card,
                    sealed,
                    de55,
                } => {
                    break crate::bench::Online {
                        attempt: of,
                        card,
                        sealed,
                        de55,
                    };
                }
                other => panic!("unexpected {other:?}"),
            }
        };
        numbers.push(find(online.de55.as_slice(), 0x9F37).expect("an unpredictable number"));
        let answer = bench.host.answer(&online);
        bench.tell(&sealpoint_wire::ToLane::Host { attempt, answer });
        assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::Approved);
        bench.take_card_out();
    }
    assert_ne!(numbers[0], numbers[1]);
}
