//! Completion (EMV 4.4 Book 3 §10.11), and what ends a charge before it.

use super::card::{Card, approval, charge, ends, hex, pay, pay_with, play, reach, started};
use crate::{
    AcType, ActionCodes, ChargeError, Decliner, Ending, Fault, HostAnswer, HostDecision,
    HostVerdict, Input, Interface, Kernel, Known, Outcome, Output, PinEntry, PinPad, ScriptResult,
    TerminalData, TerminalType, Tvr, demo_profile, tag, tlv,
};

fn is_online(output: &Output) -> bool {
    matches!(output, Output::GoOnline(_))
}

fn decline() -> HostAnswer {
    HostAnswer::new(HostDecision::Declined, *b"05", &[], &[]).expect("a host answer")
}

/// Plays until a command with that instruction was sent for the n-th time, then gives `input`.
fn interrupted(host: &HostAnswer, instruction: u8, nth: usize, input: Input<'_>) -> Outcome {
    let mut kernel = reach(
        &demo_profile(),
        &Card::good(),
        host,
        nth_command(instruction, nth),
    );
    ends(&mut kernel, input)
}

fn nth_command(instruction: u8, nth: usize) -> impl FnMut(&Output) -> bool {
    let mut seen = 0;
    move |output| {
        seen += usize::from(
            matches!(output, Output::Send(command) if command.expose()[1] == instruction),
        );
        seen == nth
    }
}

#[test]
fn host_and_card_approve_together() {
    let ran = pay(&Card::good());
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert!(ran.outcome.pays());
    assert!(!ran.outcome.may_need_reversal());
    assert_eq!(ran.cryptogram().kind, AcType::Tc);
    assert_eq!(ran.evidence().host, HostVerdict::Approved);
    assert_eq!(ran.evidence().tsi.to_string(), "6800");
}

#[test]
fn a_host_that_declines_makes_the_card_decline() {
    let ran = pay_with(&Card::good(), Some(&decline()));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
    let second = ran.commands(0xAE)[1];
    assert_eq!((second[2], &second[5..7]), (0x00, &b"05"[..]));
    assert!(!ran.outcome.may_need_reversal());
}

#[test]
fn a_card_that_refuses_what_the_host_approved_needs_a_reversal() {
    let mut card = Card::good();
    card.second = 0x00;
    let outcome = pay(&card).outcome;
    assert_eq!(outcome.ending, Ending::DeclinedByCard);
    assert!(outcome.may_need_reversal());
}

#[test]
fn a_card_removed_before_the_host_is_asked_needs_no_reversal() {
    let outcome = interrupted(&approval(), 0xAE, 1, Input::CardRemoved);
    assert_eq!(outcome.ending, Ending::Removed);
    assert!(!outcome.may_need_reversal());
}

#[test]
fn a_card_removed_after_the_host_approved_needs_a_reversal() {
    let outcome = interrupted(&approval(), 0xAE, 2, Input::CardRemoved);
    assert_eq!(outcome.ending, Ending::Removed);
    assert!(outcome.may_need_reversal());
}

#[test]
fn a_card_removed_after_the_host_declined_changes_nothing() {
    let outcome = interrupted(&decline(), 0xAE, 2, Input::CardRemoved);
    assert_eq!(outcome.ending, Ending::DeclinedByHost(*b"05"));
}

#[test]
fn a_card_removed_during_the_last_script_has_approved() {
    let scripts = hex("720F 9F180400000001 8604 84180000 0000");
    let host = HostAnswer::new(HostDecision::Approved, *b"00", &[], &scripts);
    let host = host.expect("a host answer");
    for input in [Input::CardRemoved, Input::Cancel, Input::RApdu(&[])] {
        let outcome = interrupted(&host, 0x18, 1, input);
        assert_eq!(outcome.ending, Ending::Approved);
        assert!(outcome.evidence.tvr.contains(Tvr::SCRIPT_FAILED_AFTER));
        let failed = ScriptResult {
            id: [0, 0, 0, 1],
            result: 0x11,
        };
        assert_eq!(outcome.evidence.scripts, [failed]);
    }
}

#[test]
fn the_cashier_may_give_up() {
    let outcome = interrupted(&approval(), 0xB2, 1, Input::Cancel);
    assert_eq!(outcome.ending, Ending::Cancelled);
    assert!(!outcome.may_need_reversal());
}

