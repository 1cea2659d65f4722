//! One offer on its way: in parts that fit into a request, each answered before the next is sent.

use sealpoint_wire::api::{AckOutcome, PushAnswer, RecordAck};
use sealpoint_wire::record::{MAX_BATCH, MAX_BODY};
use sealpoint_wire::{Record, RecordHash, RecordId, WIRE_VERSION};

/// A request carries at most this many bytes of records, unless one record alone is larger.
pub const MAX_PUSH: usize = 1024 * 1024;

/// The records that the till offered, each encoded once.
#[derive(Debug)]
pub(super) struct Offer {
    /// The till's number.
    pub(super) number: u64,
    rows: Vec<Row>,
    /// What became of the first of them.
    results: Vec<RecordAck>,
    contiguous_seq: u64,
}

#[derive(Debug)]
struct Row {
    id: RecordId,
    hash: RecordHash,
    json: Vec<u8>,
    too_large: bool,
}

/// What is sent in one request.
#[derive(Debug)]
pub(super) struct Part {
    /// How many records.
    pub(super) count: usize,
    /// The request's body.
    pub(super) body: Vec<u8>,
}

impl Offer {
    pub(super) fn new(number: u64, records: &[Record]) -> Self {
        let row = |record: &Record| Row {
            id: record.id,
            hash: record.hash,
            json: serde_json::to_vec(record)
                .expect("a record holds only strings and numbers, which always serialise"),
            too_large: record.body.len() > MAX_BODY,
        };
        Self {
            number,
            rows: records.iter().map(row).collect(),
            results: Vec::with_capacity(records.len()),
            contiguous_seq: 0,
        }
    }

    /// Whether there is a word for each record. What no collector takes gets its word here.
    pub(super) fn is_answered(&mut self) -> bool {
        while self.next().is_some_and(|row| row.too_large) {
            self.refuse_next(format!(
                "The record is larger than {MAX_BODY} bytes, which no collector takes. Report this \
                 with the sale's number; it stays in the till's journal."
            ));
        }
        self.next().is_none()
    }

    /// The records that have no word yet, as many as fit, at most so many; `None` for none.
    pub(super) fn part(&self, at_most: usize) -> Option<Part> {
        self.next()?;
        let mut body = format!("{{\"version\":{WIRE_VERSION},\"records\":[").into_bytes();
        let mut count = 0;
        for row in self.rows.iter().skip(self.results.len()) {
            let fits = body.len() + row.json.len() <= MAX_PUSH;
            let room = count < at_most.clamp(1, MAX_BATCH) && (fits || count == 0);
            if row.too_large || !room {
                break;
            }
            if count > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&row.json);
            count += 1;
        }
        body.extend_from_slice(b"]}");
        Some(Part { count, body })
    }

    /// Takes the answer to a part, if it has a word for each record of it, in order.
    pub(super) fn answered(&mut self, count: usize, answer: PushAnswer) -> bool {
        let asked = self.rows.iter().skip(self.results.len()).take(count);
        let fits = answer.results.len() == count
            && answer
                .results
                .iter()
                .zip(asked)
                .all(|(a, row)| a.id == row.id);
        if fits {
            self.contiguous_seq = answer.contiguous_seq;
            self.results.extend(answer.results);
        }
        fits
    }

    /// The next record will not be taken, for this reason: a person's work.
    pub(super) fn refuse_next(&mut self, why: String) {
        if let Some(row) = self.next() {
            let refused = RecordAck {
                id: row.id,
                hash: row.hash,
                outcome: AckOutcome::Refused,
                why: Some(why),
            };
            self.results.push(refused);
        }
    }

    /// One word for each record, and the collector's highest sequence without a gap below it.
    pub(super) fn into_results(self) -> (Vec<RecordAck>, u64) {
        (self.results, self.contiguous_seq)
    }

    fn next(&self) -> Option<&Row> {
        self.rows.get(self.results.len())
    }
}
