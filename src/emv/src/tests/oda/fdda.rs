//! Book C-3 Annex C: fast DDA.

use super::forge::{Plan, found};
use crate::{
    Aip, Flaw, Tvr,
    dialogue::Dialogue,
    oda, tag,
    tests::card::{charge, hex, object},
};

/// Card authentication related data: version, the card's number, its qualifiers.
const RELATED: &str = "01 8CC9F807 8400";
/// The ATC as ICC dynamic number.
const DYNAMIC: &str = "02 0042";

fn plan() -> Plan {
    let mut plan = Plan::new(Aip::DDA).with(tag::CARD_AUTHENTICATION, &hex(RELATED));
    // Without contacts a card may name its PAN in track 2 alone, and mark no record.
    plan.records.clear();
    plan.tag_list = None;
    plan.without(tag::PAN)
        .with(tag::TRACK2, &hex("4761739001010119D301220112345F"))
}

fn sent(related: &str) -> Vec<u8> {
    let charge = charge();
    let amount = hex("000000001234");
    [
        &charge.unpredictable_number[..],
        &amount,
        &hex("0978"),
        &hex(related),
    ]
    .concat()
}

fn check(plan: &Plan, ttq: &str, over: &[u8]) -> (Dialogue, bool) {
    let signature = plan.sign(&hex(DYNAMIC), over);
    let mut dialogue = plan.read();
    dialogue.store.set(tag::TTQ, &hex(ttq));
    let held = oda::check_fdda(&mut dialogue, &signature);
    let (tvr, performed, _) = found(&dialogue);
    assert_eq!(
        (tvr, performed),
        (Tvr::empty(), false),
        "both stay as they are"
    );
    (dialogue, held)
}

#[test]
fn a_signature_over_number_amount_currency_and_card_data_holds() {
    let (dialogue, held) = check(&plan(), "20004000", &sent(RELATED));
    assert!(held, "{:?}", found(&dialogue).2);
    assert_eq!(
        dialogue.store.public(tag::ICC_DYNAMIC_NUMBER),
        Some(&[0x00, 0x42][..])
    );
}

#[test]
fn a_signature_over_less_or_other_data_fails() {
    let over = sent(RELATED);
    let changed = |place: usize| {
        let mut over = over.clone();
        over[place] ^= 1;
        over
    };
    for over in [
        changed(0),
        changed(9),
        changed(11),
        changed(18),
        over[..12].to_vec(),
        over[..4].to_vec(),
    ] {
        let (dialogue, held) = check(&plan(), "20004000", &over);
        assert!(!held);
        assert_eq!(
            found(&dialogue).2,
            Some(Flaw::Hash(tag::SIGNED_DYNAMIC_DATA))
        );
    }
}

#[test]
fn another_version_fails() {
    for related in ["00 8CC9F807 8400", "02 8CC9F807 8400", "01 8CC9F8"] {
        let plan = plan().with(tag::CARD_AUTHENTICATION, &hex(related));
        let (dialogue, held) = check(&plan, "20004000", &sent(related));
        assert!(!held);
        assert_eq!(found(&dialogue).2, Some(Flaw::Version), "{related}");
    }
    let (dialogue, _) = check(
        &plan().without(tag::CARD_AUTHENTICATION),
        "20004000",
        &sent(""),
    );
    assert_eq!(found(&dialogue).2, Some(Flaw::Version));
}

#[test]
fn a_signature_for_online_charges_holds_for_those_alone() {
    let mut plan = plan();
    plan.dynamic_frame.format = 0x95;
    let over = sent(RELATED);
    assert!(check(&plan, "21004000", &over).1);
    assert!(!check(&plan, "20004000", &over).1, "not asked for");
    let approving = plan.with(tag::CID, &[0x40]);
    assert!(!check(&approving, "21004000", &over).1, "not online");
}

#[test]
fn a_card_without_a_valid_chain_fails() {
    let mut plan = plan();
    plan.card.expires = [0x10, 0x26];
    let (dialogue, held) = check(&plan, "20004000", &sent(RELATED));
    assert!(!held);
    assert_eq!(
        found(&dialogue).2,
        Some(Flaw::Expired(tag::ICC_CERTIFICATE))
    );
}

#[test]
fn marked_records_are_part_of_the_chain() {
    let mut plan = plan();
    plan.records = vec![(1, object(tag::RECORD, &object(tag::PAN_SEQUENCE, &[1])))];
    assert!(check(&plan, "20004000", &sent(RELATED)).1);
}
