//! What till and lane say to each other when things go another way.

use std::{fs, io::Write as _, net::Shutdown};

use sealpoint_wire::{
    AttemptId, Bytes, FromLane, HostAnswer, HostDecision, ReaderState, ToLane,
    lane::{CardPrompt, OutcomeKind},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bench::{Bench, Online};
use crate::host::Host;

/// A charge up to the host.
fn online(bench: &mut Bench, card: &str) -> (AttemptId, Online) {
    bench.hello();
    bench.slot.insert(card).expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    let online = bench.expect_online(attempt);
    (attempt, online)
}

#[test]
fn the_reader_is_reported_when_it_changes() {
    let mut bench = Bench::new();
    bench.hello();
    bench.await_set_up();
    let name = "Virtual reader".to_owned();
    let expect = |bench: &mut Bench, state| {
        assert_eq!(bench.hear_any(), FromLane::Reader { state });
    };
    expect(&mut bench, ReaderState::Ready { name: name.clone() });
    bench.slot.insert("visa-approved").expect("inserted");
    expect(&mut bench, ReaderState::CardIn { name: name.clone() });
    bench.slot.remove();
    expect(&mut bench, ReaderState::Ready { name });
}

#[test]
fn without_a_card_in_time_the_attempt_ends() {
    let mut bench = Bench::new();
    bench.hello();
    let mut order = bench.order();
    order.insert_timeout_ms = 150;
    let attempt = order.attempt;
    bench.tell(&ToLane::Read(order));
    bench.expect_prompt(attempt, CardPrompt::InsertCard);
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::NoCard);
    assert_eq!((outcome.card, outcome.emv), (None, None));
}

#[test]
fn cancel_before_a_card_is_in_ends_the_attempt() {
    let mut bench = Bench::new();
    bench.hello();
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::InsertCard);
    bench.tell(&ToLane::Cancel { attempt });
    assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::Cancelled);
}

#[test]
fn cancel_while_the_card_is_read_stops_before_the_cryptogram() {
    let mut bench = Bench::new();
    bench.hello();
    bench.slot.insert("slow").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.tell(&ToLane::Cancel { attempt });
    let outcome = bench.expect_outcome(attempt);
    assert_eq!((outcome.kind, outcome.emv), (OutcomeKind::Cancelled, None));
}

#[test]
fn cancel_while_the_host_is_asked_has_the_card_decline() {
    let mut bench = Bench::new();
    let (attempt, _) = online(&mut bench, "visa-approved");
    bench.tell(&ToLane::Cancel { attempt });
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::UnableToGoOnline);
    assert_eq!(outcome.emv.expect("two cryptograms").ac_type, "AAC");
}

#[test]
fn cancel_after_the_host_approved_comes_too_late() {
    let mut bench = Bench::new();
    let (attempt, asked) = online(&mut bench, "slow");
    let answer = bench.host.answer(&asked);
    bench.tell(&ToLane::Host { attempt, answer });
    bench.tell(&ToLane::Cancel { attempt });
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    assert_eq!(outcome.emv.expect("two cryptograms").ac_type, "TC");
}

#[test]
fn an_unreachable_host_has_the_card_decline() {
    for card in ["visa-approved", "mastercard-approved"] {
        let mut bench = Bench::new();
        let (attempt, _) = online(&mut bench, card);
        bench.tell(&ToLane::UnableToGoOnline { attempt });
        let outcome = bench.expect_outcome(attempt);
        assert_eq!(outcome.kind, OutcomeKind::UnableToGoOnline);
        assert_eq!(outcome.emv.expect("two cryptograms").ac_type, "AAC");
    }
}

#[test]
fn a_card_pulled_while_the_host_is_asked_ends_the_attempt_and_a_late_answer_changes_nothing() {
    let mut bench = Bench::new();
    let (attempt, asked) = online(&mut bench, "visa-approved");
    bench.slot.remove();
    assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::CardRemoved);
    let answer = bench.host.answer(&asked);
    bench.tell(&ToLane::Host { attempt, answer });

    bench.slot.insert("mastercard-approved").expect("inserted");
    let next = bench.read();
    assert_eq!(bench.outcome_with_host(next).kind, OutcomeKind::Approved);
}

#[test]
fn an_approval_that_the_issuer_did_not_make_does_not_convince_the_card() {
    let mut bench = Bench::new();
    let (attempt, asked) = online(&mut bench, "visa-approved");
    let mut answer = bench.host.answer(&asked);
    let mut forged = answer.issuer_authentication.as_slice().to_vec();
    forged[0] ^= 1;
    answer.issuer_authentication = Bytes::try_from(forged).expect("short");
    bench.tell(&ToLane::Host { attempt, answer });
    assert_eq!(
        bench.expect_outcome(attempt).kind,
        OutcomeKind::DeclinedByCard
    );
}

