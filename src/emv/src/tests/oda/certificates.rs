//! Book 2 §5.2, §5.3, §6.3 and §6.4: one card per defect of its certificates. DDA stands for all
//! methods: each begins with the same chain.

use super::{
    forge::{Defect, INDEX, Plan, RID, TestKey, found},
    keys,
};
use crate::{Aip, Flaw, Revoked, Tvr, tag, tests::card::hex};

/// The flaw of a DDA card, after checks of what it does to TVR and TSI.
fn flaw(plan: &Plan) -> Flaw {
    let (dialogue, asked) = plan.start();
    let (tvr, performed, flaw) = found(&dialogue);
    let flaw = flaw.expect("a flaw");
    let missing = matches!(flaw, Flaw::Missing(_));
    let expected = if missing {
        Tvr::DDA_FAILED | Tvr::CARD_DATA_MISSING
    } else {
        Tvr::DDA_FAILED
    };
    assert_eq!((tvr, performed), (expected, true), "{flaw}");
    assert!(!asked, "a card without a key is not asked to sign");
    flaw
}

fn plan() -> Plan {
    Plan::new(Aip::DDA)
}

#[test]
fn a_good_card_is_asked_to_sign() {
    let (dialogue, asked) = plan().start();
    assert_eq!(found(&dialogue), (Tvr::empty(), false, None));
    assert!(asked);
    assert_eq!(dialogue.store.public(tag::CAPK_INDEX), Some(&[INDEX][..]));
}

#[test]
fn keys_that_fit_into_their_certificates_need_no_remainder() {
    let mut plan = plan();
    plan.issuer.key = TestKey::of(&keys::SMALL_ISSUER);
    plan.card.key = TestKey::of(&keys::SMALL_CARD);
    plan.pin.key = TestKey::of(&keys::SMALL_CARD);
    for remainder in [tag::ISSUER_REMAINDER, tag::ICC_REMAINDER] {
        let value = plan.element(remainder);
        // 96 bytes under a key of 128 leave no room: only the issuer's fits here.
        assert_eq!(value.is_empty(), remainder == tag::ISSUER_REMAINDER);
    }
    let (dialogue, asked) = plan.start();
    assert_eq!(found(&dialogue), (Tvr::empty(), false, None));
    assert!(asked);
    plan.issuer.key = TestKey::of(&keys::ISSUER);
    assert!(plan.without(tag::ICC_REMAINDER).start().1);
}

#[test]
fn data_that_the_card_lacks_is_said_to_be_missing() {
    for missing in [
        tag::CAPK_INDEX_CARD,
        tag::ISSUER_CERTIFICATE,
        tag::ISSUER_EXPONENT,
        tag::ISSUER_REMAINDER,
        tag::ICC_CERTIFICATE,
        tag::ICC_EXPONENT,
        tag::ICC_REMAINDER,
    ] {
        assert_eq!(flaw(&plan().without(missing)), Flaw::Missing(missing));
    }
}

#[test]
fn a_key_that_the_terminal_does_not_have_fails() {
    assert_eq!(
        flaw(&plan().with(tag::CAPK_INDEX_CARD, &[INDEX + 1])),
        Flaw::UnknownKey
    );
    assert_eq!(
        flaw(&plan().with(tag::CAPK_INDEX_CARD, &[INDEX, INDEX])),
        Flaw::UnknownKey
    );
    let mut of_another_scheme = plan();
    of_another_scheme.terminal.keys[0].rid = [0xA0, 0x00, 0x00, 0x00, 0x04];
    assert_eq!(flaw(&of_another_scheme), Flaw::UnknownKey);
}

#[test]
fn a_scheme_key_is_valid_on_its_last_day_and_not_after() {
    let mut plan = plan();
    plan.terminal.keys[0].expires = plan.date;
    assert!(plan.start().1);
    plan.terminal.keys[0].expires = [0x26, 0x11, 0x21];
    assert_eq!(flaw(&plan), Flaw::ExpiredKey);
    plan.terminal.keys[0].expires = [0x99, 0x12, 0x31];
    assert_eq!(flaw(&plan), Flaw::ExpiredKey, "1999 is over");
}

