//! Any order of calls and restarts: the journal and a model that a child could keep agree, and
//! every card that was charged has paid, is being paid back, or waits in a basket.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealpoint_sale::AttemptId;
use sealpoint_wire::api::{AckOutcome, RecordAck};

use super::{Folder, ack, attempt, card, cash_sale, intent, record, sale, voided_sale};
use crate::{Intent, Journal, JournalError, Parked, SaleCommit, ShiftTotals};

/// What somebody or something does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Save,
    Clear,
    Charge(Fate),
    Pay,
    Void,
    Park,
    Recall,
    Discard,
    Ack,
    Reverse,
    Restart,
}

/// How far an attempt gets.
#[derive(Clone, Copy, Debug)]
enum Fate {
    StoppedBeforeSending,
    StoppedAfterSending,
    Declined,
    NoAnswer,
    Approved,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fate = prop_oneof![
        1 => Just(Fate::StoppedBeforeSending),
        1 => Just(Fate::StoppedAfterSending),
        1 => Just(Fate::Declined),
        1 => Just(Fate::NoAnswer),
        3 => Just(Fate::Approved),
    ];
    let step = prop_oneof![
        3 => Just(Step::Save),
        1 => Just(Step::Clear),
        4 => fate.prop_map(Step::Charge),
        3 => Just(Step::Pay),
        1 => Just(Step::Void),
        2 => Just(Step::Park),
        2 => Just(Step::Recall),
        1 => Just(Step::Discard),
        1 => Just(Step::Ack),
        1 => Just(Step::Reverse),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

/// What the journal should hold.
#[derive(Default)]
struct Model {
    open: Option<u64>,
    parked: Vec<u64>,
    /// Approved attempts by sale.
    charged: BTreeMap<u64, Vec<AttemptId>>,
    due: Vec<AttemptId>,
    waiting: u64,
    totals: ShiftTotals,
    receipts: u64,
    sales: u64,
    attempts: u64,
}

impl Model {
    fn take(&mut self, step: Step, journal: Journal, folder: &Folder) -> Journal {
        let mut journal = journal;
        match step {
            Step::Save => self.save(&mut journal),
            Step::Clear => self.clear(&mut journal),
            Step::Charge(fate) => return self.charge(fate, journal, folder),
            Step::Pay => self.pay(&mut journal),
            Step::Void => self.void(&mut journal),
            Step::Park => self.park(&mut journal),
            Step::Recall => self.recall(&mut journal),
            Step::Discard => self.discard(&mut journal),
            Step::Ack => self.ack(&mut journal),
            Step::Reverse => self.reverse(&mut journal),
            Step::Restart => return restart(journal, folder),
        }
        journal
    }

    fn save(&mut self, journal: &mut Journal) {
        if self.open.is_none() {
            self.sales += 1;
            self.open = Some(self.sales);
        }
        if let Some(n) = self.open {
            journal
                .save_draft(sale(n), "[]")
                .expect("it is the open basket");
            let other = journal.save_draft(sale(n + 1000), "[]");
            assert!(matches!(other, Err(JournalError::DraftOpen(_))));
        }
    }

    fn clear(&mut self, journal: &mut Journal) {
        let paid = self.open.is_some_and(|n| self.charged.contains_key(&n));
        let cleared = journal.clear_draft();
        assert_eq!(cleared.is_err(), paid, "{cleared:?}");
        if !paid {
            self.open = None;
        }
    }

    fn charge(&mut self, fate: Fate, mut journal: Journal, folder: &Folder) -> Journal {
        let Some(n) = self.open else {
            let refused = journal.write_intent(&intent(0, 999)).map(drop);
            assert!(matches!(refused, Err(JournalError::NoDraft(_))));
            return journal;
        };
        self.attempts += 1;
        let id = attempt(self.attempts);
        let wanted = Intent {
            attempt: id,
            ..intent(0, n)
        };
        let stan = journal
            .write_intent(&wanted)
            .expect("nothing else pays for it")
            .stan();
        assert_eq!(u64::from(stan), self.attempts);
        if matches!(fate, Fate::StoppedBeforeSending) {
            return restart(journal, folder);
        }
        let _sent = journal
            .write_sent(id, &card())
            .expect("the intent is written");
        match fate {
            Fate::StoppedBeforeSending | Fate::StoppedAfterSending => {
                self.due.push(id);
                return restart(journal, folder);
            }
            Fate::Declined => journal.write_declined(id, "05").expect("it was sent"),
            Fate::NoAnswer => {
                journal
                    .write_reversal_due(id, "no answer", Some("[]"))
                    .expect("it was sent");
                self.due.push(id);
            }
            Fate::Approved => {
                journal
                    .write_approved(id, None, "A1B2C3", None, "[\"card\"]")
                    .expect("it was sent");
                self.charged.entry(n).or_default().push(id);
            }
        }
        journal
    }

    fn pay(&mut self, journal: &mut Journal) {
        let Some(n) = self.open.take() else { return };
        let attempts = self.charged.remove(&n).unwrap_or_default();
        let cards = i64::try_from(attempts.len()).expect("tests charge little");
        let card_minor = cards * 1250;
        let total_minor = 999 + card_minor;
        self.receipts += 1;
        let commit = SaleCommit {
            record_id: record(self.receipts),
            receipt_no: self.receipts,
            total_minor,
            card_minor,
            attempts,
            ..cash_sale(n)
        };
        let journaled = journal.commit_sale(&commit).expect("it is paid");
        assert_eq!(journaled.seq(), self.receipts);
        self.waiting += 1;
        self.totals.sales += 1;
        self.totals.total_minor += total_minor;
        self.totals.cash_minor += 999;
        self.totals.card_minor += card_minor;
        let again = journal.commit_sale(&SaleCommit {
            record_id: record(5000),
            ..commit
        });
        assert!(matches!(again, Err(JournalError::AlreadyCommitted(_))));
    }

    fn void(&mut self, journal: &mut Journal) {
        let Some(n) = self.open.take() else { return };
        let attempts = self.charged.remove(&n).unwrap_or_default();
        self.due.extend(&attempts);
        self.receipts += 1;
        let (record_id, receipt_no) = (record(self.receipts), self.receipts);
        let commit = SaleCommit {
            record_id,
            receipt_no,
            ..voided_sale(n, attempts)
        };
        let _journaled = journal.commit_sale(&commit).expect("it holds nothing back");
        self.waiting += 1;
        self.totals.voided += 1;
    }

    fn park(&mut self, journal: &mut Journal) {
        let Some(n) = self.open.take() else { return };
        let (title, body) = (String::new(), "[]".to_owned());
        let parked = Parked {
            id: sale(n),
            parked_at_ms: 1,
            title,
            body,
        };
        journal.park(&parked).expect("there is room");
        self.parked.push(n);
    }

    fn recall(&mut self, journal: &mut Journal) {
        let Some(n) = self.parked.last().copied() else {
            return;
        };
        let recalled = journal.recall(sale(n));
        assert_eq!(recalled.is_err(), self.open.is_some(), "{recalled:?}");
        if recalled.is_ok() {
            self.parked.pop();
            self.open = Some(n);
        }
    }

    fn discard(&mut self, journal: &mut Journal) {
        let Some(n) = self.parked.last().copied() else {
            return;
        };
        let discarded = journal.discard(sale(n));
        assert_eq!(
            discarded.is_err(),
            self.charged.contains_key(&n),
            "{discarded:?}"
        );
        if discarded.is_ok() {
            self.parked.pop();
        }
    }

    fn ack(&mut self, journal: &mut Journal) {
        let offered = journal.outbox(2).expect("it can be read");
        let acks: Vec<RecordAck> = offered
            .iter()
            .map(|r| ack(r, AckOutcome::Created))
            .collect();
        journal.acked(&acks).expect("it is writable");
        self.waiting -= acks.len() as u64;
    }

    fn reverse(&mut self, journal: &mut Journal) {
        let Some(id) = self.due.first().copied() else {
            return;
        };
        journal.write_reversed(id).expect("it is due");
        journal
            .write_reversed(id)
            .expect("twice is as good as once");
        self.due.remove(0);
    }

    fn agrees_with(&self, journal: &Journal) {
        let restored = journal.restored().expect("it can be read");
        assert_eq!(restored.totals, self.totals);
        assert_eq!(restored.draft.map(|draft| draft.sale), self.open.map(sale));
        assert_eq!(restored.parked.len(), self.parked.len());
        assert_eq!(restored.next_receipt_no, self.receipts + 1);
        assert_eq!(journal.queue().expect("it can be read").count, self.waiting);
        let due = journal.reversals_due().expect("they can be read");
        let mut due: Vec<AttemptId> = due.iter().map(|reversal| reversal.attempt).collect();
        let mut expected = self.due.clone();
        due.sort_unstable();
        expected.sort_unstable();
        assert_eq!(due, expected);
        let count = |sql| -> i64 {
            journal
                .db
                .query_row(sql, [], |row| row.get(0))
                .expect("the tables are there")
        };
        let charged =
            "SELECT coalesce(sum(amount_minor), 0) FROM attempt WHERE state = 'COMMITTED'";
        assert_eq!(
            count(charged),
            self.totals.card_minor,
            "charged is what was sold by card"
        );
        let astray = "SELECT count(*) FROM attempt WHERE state = 'APPROVED' AND sale NOT IN
                      (SELECT sale FROM draft UNION ALL SELECT sale FROM parked)";
        assert_eq!(count(astray), 0, "no charge without a basket");
    }
}

fn restart(journal: Journal, folder: &Folder) -> Journal {
    drop(journal);
    folder.open()
}

proptest! {
    // Every step is on the disk, so a case costs what a till pays.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_agrees_with_the_model(steps in steps()) {
        let folder = Folder::new();
        let mut journal = folder.open();
        let mut model = Model::default();
        for step in steps {
            journal = model.take(step, journal, &folder);
            model.agrees_with(&journal);
        }
        model.agrees_with(&restart(journal, &folder));
    }
}