#[test]
fn giving_up_on_the_host_lets_the_card_decline() {
    let card = Card::good();
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    terminal.applications[0].actions.default = Tvr::empty();
    let willing = Card::good().with(tag::IAC_DEFAULT, "0000000000");
    for (terminal, card) in [(demo_profile(), card), (terminal, willing)] {
        let mut kernel = reach(&terminal, &card, &approval(), is_online);
        let Output::Send(command) = kernel.step(Input::Cancel) else {
            panic!("the card was not told");
        };
        assert_eq!(command.expose()[2], 0x00, "AAC, whatever the codes allow");
        let outcome = ends(&mut kernel, Input::RApdu(&card.answer(command.expose())));
        assert_eq!(outcome.ending, Ending::UnableToGoOnline);
        assert!(outcome.may_need_reversal(), "only the driver knows better");
    }
}

#[test]
fn an_input_out_of_turn_ends_the_charge() {
    let out_of_turn = Ending::Terminated(Fault::OutOfTurn);
    let inputs: [fn() -> Input<'static>; 8] = [
        || Input::RApdu(&[0x90, 0x00]),
        || Input::Choice(0),
        || Input::Choice(usize::MAX),
        || Input::Known(Known::default()),
        || Input::Pin(PinEntry::Bypassed),
        || Input::HostAnswer(approval()),
        || Input::UnableToGoOnline,
        || started(PinPad::NONE),
    ];
    let moments: [fn(&Output) -> bool; 3] = [
        |output| matches!(output, Output::Send(command) if command.expose()[1] == 0xB2),
        |output| matches!(output, Output::LookUp(_)),
        is_online,
    ];
    let (mut ended, mut went_on) = (0, 0);
    for input in inputs {
        let mut fresh = Kernel::new(&demo_profile(), charge()).expect("a charge");
        let expected = !matches!(input(), Input::Start { .. });
        assert_eq!(matches!(fresh.step(input()), Output::Done(_)), expected);
        for moment in moments {
            let mut kernel = reach(&demo_profile(), &Card::good(), &approval(), moment);
            match kernel.step(input()) {
                Output::Done(outcome) => {
                    assert!(!outcome.pays());
                    ended += usize::from(outcome.ending == out_of_turn);
                }
                _ => went_on += 1,
            }
        }
    }
    // What was in turn: what is known, the host's answer, and that there is none. A record that is
    // none ends the charge in its own way.
    assert_eq!((ended, went_on), (20, 3));
}

#[test]
fn what_the_card_said_stays_in_the_outcome_when_it_says_no_more() {
    for broken in [&[][..], &[0x69, 0x85], &hex("7703 9F2701 9000")] {
        let outcome = interrupted(&approval(), 0xAE, 2, Input::RApdu(broken));
        let evidence = &outcome.evidence;
        let first = evidence.cryptogram.expect("the first");
        assert_eq!(first.kind, AcType::Arqc);
        assert!(outcome.may_need_reversal());
        for tag in [tag::AC, tag::CID, tag::ATC, tag::IAD] {
            let value = tlv::find(&evidence.de55, tag).expect("TLV");
            assert!(value.is_some(), "{tag}");
        }
    }
}

#[test]
fn a_card_removed_while_the_host_is_asked_leaves_an_unknown_fate() {
    let mut kernel = reach(&demo_profile(), &Card::good(), &approval(), is_online);
    let outcome = ends(&mut kernel, Input::CardRemoved);
    assert_eq!(outcome.ending, Ending::Removed);
    assert_eq!(outcome.evidence.host, HostVerdict::Asked);
    assert!(outcome.may_need_reversal());
}

#[test]
fn a_card_removed_after_the_terminal_declined_changes_nothing() {
    let card = Card::good()
        .with(tag::EXPIRY, "260101")
        .with(tag::IAC_DENIAL, "0040000000");
    let mut kernel = reach(&demo_profile(), &card, &approval(), nth_command(0xAE, 1));
    let outcome = ends(&mut kernel, Input::CardRemoved);
    let denied = Decliner::Terminal(Tvr::EXPIRED);
    assert_eq!(outcome.ending, Ending::DeclinedOffline(denied));
}

#[test]
fn an_issuer_who_wants_a_call_gets_no_charge() {
    let referral = HostAnswer::new(HostDecision::Referred, *b"01", &[], &[]);
    let ran = pay_with(&Card::good(), Some(&referral.expect("a host answer")));
    assert_eq!(ran.outcome.ending, Ending::Referred(*b"01"));
    assert!(!ran.outcome.pays() && !ran.outcome.may_need_reversal());
    let second = ran.commands(0xAE)[1];
    assert_eq!((second[2], &second[5..7]), (0x00, &b"01"[..]));
}

/// A terminal that may approve by itself, and a card whose issuer lets it.
fn offline() -> (TerminalData, Card) {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    let application = &mut terminal.applications[0];
    application.floor_limit_minor = 10_000;
    application.actions = ActionCodes {
        denial: Tvr::empty(),
        online: Tvr::FORCED_ONLINE,
        default: Tvr::NEW_CARD,
    };
    let card = Card::good()
        .with(tag::IAC_ONLINE, "0000000000")
        .with(tag::IAC_DEFAULT, "0000000000")
        .with(tag::CDOL1, "8A02 9505 9F3704");
    (terminal, card)
}

