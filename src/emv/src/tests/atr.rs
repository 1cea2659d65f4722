//! The answer to reset (Book 1 §8).

use proptest::prelude::*;

use super::card::{Card, hex};
use crate::{
    Atr, AtrFault, Ending, Fault, Input, Interface, Kernel, Output, PinPad, Protocol, demo_profile,
};

fn read(text: &str) -> Result<Protocol, AtrFault> {
    Atr::parse(&hex(text)).map(Atr::protocol)
}

/// With a check byte that fits.
fn checked(text: &str) -> Vec<u8> {
    let mut atr = hex(text);
    let sum = atr[1..].iter().fold(0, |sum, byte| sum ^ byte);
    atr.push(sum);
    atr
}

fn read_checked(text: &str) -> Result<Protocol, AtrFault> {
    Atr::parse(&checked(text)).map(Atr::protocol)
}

#[test]
fn the_basic_answers_are_read() {
    assert_eq!(read("3B 60 00 00"), Ok(Protocol::T0));
    assert_eq!(read("3F 65 00 00 01 02 03 04 05"), Ok(Protocol::T0));
    assert_eq!(read("3B 00"), Ok(Protocol::T0));
    assert_eq!(read_checked("3B E0 00 00 81 31 FE 45"), Ok(Protocol::T1));
    // Both protocols, T=0 first.
    assert_eq!(read_checked("3B E0 00 00 80 31 FE 45"), Ok(Protocol::T0));
}

#[test]
fn what_the_reader_has_settled_is_let_pass() {
    // TA1 with a high bit rate; no TB1; TB1 with a programming voltage; TC1 = FF; TB3 and TC3.
    for answer in ["3B 10 96", "3B 20 25", "3B 40 FF"] {
        assert_eq!(read(answer), Ok(Protocol::T0));
    }
    assert_eq!(read_checked("3B 80 81 71 FE 76 01"), Ok(Protocol::T1));
}

#[test]
fn an_answer_of_the_wrong_form_is_refused() {
    for (answer, fault) in [
        ("", AtrFault::Length),
        ("3B", AtrFault::Length),
        ("3A 00", AtrFault::Convention),
        ("03 00", AtrFault::Convention),
        ("3B 05 01 02 03 04", AtrFault::Form),
        ("3B 05 01 02 03 04 05 06", AtrFault::Form),
        ("3B F0 00 00", AtrFault::Form),
        ("3B 80 80", AtrFault::Form),
        ("3B 80 81", AtrFault::Form),
        ("3B 80 00 00", AtrFault::Form),
    ] {
        assert_eq!(read(answer), Err(fault), "{answer}");
    }
    let endless = [&[0x3B, 0x80][..], &[0x80; 31]].concat();
    assert_eq!(Atr::parse(&endless).err(), Some(AtrFault::Form));
    assert_eq!(Atr::parse(&[0x3B; 34]).err(), Some(AtrFault::Length));
}

#[test]
fn a_check_byte_that_does_not_fit_is_refused() {
    assert_eq!(read("3B E0 00 00 81 31 FE 45 EA"), Err(AtrFault::CheckByte));
    assert_eq!(read("3B E0 00 00 81 31 FE 45"), Err(AtrFault::Form));
}

#[test]
fn a_protocol_other_than_the_two_is_refused() {
    for td1 in ["02", "0E", "0F"] {
        let answer = format!("3B 80 {td1}");
        assert_eq!(read_checked(&answer), Err(AtrFault::Protocol));
    }
}

#[test]
fn a_specific_mode_must_say_all_and_of_the_protocol_offered() {
    assert_eq!(read("3B 80 10 00"), Ok(Protocol::T0));
    assert_eq!(read_checked("3B 80 11 01"), Ok(Protocol::T1));
    assert_eq!(read_checked("3B 80 11 81"), Ok(Protocol::T1));
    let fault = Err(AtrFault::SpecificMode);
    assert_eq!(read("3B 80 10 10"), fault, "implicit parameters");
    assert_eq!(read("3B 80 10 01"), fault, "another protocol");
    assert_eq!(read_checked("3B 80 11 00"), fault);
}

#[test]
fn what_no_reader_can_settle_is_refused() {
    assert_eq!(read("3B 80 20 00"), Err(AtrFault::ProgrammingVoltage));
    assert_eq!(read("3B 80 40 00"), Err(AtrFault::WaitingTime));
    assert_eq!(read("3B 80 40 0A"), Ok(Protocol::T0));
    for (size, expected) in [
        ("0F", Err(AtrFault::BlockSize)),
        ("10", Ok(Protocol::T1)),
        ("FE", Ok(Protocol::T1)),
        ("FF", Err(AtrFault::BlockSize)),
    ] {
        let answer = format!("3B 80 81 11 {size}");
        assert_eq!(read_checked(&answer), expected);
    }
    // Behind T=15 it is not a block size but a clock.
    assert_eq!(read_checked("3B 80 81 1F 03"), Ok(Protocol::T1));
}

#[test]
fn a_card_spoken_to_through_the_air_is_told_by_its_answer() {
    let contactless = |answer: &str| Atr::parse(&checked(answer)).map(Atr::is_contactless);
    assert_eq!(contactless("3B 88 80 01 00 00 00 00 33 81 81 00"), Ok(true));
    assert_eq!(contactless("3B 80 80 01"), Ok(true));
    assert_eq!(contactless("3B 80 80 31 FE 45"), Ok(false));
    assert_eq!(contactless("3B E0 00 00 81 31 FE 45"), Ok(false));
    assert_eq!(contactless("3B 90 11 80 01"), Ok(false));
}

/// What the kernel says to a card that answers so.
fn start(atr: &[u8]) -> Output {
    let mut kernel = Kernel::new(&demo_profile(), super::card::charge()).expect("a charge");
    kernel.step(Input::Start {
        atr,
        interface: Interface::Contact,
        pad: PinPad::NONE,
    })
}

#[test]
fn no_command_follows_an_answer_that_cannot_be_used() {
    for (atr, expected) in [
        (hex("3A00"), Fault::Atr(AtrFault::Convention)),
        (hex("3B8002"), Fault::Atr(AtrFault::Form)),
        (hex("3B"), Fault::Reset),
    ] {
        let Output::Done(outcome) = start(&atr) else {
            panic!("a command was sent");
        };
        assert_eq!(outcome.ending, Ending::Terminated(expected));
    }
    let Output::Send(select) = start(&hex("3B600000")) else {
        panic!("the card was refused");
    };
    assert!(!Card::good().answer(select.expose()).is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = Atr::parse(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_convention_are_read_without_panic(
        bytes in proptest::collection::vec(any::<u8>(), 1..32),
    ) {
        let _ = Atr::parse(&[&[0x3B][..], &bytes].concat());
    }
}
