//! What must be so: books of the test's own, kept from what passes between the programs, and
//! compared with theirs after each step and at rest.

use std::collections::{BTreeMap, BTreeSet};

use sealpoint_journal::{AttemptState, WorkKind};
use sealpoint_sale::{AttemptId, Sale, Tender};
use sealpoint_sync::machine::Request;
use sealpoint_wire::api::{AckOutcome, PushAnswer, PushRequest, TerminalSummary};
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{
    AdviceRequest, AdviceResult, AuthoriseRequest, FromUplink, Record, RecordHash, RecordId,
    RecordKind, ToUplink,
};

use crate::tasks::wait_for;
use crate::world::{Broken, World};

/// More than a world makes.
const ALL: usize = 10_000;

/// A card that paid for a committed sale.
struct Paid {
    amount_minor: i64,
    /// Without the issuer.
    unconfirmed: bool,
}

#[derive(Default)]
struct OfTill {
    /// Every record that the till has committed, by sequence.
    records: BTreeMap<u64, Record>,
    /// How many of them have left its outbox.
    gone: u64,
    /// Reversals that its uplink has and that are not acknowledged.
    reversing: BTreeSet<AttemptId>,
}

/// The test's own books.
#[derive(Default)]
pub struct Books {
    tills: BTreeMap<usize, OfTill>,
    /// What the collectors said is stored.
    held: BTreeMap<RecordId, RecordHash>,
    paid: BTreeMap<AttemptId, Paid>,
    sold: BTreeSet<String>,
    authorised: BTreeSet<AttemptId>,
    advised: BTreeSet<AttemptId>,
    answered_advices: BTreeSet<AttemptId>,
}

/// What a world came to, so that a run can tell that it was one.
#[derive(Clone, Copy, Default, Debug)]
pub struct Tally {
    pub sales: usize,
    pub charges: usize,
    pub advices: usize,
    pub reversed: usize,
    pub work_items: usize,
}

impl Books {
    pub fn uplink_starts(&mut self, till: usize) {
        self.tills.entry(till).or_default().reversing.clear();
    }

    pub fn uplink_hears(&mut self, till: usize, message: &ToUplink) -> Result<(), Broken> {
        match message {
            ToUplink::Reverse(request) => {
                let reversing = &mut self.tills.entry(till).or_default().reversing;
                reversing.insert(request.attempt);
                Ok(())
            }
            ToUplink::Offer { records, .. } => self.offered(till, records),
            _ => Ok(()),
        }
    }

    /// What is in a till's outbox: each record once, in order, never another in its place.
    fn offered(&mut self, till: usize, records: &[Record]) -> Result<(), Broken> {
        for record in records {
            let known = &self.tills.entry(till).or_default().records;
            match known.get(&record.seq) {
                Some(same) if same == record => continue,
                Some(_) => return Err(format!("record {} of till {till} changed", record.seq)),
                None => {}
            }
            if record.seq != known.len() as u64 + 1 {
                return Err(format!("till {till} has a gap before {}", record.seq));
            }
            self.committed(record)?;
            let of_till = self.tills.entry(till).or_default();
            of_till.records.insert(record.seq, record.clone());
        }
        Ok(())
    }

    pub fn uplink_says(&mut self, till: usize, message: &FromUplink) {
        if let FromUplink::Reversed { attempt } = message {
            self.tills
                .entry(till)
                .or_default()
                .reversing
                .remove(attempt);
        }
    }

    pub fn uplink_asks(&mut self, till: usize, request: &Request) -> Result<(), Broken> {
        match request.path {
            "/v1/authorisations" => {
                let asked: AuthoriseRequest = read(&request.body);
                let attempt = asked.attempt;
                let reversing = &self.tills.entry(till).or_default().reversing;
                if let Some(due) = reversing.first() {
                    return Err(format!(
                        "{attempt} leaves uplink {till} while {due} is to be reversed"
                    ));
                }
                if !self.authorised.insert(attempt) {
                    return Err(format!("{attempt} leaves uplink {till} a second time"));
                }
            }
            "/v1/advices" => {
                let told: AdviceRequest = read(&request.body);
                let attempt = told.attempt;
                if self.answered_advices.contains(&attempt) {
                    return Err(format!("the advice of {attempt} is sent after its answer"));
                }
                self.advised.insert(attempt);
            }
            _ => {}
        }
        Ok(())
    }