#[test]
fn card_and_terminal_approve_without_the_host() {
    let (terminal, mut card) = offline();
    card.first = 0x40;
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert!(ran.outcome.pays() && !ran.outcome.may_need_reversal());
    assert!(ran.request.is_none());
    assert_eq!(ran.evidence().host, HostVerdict::NotAsked);
    let [only] = ran.commands(0xAE)[..] else {
        panic!("one cryptogram is enough")
    };
    assert_eq!((only[2], &only[5..7]), (0x40, &b"Y1"[..]));
    assert!(ran.evidence().de55.ends_with(&hex("8A025931")));
}

#[test]
fn a_card_may_decline_what_the_terminal_would_approve() {
    let (terminal, mut card) = offline();
    card.first = 0x00;
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    assert_eq!(ran.outcome.ending, Ending::DeclinedOffline(Decliner::Card));
    assert!(ran.evidence().de55.ends_with(&hex("8A025A31")));
}

#[test]
fn without_the_host_the_default_codes_decide() {
    let (terminal, card) = offline();
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert_eq!(ran.evidence().host, HostVerdict::Unreachable);
    assert!(
        ran.outcome.may_need_reversal(),
        "the host may have approved"
    );
    let [first, second] = ran.commands(0xAE)[..] else {
        panic!("two cryptograms")
    };
    assert_eq!((first[2], &first[5..7]), (0x40, &b"Y1"[..]));
    assert_eq!((second[2], &second[5..7]), (0x40, &b"Y3"[..]));
    let asked = &ran.request.as_ref().expect("the card wanted it").de55;
    assert_eq!(
        tlv::find(asked, tag::ARC),
        Ok(None),
        "nothing is decided yet"
    );

    let (mut strict, card) = offline();
    strict.applications[0].actions.default = Tvr::ODA_NOT_PERFORMED;
    let silent = offline().1.without(tag::IAC_DEFAULT);
    for (terminal, card) in [(&strict, card), (&terminal, silent)] {
        let ran = play(terminal, charge(), |command| card.answer(command), None);
        assert_eq!(ran.outcome.ending, Ending::UnableToGoOnline);
        let second = ran.commands(0xAE)[1];
        assert_eq!((second[2], &second[5..7]), (0x00, &b"Z3"[..]));
    }
}

#[test]
fn a_card_that_refuses_without_the_host_declines() {
    let (terminal, mut card) = offline();
    card.second = 0x00;
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    assert_eq!(ran.outcome.ending, Ending::UnableToGoOnline);
    assert!(!ran.outcome.pays());
    assert!(ran.evidence().de55.ends_with(&hex("8A025A33")));
}

#[test]
fn what_is_over_stays_over() {
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let _ = kernel.step(Input::CardRemoved);
    let Output::Done(outcome) = kernel.step(Input::HostAnswer(approval())) else {
        panic!("it went on");
    };
    assert_eq!(outcome.ending, Ending::Removed);
}

#[test]
fn an_impossible_reset_ends_the_charge() {
    for atr in [&[][..], &[0x3B; 34][..]] {
        let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
        let reset = Input::Start {
            atr,
            interface: Interface::Contact,
            pad: PinPad::NONE,
        };
        let outcome = ends(&mut kernel, reset);
        assert_eq!(outcome.ending, Ending::Terminated(Fault::Reset));
    }
}

#[test]
fn a_charge_that_cannot_be_written_is_refused() {
    let refused = |change: fn(&mut crate::Charge)| {
        let mut wrong = charge();
        change(&mut wrong);
        Kernel::new(&demo_profile(), wrong).err()
    };
    assert_eq!(refused(|it| it.amount_minor = 0), Some(ChargeError::Amount));
    assert_eq!(
        refused(|it| it.amount_minor = -1),
        Some(ChargeError::Amount)
    );
    assert_eq!(
        refused(|it| it.amount_minor = i64::MAX),
        Some(ChargeError::Amount)
    );
    assert_eq!(
        refused(|it| it.currency = 1_000),
        Some(ChargeError::Currency)
    );
    assert_eq!(refused(|it| it.date[1] = 0x13), Some(ChargeError::Date));
    assert_eq!(refused(|it| it.time[0] = 0x24), Some(ChargeError::Time));
    assert_eq!(
        refused(|it| it.counter = 100_000_000),
        Some(ChargeError::Counter)
    );
    assert_eq!(
        refused(|it| it.terminal_id[0] = 0),
        Some(ChargeError::TerminalId)
    );
}
