use data_encoding::HEXUPPER;

use super::{authorise_request, reversal_request};
use crate::table::de;
use crate::{Format, Message, MessageError, NetworkCode, Place, Profile, Tpdu, Why};

fn profile(text: &str) -> Profile {
    Profile::from_toml(text).expect("a profile")
}

/// An echo's bytes in hexadecimal.
fn echo(text: &str) -> String {
    let profile = profile(text);
    let message = profile
        .network(NetworkCode::Echo, 7)
        .expect("an ordinary request");
    HEXUPPER.encode(&message.write(&profile.format))
}

#[test]
fn digits_bitmaps_and_addresses_are_written_as_the_profile_says() {
    let ascii = |text: &str| HEXUPPER.encode(text.as_bytes());
    let bitmaps = "80200000000000000400000000000000";
    let plain = format!("{}{bitmaps}{}", ascii("0800"), ascii("000007301"));
    assert_eq!(echo(""), plain);
    let hex = format!("{}{}{}", ascii("0800"), ascii(bitmaps), ascii("000007301"));
    assert_eq!(echo("bitmap = \"hex\""), hex);
    assert_eq!(
        echo("numbers = \"bcd\""),
        format!("0800{bitmaps}0000070301")
    );
    assert_eq!(
        echo("numbers = \"bcd\"\ntpdu = \"6000120034\""),
        format!("60001200340800{bitmaps}0000070301")
    );
}

#[test]
fn lengths_are_packed_with_the_digits() {
    let text = "numbers = \"bcd\"\nacquiring_institution = \"12345\"";
    let bcd = profile(text);
    let message = bcd
        .reversal(&reversal_request(), false)
        .expect("an ordinary request");
    let bytes = message.write(&bcd.format);
    let text = HEXUPPER.encode(&bytes);
    // DE 32: two digits of length, then five digits behind a zero; DE 120: 0017.
    assert!(text.contains("05012345"), "{text}");
    assert!(text.contains("001701A7A7A7"), "{text}");
    assert_eq!(Message::read(&bcd.format, &bytes), Ok(message));
}

#[test]
fn fill_that_is_not_zero_and_nibbles_that_are_no_digits_are_refused() {
    let bcd = profile("numbers = \"bcd\"");
    let good = HEXUPPER
        .decode(b"0800802000000000000004000000000000000000070301")
        .expect("hexadecimal");
    let read = |bytes: &[u8]| Message::read(&bcd.format, bytes);
    assert!(read(&good).is_ok());
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        read(&bytes).expect_err("not a message")
    };
    let at = |place, why| MessageError { place, why };
    let last = good.len() - 2;
    assert_eq!(changed(last, 0x13), at(Place::De(70), Why::Fill));
    assert_eq!(changed(last, 0x0A), at(Place::De(70), Why::Alphabet));
    assert_eq!(changed(0, 0x18), at(Place::Type, Why::Version));
    assert_eq!(changed(0, 0xA8), at(Place::Type, Why::Version));
}

#[test]
fn the_addresses_change_places_in_the_answer() {
    let text = "tpdu = \"6000010002\"";
    let format = profile(text).format;
    let answer = format.of_answer();
    assert_eq!(answer.tpdu, Tpdu::new([0x60, 0, 2, 0, 1]));
    let echo = profile(text)
        .network(NetworkCode::Echo, 7)
        .expect("an ordinary request");
    assert!(Message::read(&format, &echo.write(&answer)).is_ok());
    let at = |why| MessageError {
        place: Place::Tpdu,
        why,
    };
    assert_eq!(
        Message::read(&format, &echo.encode()),
        Err(at(Why::Value)),
        "no addresses"
    );
    let short = Message::read(&format, &[0x60, 0]);
    assert_eq!(short, Err(at(Why::Short { missing: 3 })));
}

#[test]
fn a_host_sees_how_a_request_is_written() {
    for text in [
        "",
        "bitmap = \"hex\"",
        "numbers = \"bcd\"",
        "edition = 1993",
        "edition = 1993\nnumbers = \"bcd\"\nbitmap = \"hex\"\ntpdu = \"6000010002\"",
    ] {
        let profile = profile(text);
        let request = profile
            .authorisation(&authorise_request())
            .expect("an ordinary request");
        let bytes = request.write(&profile.format);
        assert_eq!(Format::of_request(&bytes), Some(profile.format), "{text}");
    }
    for stranger in [&b""[..], b"GET / HTTP/1.1", &[0x60, 1], &[0xFF; 40]] {
        assert_eq!(Format::of_request(stranger), None);
    }
}

/// A public example of a 0200 in ASCII with a packed bitmap, read with this room's table: the type
/// is none of ours, and the bitmap and the elements are where the example says.
#[test]
fn a_published_example_has_its_elements_where_it_says() {
    let bitmap = "3220000000808000";
    let elements = "000010" // DE 3
        .to_owned()
        + "000000001500" // DE 4
        + "1206041200" // DE 7
        + "000001" // DE 11
        + "12340001" // DE 41
        + "840"; // DE 49
    let format = profile("bitmap = \"hex\"").format;
    let foreign = format!("0200{bitmap}{elements}");
    let error = Message::read(&format, foreign.as_bytes()).expect_err("no type of ours");
    assert_eq!((error.place, error.why), (Place::Type, Why::NotInProfile));
    let ours = format!("0100{bitmap}{elements}");
    let message = Message::read(&format, ours.as_bytes()).expect("whole");
    assert_eq!(message.number(de::AMOUNT), Ok(1500));
    assert_eq!(message.text(de::TERMINAL), Ok("12340001"));
    assert_eq!(message.number(de::CURRENCY), Ok(840));
}
