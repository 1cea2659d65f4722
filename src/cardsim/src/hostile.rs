//! A card that lies: some of its answers are damaged, the same ones for the same seed.
//!
//! ```
//! use sealpoint_cardsim::hostile::Garbler;
//!
//! let answer = vec![0x70, 0x02, 0x5A, 0x00, 0x90, 0x00];
//! let mut never = Garbler::new(1).percent(0);
//! assert_eq!(never.garble(answer.clone()), answer);
//! let mut always = Garbler::new(1).percent(100);
//! assert_ne!(always.garble(answer.clone()), answer);
//! assert_eq!(always.damaged(), 1);
//! ```

use crate::card::Card;

/// How many of a hundred answers are damaged unless it is said otherwise.
pub const PERCENT: u8 = 12;
/// The longest answer: 256 bytes and the status word.
const ANSWER_MAX: usize = 258;
/// Bytes that an extension adds at most.
const EXTENSION_MAX: u64 = 64;
/// How deep templates are put into each other.
const DEPTH: usize = 40;
/// Status words that mean something to a terminal, besides any others.
const STATUS_WORDS: [u16; 16] = [
    0x9000, 0x6100, 0x61FF, 0x6C00, 0x6C10, 0x6283, 0x6300, 0x63C0, 0x63C3, 0x6700, 0x6983, 0x6984,
    0x6985, 0x6986, 0x6A82, 0x6A83,
];
/// Lengths that no object has: indefinite, and far beyond any answer.
const LENGTHS: [&[u8]; 5] = [
    &[0x80],
    &[0x82, 0xFF, 0xFF],
    &[0x83, 0x7F, 0xFF, 0xFF],
    &[0x84, 0x7F, 0xFF, 0xFF, 0xFF],
    &[0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
];

/// Damages answers.
#[derive(Clone)]
pub struct Garbler {
    state: u64,
    percent: u8,
    before: Vec<u8>,
    damaged: u32,
}

/// A card some of whose answers are damaged on their way.
pub struct HostileCard {
    /// The card itself, which knows nothing of it.
    pub card: Card,
    /// Who damages its answers.
    pub garbler: Garbler,
}

impl HostileCard {
    /// Powers up or resets the contacts; the ATR may be damaged as well.
    pub fn power_on(&mut self) -> Vec<u8> {
        let atr = self.card.power_on();
        self.garbler.garble(atr)
    }

    /// Answers one command, perhaps not as the card did.
    pub fn apdu(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.apdu(command);
        self.garbler.garble(answer)
    }
}

impl Garbler {
    /// One that damages [`PERCENT`] of all answers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            percent: PERCENT,
            before: Vec::new(),
            damaged: 0,
        }
    }

    /// The same with another share; over 100 is all of them.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        self.percent = percent;
        self
    }

    /// How many answers it has damaged.
    #[must_use]
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// The answer, or something like it.
    pub fn garble(&mut self, answer: Vec<u8>) -> Vec<u8> {
        if self.below(100) >= self.percent.into() {
            self.before.clone_from(&answer);
            return answer;
        }
        let mut garbled = self.damage(answer.clone());
        garbled.truncate(ANSWER_MAX);
        if garbled == answer {
            // The damage was none: one that always is.
            garbled = self.bit_flipped(answer.clone());
        }
        self.before = answer;
        self.damaged += 1;
        garbled
    }

    fn damage(&mut self, mut answer: Vec<u8>) -> Vec<u8> {
        match self.below(12) {
            0..3 => self.bit_flipped(answer),
            3 => {
                let place = self.place(&answer);
                let byte = self.byte();
                if let Some(slot) = answer.get_mut(place) {
                    *slot = byte;
                }
                answer
            }
            4 => {
                answer.truncate(self.place(&answer));
                answer
            }
            5 => {
                let count = 1 + self.below(EXTENSION_MAX);
                answer.extend((0..count).map(|_| self.byte()));
                answer
            }
            6 => self.repeated(&answer),
            7 => self.other_status(answer),
            8 => self.other_length(answer),
            9 => self.before.clone(),
            10 => {
                let fill = [0x00, 0xFF, 0x70][self.index(3)];
                let length = answer.len();
                answer.splice(
                    ..length.saturating_sub(2),
                    vec![fill; length.saturating_sub(2)],
                );
                answer
            }
            _ => self.nested(&answer),
        }
    }

    fn bit_flipped(&mut self, mut answer: Vec<u8>) -> Vec<u8> {
        let (place, bit) = (self.place(&answer), self.below(8));
        match answer.get_mut(place) {
            Some(byte) => *byte ^= 1 << bit,
            // Nothing at all becomes something.
            None => answer.push(0x90),
        }
        answer
    }

    /// The content of the template twice in it.
    fn repeated(&mut self, answer: &[u8]) -> Vec<u8> {
        let Some((body, status)) = split(answer) else {
            return answer.to_vec();
        };
        match (body.first(), content(body)) {
            (Some(tag), Some(content)) => {
                let twice = [content, content].concat();
                let length = twice.len();
                let length = match u8::try_from(length) {
                    Ok(short @ ..0x80) => vec![short],
                    Ok(long) => vec![0x81, long],
                    Err(_) => [&[0x82][..], &length.to_be_bytes()[6..]].concat(),
                };
                [&[*tag][..], &length, &twice, status].concat()
            }
            _ => [body, body, status].concat(),
        }
    }

    fn other_status(&mut self, answer: Vec<u8>) -> Vec<u8> {
        let known = STATUS_WORDS[self.index(STATUS_WORDS.len())].to_be_bytes();
        let any = [0x60 | self.byte() & 0x0F, self.byte()];
        let status = if self.below(4) == 0 { any } else { known };
        let body = split(&answer).map_or(&[][..], |(body, _)| body);
        let body = if self.below(2) == 0 { body } else { &[] };
        [body, &status].concat()
    }

    fn other_length(&mut self, mut answer: Vec<u8>) -> Vec<u8> {
        let place = self.place(&answer).max(1);
        let length = LENGTHS[self.index(LENGTHS.len())];
        if place < answer.len() {
            answer.splice(place..=place, length.iter().copied());
        }
        answer
    }

    /// Templates in templates, as deep as an answer has room for.
    fn nested(&mut self, answer: &[u8]) -> Vec<u8> {
        let status = split(answer).map_or(&[0x90, 0x00][..], |(_, status)| status);
        let tag = [0x6F, 0x70, 0x77, 0xA5, 0x61][self.index(5)];
        let mut body = Vec::new();
        for _ in 0..DEPTH {
            let length = u8::try_from(body.len()).unwrap_or(0x7F);
            body.splice(..0, [tag, length]);
        }
        [&body[..], status].concat()
    }

    fn place(&mut self, answer: &[u8]) -> usize {
        self.index(answer.len())
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    /// A number below `end`; 0 if that is 0.
    fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): the whole state is one number.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Body and status word.
fn split(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    answer.len().checked_sub(2).map(|end| answer.split_at(end))
}

/// The content of the one-byte-tagged object that a body is.
fn content(body: &[u8]) -> Option<&[u8]> {
    match body {
        [_, 0x81, _, content @ ..] | [_, 0x82, _, _, content @ ..] => Some(content),
        [_, 0..=0x7F, content @ ..] => Some(content),
        _ => None,
    }
}
