use super::card::{hex, object};
use crate::{
    Tag, tag,
    tlv::{TlvError, find, is_whole, objects, only},
};

fn read(text: &str) -> Result<Vec<(u32, Vec<u8>)>, TlvError> {
    objects(&hex(text))
        .map(|object| object.map(|object| (object.tag.0, object.value.to_vec())))
        .collect()
}

#[test]
fn objects_are_read_with_one_two_and_three_byte_tags() {
    assert_eq!(
        read("5A0112 9F3602ABCD DF810700"),
        Ok(vec![
            (0x5A, vec![0x12]),
            (0x9F36, vec![0xAB, 0xCD]),
            (0xDF8107, vec![])
        ])
    );
}

#[test]
fn zeros_between_objects_are_padding() {
    assert_eq!(
        read("0000 5A0112 00 50012A 000000").map(|all| all.len()),
        Ok(2)
    );
}

#[test]
fn lengths_have_one_to_three_bytes() {
    for (length, form) in [(0x7F, "7F"), (0x80, "8180"), (0x100, "820100")] {
        let value = vec![0xAA; length];
        let bytes = object(tag::RECORD, &value);
        assert_eq!(bytes[1..=form.len() / 2], hex(form));
        assert_eq!(find(&bytes, tag::RECORD), Ok(Some(&value[..])));
    }
}

#[test]
fn what_is_cut_off_or_too_long_is_an_error_and_the_end() {
    assert_eq!(read("9F"), Err(TlvError::Tag));
    assert_eq!(read("9F818181 00"), Err(TlvError::Tag));
    assert_eq!(read("5A"), Err(TlvError::Length));
    assert_eq!(read("5A80"), Err(TlvError::Length), "indefinite");
    assert_eq!(read("5A83000001AA"), Err(TlvError::Length));
    assert_eq!(read("5A0312"), Err(TlvError::Value));
    assert_eq!(objects(&hex("5A0312")).count(), 1);
}

#[test]
fn a_tag_says_whether_it_holds_objects() {
    for (tag, constructed) in [(0x6F, true), (0x5A, false), (0xBF0C, true), (0x9F26, false)] {
        assert_eq!(Tag(tag).is_constructed(), constructed, "{tag:X}");
    }
}

#[test]
fn a_template_alone_is_told_from_one_with_something_beside_it() {
    let whole = hex("7003 5A0112");
    assert_eq!(only(&whole, tag::RECORD), Some(&hex("5A0112")[..]));
    assert_eq!(only(&hex("0000 7000 00"), tag::RECORD), Some(&[][..]));
    for other in [
        "",
        "00",
        "7700",
        "7000 7000",
        "7000 50",
        "5000 7000",
        "7001",
    ] {
        assert_eq!(only(&hex(other), tag::RECORD), None, "{other}");
    }
}

#[test]
fn what_is_cut_off_anywhere_is_not_whole() {
    for (bytes, whole) in [
        ("", true),
        ("00", true),
        ("5000 5A0112", true),
        ("5000 5A01", false),
    ] {
        assert_eq!(is_whole(&hex(bytes)), whole, "{bytes}");
    }
}
