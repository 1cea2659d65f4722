//! Targets for what reads one thing.

use sealpoint_emv::{Atr, HostAnswer, HostDecision, MAX_APDUS, TerminalData, tag, tlv};

use super::{
    bytes::Bytes,
    card::{self, Card, object, template},
    charge,
};

/// Objects are read without going beyond the data, and written as they were read.
pub fn tlv(data: &[u8]) {
    let mut written = Vec::new();
    let mut values = 0;
    for object in tlv::objects(data).map_while(Result::ok) {
        values += object.value.len();
        tlv::push(&mut written, object.tag, object.value);
        assert!(tlv::find(data, object.tag).is_ok(), "it was found before");
    }
    assert!(values <= data.len(), "values beyond the data");
    assert!(tlv::is_whole(&written), "what we write is whole");
    let again = tlv::objects(&written).map_while(Result::ok);
    let length: usize = again.map(|object| object.value.len()).sum();
    assert_eq!(length, values, "what we write is what we read");
    // Padding is no tag (Book 3 Annex B).
    let first = tlv::split_tag(data).filter(|(tag, _)| tag.0 != 0);
    if let Some((tag, rest)) = first {
        assert_eq!(tlv::tag_bytes(tag).count() + rest.len(), data.len());
        assert!(tlv::only(data, tag).is_none_or(|value| value.len() < data.len()));
    }
}

/// An answer to reset is read, and a charge ends whatever it is.
pub fn atr(data: &[u8]) {
    let parsed = sealpoint_emv::Atr::parse(data);
    let mut card = Card::plain();
    card.atr = data.to_vec();
    let outcome = charge::play(card, charge::online(), charge::approval());
    assert_eq!(parsed.is_ok(), outcome.pays(), "it is accepted or refused");
    if let Ok(atr) = parsed {
        let (_, _): (_, bool) = (Atr::protocol(atr), Atr::is_contactless(atr));
    }
}

/// A profile is taken whole or refused in words, and what is taken can run a charge.
pub fn profile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match TerminalData::from_toml(text) {
        Ok(terminal) => {
            charge::play(Card::plain(), &terminal, charge::approval());
        }
        Err(error) => assert!(!error.to_string().is_empty(), "it says why"),
    }
}

/// A data object list of the card, in each place where it may have one.
pub fn dol(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (place, terminal) = (bytes.byte() % 5, terminal(bytes.byte()));
    let list = bytes.rest();
    let list = &list[..list.len().min(200)];
    let card = match place {
        0 => {
            let mut card = Card::plain();
            card.fci = card::fci(&[object(tag::PDOL, list)]);
            card
        }
        1 => Card::with([0x18, 0x00], &[(tag::CDOL1, list)]),
        2 => Card::with([0x1C, 0x00], &[(tag::CDOL2, list)]),
        3 => Card::with([0x38, 0x00], &[(tag::DDOL, list)]),
        _ => Card::with(
            [0x18, 0x00],
            &[(tag::TDOL, list), (tag::CDOL1, &[0x98, 20, 0x95, 5])],
        ),
    };
    charge::play(card, terminal, charge::approval());
}

/// AIP and AFL, and what the records are that it names.
pub fn records(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let terminal = terminal(bytes.byte());
    let mut card = Card::plain();
    let options = bytes.piece();
    if !options.is_empty() {
        card.options = options.to_vec();
    }
    while !bytes.is_empty() {
        let (file, number) = (bytes.byte() % 31, bytes.byte() % 9);
        let content = match bytes.byte() % 2 {
            0 => object(tag::RECORD, bytes.piece()),
            _ => bytes.piece().to_vec(),
        };
        card.records.insert(0, (file, number, content));
    }
    charge::play(card, terminal, charge::approval());
}

/// Directory, its record, and FCI.
pub fn selection(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let which = bytes.byte();
    let terminal = terminal(bytes.byte());
    let mut card = Card::plain();
    if which & 1 != 0 {
        card.directory = bytes.piece().to_vec();
    }
    if which & 2 != 0 {
        card.directory_record = match which & 8 {
            0 => bytes.piece().to_vec(),
            _ => template(
                tag::RECORD,
                &[
                    object(tag::DIRECTORY_ENTRY, bytes.piece()),
                    object(tag::DIRECTORY_ENTRY, bytes.piece()),
                ],
            ),
        };
    }
    if which & 4 != 0 {
        card.fci = bytes.piece().to_vec();
    }
    charge::play(card, terminal, charge::approval());
}

/// A host's answer, with what it has for the card.
pub fn issuer(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let first = bytes.byte();
    let decision = match first % 3 {
        0 => HostDecision::Approved,
        1 => HostDecision::Declined,
        _ => HostDecision::Referred,
    };
    let aip = if first & 0x80 != 0 { 0x1C } else { 0x18 };
    let arc = [bytes.byte(), bytes.byte()];
    let authentication = bytes.piece();
    let scripts = bytes.rest();
    let Ok(answer) = HostAnswer::new(decision, arc, authentication, scripts) else {
        return;
    };
    let card = Card::with([aip, 0x00], &[]);
    let outcome = charge::play(card, charge::online(), Some(answer));
    let approves = decision == HostDecision::Approved;
    assert_eq!(outcome.pays(), approves, "what a host adds changes nothing");
    assert!(outcome.evidence.scripts.len() <= usize::from(MAX_APDUS));
}

fn terminal(byte: u8) -> &'static TerminalData {
    if byte & 1 == 0 {
        charge::online()
    } else {
        charge::offline()
    }
}
