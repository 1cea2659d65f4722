//! What registers stand for: an image, the machine below it, and what changed.

use std::collections::BTreeMap;

use super::signer::{NONCE, Signer, reference, registers};
use crate::attest::appraise::{FIRMWARE, Known, Reason, appraise};
use crate::attest::reference::{Digest, Reference};

fn judged(known: Option<&Known>, references: &[Reference]) -> (Option<String>, Option<Reason>) {
    let signer = Signer::new();
    let quote = signer.quote(signer.parts().write());
    let appraisal = appraise(&quote, &NONCE, &signer.key, known, references);
    assert!(appraisal.shown.is_some(), "it is a TPM's word in any case");
    (appraisal.image, appraisal.reason)
}

fn known(resets: u32, change: Option<u8>) -> Known {
    let firmware: BTreeMap<u8, Digest> = registers()
        .into_iter()
        .filter(|(pcr, _)| FIRMWARE.contains(pcr))
        .map(|(pcr, value)| {
            let was = if change == Some(pcr) {
                [0xff; 32]
            } else {
                value
            };
            (pcr, was)
        })
        .collect();
    Known { firmware, resets }
}

#[test]
fn the_image_is_told_among_several() {
    let other = Reference {
        pcrs: BTreeMap::from([(11, vec![[0; 32]])]),
        ..reference("0.9.0", &[])
    };
    let images = [other, reference("1.0.0", &[4, 11, 12])];
    let (image, reason) = judged(Some(&known(3, None)), &images);
    assert_eq!((image.as_deref(), reason), (Some("1.0.0"), None));
}

#[test]
fn any_value_of_a_register_that_is_good_will_do() {
    let mut phases = reference("1.0.0", &[]);
    phases.pcrs.insert(11, vec![[0; 32], [11; 32], [1; 32]]);
    assert_eq!(judged(None, &[phases]).1, None);
}

#[test]
fn without_references_and_with_those_of_others_nobody_is_trusted() {
    assert_eq!(judged(None, &[]).1, Some(Reason::NoReference));
    let mut other = reference("2.0.0", &[]);
    other.pcrs.insert(11, vec![[0; 32]]);
    assert_eq!(judged(None, &[other]).1, Some(Reason::UnknownImage));
}

#[test]
fn a_known_image_in_other_circumstances_is_told_by_its_registers() {
    let mut good = reference("1.0.0", &[4, 11]);
    good.pcrs.insert(12, vec![[0; 32]]);
    good.pcrs.insert(9, vec![[0; 32]]);
    let (image, reason) = judged(None, &[good]);
    assert_eq!(image.as_deref(), Some("1.0.0"));
    let reason = reason.expect("it is refused");
    assert_eq!(reason.word(), "image_changed");
    assert!(
        reason.to_string().contains("register 9, 12 differs"),
        "{reason}"
    );
}

#[test]
fn firmware_that_is_not_what_it_was_is_told_unless_the_image_says_what_it_must_be() {
    let images = [reference("1.0.0", &[11])];
    for pcr in FIRMWARE {
        let (_, reason) = judged(Some(&known(3, Some(pcr))), &images);
        assert_eq!(reason, Some(Reason::Firmware(vec![pcr])));
    }
    let named = [reference("1.0.0", &[7, 11])];
    assert_eq!(judged(Some(&known(3, Some(7))), &named).1, None);
    assert_eq!(judged(None, &images).1, None, "nothing is known yet");
}

#[test]
fn a_tpm_that_counts_fewer_starts_than_before_was_cleared() {
    let images = [reference("1.0.0", &[11])];
    assert_eq!(judged(Some(&known(3, None)), &images).1, None);
    assert_eq!(
        judged(Some(&known(4, None)), &images).1,
        Some(Reason::Cleared)
    );
}

#[test]
fn every_reason_is_a_sentence_and_says_what_to_do() {
    for reason in [
        Reason::NoChallenge,
        Reason::NotOneTpm,
        Reason::KeyChanged,
        Reason::Signature,
        Reason::UnknownImage,
        Reason::Firmware(vec![7]),
    ] {
        let said = reason.to_string();
        assert!(said.ends_with('.'), "{said}");
        assert!(said.matches(". ").count() >= 1, "{said}");
    }
}