#[test]
fn another_authority_with_the_same_index_fails() {
    let mut plan = plan();
    plan.terminal.keys[0].modulus[100] ^= 0x40;
    assert_eq!(flaw(&plan), Flaw::Recovered(tag::ISSUER_CERTIFICATE));
}

#[test]
fn a_key_shorter_or_longer_than_the_certificate_fails() {
    let mut plan = plan();
    plan.terminal.keys[0].modulus = hex(keys::ISSUER.modulus);
    assert_eq!(flaw(&plan), Flaw::Length(tag::ISSUER_CERTIFICATE));
    plan.terminal.keys[0].modulus = [hex(keys::AUTHORITY.modulus), vec![1; 8]].concat();
    assert_eq!(flaw(&plan), Flaw::Length(tag::ISSUER_CERTIFICATE));
}

#[test]
fn a_certificate_not_less_than_its_key_fails() {
    let all_ones = vec![0xFF; 176];
    assert_eq!(
        flaw(&plan().with(tag::ISSUER_CERTIFICATE, &all_ones)),
        Flaw::Length(tag::ISSUER_CERTIFICATE)
    );
}

#[test]
fn a_wrong_header_trailer_or_format_fails() {
    let issuer = Flaw::Recovered(tag::ISSUER_CERTIFICATE);
    let card = Flaw::Recovered(tag::ICC_CERTIFICATE);
    let defects: [Defect; 8] = [
        (|plan| plan.issuer.frame.header = 0x4A, issuer),
        (|plan| plan.issuer.frame.trailer = 0xCC, issuer),
        (|plan| plan.issuer.frame.format = 0x04, issuer),
        (|plan| plan.issuer.frame.format = 0x12, issuer),
        (|plan| plan.card.frame.header = 0x6B, card),
        (|plan| plan.card.frame.trailer = 0xBB, card),
        (|plan| plan.card.frame.format = 0x02, card),
        (|plan| plan.card.frame.format = 0x14, card),
    ];
    for (number, (spoil, expected)) in defects.into_iter().enumerate() {
        let mut plan = plan();
        spoil(&mut plan);
        assert_eq!(flaw(&plan), expected, "defect {number}");
    }
}

#[test]
fn a_wrong_hash_or_algorithm_fails() {
    let defects: [Defect; 6] = [
        (
            |plan| plan.issuer.frame.hashed = false,
            Flaw::Hash(tag::ISSUER_CERTIFICATE),
        ),
        (
            |plan| plan.issuer.frame.hash_algorithm = 0x02,
            Flaw::Algorithm(tag::ISSUER_CERTIFICATE),
        ),
        (
            |plan| plan.issuer.key_algorithm = 0x02,
            Flaw::Algorithm(tag::ISSUER_CERTIFICATE),
        ),
        (
            |plan| plan.card.frame.hashed = false,
            Flaw::Hash(tag::ICC_CERTIFICATE),
        ),
        (
            |plan| plan.card.frame.hash_algorithm = 0x00,
            Flaw::Algorithm(tag::ICC_CERTIFICATE),
        ),
        (
            |plan| plan.card.key_algorithm = 0x00,
            Flaw::Algorithm(tag::ICC_CERTIFICATE),
        ),
    ];
    for (spoil, expected) in defects {
        let mut plan = plan();
        spoil(&mut plan);
        assert_eq!(flaw(&plan), expected);
    }
}

#[test]
fn an_issuer_identifier_is_three_to_eight_first_digits_of_the_pan() {
    for good in ["476FFFFF", "4761FFFF", "476173FF", "4761739F", "47617390"] {
        let mut plan = plan();
        plan.issuer.owner = hex(good);
        assert!(plan.start().1, "{good}");
    }
    for bad in [
        "47FFFFFF", "FFFFFFFF", "476174FF", "47617391", "4761F3FF", "F76173FF", "477173FF",
        "0476173F",
    ] {
        let mut plan = plan();
        plan.issuer.owner = hex(bad);
        assert_eq!(flaw(&plan), Flaw::Owner(tag::ISSUER_CERTIFICATE), "{bad}");
    }
}

