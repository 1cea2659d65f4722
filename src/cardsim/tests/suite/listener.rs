//! The ear on a log hears what must not be there, in whatever dress, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sealpoint_cardsim::listener::{Secret, found_in, listen};

const KEY: [u8; 16] = [
    0xC1, 0xD0, 0xF8, 0xFB, 0x49, 0x58, 0x67, 0x0D, 0xBA, 0x40, 0xAB, 0x1F, 0x37, 0x52, 0xEF, 0x0D,
];

fn key() -> Secret {
    Secret {
        name: "the test key",
        bytes: KEY.to_vec(),
    }
}

#[test]
fn card_data_is_heard_in_every_dress() {
    for (text, what) in [
        ("read 4761739001010119", "a card number"),
        ("4761 7390 0101 0119", "a card number in groups"),
        ("track ;4761739001010118=30122010000", "track 2 data"),
        ("4761739001010119D30122010000F", "track 2 data"),
        (
            "70125A0847617390010101195F2403301231",
            "account data in TLV",
        ),
        (
            "57134761739001010119D30122010000000000F",
            "account data in TLV",
        ),
        (
            "Vec [52, 55, 54, 49, 55, 51, 57, 48, 48, 49, 48, 49, 48, 49, 49, 57]",
            "bytes of a card number",
        ),
        ("[71, 97, 115, 144, 1, 1, 1, 25]", "bytes of a card number"),
        (
            "apdu [112, 10, 90, 8, 71, 97, 115, 144, 1, 1, 1, 25]",
            "bytes of account data",
        ),
        ("block 241234FFFFFFFFFF", "a clear PIN block"),
        (
            "[36, 18, 52, 255, 255, 255, 255, 255]",
            "bytes of a PIN block",
        ),
        ("key C1D0F8FB4958670DBA40AB1F3752EF0D", "the test key"),
        ("key c1d0f8fb4958670dba40ab1f3752ef0d", "the test key"),
        ("wdD4+0lYZw26QKsfN1LvDQ==", "the test key"),
        (
            "[193, 208, 248, 251, 73, 88, 103, 13, 186, 64, 171, 31, 55, 82, 239, 13]",
            "the test key",
        ),
    ] {
        assert!(
            found_in(text, &[key()]).contains(&what),
            "{text}: {:?}",
            found_in(text, &[key()])
        );
    }
}

#[test]
fn what_may_be_said_is_not_heard() {
    for text in [
        "476173******0119",
        "attempt 01936d5e-7a2c-7b3f-9c4d-5e6f70819203",
        "4761739001010118",
        "at 1763841234567890",
        "status word 9000, tag 5A, 57",
        "[111, 132, 7, 160, 0, 0, 0, 3, 16, 16]",
        "AC 1E2F3A4B5C6D7E8F",
        "0.4761739001010119",
    ] {
        assert_eq!(found_in(text, &[key()]), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn a_field_an_event_a_span_or_a_number_that_says_it_fails_the_test() {
    let listening = listen(&[key()]).expect("nobody else listens");
    tracing::info!(amount = 100, "a sale");
    assert!(listening.found().is_empty());
    tracing::trace!("card {}", "4761739001010119");
    tracing::debug!(pan = 4_761_739_001_010_119_u64, "a number");
    let span = tracing::info_span!("charge", track = tracing::field::Empty);
    span.record("track", ";4761739001010118=30122010000?");
    let _span = tracing::warn_span!("keyed", key = ?KEY).entered();
    assert_eq!(listening.found().len(), 4, "{:?}", listening.found());
    assert_eq!(listening.lines(), 6);
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(listening)));
    assert!(dropped.is_err(), "the test that listened fails");
}
