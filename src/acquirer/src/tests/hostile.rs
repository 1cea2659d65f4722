use proptest::prelude::*;

use super::reversal_request;
use crate::table::ISO_8583_1987;
use crate::{
    Format, Message, MessageError, Place, Why, parse_answer, parse_answer_as, reversal, tlv,
};

fn refused(bytes: &[u8]) -> MessageError {
    Message::decode(&ISO_8583_1987, bytes).expect_err("not a message")
}

#[test]
fn each_defect_is_named_with_its_place() {
    let good = reversal(&reversal_request(), false)
        .expect("an ordinary request")
        .encode();
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        refused(&bytes)
    };
    let at = |place, why| MessageError { place, why };
    assert_eq!(refused(b""), at(Place::Type, Why::Short { missing: 4 }));
    assert_eq!(changed(0, b'1'), at(Place::Type, Why::Version));
    assert_eq!(changed(1, b'9'), at(Place::Type, Why::NotInProfile));
    assert_eq!(
        refused(&good[..10]),
        at(Place::Bitmap, Why::Short { missing: 2 })
    );
    assert_eq!(
        refused(&good[..15]),
        at(Place::Bitmap, Why::Short { missing: 5 })
    );
    assert_eq!(changed(4, 0xF0), at(Place::De(2), Why::NotInProfile));
    assert_eq!(changed(12, 0x80), at(Place::De(65), Why::NotInProfile));
    assert_eq!(changed(20, b'x'), at(Place::De(3), Why::Alphabet));
    assert_eq!(
        refused(&good[..good.len() - 1]),
        at(Place::De(120), Why::Short { missing: 1 })
    );
    let prefix = good.len() - 20;
    assert_eq!(changed(prefix, b'x'), at(Place::De(120), Why::LengthDigits));
    let more = [&good[..], b"!!"].concat();
    assert_eq!(refused(&more), at(Place::End, Why::Extra { extra: 2 }));
}

#[test]
fn an_error_says_where_and_what_to_do() {
    assert_eq!(
        refused(b"0100").to_string(),
        "The ISO 8583 message is wrong at the bitmap: 8 bytes are missing. \
         Compare both sides' field tables."
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Message::decode(&ISO_8583_1987, &bytes);
        let _ = parse_answer(&bytes);
        if let Some(format) = Format::of_request(&bytes) {
            let _ = Message::read(&format, &bytes);
            let _ = parse_answer_as(&format.of_answer(), &bytes);
        }
        prop_assert!(tlv::objects(&bytes).count() <= bytes.len());
    }
}
