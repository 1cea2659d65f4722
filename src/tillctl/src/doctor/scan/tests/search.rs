//! Bytes in, findings out.

use std::collections::BTreeSet;

use sealpoint_secret::Pan;

use super::*;

fn search(numbers: &[&str]) -> Search {
    let wanted: Vec<Wanted> = numbers
        .iter()
        .map(|number| Wanted::Card(Pan::from_digits(number.as_bytes()).expect("a PAN")))
        .collect();
    Search::new(&wanted).expect("few")
}

fn found(search: &Search, bytes: &[u8]) -> Vec<(u64, &'static str)> {
    let mut all = Vec::new();
    search.bytes(bytes, &mut |hit| all.push((hit.at, hit.form.word())));
    all.sort_unstable();
    all
}

/// Written out here byte for byte, so that the forms are not held against themselves.
#[test]
fn a_number_is_found_in_each_form() {
    let search = search(&["4761739001010119"]);
    let track = [
        0x57, 0x13, 0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0xD3, 0x01,
    ];
    let shifted = [0xD4, 0x76, 0x17, 0x39, 0x00, 0x10, 0x10, 0x11, 0x9F];
    let ebcdic = b"\xF4\xF7\xF6\xF1\xF7\xF3\xF9\xF0\xF0\xF1\xF0\xF1\xF0\xF1\xF1\xF9";
    for (bytes, form, at) in [
        (&b"pan=4761739001010119;"[..], "text", 4),
        (b"4761739001010119D30122010000000000", "text", 0),
        (b";4761739001010119=30122010000000000?", "text", 1),
        (b"{\"n\":4761739001010119}", "text", 5),
        (b"(4761 7390 0101 0119)", "grouped_text", 1),
        (b"4761-7390-0101-0119", "grouped_text", 0),
        (&track, "packed", 2),
        (&shifted, "packed_shifted", 1),
        (
            b"4\x007\x006\x001\x007\x003\x009\x000\x000\x001\x000\x001\x000\x001\x001\x009\x00",
            "utf16",
            0,
        ),
        (
            b"\x004\x007\x006\x001\x007\x003\x009\x000\x000\x001\x000\x001\x000\x001\x001\x009",
            "utf16",
            1,
        ),
        (ebcdic, "ebcdic", 0),
        (b"34373631373339303031303130313139", "hex_of_text", 0),
        (b"\"NDc2MTczOTAwMTAxMDExOQ==\"", "base64_of_text", 1),
        (
            b"[52, 55, 54, 49, 55, 51, 57, 48, 48, 49, 48, 49, 48, 49, 49, 57]",
            "byte_list",
            1,
        ),
        (b"[71,97,115,144,1,1,1,25]", "byte_list", 1),
        (&4_761_739_001_010_119_u64.to_le_bytes(), "integer", 0),
        (&4_761_739_001_010_119_u64.to_be_bytes(), "integer", 0),
    ] {
        let all = found(&search, bytes);
        assert!(all.contains(&(at, form)), "{form}: {all:?}");
    }
}

#[test]
fn base64_is_found_wherever_in_a_text_the_number_begins() {
    let search = search(&["4761739001010119"]);
    for ahead in 0..7 {
        for behind in 0..4 {
            let text = format!("{:x<ahead$}4761739001010119{:y<behind$}", "", "");
            let encoded = data_encoding::BASE64.encode(text.as_bytes());
            let forms = found(&search, encoded.as_bytes());
            assert!(
                forms.iter().any(|(_, form)| *form == "base64_of_text"),
                "{ahead}, {behind}"
            );
        }
    }
}

#[test]
fn of_an_odd_number_the_last_half_byte_counts() {
    let search = search(&["378282246310005"]);
    let packed = |last| [0x37, 0x82, 0x82, 0x24, 0x63, 0x10, 0x00, last];
    assert_eq!(found(&search, &packed(0x5D)), [(0, "packed")]);
    assert_eq!(found(&search, &packed(0x4D)), []);
    let shifted = |first| [first, 0x78, 0x28, 0x22, 0x46, 0x31, 0x00, 0x05];
    assert_eq!(found(&search, &shifted(0x03)), [(1, "packed_shifted")]);
    assert_eq!(found(&search, &shifted(0x04)), []);
}

#[test]
fn a_number_of_one_digit_mostly_counts_as_text_that_stands_alone() {
    let search = search(&["4111111111111111"]);
    for (text, hits) in [
        (&b"=4111111111111111;"[..], 1),
        (b"4111111111111111D30122010", 1),
        (b"141111111111111111111111", 0),
        (b"\x41\x11\x11\x11\x11\x11\x11\x11", 0),
    ] {
        assert_eq!(found(&search, text).len(), hits, "{text:?}");
    }
}

#[test]
fn a_truncated_number_is_no_finding() {
    let search = search(&["4761739001010119"]);
    assert_eq!(found(&search, b"476173******0119 476173 0119"), []);
}

/// A source that gives so many bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let now = self.1.min(self.0.len()).min(room.len());
        let (head, rest) = self.0.split_at(now);
        room[..now].copy_from_slice(head);
        self.0 = rest;
        Ok(now)
    }
}

#[test]
fn what_lies_across_two_pieces_is_found_once() {
    let search = search(&["4761739001010119", "378282246310005"]);
    let mut bytes = vec![b'.'; 700];
    for needle in search.needles() {
        bytes.extend_from_slice(&needle.example());
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\0....");
    }
    bytes.extend_from_slice(b"card 5555555555554444 end");
    let whole = {
        let mut all = Vec::new();
        let read = search.read(&bytes[..], true, &mut |hit| all.push((hit.at, hit.form)));
        assert_eq!(read.expect("read"), bytes.len() as u64);
        all.sort_unstable();
        all
    };
    let distinct: BTreeSet<_> = whole.iter().collect();
    assert_eq!(distinct.len(), whole.len());
    assert!(whole.iter().any(|(_, form)| *form == Form::Possible));
    for size in [1, 2, 3, 7, 64, 333] {
        let mut all = Vec::new();
        search
            .read(Slow(&bytes, size), true, &mut |hit| {
                all.push((hit.at, hit.form));
            })
            .expect("read");
        all.sort_unstable();
        assert_eq!(all, whole, "{size} bytes at a time");
    }
}
