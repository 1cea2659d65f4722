use super::card::{Card, hex, object, pay};
use crate::{Tag, tag, tlv};

fn de55(card: &Card) -> Vec<u8> {
    pay(card).request.expect("the host was asked").de55
}

#[test]
fn de_55_tells_the_issuer_what_it_needs() {
    let data = de55(&Card::good());
    let value = |tag: Tag| tlv::find(&data, tag).expect("TLV").map(<[u8]>::to_vec);
    assert_eq!(value(tag::AC), Some(hex("0102030405060708")));
    assert_eq!(value(tag::CID), Some(hex("80")));
    assert_eq!(value(tag::ATC), Some(hex("0042")));
    assert_eq!(value(tag::IAD), Some(hex("06010A03A00000")));
    assert_eq!(value(tag::TVR), Some(hex("8000008000")));
    assert_eq!(value(tag::TSI), Some(hex("6800")));
    assert_eq!(value(tag::AMOUNT), Some(hex("000000001234")));
    assert_eq!(value(tag::CURRENCY), Some(hex("0978")));
    assert_eq!(value(tag::CVM_RESULTS), Some(hex("1F0002")));
    assert_eq!(value(tag::DF_NAME), Some(hex("A0000000031010")));
    assert_eq!(value(tag::COUNTER), Some(hex("00000007")));
    assert_eq!(value(tag::PAN_SEQUENCE), Some(hex("01")));
    assert_eq!(value(tag::TERMINAL_TYPE), Some(hex("21")));
}

#[test]
fn de_55_never_holds_account_data() {
    let mut card = Card::good();
    for tag in [
        tag::TRACK1,
        tag::TRACK2_CONTACTLESS,
        tag::TRACK2_DISCRETIONARY,
    ] {
        card.elements.push((tag, hex("4761739001010119")));
    }
    let ran = pay(&card);
    let pan = hex("4761739001010119");
    for data in [
        &ran.request.as_ref().expect("asked").de55,
        &ran.evidence().de55,
    ] {
        for object in tlv::objects(data) {
            let tag = object.expect("TLV").tag;
            assert!(!tag::ACCOUNT_DATA.contains(&tag), "{tag}");
        }
        assert!(!data.windows(pan.len()).any(|part| part == pan));
        assert!(!data.windows(9).any(|part| part == b"TEST/CARD"));
    }
}

#[test]
fn the_plaintext_to_seal_is_5a_57_5f24_5f34() {
    let request = pay(&Card::good()).request.expect("the host was asked");
    let expected =
        "5A08 4761739001010119 570F 4761739001010119D301220112345F 5F2403 301231 5F3401 01";
    let plain = request.card.seal_input().expect("it fits");
    assert_eq!(plain.expose(), hex(expected));
}

#[test]
fn the_longest_card_data_fits_into_the_plaintext() {
    let card = Card::good()
        .with(tag::PAN, "1234567890123456789F")
        .with(tag::TRACK2, "1234567890123456789D30122011234567890F");
    let request = pay(&card).request.expect("the host was asked");
    assert!(
        request
            .card
            .seal_input()
            .is_ok_and(|plain| plain.len() == 43)
    );
}

#[test]
fn only_the_truncated_pan_is_shown() {
    let ran = pay(&Card::good());
    let truncated = ran.evidence().truncated_pan.as_ref().expect("read");
    assert_eq!(truncated.as_str(), "476173******0119");
    let shown = format!("{:?}", ran.outcome);
    assert!(!shown.contains("4761739001010119"), "{shown}");
}

#[test]
fn only_given_elements_are_there() {
    let data = de55(&Card::good().without(tag::PAN_SEQUENCE));
    assert!(!data.windows(2).any(|part| part == [0x5F, 0x34]));
    assert!(data.ends_with(&object(tag::COUNTER, &hex("00000007"))));
}
