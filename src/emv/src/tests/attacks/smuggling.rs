//! A card that writes into its records what is not its to say.

use super::{genuine, issuer, online_only, pay, told};
use crate::{
    Aip, Ending, Fault, Tag, Tvr, tag,
    tests::{attacks::genuine::Genuine, card::hex},
};

/// A card whose first record has that besides.
fn with(tag: Tag, value: &str) -> Genuine {
    let mut card = Genuine::new(Aip::empty(), genuine::NO_CVM);
    card.elements.push((tag, hex(value)));
    card
}

#[test]
fn a_second_account_number_ends_the_charge() {
    let mut card = with(tag::PAN, "4111111111111111");
    let ran = pay(&card.terminal(), issuer, |command| card.answer(command));
    assert_eq!(
        ran.outcome.ending,
        Ending::Terminated(Fault::Repeated(tag::PAN))
    );
    assert!(ran.request.is_none());
}

/// What the terminal says of a charge stays the terminal's, for card and host.
#[test]
fn data_of_the_terminal_in_a_record_are_not_believed() {
    for (smuggled, value) in [
        (tag::AMOUNT, "000000000001"),
        (tag::UNPREDICTABLE, "00000000"),
        (tag::TVR, "0000000000"),
        (tag::CVM_RESULTS, "410302"),
        (tag::CAPABILITIES, "E0F8C8"),
        (tag::COUNTRY, "0840"),
        (tag::CURRENCY, "0840"),
        (tag::DATE, "200101"),
        (tag::KIND, "20"),
        (tag::TERMINAL_TYPE, "25"),
    ] {
        let mut honest = Genuine::new(Aip::empty(), genuine::NO_CVM);
        let terminal = online_only(honest.terminal());
        let expected = pay(&terminal, issuer, |command| honest.answer(command));
        let mut card = with(smuggled, value);
        let ran = pay(&terminal, issuer, |command| card.answer(command));
        assert_ne!(told(&ran, smuggled), hex(value), "{smuggled}");
        assert_eq!(
            told(&ran, smuggled),
            told(&expected, smuggled),
            "{smuggled}"
        );
        assert_eq!(ran.commands(0xAE), expected.commands(0xAE), "{smuggled}");
    }
}

/// A cryptogram counts where it answers GENERATE AC, and nowhere else.
#[test]
fn a_cryptogram_in_a_record_is_not_the_cards_answer() {
    for (smuggled, value) in [
        (tag::AC, "1111111111111111"),
        (tag::CID, "40"),
        (tag::ATC, "0001"),
        (tag::IAD, "0FA5"),
    ] {
        let mut card = with(smuggled, value);
        let terminal = online_only(card.terminal());
        let ran = pay(&terminal, issuer, |command| card.answer(command));
        assert_ne!(told(&ran, smuggled), hex(value), "{smuggled}");
        assert_eq!(ran.outcome.ending, Ending::Approved, "{smuggled}");
    }
}

/// The response code and issuer authentication data are the issuer's to say.
#[test]
fn an_answer_of_the_issuer_in_a_record_is_not_believed() {
    let mut card = with(tag::ARC, "5931");
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, super::nobody, |command| card.answer(command));
    assert_eq!(ran.outcome.ending, Ending::UnableToGoOnline);
    assert!(!ran.tvr().contains(Tvr::ISSUER_AUTHENTICATION_FAILED));
    assert_eq!(ran.commands(0xAE)[1][5..7], *b"Z3");
}