#[test]
fn a_card_certificate_is_for_the_whole_pan_of_the_card() {
    for bad in [
        "4761739001010127FFFF",
        "476173900101011FFFFF",
        "47617390010101190FFF",
        "4761739001010119FF1F",
        "FFFFFFFFFFFFFFFFFFFF",
    ] {
        let mut plan = plan();
        plan.card.owner = hex(bad);
        assert_eq!(flaw(&plan), Flaw::Owner(tag::ICC_CERTIFICATE), "{bad}");
    }
}

#[test]
fn a_certificate_is_valid_to_the_end_of_its_month() {
    for (expires, date, valid) in [
        ([0x11, 0x26], [0x26, 0x11, 0x30], true),
        ([0x12, 0x26], [0x26, 0x12, 0x31], true),
        ([0x11, 0x26], [0x26, 0x12, 0x01], false),
        ([0x10, 0x26], [0x26, 0x11, 0x01], false),
        ([0x12, 0x25], [0x26, 0x01, 0x01], false),
        ([0x01, 0x27], [0x26, 0x12, 0x31], true),
        // Book 4 §6.7.3: from 50 on it is the last century.
        ([0x12, 0x49], [0x26, 0x11, 0x22], true),
        ([0x12, 0x50], [0x26, 0x11, 0x22], false),
        ([0x12, 0x99], [0x26, 0x11, 0x22], false),
        // No month.
        ([0x00, 0x30], [0x26, 0x11, 0x22], false),
        ([0x13, 0x30], [0x26, 0x11, 0x22], false),
        ([0x1A, 0x30], [0x26, 0x11, 0x22], false),
        ([0x12, 0x2F], [0x26, 0x11, 0x22], false),
    ] {
        for of_card in [false, true] {
            let mut plan = plan();
            plan.date = date;
            let (certificate, tag) = if of_card {
                (&mut plan.card, tag::ICC_CERTIFICATE)
            } else {
                (&mut plan.issuer, tag::ISSUER_CERTIFICATE)
            };
            certificate.expires = expires;
            if valid {
                assert!(plan.start().1, "{expires:02X?} on {date:02X?}");
            } else {
                assert_eq!(flaw(&plan), Flaw::Expired(tag), "{expires:02X?}");
            }
        }
    }
}

#[test]
fn a_revoked_issuer_certificate_fails() {
    let mut plan = plan();
    let revoked = Revoked {
        rid: RID,
        index: INDEX,
        serial: plan.issuer.serial,
    };
    let others = [
        Revoked {
            serial: [0, 1, 3],
            ..revoked
        },
        Revoked {
            index: INDEX - 1,
            ..revoked
        },
        Revoked {
            rid: [0xA0, 0, 0, 0, 4],
            ..revoked
        },
    ];
    plan.terminal.revoked = others.to_vec();
    assert!(plan.start().1, "what is revoked is another certificate");
    plan.terminal.revoked.push(revoked);
    assert_eq!(flaw(&plan), Flaw::Revoked);
}

#[test]
fn a_remainder_must_complete_the_key_and_no_more() {
    for remainder in [tag::ISSUER_REMAINDER, tag::ICC_REMAINDER] {
        let whole = plan().element(remainder);
        let short = &whole[1..];
        let long = [&whole[..], &[0xBB]].concat();
        for wrong in [short, &long] {
            assert_eq!(
                flaw(&plan().with(remainder, wrong)),
                Flaw::Remainder(remainder)
            );
        }
        let mut changed = whole.clone();
        changed[0] ^= 1;
        let certificate = match remainder {
            tag::ISSUER_REMAINDER => tag::ISSUER_CERTIFICATE,
            _ => tag::ICC_CERTIFICATE,
        };
        assert_eq!(
            flaw(&plan().with(remainder, &changed)),
            Flaw::Hash(certificate)
        );
    }
}

