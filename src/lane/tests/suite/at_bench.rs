//! Charges without a till, through the same turns: what `tillctl` builds on.

use std::time::Duration;

use sealpoint_emv::{
    Charge, ChargeKind, Ending, HostAnswer, HostDecision, OnlineRequest, TerminalData, demo_profile,
};
use sealpoint_lane::{
    bench::{self, Attendant, BenchOutcome, HostSaid},
    reader::PadAnswer,
    transcript::Transcript,
};
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};

use crate::hands::{Entry, Hands, card};

/// Someone at the bench who does what they are told to.
#[derive(Default)]
struct Tester {
    prompts: Vec<CardPrompt>,
    offered: Vec<String>,
    choice: Option<usize>,
    asked: usize,
    host: Option<HostDecision>,
    gives_up_at: Option<CardPrompt>,
}

impl Attendant for Tester {
    fn prompt(&mut self, prompt: CardPrompt) {
        self.prompts.push(prompt);
    }

    fn choose(&mut self, labels: &[String]) -> Option<usize> {
        self.offered = labels.to_vec();
        self.choice
    }

    fn host(&mut self, request: OnlineRequest) -> HostSaid {
        self.asked += 1;
        assert!(!request.de55.is_empty());
        match self.host {
            Some(decision) => {
                let code = match decision {
                    HostDecision::Approved => *b"00",
                    HostDecision::Declined => *b"05",
                    HostDecision::Referred => *b"01",
                };
                let answer = HostAnswer::new(decision, code, &[], &[]).expect("it fits");
                HostSaid::Answered(answer)
            }
            None => HostSaid::Unreachable,
        }
    }

    fn gives_up(&mut self) -> bool {
        self.gives_up_at.is_some() && self.prompts.last() == self.gives_up_at.as_ref()
    }
}

fn purchase() -> Charge {
    Charge {
        amount_minor: 1_299,
        currency: 978,
        exponent: 2,
        cashback_minor: 0,
        kind: ChargeKind::Purchase,
        date: [0x26, 0x11, 0x22],
        time: [0x20, 0x15, 0x00],
        unpredictable_number: [0; 4],
        random_draw: 1,
        forced_online: false,
        offline_up_to_minor: i64::MAX,
        counter: 1,
        terminal_id: *b"BENCH001",
    }
}

fn run(hands: &mut Hands, terminal: &TerminalData, tester: &mut Tester) -> BenchOutcome {
    let wait = Duration::from_millis(300);
    bench::charge(hands, terminal, purchase(), wait, tester, None)
}

fn approving() -> Tester {
    Tester {
        host: Some(HostDecision::Approved),
        ..Tester::default()
    }
}

#[test]
fn a_charge_without_a_till_says_what_it_cost() {
    let mut hands = Hands::with(&["no-cvm"]);
    hands.insert("no-cvm");
    let mut tester = approving();
    let outcome = run(&mut hands, &demo_profile(), &mut tester);
    assert_eq!(outcome.card.kind, OutcomeKind::Approved, "{outcome:?}");
    let kernel = outcome.kernel.expect("the kernel ran");
    assert_eq!(kernel.ending, Ending::Approved);
    assert_eq!(
        tester.prompts,
        [CardPrompt::Reading, CardPrompt::Authorising]
    );
    assert_eq!(tester.asked, 1);
    assert!(
        (6..40).contains(&outcome.counts.apdus),
        "{:?}",
        outcome.counts
    );
    assert!(outcome.counts.sent > 100 && outcome.counts.received > 500);
    assert!(outcome.times.total >= outcome.times.card);
}

