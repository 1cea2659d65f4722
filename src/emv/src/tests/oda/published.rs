//! Cards and keys that others have published.

use sealpoint_secret::SecretBytes;

use super::{
    selected,
    vectors::{self, PublishedKey},
};
use crate::{
    Aip, Capk, Command, Flaw, Sw, Tag, Tsi, Tvr, demo_profile,
    dialogue::Dialogue,
    exchange::Answer,
    oda::{self, Round},
    tag,
    tests::card::{charge, hex, object},
    tlv,
};

fn capk((rid, index, exponent, modulus, _): PublishedKey) -> Capk {
    Capk {
        rid,
        index,
        modulus: hex(modulus),
        exponent,
        expires: [0x49, 0x12, 0x31],
    }
}

/// A charge after the record of a published card was read.
fn read(
    key: PublishedKey,
    aid: &str,
    aip: Aip,
    date: [u8; 3],
    number: [u8; 4],
    record: &str,
    elements: &[(Tag, &str)],
) -> Dialogue {
    let mut terminal = demo_profile();
    terminal.capabilities[2] |= 0xC8;
    terminal.keys = vec![capk(key)];
    let mut charge = charge();
    charge.date = date;
    charge.unpredictable_number = number;
    let mut dialogue = Dialogue::new(terminal, charge);
    dialogue.take_up(selected(&dialogue.terminal, aid));
    dialogue.aip = aip;
    let mut learn = |tag: Tag, value: &[u8]| {
        dialogue.store.learn(tag, value).expect("each once");
    };
    learn(tag::AIP, &aip.bits().to_be_bytes());
    learn(tag::CAPK_INDEX_CARD, &[key.1]);
    for (tag, value) in elements {
        learn(*tag, &hex(value));
    }
    let record = hex(record);
    for element in tlv::objects(&record) {
        let element = element.expect("a record");
        learn(element.tag, element.value);
    }
    if dialogue.store.public(tag::SDA_TAG_LIST).is_none() {
        dialogue
            .store
            .learn(tag::SDA_TAG_LIST, &[0x82])
            .expect("once");
    }
    oda::gather(&mut dialogue, 2, &object(tag::RECORD, &record));
    dialogue
}

/// The DDA and CDA card.
fn mastercard(capabilities: u8, number: [u8; 4]) -> Dialogue {
    let mut dialogue = read(
        vectors::MASTERCARD_05,
        "A0000000041010",
        Aip::from_bits_retain(0x3900),
        [0x14, 0x09, 0x25],
        number,
        vectors::RECORD,
        &[
            (tag::ISSUER_CERTIFICATE, vectors::ISSUER_CERTIFICATE),
            (tag::ISSUER_REMAINDER, vectors::ISSUER_REMAINDER),
            (tag::ISSUER_EXPONENT, "03"),
            (tag::ICC_CERTIFICATE, vectors::ICC_CERTIFICATE),
            (tag::ICC_EXPONENT, "03"),
        ],
    );
    dialogue.terminal.capabilities[2] = capabilities;
    dialogue
}

#[test]
fn published_keys_have_their_published_check_values() {
    let keys = [
        vectors::VISA_01,
        vectors::VISA_92,
        vectors::VISA_94,
        vectors::VISA_95,
        vectors::MASTERCARD_05,
        vectors::MASTERCARD_EF,
        vectors::MASTERCARD_F1,
        vectors::MASTERCARD_F5,
        vectors::MASTERCARD_FA,
    ];
    for key in keys {
        let (_, index, .., check) = key;
        assert_eq!(capk(key).check_value(), *hex(check), "{index:02X}");
    }
}

#[test]
fn a_check_value_covers_every_part() {
    let key = capk(vectors::VISA_95);
    let spoils: [fn(&mut Capk); 4] = [
        |key| key.rid[4] ^= 1,
        |key| key.index ^= 1,
        |key| key.modulus[0] ^= 1,
        |key| key.exponent = 65537,
    ];
    for spoil in spoils {
        let mut other = key.clone();
        spoil(&mut other);
        assert_ne!(other.check_value(), key.check_value());
    }
}

#[test]
fn the_published_sda_card_is_authentic() {
    let mut dialogue = read(
        vectors::VISA_01,
        "A0000000031010",
        Aip::from_bits_retain(0x5C00),
        [0x08, 0x06, 0x01],
        [0; 4],
        vectors::SDA_RECORD,
        &[
            (tag::ISSUER_CERTIFICATE, vectors::SDA_ISSUER_CERTIFICATE),
            (tag::ISSUER_REMAINDER, vectors::SDA_ISSUER_REMAINDER),
            (tag::ISSUER_EXPONENT, "03"),
            (tag::SIGNED_STATIC_DATA, vectors::SDA_SIGNED),
        ],
    );
    assert!(oda::start(&mut dialogue).is_none());
    assert_eq!(dialogue.oda.flaw(), None);
    assert_eq!((dialogue.tvr, dialogue.tsi), (Tvr::SDA_SELECTED, Tsi::ODA));
    assert!(
        dialogue
            .store
            .public(tag::DATA_AUTHENTICATION_CODE)
            .is_some()
    );
}

#[test]
fn the_published_dda_card_is_authentic() {
    let mut dialogue = mastercard(0xC0, [0; 4]);
    assert!(
        oda::start(&mut dialogue).is_some(),
        "{:?}",
        dialogue.oda.flaw()
    );
    let answer = Answer {
        command: Command::InternalAuthenticate,
        data: SecretBytes::from_slice(&object(tag::FORMAT_1, &hex(vectors::DDA_SIGNED))),
        sw: Sw::OK,
    };
    assert_eq!(oda::answered(&mut dialogue, &answer), Ok(()));
    assert_eq!(dialogue.oda.flaw(), None);
    assert_eq!((dialogue.tvr, dialogue.tsi), (Tvr::empty(), Tsi::ODA));
}

#[test]
fn the_published_cda_card_is_authentic() {
    let mut dialogue = mastercard(0xC8, [0x12, 0x34, 0x57, 0x79]);
    assert!(oda::start(&mut dialogue).is_none());
    assert!(oda::wants_cda(&dialogue), "{:?}", dialogue.oda.flaw());
    dialogue.oda.heard_pdol(&[]);
    dialogue.oda.heard_cdol1(&hex(vectors::CDA_CDOL1));
    let signature = object(tag::SIGNED_DYNAMIC_DATA, &hex(vectors::CDA_SIGNED));
    let objects = [hex(vectors::CDA_OBJECTS), signature].concat();
    assert!(
        oda::check_cda(&mut dialogue, Round::First, 0x40, &objects).is_some(),
        "{:?}",
        dialogue.oda.flaw()
    );
    assert_eq!((dialogue.tvr, dialogue.tsi), (Tvr::empty(), Tsi::ODA));
}

#[test]
fn the_published_cda_card_at_another_amount_is_not() {
    let mut dialogue = mastercard(0xC8, [0x12, 0x34, 0x57, 0x79]);
    oda::start(&mut dialogue);
    let mut told = hex(vectors::CDA_CDOL1);
    told[5] ^= 1;
    dialogue.oda.heard_cdol1(&told);
    let signature = object(tag::SIGNED_DYNAMIC_DATA, &hex(vectors::CDA_SIGNED));
    let objects = [hex(vectors::CDA_OBJECTS), signature].concat();
    assert_eq!(
        oda::check_cda(&mut dialogue, Round::First, 0x40, &objects),
        None
    );
    assert_eq!(dialogue.oda.flaw(), Some(Flaw::Charge));
}
