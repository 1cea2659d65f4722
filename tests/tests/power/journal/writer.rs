//! The program whose power is cut: a till's journal in a process of its own, which sells, charges
//! and gets acknowledgements, and writes down beside it what it is about to do and what was done.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::Path;

use sealpoint_journal::{DbKey, Intent, JOURNAL_FILE, Journal, JournalError, KEY_FILE, SaleCommit};
use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::api::{AckOutcome, RecordAck};
use sealpoint_wire::lane::EmvResult;
use sealpoint_wire::{CardSummary, RecordId, RecordKind, TerminalId};
use uuid::Uuid;

use super::life::{End, Life};

/// Where the writer finds its folder and what it is to do there.
pub const FOLDER: &str = "SEALPOINT_TEST_POWER_FOLDER";
pub const LIFE: &str = "SEALPOINT_TEST_POWER_LIFE";
/// What it says, one line a step.
pub const SAID: &str = "said";

/// What every sale by card comes to, and every other.
pub const BY_CARD_MINOR: i64 = 1250;
pub const IN_CASH_MINOR: i64 = 999;

#[test]
#[ignore = "is recorded by another test"]
fn sells_for_a_life() {
    let (Some(folder), Ok(life)) = (env::var_os(FOLDER), env::var(LIFE)) else {
        return;
    };
    let life = Life::from_words(&life).expect("the recorder's own words");
    let mut writer = Writer::start(Path::new(&folder), &life);
    for _ in 0..life.sales {
        writer.sell(&life);
    }
    if matches!(life.end, End::Intent | End::Sent | End::Approved) {
        writer.charge(&life);
    }
    if life.end != End::Closed {
        // The process ends, and SQLite closes nothing.
        let _open = ManuallyDrop::new(writer);
    }
}

struct Writer {
    journal: Journal,
    said: File,
    attempts: u64,
}

impl Writer {
    fn start(folder: &Path, life: &Life) -> Self {
        let mut said = OpenOptions::new()
            .append(true)
            .create(true)
            .open(folder.join(SAID))
            .expect("the folder is writable");
        say(&mut said, "begin open");
        let journal = open(folder).expect("the journal is whole and free");
        say(&mut said, "done open");
        let mut writer = Self {
            journal,
            said,
            attempts: life.number * 1000,
        };
        for due in writer.journal.reversals_due().expect("they can be read") {
            let id = due.attempt;
            writer.step(&format!("attempt {} REVERSED", number_of(id)), |journal| {
                journal.write_reversed(id)
            });
        }
        writer
    }

    /// Does one thing; the file says before that it begins and afterwards that it is done.
    fn step<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Journal) -> Result<T, JournalError>,
    ) -> T {
        say(&mut self.said, &format!("begin {what}"));
        let value = work(&mut self.journal).expect("the journal is whole and has room");
        say(&mut self.said, &format!("done {what}"));
        value
    }

    /// The next sale: by card if even, voided if a multiple of five; now and then a record is
    /// acknowledged.
    fn sell(&mut self, life: &Life) {
        let n = self.journal.next_receipt_no().expect("it can be read");
        let mut paid = self.paid_before();
        if paid.is_empty() {
            self.step(&format!("draft {n}"), |journal| {
                journal.save_draft(sale(n), "[]")
            });
            if n.is_multiple_of(2) {
                paid.extend(self.charge(life));
            }
        }
        let commit = commit(n, &paid, life);
        let names: Vec<String> = paid.iter().map(u64::to_string).collect();
        let what = format!("sale {n} {}", names.join(","));
        let journaled = self.step(what.trim_end(), |journal| journal.commit_sale(&commit));
        assert_eq!(journaled.receipt_no(), n);
        if n.is_multiple_of(3) {
            self.acknowledge();
        }
        if n.is_multiple_of(10) {
            for due in self.journal.reversals_due().expect("they can be read") {
                let what = format!("attempt {} REVERSED", number_of(due.attempt));
                self.step(&what, |journal| journal.write_reversed(due.attempt));
            }
        }
    }

    /// The attempt of the last life that was approved and whose basket is still open.
    fn paid_before(&self) -> Vec<u64> {
        let draft = self.journal.restored().expect("it can be read").draft;
        draft.map_or_else(Vec::new, |draft| {
            serde_json::from_str(&draft.body).expect("the writer's own text")
        })
    }

    /// Charges a card for the next sale; none if the life ends before it is approved.
    fn charge(&mut self, life: &Life) -> Option<u64> {
        let n = self.journal.next_receipt_no().expect("it can be read");
        let last = life.ends_at(n);
        self.attempts += 1;
        let k = self.attempts;
        if last {
            self.step(&format!("draft {n}"), |journal| {
                journal.save_draft(sale(n), "[]")
            });
        }
        let intent = Intent {
            attempt: attempt(k),
            sale: sale(n),
            amount_minor: BY_CARD_MINOR,
            currency: Currency::Eur,
            local_time: "20261123120000".to_owned(),
            at_ms: 1_000,
        };
        let written = self.step(&format!("attempt {k} INTENT"), |journal| {
            journal.write_intent(&intent)
        });
        if last && life.end == End::Intent {
            return None;
        }
        let _sent = self.step(&format!("attempt {k} SENT"), |journal| {
            journal.write_sent(written.attempt(), &card())
        });
        if last && life.end == End::Sent {
            return None;
        }
        self.step(&format!("attempt {k} APPROVED"), |journal| {
            journal.write_approved(attempt(k), None, "A1B2C3", Some(&emv()), &format!("[{k}]"))
        });
        Some(k)
    }

    /// The collector has the oldest record.
    fn acknowledge(&mut self) {
        let oldest = self.journal.outbox(1).expect("it can be read").remove(0);
        let ack = RecordAck {
            id: oldest.id,
            hash: oldest.hash,
            outcome: AckOutcome::Created,
            why: None,
        };
        self.step(&format!("acked {}", oldest.seq), |journal| {
            journal.acked(&[ack])
        });
    }
}