    pub fn till_hears(&mut self, message: &FromUplink, alive: bool) {
        if let FromUplink::Advised {
            attempt,
            result: AdviceResult::Answered { .. },
        } = message
            && alive
        {
            self.answered_advices.insert(*attempt);
        }
    }

    pub fn stored(&mut self, push: &PushRequest, answer: &PushAnswer) {
        for (record, said) in push.records.iter().zip(&answer.results) {
            if said.outcome != AckOutcome::Refused {
                self.held.insert(record.id, said.hash);
            }
        }
    }

    /// A record that was not there before.
    fn committed(&mut self, record: &Record) -> Result<(), Broken> {
        if !record.is_whole() {
            return Err(format!("record {} is not whole", record.seq));
        }
        let sale: Sale = read(record.body.as_bytes());
        if !self.sold.insert(sale.id.to_string()) {
            return Err(format!("sale {} is committed twice", sale.id));
        }
        if record.kind == RecordKind::VoidedSale {
            return match sale.tenders.is_empty() {
                true => Ok(()),
                false => Err(format!("the voided sale {} was paid", sale.id)),
            };
        }
        let paid: i64 = sale.tenders.iter().map(Tender::paid_minor).sum();
        if paid != sale.total_minor {
            return Err(format!("sale {} is paid with {paid}", sale.id));
        }
        for tender in &sale.tenders {
            if let Tender::Card(card) = tender {
                let paid = Paid {
                    amount_minor: card.amount_minor,
                    unconfirmed: card.unconfirmed.is_some(),
                };
                if self.paid.insert(card.attempt, paid).is_some() {
                    return Err(format!("{} pays twice", card.attempt));
                }
            }
        }
        Ok(())
    }
}

impl World {
    /// What must be so at any time.
    pub fn look(&mut self) -> Result<(), Broken> {
        for till in 0..self.tills.len() {
            self.look_at_till(till)?;
        }
        for (attempt, times) in &self.host.asked {
            if *times > 1 {
                return Err(format!("the host was asked {times} times for {attempt}"));
            }
        }
        for (attempt, times) in &self.host.captures {
            if *times > 1 {
                return Err(format!("{attempt} was captured {times} times"));
            }
        }
        let all_up = self.tills.iter().all(|till| till.engine.is_some());
        for attempt in &self.books.advised {
            if all_up && !self.books.paid.contains_key(attempt) {
                return Err(format!(
                    "the host is told of {attempt}, which paid for no sale"
                ));
            }
        }
        for (attempt, paid) in &self.books.paid {
            let stands = self.host.captured.get(attempt);
            let fits = match stands {
                Some(amount) => *amount == paid.amount_minor,
                None => paid.unconfirmed,
            };
            if !fits {
                return Err(format!(
                    "{attempt} paid {}, and at the host stands {stands:?}",
                    paid.amount_minor
                ));
            }
        }
        Ok(())
    }

    fn look_at_till(&mut self, till: usize) -> Result<(), Broken> {
        let Some(engine) = self.tills[till].engine.as_ref() else {
            return Ok(());
        };
        let journal = engine.books();
        let read = |error| format!("till {till} cannot be read: {error}");
        let queue = journal.queue().map_err(read)?;
        let due = journal.reversals_due().map_err(read)?;
        let receipts = journal.next_receipt_no().map_err(read)? - 1;
        let known = |books: &Books| books.tills.get(&till).map_or(0, |t| t.records.len() as u64);
        if receipts > known(&self.books) {
            let outbox = journal.outbox(MAX_BATCH).map_err(read)?;
            self.books.offered(till, &outbox)?;
        }
        let mut of_till = self.books.tills.remove(&till).unwrap_or_default();
        if receipts != of_till.records.len() as u64 || queue.held > 0 {
            return Err(format!(
                "till {till} has {receipts} receipts, {} records, {} of them refused",
                of_till.records.len(),
                queue.held
            ));
        }
        let gone = receipts - queue.count;
        for record in of_till
            .records
            .values()
            .take(usize::try_from(gone).unwrap_or(0))
        {
            if record.seq > of_till.gone && self.books.held.get(&record.id) != Some(&record.hash) {
                return Err(format!(
                    "record {} left till {till}, and no collector has it",
                    record.seq
                ));
            }
        }
        of_till.gone = gone;
        self.books.tills.insert(till, of_till);
        for reversal in due {
            if self.books.paid.contains_key(&reversal.attempt) {
                return Err(format!(
                    "{} paid for a sale and is to be reversed",
                    reversal.attempt
                ));
            }
        }
        Ok(())
    }

