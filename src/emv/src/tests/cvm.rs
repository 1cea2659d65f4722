use super::card::{Card, Ran, approval, charge, hex, object, ok, pay, play};
use crate::{Tsi, Tvr, demo_profile, tag};

const CVM_BITS: Tvr = Tvr::CVM_FAILED
    .union(Tvr::CVM_UNRECOGNISED)
    .union(Tvr::PIN_PAD_MISSING)
    .union(Tvr::CARD_DATA_MISSING);

fn with_rules(rules: &str) -> Ran {
    pay(&Card::good().with(tag::CVM_LIST, &format!("000003E8 00001388 {rules}")))
}

/// The same at a terminal that collects signatures.
fn where_one_signs(rules: &str) -> Ran {
    let mut terminal = demo_profile();
    terminal.capabilities[1] |= 0x20;
    let card = Card::good().with(tag::CVM_LIST, &format!("000003E8 00001388 {rules}"));
    play(
        &terminal,
        charge(),
        |command| card.answer(command),
        Some(&approval()),
    )
}

fn result(rules: &str) -> ([u8; 3], Tvr) {
    let ran = with_rules(rules);
    (ran.evidence().cvm_results, ran.tvr() & CVM_BITS)
}

const FAILED: [u8; 3] = [0x3F, 0x00, 0x01];

#[test]
fn no_cvm_required_is_successful() {
    assert_eq!(result("1F00"), ([0x1F, 0x00, 0x02], Tvr::empty()));
    assert!(!with_rules("1F00").evidence().signature);
}

#[test]
fn a_signature_is_asked_for_and_its_result_is_unknown() {
    let ran = where_one_signs("1E03");
    assert_eq!(ran.evidence().cvm_results, [0x1E, 0x03, 0x00]);
    assert!(ran.evidence().signature);
    assert!(ran.evidence().tsi.contains(Tsi::CVM));
}

#[test]
fn a_signature_that_nobody_collects_is_not_performed() {
    assert_eq!(result("1E00"), (FAILED, Tvr::CVM_FAILED));
    assert_eq!(result("5E00 1F00"), ([0x1F, 0x00, 0x02], Tvr::empty()));
    assert_eq!(result("5E03 1F03"), ([0x1F, 0x03, 0x02], Tvr::empty()));
}

#[test]
fn a_pin_cannot_be_taken_here() {
    assert_eq!(
        result("0200"),
        (FAILED, Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING)
    );
    assert_eq!(
        result("4200 5F00"),
        ([0x5F, 0x00, 0x02], Tvr::PIN_PAD_MISSING),
        "the next rule applies, but the bit stays"
    );
    assert_eq!(
        result("4203 1F00"),
        ([0x1F, 0x00, 0x02], Tvr::empty()),
        "only if supported: passed over"
    );
}

#[test]
fn a_rule_without_next_ends_the_list() {
    assert_eq!(
        result("0200 1F00"),
        (FAILED, Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING)
    );
}

#[test]
fn what_is_not_recognised_is_said() {
    assert_eq!(
        result("2A00"),
        (FAILED, Tvr::CVM_FAILED | Tvr::CVM_UNRECOGNISED)
    );
    assert_eq!(
        result("6A00 1F00"),
        ([0x1F, 0x00, 0x02], Tvr::CVM_UNRECOGNISED)
    );
}

#[test]
fn fail_processing_fails() {
    assert_eq!(result("0000 1F00"), ([0x00, 0x00, 0x01], Tvr::CVM_FAILED));
}

#[test]
fn conditions_on_the_amount_hold_in_the_applications_currency() {
    // 12.34, where X is 10.00 and Y is 50.00.
    let in_euro = |rules: &str| {
        let card = Card::good()
            .with(tag::APPLICATION_CURRENCY, "0978")
            .with(tag::CVM_LIST, &format!("000003E8 00001388 {rules}"));
        pay(&card).evidence().cvm_results
    };
    assert_eq!(in_euro("1F06"), FAILED);
    assert_eq!(in_euro("1F07"), [0x1F, 0x07, 0x02]);
    assert_eq!(in_euro("1F08"), [0x1F, 0x08, 0x02]);
    assert_eq!(in_euro("1F09"), FAILED);
    assert_eq!(result("1F07").0, FAILED, "no application currency");
}

#[test]
fn conditions_for_cash_never_hold() {
    for condition in ["01", "04", "05", "7F"] {
        assert_eq!(result(&format!("1F{condition}")).0, FAILED);
    }
}

#[test]
fn a_list_without_rules_is_missing_data() {
    for card in [
        Card::good().with(tag::CVM_LIST, "0000000000000000"),
        Card::good().without(tag::CVM_LIST),
    ] {
        let ran = pay(&card);
        assert_eq!(ran.evidence().cvm_results, [0x3F, 0x00, 0x00]);
        assert_eq!(ran.tvr() & CVM_BITS, Tvr::CARD_DATA_MISSING);
        assert!(!ran.evidence().tsi.contains(Tsi::CVM));
    }
}

#[test]
fn a_card_without_cvm_is_not_verified() {
    let mut card = Card::good();
    card.options = ok(&object(tag::FORMAT_1, &hex("0C0008010100")));
    let ran = pay(&card);
    assert_eq!(ran.evidence().cvm_results, [0x3F, 0x00, 0x00]);
    assert_eq!(ran.tvr() & CVM_BITS, Tvr::empty());
}