#[test]
fn a_host_that_declines_refers_or_is_not_there_each_has_its_outcome() {
    for (host, kind) in [
        (Some(HostDecision::Declined), OutcomeKind::DeclinedByHost),
        (Some(HostDecision::Referred), OutcomeKind::DeclinedByHost),
        (None, OutcomeKind::UnableToGoOnline),
    ] {
        let mut hands = Hands::with(&["no-cvm"]);
        hands.insert("no-cvm");
        let mut tester = Tester {
            host,
            ..Tester::default()
        };
        let outcome = run(&mut hands, &demo_profile(), &mut tester).card;
        assert_eq!(outcome.kind, kind, "{outcome:?}");
        assert_eq!(outcome.emv.expect("a cryptogram").ac_type, "AAC");
        let why = outcome.why.expect("a reason");
        let called = why.contains("wants to be called");
        assert_eq!(called, host == Some(HostDecision::Referred), "{why}");
    }
}

#[test]
fn without_a_card_or_with_someone_who_gives_up_it_ends() {
    let mut hands = Hands::with(&["no-cvm"]);
    let mut tester = approving();
    let outcome = run(&mut hands, &demo_profile(), &mut tester);
    assert_eq!(outcome.card.kind, OutcomeKind::NoCard);
    assert_eq!(outcome.kernel, None);
    assert_eq!(tester.prompts, [CardPrompt::PresentCard]);

    hands.insert("no-cvm");
    let mut tester = approving();
    tester.gives_up_at = Some(CardPrompt::Reading);
    let outcome = run(&mut hands, &demo_profile(), &mut tester);
    assert_eq!(outcome.card.kind, OutcomeKind::Cancelled);
    assert_eq!(tester.asked, 0);
}

#[test]
fn the_cardholder_chooses_among_applications() {
    let mut hands = Hands::with(&["two-applications"]);
    let mut terminal = demo_profile();
    terminal.cardholder_choice = true;
    hands.insert("two-applications");
    let mut labels = Vec::new();
    for index in [0, 1] {
        let mut tester = approving();
        tester.choice = Some(index);
        let outcome = run(&mut hands, &terminal, &mut tester).card;
        assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
        assert_eq!(tester.offered.len(), 2, "{:?}", tester.offered);
        let label = outcome.card.expect("a card").label;
        assert_eq!(label, tester.offered[index]);
        labels.push(label);
    }
    assert_ne!(labels[0], labels[1]);
    let mut tester = approving();
    let outcome = run(&mut hands, &terminal, &mut tester).card;
    assert_eq!(outcome.kind, OutcomeKind::Cancelled, "{outcome:?}");
}

#[test]
fn a_pin_is_asked_for_again_until_the_last_try() {
    use CardPrompt::{Authorising, EnterPin, EnterPinAgain, LastPinTry, Reading};
    let mut hands = Hands::with(&["pin-plaintext"]);
    hands.insert("pin-plaintext");
    hands.entries = vec![
        Entry::Said(PadAnswer::WrongLength),
        Entry::Pin("9999"),
        Entry::Pin("9998"),
        Entry::Pin("1234"),
    ];
    let mut tester = approving();
    let outcome = run(&mut hands, &demo_profile(), &mut tester);
    assert_eq!(outcome.card.kind, OutcomeKind::Approved, "{outcome:?}");
    let expected = [
        Reading,
        EnterPin,
        EnterPin,
        Reading,
        EnterPinAgain,
        Reading,
        LastPinTry,
        Reading,
        Authorising,
    ];
    assert_eq!(tester.prompts, expected);
    // CVM results: plaintext PIN by the card, successful (EMV 4.4 Book 4 Annex A4).
    let results = outcome.kernel.expect("ran").evidence.cvm_results;
    assert_eq!((results[0] & 0x3F, results[2]), (0x01, 0x02));
}

#[test]
fn a_cardholder_who_enters_nothing_ends_the_charge_and_is_told_so() {
    for entries in [
        vec![Entry::Said(PadAnswer::Cancelled)],
        vec![Entry::Said(PadAnswer::TimedOut)],
        (0..3)
            .map(|_| Entry::Said(PadAnswer::WrongLength))
            .collect(),
    ] {
        let mut hands = Hands::with(&["pin-plaintext"]);
        hands.insert("pin-plaintext");
        hands.entries = entries;
        let mut tester = approving();
        let outcome = run(&mut hands, &demo_profile(), &mut tester).card;
        assert_eq!(outcome.kind, OutcomeKind::Cancelled, "{outcome:?}");
        let why = outcome.why.expect("a reason");
        assert_eq!(why, "No PIN was entered. Start again or take cash.");
        assert_eq!((tester.asked, hands.entries.len()), (0, 0));
    }
}

