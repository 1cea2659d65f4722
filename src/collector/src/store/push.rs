//! Pushes: each record is stored once, and a broken one never holds up the rest.
//!
//! A batch takes a handful of statements, however many records it has. Two pushes of one terminal
//! wait for each other at the terminal's row; what must be unique over all terminals, the database
//! keeps unique. So a push is right under [`super::Isolation::ReadCommitted`] too.

use std::collections::{BTreeMap, HashMap};

use sealpoint_wire::api::{AckOutcome, PushAnswer, RecordAck};
use sealpoint_wire::{Record, RecordHash, RecordKind, TerminalId};

use super::sales::Figures;
use super::sql::values;
use super::{Database, StoreError};

/// Rows that are looked at together when a mark moves on.
const STRIDE: u32 = 128;

/// The answer to a push, and how many records of it had which outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushReport {
    /// For the till.
    pub answer: PushAnswer,
    /// Stored now.
    pub created: u64,
    /// Stored before.
    pub existing: u64,
    /// Refused and alarmed.
    pub refused: u64,
}

/// Whether what comes counts at once, or only after an operator has released it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quarantine {
    /// The certificate is good: it counts.
    No,
    /// The certificate had expired.
    Expired,
    /// The certificate was revoked.
    Revoked,
    /// The till did not show what it runs.
    Unattested,
}

impl Quarantine {
    /// The word that the store keeps.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::No => None,
            Self::Expired => Some("expired"),
            Self::Revoked => Some("revoked"),
            Self::Unattested => Some("unattested"),
        }
    }
}

/// A record that may be stored: whole, and a sale of its terminal.
#[derive(Clone, Copy)]
pub(super) struct Fit<'a> {
    pub(super) record: &'a Record,
    pub(super) seq: i64,
    pub(super) figures: Figures,
}

/// Why a record is not stored, and the hash that is stored under its id, if any.
struct Refusal {
    why: &'static str,
    stored: Option<RecordHash>,
}

impl Refusal {
    const fn new(why: &'static str) -> Self {
        Self { why, stored: None }
    }
}

type Verdict = Result<AckOutcome, Refusal>;

/// What of a batch is stored already.
struct Known {
    hashes: HashMap<[u8; 16], [u8; 32]>,
    places: HashMap<(u32, i64), [u8; 16]>,
}

impl Database {
    /// Stores a batch of one terminal: at most [`sealpoint_wire::record::MAX_BATCH`] records.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the batch is stored then.
    pub fn push(
        &mut self,
        terminal: &TerminalId,
        records: &[Record],
        now_ms: i64,
        quarantine: Quarantine,
    ) -> Result<PushReport, StoreError> {
        let checked: Vec<_> = records.iter().map(check).collect();
        let newest = self.lock_terminal(terminal)?;
        let mut known = self.known(terminal, &checked)?;
        let mut verdicts = Vec::with_capacity(records.len());
        let mut stored = Vec::with_capacity(records.len());
        for checked in checked {
            verdicts.push(checked.and_then(|fit| {
                let verdict = known.judge(fit);
                if let Ok(AckOutcome::Created) = verdict {
                    stored.push(fit);
                }
                verdict
            }));
        }
        if !stored.is_empty() {
            self.insert(&stored, now_ms, quarantine)?;
            self.queue_for_sink(terminal, now_ms)?;
            self.add_to_terminal(terminal, &stored, quarantine)?;
            self.advance(terminal, &stored)?;
            self.watch_epochs(terminal, newest, &stored, now_ms)?;
            self.watch_sums(&stored, now_ms)?;
        }
        let mut results = Vec::with_capacity(records.len());
        for (record, verdict) in records.iter().zip(verdicts) {
            results.push(self.acknowledge(record, verdict, now_ms)?);
        }
        let count = |outcome| results.iter().filter(|ack| ack.outcome == outcome).count() as u64;
        Ok(PushReport {
            created: count(AckOutcome::Created),
            existing: count(AckOutcome::Exists),
            refused: count(AckOutcome::Refused),
            answer: PushAnswer {
                contiguous_seq: self.contiguous(terminal)?,
                results,
            },
        })
    }

    /// Locks the terminal's row, if it has one, and gives its newest epoch.
    fn lock_terminal(&mut self, terminal: &TerminalId) -> Result<i64, StoreError> {
        let sql = match self.for_update() {
            "" => "SELECT epoch FROM terminal WHERE name = ?1",
            _ => "SELECT epoch FROM terminal WHERE name = ?1 FOR UPDATE",
        };
        self.row(sql, values![terminal.as_str()])?
            .map_or(Ok(0), |row| row.int(0))
    }

