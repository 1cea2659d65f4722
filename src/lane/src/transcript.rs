//! A redacted record of what reader and card said, made on request alone: names, lengths, status
//! words, and the values of a few data elements that tell nothing of the account.
//!
//! It is redacted as it is written. What is not listed here is never kept, so nothing that reads or
//! prints a transcript can show it.

use std::fmt::{self, Display, Formatter, Write as _};

use data_encoding::HEXUPPER;
use sealpoint_emv::{Command, Sw, Tag, tag, tlv};

/// Commands that are recorded; more than any charge sends.
const MAX_STEPS: usize = 512;
/// Data elements of one answer that are recorded.
const MAX_ELEMENTS: usize = 96;
/// Templates within templates that are opened.
const MAX_DEPTH: u8 = 4;
/// Bytes of a command's header, and of a status word.
const HEADER: usize = 4;
const STATUS_WORD: usize = 2;
/// Bytes that are shown of an application's name: the registered provider and its product. What a
/// card puts behind them may be anything.
const SHOWN_NAME: usize = 7;
/// The status word and the whole of a command when the pad has sent it.
const PAD_VERIFY: usize = 13;

/// Elements whose value is shown, with the lengths at which it is one. What they have in common: the
/// terminal makes them, or all cards of a product share them, or each record of a charge holds them
/// anyway. Another length is not shown, so that no card can smuggle something else.
const HARMLESS: &[(Tag, std::ops::RangeInclusive<usize>)] = &[
    // What the card can do and where its records are: the same on all cards of a product.
    (tag::AIP, 2..=2),
    (tag::PRIORITY, 1..=1),
    (tag::SFI, 1..=1),
    (tag::CAPK_INDEX_CARD, 1..=1),
    // Rules of the issuer's product: usage control, action codes.
    (tag::USAGE_CONTROL, 2..=2),
    (tag::IAC_DEFAULT, 5..=5),
    (tag::IAC_DENIAL, 5..=5),
    (tag::IAC_ONLINE, 5..=5),
    // What the card decided, and its counters: each record of a charge has the first two.
    (tag::CID, 1..=1),
    (tag::ATC, 2..=2),
    (tag::PIN_TRIES, 1..=1),
    (tag::CTQ, 2..=2),
    // The terminal's own results.
    (tag::TVR, 5..=5),
    (tag::TSI, 2..=2),
];

/// What was said in one charge.
#[derive(Default, Debug)]
pub struct Transcript {
    steps: Vec<Step>,
    /// Commands that found no room.
    left_out: u32,
}

/// A command and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The command's name.
    pub name: String,
    /// CLA, INS, P1 and P2; of an issuer's command CLA and INS alone.
    pub header: Vec<u8>,
    /// Bytes of the whole command.
    pub sent: usize,
    /// Bytes of the whole answer; none if the card did not answer.
    pub received: usize,
    /// The status word, if there is one.
    pub sw: Option<Sw>,
    /// What the answer holds, as far as it can be read.
    pub elements: Vec<Element>,
    /// Bytes behind the last element that could be read.
    pub unread: usize,
}

/// A data element of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Element {
    /// How many templates it is in.
    pub depth: u8,
    /// Its tag.
    pub tag: Tag,
    /// Bytes of its value.
    pub length: usize,
    /// The value in hexadecimal, of those that are harmless; of a long name its beginning and `..`.
    pub value: Option<String>,
}

impl Transcript {
    /// What was said so far, in its order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Records a command and what the card answered to it; an empty answer is none.
    pub(crate) fn note(&mut self, command: Command, sent: &[u8], answer: &[u8]) {
        let shown = match command {
            Command::IssuerScript => HEADER / 2,
            _ => HEADER,
        };
        let (data, sw) = match answer.split_last_chunk::<STATUS_WORD>() {
            Some((data, sw)) => (data, Some(Sw(u16::from_be_bytes(*sw)))),
            None => (&[][..], None),
        };
        let mut step = Step {
            name: command.to_string(),
            header: sent.iter().take(shown).copied().collect(),
            sent: sent.len(),
            received: answer.len(),
            sw,
            elements: Vec::new(),
            unread: 0,
        };
        match (command, tlv::only(data, tag::FORMAT_1)) {
            (Command::GetProcessingOptions, Some(value)) => {
                step.fields(value, &[(tag::AIP, 2)], tag::AFL);
            }
            (Command::GenerateAc, Some(value)) => {
                let fields = [(tag::CID, 1), (tag::ATC, 2), (tag::AC, 8)];
                step.fields(value, &fields, tag::IAD);
            }
            _ => step.unread = step.open(data, 0),
        }
        self.push(step);
    }

    /// Records that a reader's pad gave the card a PIN, and what the card answered.
    pub(crate) fn note_pin(&mut self, sw: Sw) {
        self.push(Step {
            name: "VERIFY, by the reader's own pad".to_owned(),
            header: vec![0x00, 0x20, 0x00, 0x80],
            sent: PAD_VERIFY,
            received: STATUS_WORD,
            sw: Some(sw),
            elements: Vec::new(),
            unread: 0,
        });
    }

