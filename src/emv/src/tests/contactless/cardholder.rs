//! Cardholder verification (contactless Book C-3 §5.7).

use super::card::{
    PAD, Tap, TapCard, Tapped, of, pin, small, tap, tap_at, terminal, terminal_with,
};
use crate::{Charge, Decliner, Ending, Input, PinEntry, PinPad, Sw, Tvr, tag};

/// From here on the reader requires it.
fn large() -> Charge {
    of(5_000)
}

fn refused() -> Ending {
    Ending::DeclinedOffline(Decliner::Terminal(Tvr::CVM_FAILED))
}

fn with_pad(pad: PinPad, entry: Option<PinEntry>, card: &TapCard) -> Tapped {
    Tap {
        pad,
        pin: entry,
        ..Tap::new(large(), &|command| card.answer(command))
    }
    .run()
}

#[test]
fn without_need_nothing_is_asked() {
    for card in [TapCard::online(), TapCard::online().without(tag::CTQ)] {
        let tapped = tap(small(), &card);
        assert_eq!(tapped.ending(), Ending::Approved);
        assert_eq!(tapped.evidence().cvm_results, [0x1F, 0x00, 0x02]);
        assert!(!tapped.evidence().signature && !tapped.asked_pin);
    }
}

#[test]
fn a_card_that_asks_for_a_pin_gets_one_for_the_host() {
    // Before all else that it offers, and whatever the amount.
    let card = TapCard::online().with(tag::CTQ, "C080");
    for charge in [small(), large()] {
        let tapped = tap(charge, &card);
        assert!(tapped.asked_pin);
        assert_eq!(tapped.evidence().cvm_results, [0x02, 0x00, 0x00]);
        let block = tapped.request.and_then(|request| request.pin);
        assert_eq!(block.expect("a PIN block").block, [0xB1; 8]);
    }
}

#[test]
fn without_a_pad_another_method_is_taken() {
    let card = TapCard::online().with(tag::CTQ, "C000");
    let tapped = with_pad(PinPad::NONE, Some(pin()), &card);
    assert!(!tapped.asked_pin);
    assert!(tapped.evidence().signature);
    assert_eq!(tapped.evidence().cvm_results, [0x1E, 0x00, 0x00]);

    let pin_alone = TapCard::online().with(tag::CTQ, "8000");
    let tapped = with_pad(PinPad::NONE, Some(pin()), &pin_alone);
    assert_eq!(tapped.ending(), refused());
    assert_eq!(tapped.evidence().cvm_results, [0x3F, 0x00, 0x01]);
}

#[test]
fn a_pin_that_is_not_entered_ends_the_charge() {
    let card = TapCard::online().with(tag::CTQ, "8000");
    for (entry, ending) in [
        (Some(PinEntry::Cancelled), Ending::Cancelled),
        (None, Ending::Cancelled),
        (
            Some(PinEntry::Bypassed),
            Ending::DeclinedOffline(Decliner::Terminal(Tvr::PIN_NOT_ENTERED)),
        ),
        (
            Some(PinEntry::PadFailed),
            Ending::DeclinedOffline(Decliner::Terminal(Tvr::PIN_NOT_ENTERED)),
        ),
        (
            Some(PinEntry::Verified(Sw::OK)),
            Ending::Terminated(crate::Fault::OutOfTurn),
        ),
    ] {
        let tapped = with_pad(PAD, entry, &card);
        assert_eq!(tapped.ending(), ending);
        assert!(tapped.request.is_none(), "the host is not asked");
        assert!(!tapped.outcome.pays());
    }
}

#[test]
fn a_pin_that_was_not_entered_is_on_record() {
    let card = TapCard::online().with(tag::CTQ, "8000");
    let tapped = with_pad(PAD, Some(PinEntry::PadFailed), &card);
    assert_eq!(tapped.evidence().cvm_results, [0x02, 0x00, 0x01]);
}

