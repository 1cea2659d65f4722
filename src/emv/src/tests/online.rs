//! Online processing: what goes to the host (EMV 4.4 Book 3 §10.9, Book 4 §12.1).

use super::card::{Card, Ran, approval, charge, hex, object, ok, pay, play};
use crate::{Ending, Fault, Tag, demo_profile, tag, tlv};

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
fn the_account_goes_out_once_to_be_sealed() {
    let card = pay(&Card::good()).request.expect("the host was asked").card;
    assert_eq!(card.pan.expose(), b"4761739001010119");
    let track2 = card.track2.expect("the card gave it");
    assert_eq!(track2.expose(), hex("4761739001010119D301220112345F"));
    assert_eq!((card.expiry, card.sequence), ([0x30, 0x12, 0x31], Some(1)));
}

#[test]
fn a_card_cannot_send_its_account_through_what_everybody_reads() {
    let mut name = Card::good();
    name.aid = hex("A0000000031010 4761739001010119");
    let mut shifted = Card::good();
    shifted.aid = hex("A0000000031010 F4761739001010119F");
    let mut issuer_data = Card::good();
    issuer_data.iad = hex("06010A03A00000 4761739001010119");
    for card in [name, shifted, issuer_data] {
        let ran = pay(&card);
        let shown = Ending::Terminated(Fault::AccountShown);
        assert_eq!(ran.outcome.ending, shown);
        assert!(ran.request.is_none());
        assert!(!shows_account(&ran));
    }
}

/// It is shown before the records are read, when nobody knows the account to compare it with.
#[test]
fn a_label_that_may_be_an_account_is_not_taken() {
    for label in [
        &b"4761739001010119"[..],
        b"V 4761 7390 0101",
        b"4-7-6-1-7-3-9-0",
    ] {
        let mut card = Card::good();
        let named = |tag| object(tag, label);
        let table = object(tag::CODE_TABLE, &[1]);
        card.fci = [named(tag::LABEL), named(tag::PREFERRED_NAME), table].concat();
        let ran = pay(&card);
        assert_eq!(ran.outcome.ending, Ending::Approved);
        assert_eq!(ran.evidence().label.as_deref(), Some("Visa"));
        assert_eq!(ran.request.expect("asked").label, "Visa");
        // Nor if the charge ends before.
        card.options = vec![0x6F, 0x00];
        assert_eq!(pay(&card).evidence().label.as_deref(), Some("Visa"));
    }
    let mut card = Card::good();
    card.fci = object(tag::LABEL, b"VISA 4761739");
    assert_eq!(pay(&card).evidence().label.as_deref(), Some("VISA 4761739"));
}

#[test]
fn before_the_account_is_known_an_aid_is_the_terminals() {
    for aid in ["A0000000031010 4761739001010119", "A0000000031010 01"] {
        let mut card = Card::good();
        card.aid = hex(aid);
        card.options = vec![0x6F, 0x00];
        let ran = pay(&card);
        let shown = ran.evidence().aid.map(|aid| aid.to_string());
        assert_eq!(shown.as_deref(), Some("A0000000031010"));
        assert!(!shows_account(&ran));
    }
    let mut card = Card::good();
    card.aid = hex("A000000003101001");
    let shown = pay(&card).evidence().aid.map(|aid| aid.to_string());
    assert_eq!(shown.as_deref(), Some("A000000003101001"), "known");
}

/// Whether the account can be read out of what is kept of a charge.
fn shows_account(ran: &Ran) -> bool {
    let evidence = ran.evidence();
    let aid = evidence.aid.map(|aid| aid.as_slice().to_vec());
    let all = [
        evidence.de55.clone(),
        evidence.label.clone().unwrap_or_default().into_bytes(),
        aid.unwrap_or_default(),
    ]
    .concat();
    let digits: String = all.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.contains("4761739001010119") || digits.contains("34373631373339303031303130313139")
}

#[test]
fn nor_through_what_it_says_once_the_account_is_out() {
    let card = Card::good();
    let mut cryptograms = 0;
    let ran = play(
        &demo_profile(),
        charge(),
        |command| {
            cryptograms += usize::from(command[1] == 0xAE);
            match (command[1], cryptograms) {
                (0xAE, 2) => ok(&hex("8013 40 0042 1112131415161718 4761739001010119")),
                _ => card.answer(command),
            }
        },
        Some(&approval()),
    );
    let shown = Ending::Terminated(Fault::AccountShown);
    assert_eq!(ran.outcome.ending, shown);
    assert!(ran.outcome.may_need_reversal());
    assert!(!shows_account(&ran));
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
    let end = [
        object(tag::COUNTER, &hex("00000007")),
        object(tag::ENTRY_MODE, &[0x05]),
    ];
    assert!(data.ends_with(&end.concat()), "no response code yet");
}