    fn known(
        &mut self,
        terminal: &TerminalId,
        checked: &[Result<Fit<'_>, Refusal>],
    ) -> Result<Known, StoreError> {
        let fit: Vec<Fit<'_>> = checked.iter().flatten().copied().collect();
        let mut known = Known {
            hashes: HashMap::new(),
            places: HashMap::new(),
        };
        let mut seqs: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for fit in &fit {
            seqs.entry(fit.record.epoch).or_default().push(fit.seq);
        }
        // The places first: another collector may store the same records between the two looks, and
        // a record whose place is seen taken must be seen by its id as well. A new terminal has no
        // row yet that would keep that collector out.
        for (epoch, seqs) in seqs {
            for row in self.keys_by_place(terminal, epoch, &seqs)? {
                known.places.insert((epoch, row.int(0)?), row.array(1)?);
            }
        }
        for row in self.keys_by_id(&fit)? {
            known.hashes.insert(row.array(0)?, row.array(1)?);
        }
        Ok(known)
    }

    /// Adds to the terminal's sums. A voided sale counts, but its amounts do not; what is in
    /// quarantine counts not at all.
    fn add_to_terminal(
        &mut self,
        terminal: &TerminalId,
        stored: &[Fit<'_>],
        quarantine: Quarantine,
    ) -> Result<(), StoreError> {
        let counted = if quarantine == Quarantine::No {
            stored
        } else {
            &[]
        };
        let paid = || {
            let is_paid = |fit: &&Fit<'_>| fit.record.kind == RecordKind::Sale;
            counted.iter().filter(is_paid)
        };
        let sum = |of: fn(&Figures) -> i64| -> i64 { paid().map(|fit| of(&fit.figures)).sum() };
        let sales = paid().count();
        let epoch = stored.iter().map(|fit| fit.record.epoch).max().unwrap_or(0);
        let currency = stored.last().map_or("", |fit| fit.figures.currency.alpha());
        self.execute(
            "INSERT INTO terminal (name, currency, sales, voided, total_minor, cash_minor,
                                   card_minor, epoch)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (name) DO UPDATE SET
                 currency = excluded.currency,
                 sales = terminal.sales + excluded.sales,
                 voided = terminal.voided + excluded.voided,
                 total_minor = terminal.total_minor + excluded.total_minor,
                 cash_minor = terminal.cash_minor + excluded.cash_minor,
                 card_minor = terminal.card_minor + excluded.card_minor,
                 epoch = CASE WHEN excluded.epoch > terminal.epoch
                              THEN excluded.epoch ELSE terminal.epoch END",
            values![
                terminal.as_str(),
                currency,
                count(sales),
                count(counted.len() - sales),
                sum(|figures| figures.total_minor),
                sum(|figures| figures.cash_minor),
                sum(|figures| figures.card_minor),
                epoch,
            ],
        )?;
        Ok(())
    }

    /// Moves the terminal's marks over these records and those that had come before their time.
    /// Only after the terminal's row is written: what others stored for it is seen then.
    fn advance(&mut self, terminal: &TerminalId, stored: &[Fit<'_>]) -> Result<(), StoreError> {
        let mut epochs: Vec<u32> = stored.iter().map(|fit| fit.record.epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        for epoch in epochs {
            self.execute(
                "INSERT INTO progress (terminal, epoch, contiguous) VALUES (?1, ?2, 0)
                 ON CONFLICT (terminal, epoch) DO NOTHING",
                values![terminal.as_str(), epoch],
            )?;
            let key = values![terminal.as_str(), epoch];
            let held = self.the_row(
                "SELECT contiguous FROM progress WHERE terminal = ?1 AND epoch = ?2",
                key,
            )?;
            let held = held.int(0)?;
            let mark = self.walk(terminal, epoch, held)?;
            if mark > held {
                self.execute(
                    "UPDATE progress SET contiguous = ?3 WHERE terminal = ?1 AND epoch = ?2",
                    values![terminal.as_str(), epoch, mark],
                )?;
            }
        }
        Ok(())
    }

    /// The last sequence number behind `mark` that is reached without a gap.
    fn walk(&mut self, terminal: &TerminalId, epoch: u32, mark: i64) -> Result<i64, StoreError> {
        let mut mark = mark;
        loop {
            let rows = self.rows(
                "SELECT seq FROM record_key WHERE terminal = ?1 AND epoch = ?2 AND seq > ?3
                 ORDER BY seq LIMIT ?4",
                values![terminal.as_str(), epoch, mark, STRIDE],
            )?;
            let begin = mark;
            for row in &rows {
                if row.int(0)? != mark + 1 {
                    return Ok(mark);
                }
                mark += 1;
            }
            if mark - begin < i64::from(STRIDE) {
                return Ok(mark);
            }
        }
    }

    /// A new epoch is a restore from a back-up, which an operator should know of. A record of an
    /// older one that nobody had seen means that the till from before it goes on selling.
    fn watch_epochs(
        &mut self,
        terminal: &TerminalId,
        newest: i64,
        stored: &[Fit<'_>],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut newest = newest;
        for fit in stored {
            let epoch = i64::from(fit.record.epoch);
            let subject = format!("epoch {epoch}");
            if epoch > newest {
                if epoch > 1 {
                    let what = "It was restored from a back-up and goes on under this epoch.";
                    self.alarm(terminal.as_str(), &subject, what, now_ms)?;
                }
                newest = epoch;
            } else if epoch < newest {
                let what = "A new record of it came after a later epoch had begun. Two tills may \
                            run under one name.";
                self.alarm(terminal.as_str(), &subject, what, now_ms)?;
            }
        }
        Ok(())
    }

    /// What does not add up is stored all the same: the money was taken, and the books must say
    /// what was.
    fn watch_sums(&mut self, stored: &[Fit<'_>], now_ms: i64) -> Result<(), StoreError> {
        for fit in stored {
            let record = fit.record;
            if record.kind == RecordKind::Sale && !fit.figures.add_up() {
                let subject = format!("record {}", record.id);
                let what = "Stored, but its tenders do not pay exactly its total.";
                self.alarm(record.terminal.as_str(), &subject, what, now_ms)?;
            }
        }
        Ok(())
    }

    fn acknowledge(
        &mut self,
        record: &Record,
        verdict: Verdict,
        now_ms: i64,
    ) -> Result<RecordAck, StoreError> {
        let ack = |hash, outcome, why| RecordAck {
            id: record.id,
            hash,
            outcome,
            why,
        };
        match verdict {
            Ok(outcome) => Ok(ack(record.hash, outcome, None)),
            Err(refusal) => {
                let subject = format!("record {}", record.id);
                self.alarm(record.terminal.as_str(), &subject, refusal.why, now_ms)?;
                let hash = refusal.stored.unwrap_or(record.hash);
                Ok(ack(hash, AckOutcome::Refused, Some(refusal.why.to_owned())))
            }
        }
    }

    fn contiguous(&mut self, terminal: &TerminalId) -> Result<u64, StoreError> {
        self.row(
            "SELECT contiguous FROM progress WHERE terminal = ?1 ORDER BY epoch DESC LIMIT 1",
            values![terminal.as_str()],
        )?
        .map_or(Ok(0), |row| row.count(0))
    }
}

/// What can be said of a record by itself.
fn check(record: &Record) -> Result<Fit<'_>, Refusal> {
    let seq = i64::try_from(record.seq)
        .map_err(|_| Refusal::new("Its sequence number is out of range."))?;
    if !record.is_whole() {
        return Err(Refusal::new("Its hash does not match its content."));
    }
    let figures = Figures::of(record).map_err(Refusal::new)?;
    Ok(Fit {
        record,
        seq,
        figures,
    })
}

impl Known {
    /// Decides, and remembers what is to be stored for the rest of the batch.
    fn judge(&mut self, fit: Fit<'_>) -> Verdict {
        let id = *fit.record.id.as_bytes();
        let hash = *fit.record.hash.as_bytes();
        if let Some(stored) = self.hashes.get(&id) {
            return if *stored == hash {
                Ok(AckOutcome::Exists)
            } else {
                Err(Refusal {
                    why: "The same id is stored with another content.",
                    stored: Some(RecordHash::new(*stored)),
                })
            };
        }
        let place = (fit.record.epoch, fit.seq);
        if self.places.contains_key(&place) {
            return Err(Refusal::new("Another record has the same sequence number."));
        }
        self.hashes.insert(id, hash);
        self.places.insert(place, id);
        Ok(AckOutcome::Created)
    }
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}
