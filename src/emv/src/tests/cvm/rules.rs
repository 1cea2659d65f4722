//! The list from rule to rule (Book 3 §10.5), and the CVM results (Book 4 §6.3.4.5).

use super::{
    ENCIPHERED, EVERY_METHOD, NO_CVM, NOTHING, ONLINE, PLAINTEXT, SIGNATURE, Verified, card,
    without_pad,
};
use crate::{
    Ending, Fault, Tvr, tag,
    tests::card::{Card, hex, object, ok, pay},
};

fn said(methods: u8, rules: &str) -> ([u8; 3], Tvr) {
    without_pad(methods, rules).said()
}

#[test]
fn no_cvm_required_is_successful() {
    let verified = without_pad(NO_CVM, "1F00");
    assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], Tvr::empty()));
    assert!(verified.performed());
    assert!(!verified.outcome.evidence.signature);
    assert_eq!(said(SIGNATURE, "1F00"), (NOTHING, Tvr::CVM_FAILED));
}

#[test]
fn a_signature_is_asked_for_and_its_result_is_unknown() {
    let verified = without_pad(SIGNATURE, "1E03");
    assert_eq!(verified.said(), ([0x1E, 0x03, 0x00], Tvr::empty()));
    assert!(verified.outcome.evidence.signature);
}

#[test]
fn a_signature_that_nobody_collects_is_not_performed() {
    assert_eq!(said(NO_CVM, "1E00"), (NOTHING, Tvr::CVM_FAILED));
    let skipped = ([0x1F, 0x00, 0x02], Tvr::empty());
    assert_eq!(said(NO_CVM, "5E00 1F00"), skipped);
    let skipped = ([0x1F, 0x03, 0x02], Tvr::empty());
    assert_eq!(said(NO_CVM, "1E03 1F03"), skipped);
}

#[test]
fn a_rule_that_does_not_give_way_ends_the_list() {
    assert_eq!(said(NO_CVM, "1E00 1F00"), (NOTHING, Tvr::CVM_FAILED));
    // One whose condition is not met does not.
    let second = ([0x1F, 0x00, 0x02], Tvr::empty());
    assert_eq!(said(NO_CVM, "1E01 1F00"), second);
}

#[test]
fn a_pin_where_there_is_no_pad_for_it_is_said() {
    for rule in ["01", "02", "03", "04", "05"] {
        let missing = Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING;
        let methods = SIGNATURE | NO_CVM;
        assert_eq!(said(methods, &format!("{rule}00")), (NOTHING, missing));
        assert_eq!(
            said(methods, &format!("{rule}03")),
            (NOTHING, Tvr::CVM_FAILED),
            "only if supported"
        );
    }
    let then_none = said(NO_CVM, "4200 5F00");
    assert_eq!(then_none, ([0x5F, 0x00, 0x02], Tvr::PIN_PAD_MISSING));
}

#[test]
fn a_pad_that_the_terminal_has_but_the_reader_has_not_is_missing_too() {
    let missing = Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING;
    for rule in ["01", "02", "03", "04", "05"] {
        let performed = hex(&format!("{rule}0301"));
        let (results, bits) = said(EVERY_METHOD, &format!("{rule}03"));
        assert_eq!((results.to_vec(), bits), (performed, missing));
    }
}

#[test]
fn a_terminal_with_one_kind_of_offline_pin_does_not_lack_a_pad_for_the_other() {
    assert_eq!(said(PLAINTEXT, "0400"), (NOTHING, Tvr::CVM_FAILED));
    assert_eq!(said(ENCIPHERED, "0100"), (NOTHING, Tvr::CVM_FAILED));
    // A combination of which it has one half.
    assert_eq!(said(PLAINTEXT, "0300"), (NOTHING, Tvr::CVM_FAILED));
    let missing = Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING;
    assert_eq!(said(PLAINTEXT, "0200"), (NOTHING, missing));
    assert_eq!(said(ONLINE, "0100"), (NOTHING, missing));
}

