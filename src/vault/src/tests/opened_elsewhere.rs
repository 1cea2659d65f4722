//! What this room seals, another implementation opens, and only where it belongs.

use hpke::{
    Deserializable, HpkeError, Kem, OpModeR, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_open,
};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use sealpoint_secret::{Pan, Track2};
use sealpoint_wire::{
    AttemptId, Currency, HpkeSealed, SealContext,
    seal::{SEAL_INFO, X_WING_ENC_LEN},
};
use uuid::Uuid;

use super::{KEYS, PrivateKey, TRACK2, card, context, key, key_text};
use crate::{AcquirerKey, CardData, SealError, seal};

fn open_with(
    private: &PrivateKey,
    sealed: &HpkeSealed,
    context: &SealContext,
) -> Result<Vec<u8>, HpkeError> {
    let enc = <XWing as Kem>::EncappedKey::from_bytes(sealed.enc.as_slice())?;
    single_shot_open::<AesGcm256, HkdfSha256, XWing>(
        &OpModeR::Base,
        private,
        &enc,
        SEAL_INFO,
        sealed.ciphertext.as_slice(),
        &context.aad(),
    )
}

fn open(sealed: &HpkeSealed, context: &SealContext) -> Result<Vec<u8>, HpkeError> {
    open_with(&KEYS.0, sealed, context)
}

fn sealed() -> HpkeSealed {
    seal(card(), &context(), &key(), &SystemRandom::new()).expect("seals")
}

#[test]
fn the_acquirer_reads_the_card_data_in_the_documented_layout() {
    let sealed = sealed();
    assert_eq!(
        (sealed.kem, sealed.kdf, sealed.aead),
        (0x647A, 0x0001, 0x0002)
    );
    assert_eq!(sealed.enc.as_slice().len(), X_WING_ENC_LEN);
    let mut expected = vec![
        0x5A, 8, 0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0x57, 13,
    ];
    expected.extend_from_slice(&TRACK2);
    expected.extend_from_slice(&[0x5F, 0x24, 3, 0x30, 0x12, 0x31, 0x5F, 0x34, 1, 0x01]);
    assert_eq!(open(&sealed, &context()).expect("opens"), expected);
}

#[test]
fn a_card_without_track_2_and_sequence_number_is_sealed_without_them() {
    let card = CardData {
        track2: None,
        sequence: None,
        ..card()
    };
    let sealed = seal(card, &context(), &key(), &SystemRandom::new()).expect("seals");
    let opened = open(&sealed, &context()).expect("opens");
    assert_eq!(opened.len(), 2 + 8 + 3 + 3);
}

#[test]
fn sealing_the_same_card_twice_shows_nothing_in_common() {
    let (one, two) = (sealed(), sealed());
    assert_ne!(one.enc, two.enc);
    assert_ne!(one.ciphertext, two.ciphertext);
}

#[test]
fn a_sealed_card_does_not_open_for_another_sale_amount_terminal_currency_or_key_name() {
    let sealed = sealed();
    let here = context();
    let elsewhere = [
        SealContext {
            attempt: AttemptId::new(Uuid::from_u128(2)),
            ..here.clone()
        },
        SealContext {
            amount_minor: 1_235,
            ..here.clone()
        },
        SealContext {
            terminal: "T0000002".parse().expect("a terminal id"),
            ..here.clone()
        },
        SealContext {
            currency: Currency::Chf,
            ..here.clone()
        },
        SealContext {
            key_id: "demo-2".parse().expect("a key id"),
            ..here.clone()
        },
    ];
    for moved in elsewhere {
        assert_eq!(
            open(&sealed, &moved),
            Err(HpkeError::OpenError),
            "{moved:?}"
        );
    }
    assert!(open(&sealed, &here).is_ok());
}

#[test]
fn another_acquirer_cannot_open_it() {
    let (other, _) = XWing::derive_keypair(&[0x43; 32]);
    assert_eq!(
        open_with(&other, &sealed(), &context()),
        Err(HpkeError::OpenError)
    );
}

#[test]
fn a_context_that_names_another_key_is_refused() {
    let other = AcquirerKey::parse(&key_text("demo-2", &KEYS.1)).expect("a valid key");
    let refused = seal(card(), &context(), &other, &SystemRandom::new());
    assert_eq!(refused, Err(SealError::OtherKey));
}

/// `digits` as tag 5A holds them, and as tag 57 does with expiry and service code behind.
fn packed(digits: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut nibbles = digits.to_vec();
    nibbles.extend_from_slice(behind);
    if nibbles.len() % 2 == 1 {
        nibbles.push(0xF);
    }
    nibbles
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_card_arrives_whole_and_any_changed_bit_is_noticed(
        digits in proptest::collection::vec(0u8..10, 8..=19),
        with_track2: bool,
        expiry: [u8; 3],
        sequence: Option<u8>,
        amount_minor in 1..=999_999_999_999i64,
        attempt: u128,
        flip in 0usize..8 * 40,
        in_enc: bool,
    ) {
        let pan = packed(&digits, &[]);
        let track2 = packed(&digits, &[0xD, 3, 0, 1, 2, 2, 0, 1]);
        let card = CardData {
            pan: Pan::from_bcd(&pan).expect("8 to 19 digits"),
            track2: with_track2.then(|| Track2::from_bcd(&track2).expect("whole track 2")),
            expiry,
            sequence,
        };
        let context = SealContext {
            attempt: AttemptId::new(Uuid::from_u128(attempt)), amount_minor, ..context()
        };
        let mut sealed = seal(card, &context, &key(), &SystemRandom::new()).expect("seals");

        let mut expected = vec![0x5A, u8::try_from(pan.len()).expect("short")];
        expected.extend_from_slice(&pan);
        if with_track2 {
            expected.extend_from_slice(&[0x57, u8::try_from(track2.len()).expect("short")]);
            expected.extend_from_slice(&track2);
        }
        expected.extend_from_slice(&[0x5F, 0x24, 3]);
        expected.extend_from_slice(&expiry);
        if let Some(sequence) = sequence {
            expected.extend_from_slice(&[0x5F, 0x34, 1, sequence]);
        }
        prop_assert_eq!(open(&sealed, &context).expect("opens"), expected);

        let field = if in_enc { &mut sealed.enc } else { &mut sealed.ciphertext };
        let mut bytes = field.as_slice().to_vec();
        let place = (flip / 8) % bytes.len();
        bytes[place] ^= 1 << (flip % 8);
        *field = bytes.try_into().expect("as long as before");
        prop_assert_eq!(open(&sealed, &context), Err(HpkeError::OpenError));
    }
}
