//! Certificates that lie: whatever stands in a card, authentication ends, nothing panics, and nothing
//! that was changed is believed.

use proptest::{collection::vec, prelude::*};

use super::forge::Plan;
use crate::{
    Aip, Flaw, Tag, Tvr,
    oda::{self, Round},
    tag,
    tests::card::hex,
};

/// The elements that a chain is made of.
const CHAIN: [Tag; 8] = [
    tag::CAPK_INDEX_CARD,
    tag::ISSUER_CERTIFICATE,
    tag::ISSUER_REMAINDER,
    tag::ISSUER_EXPONENT,
    tag::ICC_CERTIFICATE,
    tag::ICC_REMAINDER,
    tag::ICC_EXPONENT,
    tag::SDA_TAG_LIST,
];

fn failed(plan: &Plan) -> bool {
    let (dialogue, asked) = plan.start();
    !asked && dialogue.tvr.contains(Tvr::DDA_FAILED) && dialogue.oda.flaw().is_some()
}

/// Every byte of every element that the chain hashes or uses.
#[test]
fn no_changed_byte_of_a_chain_is_believed() {
    let issued = Plan::new(Aip::DDA).issue();
    for tag in CHAIN {
        let value = issued.element(tag);
        for place in 0..value.len() {
            let mut changed = value.clone();
            changed[place] ^= 1 << (place % 8);
            let plan = issued.clone().with(tag, &changed);
            assert!(failed(&plan), "{tag} byte {place}");
        }
    }
}

#[test]
fn a_certified_key_of_any_length_ends() {
    for key_length in [0, 1, 21, 22, 101, 102, 103, 127, 129, 144, 248, 249, 255] {
        let mut plan = Plan::new(Aip::DDA);
        plan.card.key_length = Some(key_length);
        assert!(failed(&plan), "{key_length} bytes");
    }
}

#[test]
fn a_short_scheme_key_recovers_nothing() {
    let issued = Plan::new(Aip::DDA).issue();
    for length in 0..64 {
        let mut plan = issued
            .clone()
            .with(tag::ISSUER_CERTIFICATE, &vec![1; length]);
        plan.terminal.keys[0].modulus = vec![0xFF; length];
        assert!(failed(&plan), "{length} bytes");
    }
}

/// Under the prime 2^127 - 1 this recovers to a header, a format, 13 bytes and a trailer: no room for a
/// hash.
#[test]
fn a_message_too_short_for_a_hash_is_none() {
    let mut plan = issued(DDA).with(
        tag::ISSUER_CERTIFICATE,
        &hex("78341C3EBF1442ACAA71B6511B753205"),
    );
    plan.terminal.keys[0].exponent = 65537;
    plan.terminal.keys[0].modulus = hex("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    let (dialogue, _) = plan.start();
    assert_eq!(
        dialogue.oda.flaw(),
        Some(Flaw::Recovered(tag::ISSUER_CERTIFICATE))
    );
}

#[test]
fn a_scheme_key_that_recovers_every_message_certifies_nothing() {
    // Modulus 0xFF..FF and signature 1: the message is 1.
    for signature in [0_u8, 1] {
        let mut certificate = vec![0; 176];
        certificate[175] = signature;
        let mut plan = Plan::new(Aip::DDA).with(tag::ISSUER_CERTIFICATE, &certificate);
        plan.terminal.keys[0].modulus = vec![0xFF; 176];
        let (dialogue, _) = plan.start();
        assert_eq!(
            dialogue.oda.flaw(),
            Some(Flaw::Recovered(tag::ISSUER_CERTIFICATE))
        );
    }
}

const SDA: usize = 0;
const DDA: usize = 1;
const CDA: usize = 2;

thread_local! {
    /// Signing takes longer than all that these tests do with what was signed.
    static ISSUED: [Plan; 3] =
        [Aip::SDA, Aip::DDA, Aip::CDA].map(|aip| Plan::new(aip).issue());
}

fn issued(method: usize) -> Plan {
    ISSUED.with(|plans| plans[method].clone())
}

proptest! {
    #[test]
    fn random_chains_end(
        values in vec(vec(any::<u8>(), 0..260), CHAIN.len()),
        kept in vec(any::<bool>(), CHAIN.len()),
    ) {
        let mut plan = issued(DDA);
        let honest = kept.iter().all(|kept| *kept);
        for ((tag, value), kept) in CHAIN.into_iter().zip(values).zip(kept) {
            if !kept {
                plan = plan.with(tag, &value);
            }
        }
        if !honest {
            prop_assert!(failed(&plan));
        }
        oda::pin_key(&plan.read());
    }

    #[test]
    fn random_records_end(file in any::<u8>(), record in vec(any::<u8>(), 0..300)) {
        let mut dialogue = issued(SDA).read();
        oda::gather(&mut dialogue, file, &record);
        oda::start(&mut dialogue);
        prop_assert!(dialogue.tvr.contains(Tvr::SDA_FAILED));
    }

    #[test]
    fn random_signed_answers_are_not_believed(
        cid in any::<u8>(),
        objects in vec(any::<u8>(), 0..300),
        signature in vec(any::<u8>(), 128),
    ) {
        let signed = [&[0x9F, 0x4B, 0x81, 0x80][..], &signature].concat();
        for objects in [objects.clone(), signed.clone(), [objects, signed].concat()] {
            let mut dialogue = issued(CDA).read();
            oda::start(&mut dialogue);
            prop_assert_eq!(oda::check_cda(&mut dialogue, Round::Second, cid, &objects), None);
            prop_assert!(dialogue.tvr.contains(Tvr::CDA_FAILED));
            prop_assert!(!oda::check_fdda(&mut dialogue, &signature));
        }
    }
}