#[test]
fn a_device_that_has_verified_its_holder_is_believed_if_the_host_is_asked() {
    let card = TapCard::online().with(tag::CTQ, "0080");
    let tapped = tap(large(), &card);
    assert_eq!(tapped.ending(), Ending::Approved);
    assert_eq!(tapped.evidence().cvm_results, [0x01, 0x00, 0x02]);
}

#[test]
fn a_device_that_approves_by_itself_must_sign_that_it_has_verified_its_holder() {
    // Online because its signature is missing: the word is judged all the same.
    let card = TapCard::offline().with(tag::CTQ, "2080");
    assert_eq!(tap(small(), &card).ending(), refused());
    let other = card
        .clone()
        .recording(tag::CARD_AUTHENTICATION, "01112233442000");
    assert_eq!(tap(small(), &other).ending(), refused());
    let cut = card
        .clone()
        .recording(tag::CARD_AUTHENTICATION, "011122334420");
    assert_eq!(tap(small(), &cut).ending(), refused());
    let same = card.recording(tag::CARD_AUTHENTICATION, "01112233442080");
    let tapped = tap(small(), &same);
    assert_eq!(tapped.ending(), Ending::Approved);
    assert_eq!(tapped.evidence().cvm_results, [0x01, 0x00, 0x02]);
}

#[test]
fn what_the_device_signed_must_be_what_it_says_to_the_host_too() {
    let card = TapCard::online()
        .with(tag::CTQ, "0080")
        .with(tag::CARD_AUTHENTICATION, "01112233440000");
    assert_eq!(tap(large(), &card).ending(), refused());
}

#[test]
fn a_card_that_asks_for_a_signature_gets_one_where_they_are_collected() {
    let card = TapCard::online().with(tag::CTQ, "4000");
    let tapped = tap(large(), &card);
    assert_eq!(tapped.ending(), Ending::Approved);
    assert!(tapped.evidence().signature);

    let mut unsigned = terminal();
    unsigned.capabilities[1] = 0x08;
    assert_eq!(tap_at(unsigned.clone(), large(), &card).ending(), refused());
    let small = tap_at(unsigned, small(), &card);
    assert_eq!(small.ending(), Ending::Approved);
    assert!(!small.evidence().signature);
}

#[test]
fn a_card_that_offers_nothing_where_it_is_required_is_declined() {
    let tapped = tap(large(), &TapCard::online());
    assert_eq!(tapped.ending(), refused());
    assert!(tapped.request.is_none());
}

#[test]
fn a_card_that_does_not_say_leaves_it_to_the_reader() {
    let card = TapCard::online().without(tag::CTQ);
    let signed = tap(large(), &card);
    assert!(signed.evidence().signature);

    let pin_only = terminal_with(|terms| terms.ttq[0] = 0x34);
    let tapped = tap_at(pin_only, large(), &card);
    assert!(tapped.asked_pin);
    assert_eq!(tapped.evidence().cvm_results, [0x02, 0x00, 0x00]);

    let neither = terminal_with(|terms| terms.ttq[0] = 0x30);
    assert_eq!(tap_at(neither, large(), &card).ending(), refused());
}

#[test]
fn a_pad_that_says_nothing_is_given_up_on() {
    use super::card::start;
    use crate::{Kernel, Output, PIN_MS};
    let card = TapCard::online().with(tag::CTQ, "8000");
    let mut kernel = Kernel::new(&terminal(), large()).expect("a charge");
    let mut output = kernel.step(start(PAD));
    while let Output::Send(command) = output {
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    assert!(matches!(output, Output::AskPin(_)));
    let waited_ms = PIN_MS - 1;
    assert!(matches!(
        kernel.step(Input::Tick { waited_ms }),
        Output::Wait
    ));
    let Output::Done(outcome) = kernel.step(Input::Tick { waited_ms: PIN_MS }) else {
        panic!("it went on");
    };
    assert_eq!(outcome.ending, Ending::Cancelled);
}
