//! Whatever a till sends, the verifier says something and does not fall over.

use proptest::prelude::*;
use sealpoint_wire::attest::{PCRS, PcrValue, Quote};

use super::signer::{NONCE, Signer, bytes, public, reference, registers, values};
use crate::attest::appraise::appraise;
use crate::attest::public::Key;
use crate::attest::quoted;
use crate::attest::reference::Reference;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_read_past_their_end(given in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = quoted::read(&given);
        let _ = quoted::signature(&given);
        let _ = Key::attestation(&given);
        let _ = Key::endorsement(&given);
        let _ = Reference::parse(&String::from_utf8_lossy(&given));
    }

    /// A structure with its bytes changed in a few places, signed by the right key all the same: it is
    /// read deeper than chance would get.
    #[test]
    fn a_quote_that_was_changed_anywhere_is_read_to_a_verdict(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<prop::sample::Index>(),
    ) {
        let signer = Signer::new();
        let mut attest = signer.parts().write();
        for (at, byte) in &places {
            let at = at.index(attest.len());
            attest[at] = *byte;
        }
        attest.truncate(keep.index(attest.len()) + 1);
        let _ = appraise(&signer.quote(attest), &NONCE, &signer.key, None, &[reference("1", &[11])]);
    }

    /// Values beside a good quote that are not what was signed never make it trusted.
    #[test]
    fn values_that_were_not_signed_are_never_believed(
        pcrs in prop::collection::vec((0_u8..24, prop::collection::vec(any::<u8>(), 0..40)), 0..24),
    ) {
        let signer = Signer::new();
        let good = signer.quote(signer.parts().write());
        let pcrs: Vec<PcrValue> = pcrs
            .into_iter()
            .map(|(pcr, value)| PcrValue { pcr, sha256: bytes(value) })
            .collect();
        prop_assume!(pcrs != values(&registers()));
        let quote = Quote { pcrs, ..good };
        let appraisal = appraise(&quote, &NONCE, &signer.key, None, &[reference("1", &[11])]);
        prop_assert!(appraisal.reason.is_some());
        prop_assert!(appraisal.shown.is_none());
    }

    #[test]
    fn a_key_that_was_changed_anywhere_is_another_or_none(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let key = Signer::new().key;
        let good = public(0x0005_0472, &[], &key.point());
        let mut changed = good.clone();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        if let Ok(other) = Key::attestation(&changed) {
            prop_assert_ne!(other.name, key.name);
        }
    }
}

/// The registers of a quote are few enough for a list that a till may not make longer.
#[test]
fn more_values_than_registers_are_refused() {
    let signer = Signer::new();
    let mut quote = signer.quote(signer.parts().write());
    let one = quote.pcrs[0].clone();
    quote.pcrs.extend(vec![one; PCRS.len()]);
    let appraisal = appraise(&quote, &NONCE, &signer.key, None, &[]);
    assert_eq!(
        appraisal.reason.map(|reason| reason.word()),
        Some("pcr_digest")
    );
}
