//! The forms in which a number may lie somewhere, as bytes to look for.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use sealpoint_secret::Pan;
use zeroize::Zeroizing;

use super::cards::Wanted;

/// How something was written where it was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// Digits in ASCII or UTF-8: also in JSON, in hexadecimal of packed digits, before a `=` or `D`.
    Text,
    /// Digits in groups, with blanks or hyphens.
    Grouped,
    /// Two digits a byte (tag 5A, and the head of tag 57).
    Packed,
    /// Two digits a byte, beginning in the middle of one.
    PackedShifted,
    /// Digits in UTF-16, either byte order.
    Utf16,
    /// Digits in EBCDIC.
    Ebcdic,
    /// Hexadecimal of the digits in ASCII.
    HexOfText,
    /// Base64 of the digits in ASCII, at any of three alignments.
    Base64OfText,
    /// Base64 of packed digits, at any of three alignments.
    Base64OfPacked,
    /// A list of byte values, as a debug print gives.
    ByteList,
    /// A 64-bit integer, either byte order.
    Integer,
    /// A key or PIN block, byte for byte.
    Bytes,
    /// A key or PIN block in hexadecimal.
    Hex,
    /// A key or PIN block in Base64, at any of three alignments.
    Base64,
    /// Digits that nobody named, but that could be a card's (logs only).
    Possible,
    /// Track 2 data that nobody named (logs only).
    Track,
}

impl Form {
    /// The word for programs and people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Grouped => "grouped_text",
            Self::Packed => "packed",
            Self::PackedShifted => "packed_shifted",
            Self::Utf16 => "utf16",
            Self::Ebcdic => "ebcdic",
            Self::HexOfText => "hex_of_text",
            Self::Base64OfText => "base64_of_text",
            Self::Base64OfPacked => "base64_of_packed",
            Self::ByteList => "byte_list",
            Self::Integer => "integer",
            Self::Bytes => "bytes",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Possible => "possible_card_number",
            Self::Track => "track_2",
        }
    }
}

/// Bytes to look for.
pub struct Needle {
    /// Which of the wanted things it is.
    pub what: usize,
    /// How that is written here.
    pub form: Form,
    /// The whole bytes of it.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The low half of the byte before.
    pub before: Option<u8>,
    /// The high half of the byte behind.
    pub behind: Option<u8>,
    /// Whether no digit may stand before or behind.
    pub alone: bool,
}

impl Needle {
    /// Bytes that it is found in.
    pub fn example(&self) -> Zeroizing<Vec<u8>> {
        let mut all = Zeroizing::new(Vec::with_capacity(self.bytes.len() + 2));
        all.extend(self.before.map(|low| 0xA0 | low));
        all.extend_from_slice(&self.bytes);
        all.extend(self.behind.map(|high| high << 4 | 0x0A));
        all
    }
}

/// Every form of everything that is wanted.
pub fn needles(wanted: &[Wanted]) -> Vec<Needle> {
    let mut all = Vec::new();
    for (what, wanted) in wanted.iter().enumerate() {
        let alone = matches!(wanted, Wanted::Card(pan) if is_monotonous(pan.expose()));
        let mut forms = Forms {
            what,
            alone,
            all: &mut all,
        };
        match wanted {
            Wanted::Card(pan) => forms.card(pan),
            Wanted::Bytes { bytes, .. } => forms.bytes(bytes.expose()),
        }
    }
    all
}

struct Forms<'a> {
    what: usize,
    alone: bool,
    all: &'a mut Vec<Needle>,
}