#[test]
fn a_remainder_without_need_fails() {
    let mut plan = plan();
    plan.issuer.key = TestKey::of(&keys::SMALL_ISSUER);
    plan.card.key = TestKey::of(&keys::SMALL_CARD);
    plan.pin.key = TestKey::of(&keys::SMALL_CARD);
    assert_eq!(
        flaw(&plan.with(tag::ISSUER_REMAINDER, &[0xBB])),
        Flaw::Remainder(tag::ISSUER_REMAINDER)
    );
}

#[test]
fn a_certificate_that_lies_about_lengths_fails() {
    let defects: [Defect; 7] = [
        (
            |plan| plan.issuer.key_length = Some(145),
            Flaw::Remainder(tag::ISSUER_REMAINDER),
        ),
        (
            |plan| plan.issuer.key_length = Some(255),
            Flaw::Remainder(tag::ISSUER_REMAINDER),
        ),
        (
            |plan| plan.issuer.key_length = Some(0),
            Flaw::Remainder(tag::ISSUER_REMAINDER),
        ),
        (
            |plan| plan.issuer.exponent_length = Some(3),
            Flaw::Key(tag::ISSUER_CERTIFICATE),
        ),
        (
            |plan| plan.card.key_length = Some(1),
            Flaw::Remainder(tag::ICC_REMAINDER),
        ),
        (
            |plan| plan.card.exponent_length = Some(0),
            Flaw::Key(tag::ICC_CERTIFICATE),
        ),
        (
            |plan| plan.card.exponent_length = Some(1),
            Flaw::Key(tag::ICC_CERTIFICATE),
        ),
    ];
    for (number, (spoil, expected)) in defects.into_iter().enumerate() {
        let mut plan = plan();
        spoil(&mut plan);
        assert_eq!(flaw(&plan), expected, "defect {number}");
    }
}

#[test]
fn a_certified_key_that_is_none_fails() {
    let mut even = plan();
    let last = even.card.key.modulus.len() - 1;
    even.card.key.modulus[last] &= 0xFE;
    assert_eq!(flaw(&even), Flaw::Key(tag::ICC_CERTIFICATE));

    let mut zero = plan();
    zero.card.key.modulus.fill(0);
    assert_eq!(flaw(&zero), Flaw::Key(tag::ICC_CERTIFICATE));

    let mut padded = plan();
    padded.card.key.modulus[0] = 0;
    assert_eq!(flaw(&padded), Flaw::Key(tag::ICC_CERTIFICATE));

    let mut too_long = plan();
    too_long.issuer.key.modulus = vec![0xFF; 249];
    assert_eq!(flaw(&too_long), Flaw::Key(tag::ISSUER_CERTIFICATE));

    for exponent in [1, 2, 4, 5, 65536, 65539] {
        let mut other = plan();
        other.card.key.exponent = exponent;
        assert_eq!(flaw(&other), Flaw::Key(tag::ICC_CERTIFICATE), "{exponent}");
    }
}

#[test]
fn an_exponent_other_than_the_certified_one_fails() {
    assert_eq!(
        flaw(&plan().with(tag::ISSUER_EXPONENT, &[1, 0, 1])),
        Flaw::Hash(tag::ISSUER_CERTIFICATE)
    );
    assert_eq!(
        flaw(&plan().with(tag::ICC_EXPONENT, &[3])),
        Flaw::Hash(tag::ICC_CERTIFICATE)
    );
}

#[test]
fn a_scheme_key_that_is_none_is_no_key() {
    let mut plan = plan();
    plan.terminal.keys[0].exponent = 0;
    assert_eq!(flaw(&plan), Flaw::UnknownKey);
    plan.terminal.keys[0].exponent = 3;
    plan.terminal.keys[0].modulus = Vec::new();
    assert_eq!(flaw(&plan), Flaw::UnknownKey);
    plan.terminal.keys[0].modulus = vec![0; 176];
    assert_eq!(flaw(&plan), Flaw::UnknownKey);
    plan.terminal.keys[0].modulus = vec![0xFE; 176];
    assert_eq!(flaw(&plan), Flaw::UnknownKey);
}