    /// Whether every till has told all that it has to tell.
    pub fn has_told_all(&self) -> bool {
        self.tills.iter().all(|till| {
            till.engine.as_ref().is_some_and(|engine| {
                let journal = engine.books();
                let queue = journal.queue().is_ok_and(|queue| queue.count == 0);
                let due = journal.reversals_due().is_ok_and(|due| due.is_empty());
                let advices = journal.advices(1).is_ok_and(|advices| advices.is_empty());
                queue && due && advices
            })
        })
    }

    /// What must be so when nothing moves any more.
    pub fn look_at_rest(&mut self) -> Result<Tally, Broken> {
        self.look()?;
        let books = &self.books;
        for (attempt, amount) in &self.host.captured {
            if !books.paid.contains_key(attempt) {
                return Err(format!(
                    "{attempt} was captured ({amount}) and paid for nothing"
                ));
            }
        }
        let unpaid: BTreeSet<_> = books
            .paid
            .keys()
            .filter(|attempt| !self.host.captured.contains_key(attempt))
            .copied()
            .collect();
        if unpaid != self.host.declined_advices {
            return Err(format!(
                "paid and not captured: {unpaid:?}, declined advices: {:?}",
                self.host.declined_advices
            ));
        }
        let mut work = BTreeSet::new();
        let mut reversed = 0;
        for till in 0..self.tills.len() {
            let engine = self.tills[till].engine.take();
            let totals = engine.expect("every till is up").books().totals();
            let totals = totals.map_err(|error| error.to_string())?;
            let journal = self.tills[till].open();
            let restored = journal.restored().map_err(|error| error.to_string())?;
            if let Some(open) = restored.unresolved.first() {
                return Err(format!("{} of till {till} is {}", open.attempt, open.found));
            }
            for item in journal.work_items(ALL).map_err(|error| error.to_string())? {
                if item.kind != WorkKind::AdviceDeclined || item.state != AttemptState::Committed {
                    return Err(format!("{} is work of kind {:?}", item.attempt, item.kind));
                }
                work.insert(item.attempt);
            }
            let terminal = self.tills[till].terminal.clone();
            let summary = wait_for(self.store.run(move |db| {
                let all = db.summary()?.terminals;
                Ok(all.into_iter().find(|t| t.terminal == terminal))
            }));
            let summary = summary.map_err(|error| error.to_string())?;
            let expected = TerminalSummary {
                terminal: self.tills[till].terminal.clone(),
                sales: totals.sales,
                voided: totals.voided,
                total_minor: totals.total_minor,
                cash_minor: totals.cash_minor,
                card_minor: totals.card_minor,
                contiguous_seq: totals.sales + totals.voided,
            };
            if summary.clone().is_some_and(|summary| summary != expected) {
                return Err(format!(
                    "{expected:?} at till {till}, {summary:?} at the collector"
                ));
            }
            if summary.is_none() && totals.sales + totals.voided > 0 {
                return Err(format!("the collector does not know till {till}"));
            }
        }
        if work != self.host.declined_advices {
            return Err(format!(
                "work: {work:?}, declined advices: {:?}",
                self.host.declined_advices
            ));
        }
        let states = wait_for(self.store.run(|db| {
            let sql = "SELECT state, count(*) FROM attempt GROUP BY state";
            let rows = db.rows(sql, &[])?;
            let state = |row: &sealpoint_collector::store::Row| {
                Ok((row.text(0)?.to_owned(), row.count(1)?))
            };
            rows.iter().map(state).collect::<Result<Vec<_>, _>>()
        }));
        for (state, count) in states.map_err(|error| error.to_string())? {
            match state.as_str() {
                "ANSWERED" => {}
                "REVERSED" => reversed = usize::try_from(count).unwrap_or(usize::MAX),
                _ => return Err(format!("{count} attempts of the collector are {state}")),
            }
        }
        Ok(Tally {
            sales: self.books.sold.len(),
            charges: self.books.paid.len(),
            advices: self.host.advised.len(),
            reversed,
            work_items: work.len(),
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> T {
    serde_json::from_slice(bytes).expect("what the programs write can be read")
}
