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
#[path = "tests/search.rs"]
mod tests;
