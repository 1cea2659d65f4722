//! Each single defect is refused, and by its own name.

use sealpoint_wire::attest::{PCRS, Quote, Verdict};

use super::signer::{NONCE, SHA256, Signer, bits, public, reference, registers, values};
use crate::attest::appraise::appraise;
use crate::attest::public::Key;

/// The word for what is made of a quote.
fn word(signer: &Signer, quote: &Quote) -> &'static str {
    let references = [reference("1.0.0", &[11, 12])];
    let appraisal = appraise(quote, &NONCE, &signer.key, None, &references);
    assert_eq!(
        appraisal.reason.is_none(),
        appraisal.verdict() == Verdict::Trusted
    );
    appraisal
        .reason
        .as_ref()
        .map_or("none", |reason| reason.word())
}

#[test]
fn a_quote_that_is_as_it_must_be_is_trusted() {
    let signer = Signer::new();
    let quote = signer.quote(signer.parts().write());
    assert_eq!(word(&signer, &quote), "none");
}

#[test]
fn each_defect_in_what_was_signed_has_its_own_name() {
    let signer = Signer::new();
    let good = signer.parts();
    let quoted = |change: &dyn Fn(&mut super::signer::Parts)| {
        let mut parts = good.clone();
        change(&mut parts);
        word(&signer, &signer.quote(parts.write()))
    };
    // What a restricted key would sign if somebody gave it these bytes to sign.
    assert_eq!(quoted(&|parts| parts.magic = 0xFF54_4348), "not_generated");
    // TPM_ST_ATTEST_CERTIFY: another thing that a TPM attests.
    assert_eq!(quoted(&|parts| parts.kind = 0x8017), "not_a_quote");
    assert_eq!(quoted(&|parts| parts.extra = vec![0x5b; 32]), "nonce");
    assert_eq!(quoted(&|parts| parts.extra.truncate(31)), "nonce");
    assert_eq!(quoted(&|parts| parts.signer[33] ^= 1), "signer");
    // The name without its hierarchy's before it.
    let name = signer.key.name.to_vec();
    assert_eq!(quoted(&|parts| parts.signer = name.clone()), "signer");
    // SHA-1, whose registers nobody should rely on.
    assert_eq!(quoted(&|parts| parts.banks[0].0 = 0x0004), "bank");
    let sha1 = (0x0004, bits(&PCRS));
    assert_eq!(quoted(&|parts| parts.banks.push(sha1.clone())), "bank");
    assert_eq!(
        quoted(&|parts| parts.banks[0].1 = bits(&PCRS[1..])),
        "selection"
    );
    let twice = (SHA256, bits(&PCRS));
    assert_eq!(
        quoted(&|parts| parts.banks.push(twice.clone())),
        "selection"
    );
    assert_eq!(quoted(&|parts| parts.banks.clear()), "selection");
    assert_eq!(quoted(&|parts| parts.digest[0] ^= 1), "pcr_digest");
    assert_eq!(quoted(&|parts| parts.signer.push(0)), "malformed");
    assert_eq!(quoted(&|parts| parts.extra = vec![0; 67]), "malformed");
    assert_eq!(quoted(&|parts| parts.after.push(0)), "malformed");
    assert_eq!(quoted(&|parts| parts.digest.truncate(20)), "malformed");
}

#[test]
fn what_was_signed_is_whole_or_it_is_nothing() {
    let signer = Signer::new();
    let whole = signer.parts().write();
    for length in 0..whole.len() {
        let quote = signer.quote(whole[..length].to_vec());
        assert_eq!(word(&signer, &quote), "malformed", "{length} bytes");
    }
}

#[test]
fn a_signature_is_this_keys_over_these_bytes() {
    let (signer, other) = (Signer::new(), Signer::new());
    let attest = signer.parts().write();
    let good = signer.quote(attest.clone());
    let signed = |signature: Vec<u8>| Quote {
        signature: super::signer::bytes(signature),
        ..good.clone()
    };
    assert_eq!(word(&signer, &signed(other.sign(&attest))), "signature");
    let mut shortened = signer.sign(&attest);
    shortened.pop();
    assert_eq!(word(&signer, &signed(shortened)), "signature");
    let mut trailed = signer.sign(&attest);
    trailed.push(0);
    assert_eq!(word(&signer, &signed(trailed)), "signature");
    let mut sha1 = signer.sign(&attest);
    sha1[3] = 0x04;
    assert_eq!(word(&signer, &signed(sha1)), "signature");
    for at in 0..attest.len() {
        let mut changed = good.attest.as_slice().to_vec();
        changed[at] ^= 1;
        let quote = Quote {
            attest: super::signer::bytes(changed),
            ..good.clone()
        };
        assert_eq!(word(&signer, &quote), "signature", "byte {at}");
    }
}

#[test]
fn the_values_beside_a_quote_are_those_that_were_signed() {
    let signer = Signer::new();
    let good = signer.quote(signer.parts().write());
    let mut lied = registers();
    lied.insert(12, [0xcc; 32]);
    let mut short = values(&registers());
    short.pop();
    let mut swapped = values(&registers());
    swapped.swap(0, 1);
    for pcrs in [values(&lied), short, swapped, Vec::new()] {
        let quote = Quote {
            pcrs,
            ..good.clone()
        };
        assert_eq!(word(&signer, &quote), "pcr_digest");
    }
}

/// A key that may leave its TPM, or sign anything, proves nothing.
#[test]
fn no_key_is_taken_but_one_that_cannot_leave_its_tpm_or_sign_what_it_is_given() {
    let point = Signer::new().key.point();
    Key::attestation(&public(0x0005_0472, &[], &point)).expect("ours");
    for bit in 0..32 {
        let other = public(0x0005_0472 ^ 1 << bit, &[], &point);
        assert!(Key::attestation(&other).is_err(), "attribute {bit}");
    }
    assert!(Key::attestation(&public(0x0005_0472, &[0; 32], &point)).is_err());
    let good = public(0x0005_0472, &[], &point);
    for length in 0..good.len() {
        assert!(Key::attestation(&good[..length]).is_err(), "{length} bytes");
    }
    assert!(Key::attestation(&[&good[..], &[0]].concat()).is_err());
    assert!(Key::endorsement(&good).is_err(), "not one for decrypting");
}
