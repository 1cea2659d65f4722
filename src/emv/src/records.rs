//! Read application data (EMV 4.4 Book 3 §10.2).

use crate::{
    apdu::CApdu, charge::is_date, dialogue::Dialogue, exchange::Answer, fault::Fault, oda, tag, tlv,
};

/// Records that one charge reads.
pub const MAX_RECORDS: usize = 64;
/// Highest short file identifier of a file whose records EMV defines; those above it hold data for
/// authentication alone, or are proprietary (§5.3.2.2).
const LAST_EMV_FILE: u8 = 10;
/// Highest short file identifier.
const LAST_FILE: u8 = 30;

/// The records still to be read, in the order of the AFL.
pub(crate) struct Reading {
    records: std::vec::IntoIter<Place>,
    asked: Option<Place>,
}

/// Where a record lies.
#[derive(Clone, Copy)]
struct Place {
    file: u8,
    record: u8,
    /// Whether it is part of what offline data authentication signs.
    authenticated: bool,
}

impl Reading {
    /// Checks an AFL: groups of file, first record, last record, records to authenticate.
    pub(crate) fn plan(afl: &[u8]) -> Result<Self, Fault> {
        let (groups, rest) = afl.as_chunks::<4>();
        if groups.is_empty() || !rest.is_empty() {
            return Err(Fault::Afl);
        }
        let mut records = Vec::new();
        for [sfi, first, last, authenticated] in groups {
            let file = sfi >> 3;
            let valid = sfi & 0x07 == 0
                && (1..=LAST_FILE).contains(&file)
                && *first >= 1
                && last >= first
                && *authenticated <= last - first + 1;
            if !valid {
                return Err(Fault::Afl);
            }
            let places = (*first..=*last).map(|record| Place {
                file,
                record,
                authenticated: record - first < *authenticated,
            });
            if records.len() + places.len() > MAX_RECORDS {
                return Err(Fault::TooMuchData);
            }
            records.extend(places);
        }
        Ok(Self {
            records: records.into_iter(),
            asked: None,
        })
    }

    /// READ RECORD for the next one, or none if all are read.
    pub(crate) fn next(&mut self) -> Option<CApdu> {
        self.asked = self.records.next();
        self.asked
            .map(|place| CApdu::read_record(place.file, place.record))
    }

    /// Takes the elements of a record.
    pub(crate) fn answered(&self, dialogue: &mut Dialogue, answer: &Answer) -> Result<(), Fault> {
        let data = answer.ok()?;
        let asked = self.asked.ok_or(Fault::OutOfTurn)?;
        if asked.authenticated {
            oda::gather(dialogue, asked.file, data);
        }
        if asked.file > LAST_EMV_FILE {
            return Ok(());
        }
        let malformed = Fault::Malformed(answer.command);
        let record = tlv::only(data, tag::RECORD).ok_or(malformed)?;
        for object in tlv::objects(record) {
            let object = object.map_err(|_| malformed)?;
            if !object.tag.is_constructed() {
                dialogue.store.learn(object.tag, object.value)?;
            }
        }
        Ok(())
    }
}

/// Checks that everything mandatory is there and readable (§7.2), and that the card names one
/// account only, and that where it belongs: application name and label leave this process.
pub(crate) fn complete(dialogue: &mut Dialogue) -> Result<(), Fault> {
    let store = &dialogue.store;
    for mandatory in [tag::CDOL1, tag::CDOL2] {
        store.public(mandatory).ok_or(Fault::Missing(mandatory))?;
    }
    if !is_date(store.mandatory(tag::EXPIRY)?) {
        return Err(Fault::Erroneous(tag::EXPIRY));
    }
    store.optional::<1>(tag::PAN_SEQUENCE)?;
    let pan = store.pan()?;
    if let Some(track2) = store.track2()? {
        let same = track2.pan().is_ok_and(|in_track| in_track.same_as(&pan));
        if !same {
            return Err(Fault::AccountsDiffer);
        }
    }
    dialogue.know_account(&pan)
}
