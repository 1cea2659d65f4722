//! What the till seals, the host opens with keys that it derives by itself, and only where it
//! belongs.

use proptest::prelude::*;
use sealpoint_secret::{Pan, PinBlock, Track2};
use sealpoint_wire::{
    AttemptId, Currency, SealContext,
    seal::{DukptScheme, DukptSealed},
};
use uuid::Uuid;

use super::{Host, SCHEMES, host, number, registers};
use crate::{
    CardData, SealError,
    dukpt::BadPinBlock,
    tests::{TRACK2, card, context},
};

/// Opens as an acquirer does: derive from the serial number, check the MAC, decipher, unpad.
fn open(host: &Host, sealed: &DukptSealed, context: &SealContext) -> Option<Vec<u8>> {
    let keys = host.working_keys(number(host.scheme, sealed.ksn.as_slice()));
    let aad = context.aad();
    let authenticated = [
        &u16::try_from(aad.len()).expect("short").to_be_bytes(),
        &aad[..],
        sealed.ksn.as_slice(),
        sealed.ciphertext.as_slice(),
    ]
    .concat();
    if host::cmac(&keys.mac, &authenticated, host.scheme) != sealed.mac.as_slice() {
        return None;
    }
    let mut clear = host::decrypt_cbc(&keys.data, sealed.ciphertext.as_slice(), host.scheme);
    while clear.pop()? != 0x80 {}
    Some(clear)
}

fn sealed(host: &Host) -> DukptSealed {
    let context = context();
    let key = registers(host).advance().expect("not used up");
    key.seal(card(), &context, &context.key_id).expect("seals")
}

#[test]
fn the_acquirer_reads_the_card_data_in_the_documented_layout() {
    let mut expected = vec![
        0x5A, 8, 0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0x57, 13,
    ];
    expected.extend_from_slice(&TRACK2);
    expected.extend_from_slice(&[0x5F, 0x24, 3, 0x30, 0x12, 0x31, 0x5F, 0x34, 1, 0x01]);
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let sealed = sealed(&host);
        assert_eq!(sealed.scheme, scheme);
        assert_eq!(sealed.key_id, context().key_id);
        assert_eq!(sealed.ksn.as_slice(), host.ksn(1));
        assert_eq!(sealed.mac.as_slice().len(), scheme.block_len());
        assert_eq!(open(&host, &sealed, &context()), Some(expected.clone()));
    }
}

#[test]
fn a_text_of_whole_blocks_gets_a_block_of_padding() {
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        // 5A and eight digits, 5F24, 5F34: sixteen bytes.
        let card = CardData {
            pan: Pan::from_digits(b"12345678").expect("a PAN"),
            track2: None,
            ..card()
        };
        let context = context();
        let key = registers(&host).advance().expect("not used up");
        let sealed = key.seal(card, &context, &context.key_id).expect("seals");
        let padding = scheme.block_len();
        assert_eq!(sealed.ciphertext.as_slice().len(), 16 + padding);
        let keys = host.working_keys(1);
        let clear = host::decrypt_cbc(&keys.data, sealed.ciphertext.as_slice(), scheme);
        let mut block = vec![0; padding];
        block[0] = 0x80;
        assert_eq!(clear[16..], block);
    }
}

#[test]
fn the_same_card_sealed_twice_shows_nothing_in_common() {
    for scheme in SCHEMES {
        let mut registers = registers(&Host::of(scheme));
        let context = context();
        let mut seal = || {
            let key = registers.advance().expect("not used up");
            key.seal(card(), &context, &context.key_id).expect("seals")
        };
        let (one, two) = (seal(), seal());
        assert_ne!(one.ksn, two.ksn);
        assert_ne!(one.mac, two.mac);
        let blocks = |sealed: &DukptSealed| {
            let len = scheme.block_len();
            sealed
                .ciphertext
                .as_slice()
                .chunks(len)
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        assert!(
            blocks(&one)
                .iter()
                .all(|block| !blocks(&two).contains(block))
        );
    }
}

#[test]
fn it_does_not_open_for_another_sale_amount_terminal_currency_or_key_name() {
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
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let sealed = sealed(&host);
        for moved in &elsewhere {
            assert_eq!(open(&host, &sealed, moved), None, "{moved:?}");
        }
        assert!(open(&host, &sealed, &here).is_some());
    }
}

#[test]
fn a_context_that_names_another_key_is_refused() {
    let key = registers(&Host::of(DukptScheme::Aes256)).advance();
    let other = "demo-2".parse().expect("a key id");
    let refused = key.expect("not used up").seal(card(), &context(), &other);
    assert_eq!(refused, Err(SealError::OtherKey));
}

#[test]
fn a_pin_block_of_another_format_than_the_schemes_is_refused() {
    let pan = Pan::from_digits(b"4761739001010119").expect("a PAN");
    let block = |first: u8, len: usize| {
        let mut bytes = vec![0x55; len];
        bytes[0] = first;
        PinBlock::from_slice(&bytes).expect("a PIN block")
    };
    for scheme in SCHEMES {
        let mut registers = registers(&Host::of(scheme));
        for format in 0..16 {
            for len in [8, 16] {
                let key = registers.advance().expect("not used up");
                let sent = key.encipher_pin_block(block(format << 4 | 4, len), &pan);
                let fits = match scheme {
                    DukptScheme::Tdes2 => len == 8 && [0, 3].contains(&format),
                    _ => len == 16 && format == 4,
                };
                assert_eq!(
                    sent.err(),
                    (!fits).then_some(BadPinBlock),
                    "{scheme:?} {format} {len}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_card_arrives_whole_and_any_changed_bit_is_noticed(
        scheme in proptest::sample::select(&SCHEMES[..]),
        digits in proptest::collection::vec(b'0'..=b'9', 8..=19),
        track2: bool,
        expiry: [u8; 3],
        sequence: Option<u8>,
        number in 1u32..0x1F_0000,
        amount_minor in 1..=999_999_999_999i64,
        flip: u16,
        field in 0usize..3,
    ) {
        let pan = || Pan::from_digits(&digits).expect("8 to 19 digits");
        let track2 = || track2.then(|| Track2::from_bcd(&TRACK2).expect("track 2"));
        let card = CardData { pan: pan(), track2: track2(), expiry, sequence };
        let same = CardData { pan: pan(), track2: track2(), expiry, sequence };
        let context = SealContext { amount_minor, ..context() };
        let host = Host::of(scheme);
        let mut registers = registers(&host);
        registers.skip_to(number).expect("ahead");
        let key = registers.advance().expect("not used up");
        let mut sealed = key.seal(card, &context, &context.key_id).expect("seals");
        let clear = same.plaintext().expect("fits");
        prop_assert_eq!(open(&host, &sealed, &context), Some(clear.expose().to_vec()));

        let part = match field {
            0 => &mut sealed.ksn,
            1 => &mut sealed.ciphertext,
            _ => &mut sealed.mac,
        };
        let mut bytes = part.as_slice().to_vec();
        let bit = usize::from(flip) % (8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        *part = bytes.try_into().expect("as long as before");
        prop_assert_eq!(open(&host, &sealed, &context), None);
    }
}
