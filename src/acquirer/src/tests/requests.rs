use data_encoding::HEXUPPER;
use sealpoint_wire::seal::DukptScheme;

use super::{attempt, authorise_request, bytes, dukpt, reversal_request, sealed};
use crate::table::de;
use crate::{
    Message, Mti, NetworkCode, Place, RequestError, Why, authorisation, network, reversal,
};

#[test]
fn an_authorisation_carries_what_the_till_asked() {
    let message = authorisation(&authorise_request()).expect("an ordinary request");
    assert_eq!(message.mti(), Mti::Authorisation);
    let expected: [(u8, &[u8]); 9] = [
        (de::AMOUNT, b"000000001234"),
        (de::STAN, b"000042"),
        (de::LOCAL_TIME, b"180509"),
        (de::LOCAL_DATE, b"1122"),
        (de::ENTRY_MODE, b"052"),
        (de::TERMINAL, b"T0000001"),
        (de::CURRENCY, b"978"),
        (de::EMV, &[0x9F, 0x36, 2, 0, 1]),
        (de::ATTEMPT, &[&[1][..], attempt().as_bytes()].concat()),
    ];
    for (de, content) in expected {
        assert_eq!(message.get(de), Some(content), "DE {de}");
    }
}

#[test]
fn the_entry_mode_is_what_the_chip_data_say() {
    let of = |de55: &[u8]| {
        let mut request = authorise_request();
        request.de55 = bytes(de55);
        let message = authorisation(&request).expect("an ordinary request");
        message.get(de::ENTRY_MODE).expect("it has one").to_vec()
    };
    let contactless = [0x9F, 0x39, 1, 0x07];
    let pin = [0x9F, 0x33, 3, 0xE0, 0x90, 0xC8];
    let no_pin = [0x9F, 0x33, 3, 0xE0, 0x08, 0xC8];
    assert_eq!(of(&contactless), b"072");
    assert_eq!(of(&[&contactless[..], &pin].concat()), b"071");
    assert_eq!(of(&pin), b"051");
    assert_eq!(of(&no_pin), b"052");
    // What cannot be read claims nothing.
    assert_eq!(of(&[0x9F]), b"052");
}

#[test]
fn a_sealed_card_is_cut_into_elements_in_order() {
    let message = authorisation(&authorise_request()).expect("an ordinary request");
    let [first, second, third] = de::SEALED.map(|de| message.get(de));
    assert_eq!(first.map(<[u8]>::len), Some(999));
    assert_eq!(third, None);
    let row = [first.expect("first part"), second.expect("second part")].concat();
    let head = [
        &[1, 0x64, 0x7A, 0, 1, 0, 2, 6][..],
        b"demo-1",
        &[0x04, 0x60],
    ]
    .concat();
    assert_eq!(row[..head.len()], head);
    assert_eq!(row[head.len()..head.len() + 1120], [0xE0; 1120]);
    let tail = [&[0, 66][..], &[0xC0; 66]].concat();
    assert_eq!(row[head.len() + 1120..], tail);
}

#[test]
fn a_card_sealed_with_dukpt_is_this_row() {
    for (scheme, code) in [
        (DukptScheme::Aes128, 1),
        (DukptScheme::Aes192, 2),
        (DukptScheme::Aes256, 3),
        (DukptScheme::Tdes2, 4),
    ] {
        let mut request = authorise_request();
        request.sealed = dukpt(scheme);
        let message = authorisation(&request).expect("an ordinary request");
        let (ksn, mac) = (scheme.ksn_len(), scheme.block_len());
        let row = [
            &[2, code, 7][..],
            b"dukpt-1",
            &[u8::try_from(ksn).expect("short")],
            &vec![0x5E; ksn],
            &[0, 48],
            &[0xC0; 48],
            &[u8::try_from(mac).expect("short")],
            &vec![0xAC; mac],
        ];
        assert_eq!(message.get(de::SEALED[0]), Some(&row.concat()[..]));
        assert_eq!(message.get(de::SEALED[1]), None, "it fits one element");
    }
}

