//! Book 2 §7.1: the key under which a PIN goes to the card.

use super::forge::{Plan, TestKey};
use crate::{Aip, PinKey, oda, tag};

fn pin_key(plan: &Plan) -> Option<PinKey> {
    oda::pin_key(&plan.read())
}

fn of(key: &TestKey) -> Option<PinKey> {
    Some(PinKey {
        modulus: key.modulus.clone(),
        exponent: key.exponent,
    })
}

fn plan() -> Plan {
    Plan::new(Aip::CVM)
}

#[test]
fn a_card_may_have_a_key_for_pins() {
    assert_eq!(pin_key(&plan()), of(&plan().pin.key));
}

#[test]
fn otherwise_its_one_key_serves() {
    for missing in [tag::PIN_CERTIFICATE, tag::PIN_EXPONENT] {
        assert_eq!(
            pin_key(&plan().without(missing)),
            of(&plan().card.key),
            "{missing}"
        );
    }
}

#[test]
fn a_pin_certificate_does_not_cover_the_static_data() {
    let plan = plan()
        .without(tag::ICC_CERTIFICATE)
        .with(tag::SDA_TAG_LIST, &[0x9F]);
    assert_eq!(pin_key(&plan), of(&plan.pin.key));
    let without = plan.without(tag::PIN_CERTIFICATE);
    assert_eq!(pin_key(&without), None);
}

#[test]
fn a_bad_pin_certificate_leaves_no_key() {
    let defects: [fn(&mut Plan); 6] = [
        |plan| plan.pin.frame.header = 0x00,
        |plan| plan.pin.frame.format = 0x02,
        |plan| plan.pin.frame.hashed = false,
        |plan| plan.pin.expires = [0x10, 0x26],
        |plan| plan.pin.owner[0] ^= 0x11,
        |plan| plan.issuer.frame.hashed = false,
    ];
    for (number, spoil) in defects.into_iter().enumerate() {
        let mut plan = plan();
        spoil(&mut plan);
        assert_eq!(pin_key(&plan), None, "defect {number}");
    }
}