    fn push(&mut self, step: Step) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(step);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}

impl Step {
    /// Records the objects of one level and those in them; gives how many bytes are none.
    fn open(&mut self, data: &[u8], depth: u8) -> usize {
        let mut read = 0;
        for object in tlv::objects(data) {
            let Ok(object) = object else {
                return data.len().saturating_sub(read);
            };
            read += tlv::tag_bytes(object.tag).count()
                + tlv::length_bytes(object.value.len()).count()
                + object.value.len();
            self.element(depth, object.tag, object.value);
            if object.tag.is_constructed() && depth < MAX_DEPTH {
                self.open(object.value, depth + 1);
            }
        }
        0
    }

    /// Records the parts of a value without tags (EMV 4.4 Book 3 section 6.5.5.4 and 6.5.8.4); what
    /// is left at its end is the last.
    fn fields(&mut self, mut value: &[u8], parts: &[(Tag, usize)], last: Tag) {
        self.element(0, tag::FORMAT_1, value);
        for (tag, length) in parts {
            let Some((part, rest)) = value.split_at_checked(*length) else {
                return;
            };
            self.element(1, *tag, part);
            value = rest;
        }
        self.element(1, last, value);
    }

    fn element(&mut self, depth: u8, tag: Tag, value: &[u8]) {
        if self.elements.len() < MAX_ELEMENTS {
            self.elements.push(Element {
                depth,
                tag,
                length: value.len(),
                value: is_harmless(tag, value).then(|| shown(tag, value)),
            });
        }
    }
}

fn is_harmless(tag: Tag, value: &[u8]) -> bool {
    match tag {
        tag::AFL => is_locator(value),
        tag::AID_CARD | tag::DF_NAME => is_name(value),
        _ => HARMLESS
            .iter()
            .any(|(of, lengths)| *of == tag && lengths.contains(&value.len())),
    }
}

/// What is shown of a harmless value.
fn shown(tag: Tag, value: &[u8]) -> String {
    match (tag, value.get(..SHOWN_NAME)) {
        (tag::AID_CARD | tag::DF_NAME, Some(beginning)) if value.len() > SHOWN_NAME => {
            format!("{}..", HEXUPPER.encode(beginning))
        }
        _ => HEXUPPER.encode(value),
    }
}

/// Whether it has the form of a file locator (EMV 4.4 Book 3 section 10.2), which no account number
/// in BCD has.
fn is_locator(value: &[u8]) -> bool {
    let (entries, rest) = value.as_chunks::<4>();
    rest.is_empty()
        && !entries.is_empty()
        && entries.iter().all(|[sfi, first, last, signed]| {
            sfi % 8 == 0
                && (8..=240).contains(sfi)
                && (1..=16).contains(first)
                && (first..=&16).contains(&last)
                && signed <= last
        })
}

/// Whether it has the form of an AID of a registered provider (ISO/IEC 7816-4: its first digit is A or
/// D), which no account number in BCD has.
fn is_name(value: &[u8]) -> bool {
    (5..=16).contains(&value.len()) && matches!(value[0] >> 4, 0xA | 0xD)
}

impl Display for Transcript {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:>3} {step}", number + 1)?;
        }
        if self.left_out > 0 {
            writeln!(f, "and {} more commands", self.left_out)?;
        }
        Ok(())
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut header = String::new();
        for byte in &self.header {
            write!(header, "{byte:02X} ")?;
        }
        write!(f, "{header:<12} {}, {} bytes: ", self.name, self.sent)?;
        match self.sw {
            Some(sw) => write!(f, "{sw}, {} bytes", self.received)?,
            None => f.write_str("no answer")?,
        }
        for element in &self.elements {
            let margin = usize::from(element.depth) * 2;
            write!(
                f,
                "\n    {:margin$}{} [{}]",
                "", element.tag, element.length
            )?;
            if let Some(value) = &element.value {
                write!(f, " {value}")?;
            }
        }
        if self.unread > 0 {
            write!(f, "\n    {} bytes that are no TLV", self.unread)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of a card that answers SELECT with this name, in its directory and of itself.
    fn shown(name: &[u8]) -> Vec<Option<String>> {
        let mut answer = Vec::new();
        tlv::push(&mut answer, tag::AID_CARD, name);
        tlv::push(&mut answer, tag::DF_NAME, name);
        answer.extend([0x90, 0x00]);
        let mut transcript = Transcript::default();
        transcript.note(Command::Select, &[0x00, 0xA4, 0x04, 0x00], &answer);
        let elements = transcript.steps.iter().flat_map(|step| &step.elements);
        elements.map(|element| element.value.clone()).collect()
    }

    #[test]
    fn a_name_cannot_carry_an_account() {
        let visa = [0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10];
        let account = [0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19];
        let whole = Some("A0000000031010".to_owned());
        let cut = Some("A0000000031010..".to_owned());
        assert_eq!(shown(&visa), [whole.clone(), whole]);
        assert_eq!(shown(&[&visa[..], &account].concat()), [cut.clone(), cut]);
        assert_eq!(shown(&account), [None, None]);
    }
}
