//! Tests against real files. What they assert is what a cashier, a supporter or an auditor would see.

mod attempt;
mod backup;
mod basket;
mod check;
mod disk;
mod guard;
mod inspect;
mod key_file;
mod migration;
mod offline;
mod opening;
mod outbox;
mod pages;
mod power;
mod restart;
mod sale;
mod secrecy;
mod sequence;
mod unresolved;

use std::path::PathBuf;

use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::api::{AckOutcome, RecordAck};
use sealpoint_wire::lane::EmvResult;
use sealpoint_wire::{CardSummary, Record, RecordId, RecordKind, TerminalId};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{DbKey, Intent, Journal, JournalError, SaleCommit};

/// A till's state folder.
struct Folder {
    dir: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("the system has a temporary folder"),
        }
    }

    fn journal(&self) -> PathBuf {
        self.dir.path().join("till.db")
    }

    fn key_file(&self) -> PathBuf {
        self.dir.path().join("db.key")
    }

    fn key(&self) -> DbKey {
        DbKey::for_journal(&self.key_file(), &self.journal()).expect("the folder is writable")
    }

    fn try_open(&self) -> Result<Journal, JournalError> {
        Journal::open(&self.journal(), &self.key(), &terminal())
    }

    fn open(&self) -> Journal {
        self.try_open().expect("the journal is whole and free")
    }
}

fn terminal() -> TerminalId {
    "T0000001".parse().expect("the name is fit for a terminal")
}

fn sale(n: u64) -> SaleId {
    SaleId::new(Uuid::from_u64_pair(1, n))
}

fn attempt(n: u64) -> AttemptId {
    AttemptId::new(Uuid::from_u64_pair(2, n))
}

fn record(n: u64) -> RecordId {
    RecordId::new(Uuid::from_u64_pair(3, n))
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

/// An attempt `n` over 12.50 for sale `of`.
fn intent(n: u64, of: u64) -> Intent {
    Intent {
        attempt: attempt(n),
        sale: sale(of),
        amount_minor: 1250,
        currency: Currency::Eur,
        local_time: "20261122120000".to_owned(),
        at_ms: 1_000,
    }
}

/// The commit of sale `n`, 9.99 in cash, with receipt `n`.
fn cash_sale(n: u64) -> SaleCommit {
    SaleCommit {
        record_id: record(n),
        sale: sale(n),
        kind: RecordKind::Sale,
        at_ms: 10_000 + i64::try_from(n).expect("tests number low"),
        body: format!("{{\"sale\":{n}}}"),
        receipt_no: n,
        receipt_text: format!("receipt {n}"),
        total_minor: 999,
        cash_minor: 999,
        card_minor: 0,
        attempts: Vec::new(),
        cashier: "Ana".to_owned(),
    }
}

/// The commit of sale `n`, 12.50 by the card of attempt `n`.
fn card_sale(n: u64) -> SaleCommit {
    SaleCommit {
        total_minor: 1250,
        cash_minor: 0,
        card_minor: 1250,
        attempts: vec![attempt(n)],
        ..cash_sale(n)
    }
}

/// The commit of sale `n`, voided, with these cards to be given their money back.
fn voided_sale(n: u64, attempts: Vec<AttemptId>) -> SaleCommit {
    SaleCommit {
        kind: RecordKind::VoidedSale,
        cash_minor: 0,
        attempts,
        ..cash_sale(n)
    }
}

/// Takes attempt `n` for sale `n` to SENT.
fn send(journal: &mut Journal, n: u64) {
    journal
        .save_draft(sale(n), "{}")
        .expect("no other basket is open");
    let written = journal
        .write_intent(&intent(n, n))
        .expect("nothing else pays for it");
    assert_eq!(written.attempt(), attempt(n));
    let sent = journal
        .write_sent(attempt(n), &card())
        .expect("the intent is written");
    assert_eq!(sent.attempt(), attempt(n));
}

/// Takes attempt `n` for sale `n` to APPROVED.
fn approve(journal: &mut Journal, n: u64) {
    send(journal, n);
    journal
        .write_approved(
            attempt(n),
            None,
            "A1B2C3",
            Some(&emv()),
            "{\"tender\":\"card\"}",
        )
        .expect("it was sent");
}

fn ack(record: &Record, outcome: AckOutcome) -> RecordAck {
    RecordAck {
        id: record.id,
        hash: record.hash,
        outcome,
        why: None,
    }
}