impl Forms<'_> {
    fn add(&mut self, form: Form, bytes: impl Into<Vec<u8>>) {
        self.add_between(form, None, bytes, None);
    }

    fn add_between(
        &mut self,
        form: Form,
        before: Option<u8>,
        bytes: impl Into<Vec<u8>>,
        behind: Option<u8>,
    ) {
        let needle = Needle {
            what: self.what,
            form,
            bytes: Zeroizing::new(bytes.into()),
            before,
            behind,
            alone: self.alone && form == Form::Text,
        };
        let is_new = |known: &Needle| {
            known.what != needle.what || known.bytes != needle.bytes || known.form != needle.form
        };
        if self.all.iter().rev().take(32).all(is_new) {
            self.all.push(needle);
        }
    }

    fn card(&mut self, pan: &Pan) {
        let text = pan.expose();
        self.add(Form::Text, text);
        for separator in *b" -" {
            self.add(Form::Grouped, grouped(text, &[4, 4, 4, 4, 4], separator));
            if text.len() == 15 {
                self.add(Form::Grouped, grouped(text, &[4, 6, 5], separator));
            }
        }
        let wide = |pair: fn(u8) -> [u8; 2]| -> Vec<u8> {
            text.iter().flat_map(|digit| pair(*digit)).collect()
        };
        // Without the zero bytes at the ends: they may belong to something else.
        self.add(Form::Utf16, &wide(|digit| [digit, 0])[..text.len() * 2 - 1]);
        let ebcdic: Vec<u8> = text.iter().map(|digit| digit | 0xF0).collect();
        self.add(Form::Ebcdic, ebcdic);
        self.add(Form::HexOfText, hex(text, false));
        self.base64(Form::Base64OfText, text);
        for separator in [", ", ","] {
            self.add(Form::ByteList, list(text, separator));
        }
        if !is_monotonous(text) {
            self.packed_card(text);
        }
    }

    /// The forms in which every byte value may stand.
    fn packed_card(&mut self, text: &[u8]) {
        let (packed, behind) = packed(text);
        self.add_between(Form::Packed, None, packed.as_slice(), behind);
        if let Some((first, rest)) = text.split_first() {
            let (shifted, behind) = self::packed(rest);
            let first = Some(first & 0x0F);
            self.add_between(Form::PackedShifted, first, shifted.as_slice(), behind);
        }
        self.base64(Form::Base64OfPacked, &packed);
        for separator in [", ", ","] {
            self.add(Form::ByteList, list(&packed, separator));
        }
        if let Some(number) = number(text) {
            self.add(Form::Integer, number.to_le_bytes());
            self.add(Form::Integer, number.to_be_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.add(Form::Bytes, bytes);
        self.add(Form::Hex, hex(bytes, false));
        self.add(Form::Hex, hex(bytes, true));
        self.base64(Form::Base64, bytes);
        for separator in [", ", ","] {
            self.add(Form::ByteList, list(bytes, separator));
        }
    }

    /// What of Base64 is the same whatever stands before and behind, for each alignment.
    fn base64(&mut self, form: Form, bytes: &[u8]) {
        for ahead in 0..3 {
            let mut padded = Zeroizing::new(vec![0; ahead]);
            padded.extend_from_slice(bytes);
            let from = (ahead * 8).div_ceil(6);
            let to = padded.len() * 8 / 6;
            for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
                let encoded = Zeroizing::new(encoding.encode(&padded));
                if let Some(certain) = encoded.get(from..to) {
                    self.add(form, certain.as_bytes());
                }
            }
        }
    }
}

/// Whether one digit makes up three quarters of a number: packed, such ones stand in tables of zeros
/// and in machine code by chance, as 4000 and eleven zeros do, and as text in tables of digits.
fn is_monotonous(text: &[u8]) -> bool {
    let most = (b'0'..=b'9').map(|digit| text.iter().filter(|one| **one == digit).count());
    most.max().unwrap_or(0) * 4 >= text.len() * 3
}

/// Two digits a byte; and the digit that is left over.
fn packed(text: &[u8]) -> (Zeroizing<Vec<u8>>, Option<u8>) {
    let (pairs, left) = text.as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| (high & 0x0F) << 4 | low & 0x0F);
    (
        Zeroizing::new(bytes.collect()),
        left.first().map(|digit| digit & 0x0F),
    )
}

fn grouped(text: &[u8], groups: &[usize], separator: u8) -> Vec<u8> {
    let mut rest = text;
    let mut out = Vec::with_capacity(text.len() + groups.len());
    for group in groups {
        let (now, later) = rest.split_at((*group).min(rest.len()));
        if !now.is_empty() && !out.is_empty() {
            out.push(separator);
        }
        out.extend_from_slice(now);
        rest = later;
    }
    out
}

fn hex(bytes: &[u8], lower: bool) -> Vec<u8> {
    let encoding = if lower {
        data_encoding::HEXLOWER
    } else {
        data_encoding::HEXUPPER
    };
    encoding.encode(bytes).into_bytes()
}

fn list(bytes: &[u8], separator: &str) -> Vec<u8> {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    numbers.join(separator).into_bytes()
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