#[test]
fn an_answer_that_no_card_can_be_given_ends_like_an_unreachable_host() {
    let broken = [
        ("0", &[][..], &[][..]),
        ("00x", &[], &[]),
        ("\u{e9}", &[], &[]),
        ("00", &[1; 7], &[]),
        ("00", &[1; 17], &[]),
        ("00", &[], &[0x72; 2_000]),
    ];
    let mut bench = Bench::new();
    bench.hello();
    for (code, authentication, scripts) in broken {
        bench.slot.insert("visa-approved").expect("inserted");
        let attempt = bench.read();
        bench.expect_prompt(attempt, CardPrompt::Reading);
        bench.expect_prompt(attempt, CardPrompt::Authorising);
        bench.expect_online(attempt);
        let answer = HostAnswer {
            decision: HostDecision::Approved,
            response_code: code.to_owned(),
            approval_code: None,
            issuer_authentication: Bytes::try_from(authentication.to_vec()).expect("short"),
            scripts: Bytes::try_from(scripts.to_vec()).expect("short"),
            approved_minor: None,
        };
        bench.tell(&ToLane::Host { attempt, answer });
        let outcome = bench.expect_outcome(attempt);
        assert_eq!(outcome.kind, OutcomeKind::UnableToGoOnline, "{code:?}");
        let why = outcome.why.expect("a reason");
        assert!(
            why.starts_with("The host's answer cannot be used: the "),
            "{why}"
        );
        bench.take_card_out();
    }
}

#[test]
fn a_card_left_in_the_reader_does_not_pay_for_the_next_sale() {
    let mut bench = Bench::new();
    bench.hello();
    bench.slot.insert("visa-approved").expect("inserted");
    let first = bench.read();
    assert_eq!(bench.outcome_with_host(first).kind, OutcomeKind::Approved);
    bench.expect_prompt(first, CardPrompt::RemoveCard);

    let second = bench.read();
    bench.expect_prompt(second, CardPrompt::RemoveCard);
    bench.slot.remove();
    bench.expect_prompt(second, CardPrompt::InsertCard);
    bench.slot.insert("mastercard-approved").expect("inserted");
    let outcome = bench.outcome_with_host(second);
    assert_eq!(outcome.kind, OutcomeKind::Approved);
    assert_eq!(outcome.card.expect("a card").label, "MASTERCARD");
}

#[test]
fn a_second_order_during_a_charge_is_refused_and_the_first_goes_on() {
    let mut bench = Bench::new();
    let (first, asked) = online(&mut bench, "visa-approved");
    let second = bench.read();
    let refused = bench.expect_outcome(second);
    assert_eq!(refused.kind, OutcomeKind::ReaderFault);
    assert!(refused.why.is_some_and(|why| why.contains("busy")));
    let answer = bench.host.answer(&asked);
    bench.tell(&ToLane::Host {
        attempt: first,
        answer,
    });
    assert_eq!(bench.expect_outcome(first).kind, OutcomeKind::Approved);
}

#[test]
fn words_on_attempts_that_are_not_under_way_are_ignored() {
    let mut bench = Bench::new();
    bench.hello();
    let attempt = AttemptId::new(Uuid::from_u128(77));
    bench.tell(&ToLane::Cancel { attempt });
    bench.tell(&ToLane::UnableToGoOnline { attempt });
    bench.slot.insert("visa-approved").expect("inserted");
    let real = bench.read();
    bench.tell(&ToLane::Cancel { attempt });
    assert_eq!(bench.outcome_with_host(real).kind, OutcomeKind::Approved);
}

#[test]
fn what_cannot_be_charged_is_refused_before_a_card_is_asked_for() {
    let mut bench = Bench::new();
    bench.hello();
    bench.slot.insert("visa-approved").expect("inserted");
    let mut orders = Vec::new();
    for amount_minor in [0, -1, 1_000_000_000_000] {
        let mut order = bench.order();
        order.amount_minor = amount_minor;
        orders.push((order, "amount"));
    }
    for local_time in ["", "20261122", "2026112220150x", "20261322201500"] {
        let mut order = bench.order();
        order.local_time = local_time.to_owned();
        orders.push((order, "clock"));
    }
    let mut order = bench.order();
    order.terminal = "T0000002".parse().expect("a terminal id");
    orders.push((order, "belongs to terminal T0000001, not T0000002"));
    for (order, part) in orders {
        let attempt = order.attempt;
        bench.tell(&ToLane::Read(order));
        let outcome = bench.expect_outcome(attempt);
        assert_eq!(outcome.kind, OutcomeKind::CannotSeal);
        let why = outcome.why.expect("a reason");
        assert!(
            why.starts_with("No card can be charged: ") && why.contains(part),
            "{why}"
        );
    }
    // The card was not touched, so it need not be taken out.
    let attempt = bench.read();
    assert_eq!(bench.outcome_with_host(attempt).kind, OutcomeKind::Approved);
}

