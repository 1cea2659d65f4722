//! The search itself: bytes in, findings out, piece by piece.

use std::io::{self, Read};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use zeroize::Zeroizing;

use super::{
    cards::Wanted,
    forms::{Form, Needle, needles},
    loose,
};
use crate::fault::Fault;

/// Bytes that are read at a time.
pub const PIECE: usize = 1 << 20;

/// Something that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Where it begins, in bytes from the start.
    pub at: u64,
    /// How it is written there.
    pub form: Form,
    /// What it is, as it may be shown.
    pub shown: String,
    /// What stands around it, with every digit masked; for what nobody named.
    pub context: Option<String>,
    /// Which of the needles; none for what nobody named.
    pub needle: Option<usize>,
}

/// Everything that is looked for, made ready once.
pub struct Search {
    automaton: AhoCorasick,
    needles: Vec<Needle>,
    shown: Vec<String>,
    /// Bytes of a piece that are looked at again with the next.
    carry: usize,
}

impl Search {
    /// Makes the search ready.
    pub fn new(wanted: &[Wanted]) -> Result<Self, Fault> {
        let needles = needles(wanted);
        let patterns = needles.iter().map(|needle| needle.bytes.as_slice());
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(patterns)
            .map_err(|_| Fault::misused("There is too much to look for at once."))?;
        let longest = needles.iter().map(|needle| needle.bytes.len()).max();
        Ok(Self {
            automaton,
            shown: wanted.iter().map(Wanted::shown).collect(),
            needles,
            carry: longest.unwrap_or(0).max(loose::REACH) + 2,
        })
    }

    /// What is looked for, form by form.
    pub fn needles(&self) -> &[Needle] {
        &self.needles
    }

    /// Searches all that `source` gives; `loosely` finds also what could be a card number. Returns
    /// how many bytes there were.
    pub fn read(
        &self,
        mut source: impl Read,
        loosely: bool,
        found: &mut dyn FnMut(Found),
    ) -> io::Result<u64> {
        let mut pieces = self.pieces(loosely);
        loop {
            let room = pieces.room();
            match source.read(room) {
                Ok(0) => break,
                Ok(read) => pieces.searched(read, found),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    pieces.end(found);
                    return Err(error);
                }
            }
        }
        Ok(pieces.end(found))
    }

    /// Searches what lies in memory already.
    pub fn bytes(&self, bytes: &[u8], found: &mut dyn FnMut(Found)) {
        let mut window = Window {
            search: self,
            loosely: false,
            start: 0,
            decided: 0,
        };
        window.look(bytes, true, found);
    }

    /// A search that is fed piece by piece.
    pub fn pieces(&self, loosely: bool) -> Pieces<'_> {
        Pieces {
            buffer: Zeroizing::new(vec![0; self.carry + PIECE]),
            filled: 0,
            window: Window {
                search: self,
                loosely,
                start: 0,
                decided: 0,
            },
        }
    }
}

/// A search that is fed piece by piece, and finds what lies across their borders.
pub struct Pieces<'a> {
    buffer: Zeroizing<Vec<u8>>,
    filled: usize,
    window: Window<'a>,
}

impl Pieces<'_> {
    /// Where the next piece goes, at most [`PIECE`] bytes.
    pub fn room(&mut self) -> &mut [u8] {
        let end = (self.filled + PIECE).min(self.buffer.len());
        &mut self.buffer[self.filled..end]
    }

    /// So many bytes were put into the room.
    pub fn searched(&mut self, read: usize, found: &mut dyn FnMut(Found)) {
        self.filled = (self.filled + read).min(self.buffer.len());
        self.window.look(&self.buffer[..self.filled], false, found);
        let carry = self.window.search.carry;
        if self.filled > carry {
            let gone = self.filled - carry;
            self.buffer.copy_within(gone..self.filled, 0);
            self.window.start += gone as u64;
            self.filled = carry;
        }
    }

    /// There is no more here; the next piece has nothing to do with it. Returns the bytes so far.
    pub fn end(&mut self, found: &mut dyn FnMut(Found)) -> u64 {
        self.window.look(&self.buffer[..self.filled], true, found);
        self.window.start + self.filled as u64
    }

    /// Begins anew at that address.
    pub fn jump(&mut self, to: u64) {
        self.filled = 0;
        self.window.start = to;
        self.window.decided = to;
    }
}

struct Window<'a> {
    search: &'a Search,
    loosely: bool,
    /// What the first byte of the buffer is the byte of.
    start: u64,
    /// Whatever ends up to here has been told.
    decided: u64,
}

impl Window<'_> {
    /// Tells what ends behind what was decided before; without the last byte, unless it is the end,
    /// for the byte behind decides on some.
    fn look(&mut self, bytes: &[u8], last: bool, found: &mut dyn FnMut(Found)) {
        let here = |offset: u64| usize::try_from(offset.saturating_sub(self.start)).unwrap_or(0);
        let from = here(self.decided);
        let to = bytes.len() - usize::from(!last && !bytes.is_empty());
        if to <= from {
            return;
        }
        let search = self.search;
        for hit in search.automaton.find_overlapping_iter(bytes) {
            let index = hit.pattern().as_usize();
            let needle = &search.needles[index];
            let before = needle.before.is_none_or(|low| {
                let byte = hit.start().checked_sub(1).and_then(|at| bytes.get(at));
                byte.is_some_and(|byte| byte & 0x0F == low)
            });
            let behind = needle.behind.is_none_or(|high| {
                let byte = bytes.get(hit.end());
                byte.is_some_and(|byte| byte >> 4 == high)
            });
            let is_digit = |at: Option<usize>| {
                let byte = at.and_then(|at| bytes.get(at));
                byte.is_some_and(u8::is_ascii_digit)
            };
            let crowded =
                needle.alone && (is_digit(hit.start().checked_sub(1)) || is_digit(Some(hit.end())));
            if hit.end() > from && hit.end() <= to && before && behind && !crowded {
                found(Found {
                    at: self.start + hit.start() as u64,
                    form: needle.form,
                    shown: search.shown[needle.what].clone(),
                    context: None,
                    needle: Some(index),
                });
            }
        }
        if self.loosely {
            loose::find(bytes, from, to, last, &mut |hit| {
                found(Found {
                    at: self.start + hit.at as u64,
                    form: hit.form,
                    shown: hit.shown,
                    context: Some(hit.context),
                    needle: None,
                });
            });
        }
        self.decided = self.start + to as u64;
    }
}

#[cfg(test)]
mod tests {
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
}