#[test]
fn a_token_stays_between_till_and_collector() {
    let mut request = authorise_request();
    let token = "3B0380132A6E67AB65A78F9DEA533B03";
    request.card.token = Some(token.parse().expect("a token"));
    let message = authorisation(&request)
        .expect("an ordinary request")
        .encode();
    let plain = authorisation(&authorise_request()).expect("an ordinary request");
    assert_eq!(message, plain.encode());
}

#[test]
fn a_reversal_is_these_bytes() {
    let message = reversal(&reversal_request(), false).expect("an ordinary request");
    let text = "000000" // DE 3
        .to_owned()
        + "000000001234" // DE 4
        + "000042" // DE 11
        + "180509" // DE 12
        + "1122" // DE 13
        + "T0000001" // DE 41
        + "978" // DE 49
        + "0100000042112218050900000000000" // DE 90
        + "00000000000"
        + "017"; // DE 120
    let bitmaps = HEXUPPER
        .decode(b"B0380000008080000000004000000100")
        .expect("hexadecimal");
    let expected = [
        b"0400".to_vec(),
        bitmaps,
        text.into_bytes(),
        vec![1],
        vec![0xA7; 16],
    ]
    .concat();
    assert_eq!(
        HEXUPPER.encode(&message.encode()),
        HEXUPPER.encode(&expected)
    );
}

#[test]
fn a_repeated_reversal_differs_in_its_type_alone() {
    let first = reversal(&reversal_request(), false)
        .expect("an ordinary request")
        .encode();
    let again = reversal(&reversal_request(), true)
        .expect("an ordinary request")
        .encode();
    assert_eq!((&first[..4], &again[..4]), (&b"0400"[..], &b"0401"[..]));
    assert_eq!(first[4..], again[4..]);
}

#[test]
fn values_that_no_message_carries_are_refused() {
    let with = |change: fn(&mut sealpoint_wire::AuthoriseRequest)| {
        let mut request = authorise_request();
        change(&mut request);
        authorisation(&request).expect_err("not to be sent")
    };
    assert_eq!(with(|r| r.amount_minor = 0), RequestError::Amount(0));
    assert_eq!(with(|r| r.amount_minor = -5), RequestError::Amount(-5));
    assert_eq!(
        with(|r| r.amount_minor = 1_000_000_000_000),
        RequestError::Amount(1_000_000_000_000)
    );
    assert_eq!(with(|r| r.stan = 0), RequestError::Stan(0));
    assert_eq!(with(|r| r.stan = 1_000_000), RequestError::Stan(1_000_000));
    for time in [
        "",
        "2026112218050",
        "202611221805090",
        "20261322180509",
        "20261122240509",
        "é",
    ] {
        let mut request = authorise_request();
        request.local_time = time.to_owned();
        assert_eq!(
            authorisation(&request),
            Err(RequestError::LocalTime),
            "{time}"
        );
    }
    let error = with(|r| r.de55 = bytes(&[0; 256]));
    assert!(
        matches!(error, RequestError::Message(e) if e.place == Place::De(55)),
        "{error}"
    );
    let error = with(|r| r.sealed = sealed(3000));
    assert!(
        matches!(error, RequestError::Message(e) if e.place == Place::De(121)),
        "{error}"
    );
}

#[test]
fn network_management_says_what_it_wants() {
    let message = network(NetworkCode::Echo, 7).expect("an ordinary request");
    assert_eq!(message.get(de::NETWORK_CODE), Some(&b"301"[..]));
    assert_eq!(message.get(de::STAN), Some(&b"000007"[..]));
    assert_eq!(network(NetworkCode::SignOn, 0), Err(RequestError::Stan(0)));
}

#[test]
fn no_message_can_hold_a_clear_card_number() {
    let mut message = Message::new(Mti::Authorisation);
    for clear in [2, 14, 35, 36, 45, 52] {
        let error = message
            .set(clear, b"4761739001010119")
            .expect_err("not in the table");
        assert_eq!(
            (error.place, error.why),
            (Place::De(clear), Why::NotInProfile)
        );
    }
}

#[test]
fn a_message_in_a_log_shows_lengths_only() {
    let shown = format!(
        "{:?}",
        reversal(&reversal_request(), false).expect("an ordinary request")
    );
    assert!(shown.starts_with("Reversal{3: 6, 4: 12,"), "{shown}");
}