/// Opens a till's journal as the till does.
pub fn open(folder: &Path) -> Result<Journal, JournalError> {
    let (key, path) = (folder.join(KEY_FILE), folder.join(JOURNAL_FILE));
    let key = DbKey::for_journal(&key, &path).expect("a journal never lies there without its key");
    let terminal: TerminalId = "T0000001".parse().expect("a terminal's name");
    Journal::open(&path, &key, &terminal)
}

fn say(said: &mut File, what: &str) {
    said.write_all(format!("{what}\n").as_bytes())
        .expect("the folder is writable");
}

pub fn is_voided(n: u64) -> bool {
    n.is_multiple_of(5)
}

/// What the collector gets of sale `n`: several pages of it for some, in some lives for all.
pub fn body(n: u64, life_bytes: usize) -> String {
    let some = usize::try_from(n % 7).expect("below seven") * 1500;
    let lines = "x".repeat(some.max(life_bytes));
    format!("{{\"sale\":{n},\"lines\":\"{lines}\"}}")
}

fn commit(n: u64, paid: &[u64], life: &Life) -> SaleCommit {
    let (cash, card) = match (is_voided(n), paid.is_empty()) {
        (true, _) => (0, 0),
        (false, true) => (IN_CASH_MINOR, 0),
        (false, false) => (0, BY_CARD_MINOR),
    };
    SaleCommit {
        record_id: RecordId::new(Uuid::from_u64_pair(3, n)),
        sale: sale(n),
        kind: if is_voided(n) {
            RecordKind::VoidedSale
        } else {
            RecordKind::Sale
        },
        at_ms: 10_000 + i64::try_from(n).expect("few sales"),
        body: body(n, life.bytes),
        receipt_no: n,
        receipt_text: format!("receipt {n}"),
        total_minor: if is_voided(n) {
            IN_CASH_MINOR
        } else {
            cash + card
        },
        cash_minor: cash,
        card_minor: card,
        attempts: paid.iter().map(|k| attempt(*k)).collect(),
        cashier: "Ana".to_owned(),
    }
}

pub fn sale(n: u64) -> SaleId {
    SaleId::new(Uuid::from_u64_pair(1, n))
}

fn attempt(k: u64) -> AttemptId {
    AttemptId::new(Uuid::from_u64_pair(2, k))
}

fn number_of(attempt: AttemptId) -> u64 {
    let bytes = attempt.as_bytes().as_chunks::<8>().0;
    u64::from_be_bytes(bytes[1])
}

fn card() -> CardSummary {
    CardSummary {
        label: "VISA CREDIT".to_owned(),
        aid: "A0000000031010".to_owned(),
        truncated_pan: "476173******0010".to_owned(),
        last4: "0010".to_owned(),
        token: None,
    }
}

fn emv() -> EmvResult {
    EmvResult {
        tvr: "0000008000".to_owned(),
        ac_type: "TC".to_owned(),
        ..EmvResult::default()
    }
}
