//! Book 3 §10.3: which method, and what is authenticated.

use super::forge::{Plan, found};
use crate::{
    Aip, Flaw, MAX_RECORDS, Tvr, tag,
    tests::card::{hex, object},
};

const OK: (Tvr, bool, Option<Flaw>) = (Tvr::SDA_SELECTED, true, None);

fn sda() -> Plan {
    Plan::new(Aip::SDA)
}

fn record() -> Vec<u8> {
    object(tag::RECORD, &object(tag::USAGE_CONTROL, &hex("FF80")))
}

/// The flaw of a card that was issued as `issued` and then says what `plan` says.
fn flaw(plan: &Plan) -> Option<Flaw> {
    found(&plan.start().0).2
}

#[test]
fn the_strongest_method_that_both_have_is_chosen() {
    let all = Aip::SDA | Aip::DDA | Aip::CDA;
    for (aip, capabilities, expected) in [
        (Aip::empty(), 0xC8, Tvr::ODA_NOT_PERFORMED),
        (all, 0x00, Tvr::ODA_NOT_PERFORMED),
        (Aip::SDA, 0x48, Tvr::ODA_NOT_PERFORMED),
        (Aip::CDA, 0xC0, Tvr::ODA_NOT_PERFORMED),
        (all, 0x80, Tvr::SDA_SELECTED | Tvr::SDA_FAILED),
        (Aip::SDA, 0xC8, Tvr::SDA_SELECTED | Tvr::SDA_FAILED),
        (all, 0xC0, Tvr::DDA_FAILED),
        (Aip::SDA | Aip::DDA, 0xC8, Tvr::DDA_FAILED),
        (all, 0xC8, Tvr::CDA_FAILED),
        (Aip::SDA | Aip::CDA, 0xC8, Tvr::CDA_FAILED),
        (all, 0x88, Tvr::CDA_FAILED),
    ] {
        // An unknown key fails every method, so the TVR names the one that was chosen.
        let mut plan = Plan::new(aip).with(tag::CAPK_INDEX_CARD, &[1]);
        plan.terminal.capabilities[2] = capabilities;
        let (dialogue, _) = plan.start();
        let (tvr, performed, _) = found(&dialogue);
        assert_eq!(tvr, expected, "{aip:?} with {capabilities:02X}");
        assert_eq!(performed, tvr != Tvr::ODA_NOT_PERFORMED);
    }
}

#[test]
fn the_first_ten_files_count_without_their_template() {
    for file in [1, 10] {
        let mut plan = sda();
        plan.records = vec![(file, record())];
        assert_eq!(found(&plan.start().0), OK, "file {file}");
    }
}

#[test]
fn later_files_count_with_their_template() {
    for file in [11, 30] {
        let mut plan = sda();
        plan.records = vec![(file, record())];
        assert_eq!(found(&plan.start().0), OK, "file {file}");
    }
}

#[test]
fn a_template_with_a_long_length_is_taken_off_whole() {
    let mut plan = sda();
    let long = object(tag::RECORD, &object(tag::CDOL1, &[0x95; 140]));
    assert_eq!(long[1], 0x81);
    plan.records = vec![(2, long)];
    assert_eq!(found(&plan.start().0), OK);
}

#[test]
fn records_count_in_their_order() {
    let other = object(tag::RECORD, &object(tag::ISSUER_COUNTRY, &hex("0276")));
    let mut plan = sda();
    plan.records = vec![(1, record()), (11, other.clone()), (2, record())];
    assert_eq!(found(&plan.start().0), OK);
    let mut plan = plan.issue();
    plan.records.swap(0, 1);
    assert_eq!(flaw(&plan), Some(Flaw::Hash(tag::SIGNED_STATIC_DATA)));
}

#[test]
fn zeros_behind_a_template_count() {
    let mut plan = sda();
    plan.records = vec![(1, [record(), vec![0, 0]].concat())];
    assert_eq!(found(&plan.start().0), OK);
}

#[test]
fn a_record_that_is_no_template_fails() {
    for (file, broken) in [
        (11, object(tag::FORMAT_2, &hex("9F0702FF80"))),
        (11, hex("9F0702FF80")),
        (11, Vec::new()),
        (11, hex("70059F0702FF")),
        (11, [vec![0], record()].concat()),
        (1, [record(), record()].concat()),
    ] {
        let mut plan = sda();
        plan.records = vec![(1, record())];
        let mut plan = plan.issue();
        plan.records.push((file, broken));
        let mut dialogue = plan.read();
        crate::oda::start(&mut dialogue);
        let (tvr, performed, flaw) = found(&dialogue);
        assert_eq!(flaw, Some(Flaw::Record));
        assert_eq!(
            (tvr, performed),
            (Tvr::SDA_SELECTED | Tvr::SDA_FAILED, true)
        );
    }
}

#[test]
fn a_tag_list_may_name_the_aip_alone() {
    let mut without = sda();
    without.tag_list = None;
    assert_eq!(found(&without.start().0), OK, "no list, no AIP");
    for list in ["9F02", "8282", "828F", "84", "9F0282"] {
        let mut plan = sda();
        plan.tag_list = Some(hex(list));
        assert_eq!(flaw(&plan), Some(Flaw::TagList), "{list}");
    }
}

#[test]
fn an_aip_changed_on_its_way_fails() {
    let plan = Plan::new(Aip::SDA | Aip::CVM).issue();
    assert_eq!(found(&plan.start().0), OK);
    let downgraded = plan.with(tag::AIP, &Aip::SDA.bits().to_be_bytes());
    assert_eq!(flaw(&downgraded), Some(Flaw::Hash(tag::SIGNED_STATIC_DATA)));
}

#[test]
fn records_have_a_bound() {
    let mut plan = sda();
    plan.records = vec![(1, record()); MAX_RECORDS];
    assert_eq!(found(&plan.start().0), OK);
    plan.records.push((1, record()));
    assert_eq!(flaw(&plan), Some(Flaw::Record));
}
