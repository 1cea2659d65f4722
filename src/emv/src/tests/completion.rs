use super::card::{Card, approval, charge, hex, pay, pay_with};
use crate::{
    AcType, ChargeError, Ending, Fault, HostAnswer, HostDecision, HostVerdict, Input, Kernel,
    Outcome, Output, ScriptResult, Tvr, demo_profile,
};

fn decline() -> HostAnswer {
    HostAnswer::new(HostDecision::Declined, *b"05", &[], &[]).expect("a host answer")
}

/// Plays until a command with that instruction was sent for the n-th time, then gives `input`.
fn interrupted(host: &HostAnswer, instruction: u8, nth: usize, input: Input<'_>) -> Outcome {
    let card = Card::good();
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
    let mut seen = 0;
    loop {
        output = match output {
            Output::Send(command) => {
                seen += usize::from(command.expose()[1] == instruction);
                if seen == nth {
                    break;
                }
                kernel.step(Input::RApdu(&card.answer(command.expose())))
            }
            Output::GoOnline(_) => kernel.step(Input::HostAnswer(host.clone())),
            _ => panic!("that command was not sent"),
        };
    }
    let Output::Done(outcome) = kernel.step(input) else {
        panic!("it went on");
    };
    *outcome
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
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
    let outcome = loop {
        output = match output {
            Output::Send(command) => kernel.step(Input::RApdu(&card.answer(command.expose()))),
            Output::GoOnline(_) => kernel.step(Input::Cancel),
            Output::LookUp(_) | Output::AskPin(_) | Output::Wait | Output::Choose(_) => {
                panic!("nothing to choose")
            }
            Output::Done(outcome) => break outcome,
        };
    };
    assert_eq!(outcome.ending, Ending::UnableToGoOnline);
    assert!(outcome.may_need_reversal(), "only the driver knows better");
}

#[test]
fn an_input_out_of_turn_ends_the_charge() {
    let out_of_turn = Ending::Terminated(Fault::OutOfTurn);
    let inputs = [
        Input::RApdu(&[0x90, 0x00]),
        Input::Choice(0),
        Input::HostAnswer(approval()),
        Input::UnableToGoOnline,
    ];
    for input in inputs {
        let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
        let Output::Done(outcome) = kernel.step(input) else {
            panic!("it went on");
        };
        assert_eq!(outcome.ending, out_of_turn);
    }
    let early = interrupted(&approval(), 0xB2, 1, Input::HostAnswer(approval()));
    assert_eq!(early.ending, out_of_turn);
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
        let Output::Done(outcome) = kernel.step(Input::Start {
            atr,
            interface: crate::Interface::Contact,
            pad: crate::PinPad::NONE,
        }) else {
            panic!("it went on");
        };
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