#[test]
fn a_card_held_to_the_reader_where_nothing_is_taken_so_is_to_be_inserted() {
    let mut hands = Hands::with(&["qvsdc", "no-cvm"]);
    hands.hold("qvsdc");
    let mut terminal = demo_profile();
    for application in &mut terminal.applications {
        application.contactless = None;
    }
    let mut tester = approving();
    let outcome = run(&mut hands, &terminal, &mut tester).card;
    // Nobody inserts it.
    assert_eq!(outcome.kind, OutcomeKind::NotAccepted, "{outcome:?}");
    assert_eq!(
        tester.prompts,
        [CardPrompt::Reading, CardPrompt::UseContacts]
    );
    assert_eq!(tester.asked, 0);
}

#[test]
fn a_charge_without_contacts_needs_one_tap_and_the_host() {
    let mut hands = Hands::with(&["qvsdc"]);
    hands.hold("qvsdc");
    let mut tester = approving();
    let outcome = run(&mut hands, &demo_profile(), &mut tester);
    assert_eq!(outcome.card.kind, OutcomeKind::Approved, "{outcome:?}");
    assert_eq!(tester.asked, 1);
    assert_eq!(outcome.card.emv.expect("a cryptogram").ac_type, "ARQC");
}

/// Every card of the bench in turn, with its numbers and names looked for in what is kept.
#[test]
fn a_transcript_holds_no_card_data() {
    for profile in sealpoint_cardsim::profile::all() {
        let name = profile.name.as_str();
        let mut hands = Hands::with(&[name]);
        match profile.interface {
            sealpoint_cardsim::profile::Interface::Contactless => hands.hold(name),
            sealpoint_cardsim::profile::Interface::Contact => hands.insert(name),
        }
        hands.entries = vec![Entry::Pin("1234"), Entry::Pin("1234"), Entry::Pin("1234")];
        let mut transcript = Transcript::default();
        let wait = Duration::from_millis(50);
        let mut tester = approving();
        bench::charge(
            &mut hands,
            &demo_profile(),
            purchase(),
            wait,
            &mut tester,
            Some(&mut transcript),
        );
        assert!(!transcript.steps().is_empty(), "{name}");
        let text = format!("{transcript}\n{transcript:?}");
        assert!(text.contains("SELECT"), "{name}: {text}");
        let pan = card(name).holder.pan;
        // Any ten digits of it in a row, which are the same in BCD.
        for at in 0..=pan.len() - 10 {
            let part = &pan[at..at + 10];
            assert!(!text.contains(part), "{name}: {part} in\n{text}");
        }
        assert!(!text.contains(&profile.holder.name), "{name}");
        for secret in ["5A [8] ", "57 [19] ", "9F26 [8] ", "9F10 [7] ", "99 [8] "] {
            assert!(!text.contains(secret), "{name}: {secret} in\n{text}");
        }
    }
}

#[test]
fn a_transcript_shows_what_helps() {
    let mut hands = Hands::with(&["no-cvm"]);
    hands.insert("no-cvm");
    let mut transcript = Transcript::default();
    let mut tester = approving();
    let outcome = bench::charge(
        &mut hands,
        &demo_profile(),
        purchase(),
        Duration::from_millis(50),
        &mut tester,
        Some(&mut transcript),
    );
    assert_eq!(transcript.steps().len() as u32, outcome.counts.apdus);
    let text = transcript.to_string();
    for shown in [
        "00 A4 04 00  SELECT",
        "GENERATE AC",
        "84 [7] A0000000031010",
        "82 [2] ",
        "94 [",
        "9F27 [1] 80",
        "5A [8]\n",
        "57 [",
        ": 9000, ",
    ] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
}