#[test]
fn what_is_not_recognised_is_said() {
    for code in ["10", "1D", "20", "2A", "30", "3F"] {
        let unrecognised = Tvr::CVM_FAILED | Tvr::CVM_UNRECOGNISED;
        assert_eq!(
            said(NO_CVM, &format!("{code}00 1F00")),
            (NOTHING, unrecognised)
        );
    }
    let then_none = said(NO_CVM, "6A00 1F00");
    assert_eq!(then_none, ([0x1F, 0x00, 0x02], Tvr::CVM_UNRECOGNISED));
    // One whose condition is not met is not looked at.
    assert_eq!(said(NO_CVM, "2A01 2A03 1F00").1, Tvr::empty());
}

#[test]
fn biometrics_are_known_and_not_supported() {
    for code in ["06", "07", "08", "0E", "0F"] {
        let refused = said(EVERY_METHOD, &format!("{code}00 1F00"));
        assert_eq!(refused, (NOTHING, Tvr::CVM_FAILED));
    }
    assert_eq!(said(NO_CVM, "4800 1F00").0, [0x1F, 0x00, 0x02]);
}

#[test]
fn failing_on_purpose_fails() {
    let failed = ([0x00, 0x00, 0x01], Tvr::CVM_FAILED);
    assert_eq!(said(NO_CVM, "0000 1F00"), failed);
    let under_x = said(NO_CVM, "0003");
    assert_eq!(under_x, ([0x00, 0x03, 0x01], Tvr::CVM_FAILED));
    // No rule behind it can make it good, whatever its bit for the next rule says.
    for rules in ["4000 1F00", "4000"] {
        assert_eq!(said(NO_CVM, rules), ([0x40, 0x00, 0x01], Tvr::CVM_FAILED));
    }
    // One whose condition is not met is not looked at.
    assert_eq!(said(NO_CVM, "0001 1F00").0, [0x1F, 0x00, 0x02]);
}

#[test]
fn the_results_name_the_last_rule_that_was_performed() {
    // The pad is missing, then a signature is not supported.
    let (results, bits) = said(PLAINTEXT, "4100 1E00");
    assert_eq!(results, [0x41, 0x00, 0x01]);
    assert_eq!(bits, Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING);
    assert_eq!(said(PLAINTEXT, "4100 0003").0, [0x00, 0x03, 0x01]);
}

#[test]
fn a_list_whose_conditions_are_not_met_fails() {
    assert_eq!(said(NO_CVM, "1F01 5F04"), (NOTHING, Tvr::CVM_FAILED));
    assert!(without_pad(NO_CVM, "1F01").performed());
}

fn without_rules(verified: &Verified) {
    let missing = ([0x3F, 0x00, 0x00], Tvr::CARD_DATA_MISSING);
    assert_eq!(verified.said(), missing);
    assert!(!verified.performed());
}

#[test]
fn a_list_without_rules_is_missing_data() {
    without_rules(&without_pad(NO_CVM, ""));
    for card in [
        Card::good().without(tag::CVM_LIST),
        Card::good().with(tag::CVM_LIST, ""),
    ] {
        let ran = pay(&card);
        assert_eq!(ran.evidence().cvm_results, [0x3F, 0x00, 0x00]);
        assert!(ran.tvr().contains(Tvr::CARD_DATA_MISSING));
    }
}

#[test]
fn a_list_that_is_none_is_a_fault() {
    for list in ["00000000000000", "0000000000000000 1F", "00"] {
        let ran = pay(&Card::good().with(tag::CVM_LIST, list));
        let fault = Fault::Erroneous(tag::CVM_LIST);
        assert_eq!(ran.outcome.ending, Ending::Terminated(fault));
    }
}

#[test]
fn a_card_without_cvm_is_not_verified() {
    let mut card = card("0000");
    card.options = ok(&object(tag::FORMAT_1, &hex("0C0008010100")));
    let ran = pay(&card);
    assert_eq!(ran.evidence().cvm_results, [0x3F, 0x00, 0x00]);
    assert!(!ran.tvr().contains(Tvr::CVM_FAILED));
    assert!(!ran.evidence().tsi.contains(crate::Tsi::CVM));
}

#[test]
fn a_long_list_is_walked_to_its_end() {
    let many = "5E01".repeat(40);
    assert_eq!(said(NO_CVM, &format!("{many} 1F00")).0, [0x1F, 0x00, 0x02]);
}