#[test]
fn when_the_till_dies_the_charge_is_brought_to_its_end_and_the_lane_stops() {
    let mut bench = Bench::new();
    online(&mut bench, "visa-approved");
    let (status, log) = bench.close();
    assert!(status.success(), "{log}");
    assert!(log.contains("UnableToGoOnline"), "{log}");
    let waited = log.contains("no word on the host's answer");
    assert!(!waited, "it knows that no answer can come: {log}");
}

#[test]
fn a_till_that_speaks_another_language_stops_the_lane_with_a_sentence() {
    let mut bench = Bench::new();
    bench.hello();
    bench
        .raw()
        .write_all(&[0, 0, 0, 4, b'n', b'u', b'l', b'l'])
        .expect("written");
    let (status, log) = bench.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("Install till and lane from the same release"),
        "{log}"
    );
}

#[test]
fn half_a_frame_and_then_nothing_stops_the_lane() {
    let mut bench = Bench::new();
    bench.hello();
    bench.raw().write_all(&[0, 0]).expect("written");
    bench.raw().shutdown(Shutdown::Write).expect("open");
    let (status, log) = bench.wait();
    assert!(status.success(), "{log}");
}

#[test]
fn an_issuer_that_wants_a_call_has_a_sentence_of_its_own() {
    for code in ["01", "02"] {
        let mut bench = Bench::new();
        let (attempt, asked) = online(&mut bench, "visa-approved");
        let mut answer = bench.host.answer(&asked);
        answer.decision = HostDecision::Declined;
        answer.response_code = code.to_owned();
        answer.issuer_authentication = Bytes::default();
        bench.tell(&ToLane::Host { attempt, answer });
        let outcome = bench.expect_outcome(attempt);
        assert_eq!(outcome.kind, OutcomeKind::DeclinedByHost, "{outcome:?}");
        assert_eq!(outcome.emv.expect("two cryptograms").ac_type, "AAC");
        let why = outcome.why.expect("a reason");
        assert!(why.contains("wants to be called"), "{why}");
    }
}

/// A lane that lets the cardholder choose, with a card that has two applications, up to the choice.
fn choosing() -> (Bench, AttemptId, Vec<String>) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    let demo = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../emv/src/demo.toml"));
    let choosy = demo.replace("cardholder_choice = false", "cardholder_choice = true");
    assert!(choosy.contains("cardholder_choice = true"));
    fs::write(folder.path().join("profile.toml"), choosy).expect("written");
    let cards = [crate::hands::card("two-applications")];
    let mut bench = Bench::start(folder, host, &cards, None);
    assert_eq!(bench.hello(), None);
    bench.slot.insert("two-applications").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    match bench.hear() {
        FromLane::Choose {
            attempt: of,
            labels,
        } if of == attempt => (bench, attempt, labels),
        other => panic!("no choice but {other:?}"),
    }
}

#[test]
fn the_cardholder_is_asked_which_application_and_gets_it() {
    for index in [0, 1] {
        let (mut bench, attempt, labels) = choosing();
        assert_eq!(labels.len(), 2);
        // Neither what was not offered nor a word on another attempt is a choice.
        let other = AttemptId::new(Uuid::from_u128(99));
        bench.tell(&ToLane::Chosen { attempt, index: 2 });
        bench.tell(&ToLane::Chosen {
            attempt: other,
            index: 1 - index,
        });
        bench.tell(&ToLane::Chosen { attempt, index });
        let outcome = bench.outcome_with_host(attempt);
        assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
        assert_eq!(
            outcome.card.expect("a card").label,
            labels[usize::from(index)]
        );
    }
}

#[test]
fn a_choice_can_be_cancelled_and_ends_when_the_card_is_pulled() {
    let (mut bench, attempt, _) = choosing();
    bench.tell(&ToLane::Cancel { attempt });
    assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::Cancelled);

    let (mut bench, attempt, _) = choosing();
    bench.slot.remove();
    assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::CardRemoved);
}
