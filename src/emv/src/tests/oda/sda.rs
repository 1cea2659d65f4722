//! Book 2 §5.4: static data authentication.

use super::forge::{Defect, Plan, found};
use crate::{
    Aip, Flaw, Tvr, tag,
    tests::card::{hex, object},
};

fn failed(plan: &Plan) -> Flaw {
    let (dialogue, _) = plan.start();
    let (tvr, performed, flaw) = found(&dialogue);
    let flaw = flaw.expect("a flaw");
    assert!(performed);
    let missing = tvr.contains(Tvr::CARD_DATA_MISSING);
    assert_eq!(missing, matches!(flaw, Flaw::Missing(_)));
    assert_eq!(
        tvr - Tvr::CARD_DATA_MISSING,
        Tvr::SDA_SELECTED | Tvr::SDA_FAILED
    );
    assert_eq!(dialogue.store.public(tag::DATA_AUTHENTICATION_CODE), None);
    flaw
}

fn plan() -> Plan {
    Plan::new(Aip::SDA)
}

#[test]
fn signed_data_is_authentic_and_gives_its_code() {
    let (dialogue, asked) = plan().start();
    assert_eq!(found(&dialogue), (Tvr::SDA_SELECTED, true, None));
    assert!(!asked, "SDA asks the card nothing");
    assert_eq!(
        dialogue.store.public(tag::DATA_AUTHENTICATION_CODE),
        Some(&[0xDA, 0xC0][..])
    );
}

#[test]
fn a_code_on_the_card_is_not_believed() {
    let plan = plan().with(tag::DATA_AUTHENTICATION_CODE, &[0x66, 0x66]);
    assert_eq!(
        plan.start().0.store.public(tag::DATA_AUTHENTICATION_CODE),
        Some(&[0xDA, 0xC0][..])
    );
}

#[test]
fn sda_needs_no_card_key() {
    let plan = plan().without(tag::ICC_CERTIFICATE);
    assert_eq!(found(&plan.start().0), (Tvr::SDA_SELECTED, true, None));
}

#[test]
fn signed_static_data_must_be_there() {
    let signed = tag::SIGNED_STATIC_DATA;
    assert_eq!(failed(&plan().without(signed)), Flaw::Missing(signed));
}

#[test]
fn defects_of_the_signature_fail() {
    let signed = tag::SIGNED_STATIC_DATA;
    let defects: [Defect; 5] = [
        (
            |plan| plan.static_frame.header = 0x00,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.static_frame.format = 0x05,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.static_frame.trailer = 0x00,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.static_frame.hash_algorithm = 0x02,
            Flaw::Algorithm(signed),
        ),
        (|plan| plan.static_frame.hashed = false, Flaw::Hash(signed)),
    ];
    for (spoil, expected) in defects {
        let mut plan = plan();
        spoil(&mut plan);
        assert_eq!(failed(&plan), expected);
    }
    assert_eq!(
        failed(&plan().with(signed, &[0x11; 143])),
        Flaw::Length(signed)
    );
}

#[test]
fn a_changed_record_fails() {
    let mut plan = plan().issue();
    let later = object(tag::EXPIRY, &hex("351231"));
    plan.records = vec![(1, object(tag::RECORD, &later))];
    assert_eq!(failed(&plan), Flaw::Hash(tag::SIGNED_STATIC_DATA));
}
