use super::card::{Card, hex, object, ok, pay};
use crate::{Command, DolError, Ending, Fault, tag};

fn fault(card: &Card) -> Fault {
    match pay(card).outcome.ending {
        Ending::Terminated(fault) => fault,
        other => panic!("{other:?}"),
    }
}

fn with_options(options: &str) -> Card {
    let mut card = Card::good();
    card.options = ok(&hex(options));
    card
}

#[test]
fn without_a_pdol_the_template_is_empty() {
    let ran = pay(&Card::good());
    assert_eq!(ran.commands(0xA8), [hex("80A8000002830000")]);
}

#[test]
fn the_pdol_is_answered() {
    let mut card = Card::good();
    card.fci = object(tag::PDOL, &hex("9F1A029F3501"));
    assert_eq!(pay(&card).commands(0xA8), [hex("80A80000058303027621 00")]);
}

#[test]
fn a_pdol_beyond_its_bound_is_a_fault() {
    let mut card = Card::good();
    card.fci = object(tag::PDOL, &hex("9F37FF"));
    assert_eq!(fault(&card), Fault::Dol(tag::PDOL, DolError::TooLong));
}

#[test]
fn format_2_is_read_too() {
    let ran = pay(&with_options("770A 82021C00 940408010100"));
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

#[test]
fn what_is_neither_format_is_a_fault() {
    let malformed = Fault::Malformed(Command::GetProcessingOptions);
    assert_eq!(fault(&with_options("")), malformed);
    assert_eq!(fault(&with_options("8001FF")), malformed);
    assert_eq!(fault(&with_options("6F0482021C00")), malformed);
    assert_eq!(
        fault(&with_options("770482021C00")),
        Fault::Missing(tag::AFL)
    );
    assert_eq!(
        fault(&with_options("770982011C940408010100")),
        Fault::Erroneous(tag::AIP)
    );
}

#[test]
fn any_other_status_word_ends_the_charge() {
    let mut card = Card::good();
    card.options = vec![0x6D, 0x00];
    assert!(matches!(
        fault(&card),
        Fault::Answer(Command::GetProcessingOptions, _)
    ));
}

#[test]
fn an_empty_pdol_is_none() {
    let mut card = Card::good();
    card.fci = object(tag::PDOL, &[]);
    assert_eq!(pay(&card).commands(0xA8), [hex("80A8000002830000")]);
}

#[test]
fn what_stands_beside_the_template_is_a_fault() {
    let malformed = Fault::Malformed(Command::GetProcessingOptions);
    for options in [
        "80061C0008010100 5A00",
        "80061C0008010100 80061C0008010100",
        "770A82021C00940408010100 82",
        "770B82021C00940408010100 5A",
        "80011C",
        "8000",
    ] {
        assert_eq!(fault(&with_options(options)), malformed, "{options}");
    }
}

#[test]
fn format_2_may_hold_more_and_in_any_order_but_nothing_twice() {
    let ran = pay(&with_options(
        "7710 9F360200FF DF2000 940408010100 82021C00",
    ));
    assert!(
        matches!(ran.outcome.ending, Ending::Terminated(_)),
        "cut off"
    );
    let ran = pay(&with_options(
        "7712 9F360200FF DF2000 940408010100 82021C00",
    ));
    assert_eq!(ran.outcome.ending, Ending::Approved);
    for (twice, tag) in [
        ("770E 82021C00 82021C00 940408010100", tag::AIP),
        ("7710 82021C00 940408010100 940408010100", tag::AFL),
    ] {
        assert_eq!(fault(&with_options(twice)), Fault::Repeated(tag));
    }
}

#[test]
fn an_aip_without_an_afl_has_nothing_to_read() {
    assert_eq!(fault(&with_options("80021C00")), Fault::Afl);
    assert_eq!(fault(&with_options("770682021C009400")), Fault::Afl);
    assert_eq!(
        fault(&with_options("7706940408010100")),
        Fault::Missing(tag::AIP)
    );
}

#[test]
fn a_malformed_pdol_is_a_fault() {
    for pdol in ["9F", "9F37", "9F8181"] {
        let mut card = Card::good();
        card.fci = object(tag::PDOL, &hex(pdol));
        let expected = Fault::Dol(tag::PDOL, DolError::Malformed);
        assert_eq!(fault(&card), expected, "{pdol}");
    }
}
