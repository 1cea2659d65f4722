//! The four books: what the till called paid, its journal, the collector's store, the acquirer's
//! ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::cashier::Cashier;
use crate::rig::Shop;

#[derive(Default)]
pub struct Books {
    /// What tills called paid: receipt number and sale.
    paid: BTreeMap<u64, String>,
    /// Receipts as the journal has them.
    receipts: BTreeMap<u64, String>,
}

impl Books {
    /// What a till that is gone had called paid.
    pub fn called_paid(&mut self, paid: BTreeMap<u64, String>) {
        for (receipt_no, sale) in paid {
            let known = self.paid.entry(receipt_no).or_insert_with(|| sale.clone());
            assert_eq!(*known, sale, "receipt {receipt_no} was given twice");
        }
    }

    /// At rest, with everything running.
    pub fn audit(&mut self, shop: &Shop, till: &mut Cashier) {
        self.called_paid(till.paid.clone());
        let totals = till.view["totals"].clone();
        let figure = |name: &str| totals[name].as_u64().unwrap_or(0);
        let last = figure("sales") + figure("voided");
        for receipt_no in self.receipts.len() as u64 + 1..=last {
            let asked = json!({ "do": "receipt", "receipt_no": receipt_no });
            let view = till.act(asked).expect("nobody kills at rest");
            assert_eq!(
                view["receipt"]["receipt_no"], receipt_no,
                "receipt numbers have no gap"
            );
            let text = view["receipt"]["text"].as_str().unwrap_or_default();
            self.receipts.insert(receipt_no, text.to_owned());
        }
        till.act(json!({ "do": "back" }))
            .expect("nobody kills at rest");
        for (receipt_no, sale) in &self.paid {
            let receipt = self.receipts.get(receipt_no);
            let receipt = receipt.expect("what was called paid is in the journal");
            assert!(
                receipt.contains(sale),
                "receipt {receipt_no} is of another sale than {sale}"
            );
        }
        let summary = shop.summary();
        for name in ["sales", "voided", "total_minor", "cash_minor", "card_minor"] {
            // Before its first record the collector does not know the till.
            let stored = summary[name].as_i64().unwrap_or(0);
            assert_eq!(
                stored, totals[name],
                "{name}: left the collector, right the till"
            );
        }
        let contiguous = summary["contiguous_seq"].as_u64().unwrap_or(0);
        assert_eq!(contiguous, last, "no sequence is missing");
        self.compare_charges(shop, &totals);
    }

    /// Every approval that stands is on a receipt, once.
    fn compare_charges(&self, shop: &Shop, totals: &Value) {
        let standing = standing(shop);
        let sum: i64 = standing.values().sum();
        let standing: BTreeSet<String> = standing.into_keys().collect();
        let mut on_receipts = BTreeSet::new();
        for approval in self.receipts.values().flat_map(|text| approvals(text)) {
            assert!(
                on_receipts.insert(approval.clone()),
                "{approval} is on two receipts"
            );
        }
        assert_eq!(
            standing, on_receipts,
            "approvals that stand: left the acquirer's, right those on receipts"
        );
        assert_eq!(totals["card_minor"], sum, "what the cards paid");
    }

    /// With everything stopped: each record of the till is at the collector, with the same hash, and
    /// no attempt is left open on either side.
    pub fn compare_at_rest(&self, shop: &Shop) {
        let journal = open(shop, "till/journal.db");
        let key = fs::read(shop.at("till/db.key")).expect("the demo's key");
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        journal
            .execute_batch(&format!("PRAGMA key = \"x'{hex}'\""))
            .expect("it is the journal's key");
        let store = open(shop, "collector.db");
        let [here, there] = [&journal, &store].map(records);
        let only = |these: &BTreeSet<Kept>, those: &BTreeSet<Kept>| -> Vec<i64> {
            these.difference(those).map(|record| record.0).collect()
        };
        assert_eq!(
            (only(&here, &there), only(&there, &here)),
            (Vec::new(), Vec::new()),
            "sequences of records that only the till has, and only the collector"
        );
        assert_eq!(here.len(), self.receipts.len(), "a record for each receipt");
        self.compare_sales(shop, &store);
        let open = "SELECT count(*) FROM attempt
                    WHERE state NOT IN ('DECLINED', 'COMMITTED', 'REVERSED')";
        assert_eq!(count(&journal, open), 0, "attempts that the till left open");
        let waiting = "SELECT count(*) FROM outbox";
        assert_eq!(count(&journal, waiting), 0, "records that wait");
        for name in ["till.log", "collector.log", "hostsim.log", "cardsim.log"] {
            let log = fs::read_to_string(shop.at(name)).unwrap_or_default();
            assert!(!log.contains("panicked"), "{name}: {log}");
        }
    }
}

impl Books {
    /// Each sale was charged what its cards paid, and no more: no charge came twice.
    fn compare_sales(&self, shop: &Shop, store: &Connection) {
        let standing = standing(shop);
        let mut query = store
            .prepare("SELECT receipt_no, card_minor FROM record WHERE kind = 'sale'")
            .expect("there are records");
        let rows = query.query_map([], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?))
        });
        for sale in rows.expect("they can be read") {
            let (receipt_no, card_minor) = sale.expect("a record has these");
            let approvals = self.receipts.get(&receipt_no).map(|text| approvals(text));
            let charged: i64 = approvals
                .iter()
                .flatten()
                .filter_map(|approval| standing.get(approval))
                .sum();
            assert_eq!(
                charged, card_minor,
                "receipt {receipt_no}: left what the acquirer captured, right what the sale says"
            );
        }
    }
}

fn open(shop: &Shop, name: &str) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(shop.at(name), flags).expect("the database is there")
}

/// Sequence, id and hash of a record.
type Kept = (i64, Vec<u8>, Vec<u8>);

fn records(db: &Connection) -> BTreeSet<Kept> {
    let mut query = db
        .prepare("SELECT seq, id, hash FROM record ORDER BY epoch, seq")
        .expect("there are records");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.expect("they can be read")
        .map(|row| row.expect("a record has these"))
        .collect()
}

fn count(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0))
        .expect("the table is there")
}

/// Approval code and trace number of every charge that stands in the acquirer's ledger, and its
/// amount.
fn standing(shop: &Shop) -> BTreeMap<String, i64> {
    let ledger = fs::read_to_string(shop.at("host/ledger.ndjson")).expect("the ledger");
    let mut stands = BTreeMap::new();
    for line in ledger.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of the ledger");
        let attempt = line["attempt"].to_string();
        match line["event"].as_str() {
            Some("approved") => {
                let code = line["approval_code"].as_str().unwrap_or_default();
                let name = format!("{code} {:06}", line["stan"].as_u64().unwrap_or(0));
                let amount_minor = line["amount_minor"].as_i64().unwrap_or(0);
                let earlier = stands.insert(attempt, (name, amount_minor));
                assert!(earlier.is_none(), "approved twice: {line}");
            }
            Some("reversed") => drop(stands.remove(&attempt)),
            _ => {}
        }
    }
    stands.into_values().collect()
}

/// Approval code and trace number of each card on a receipt.
fn approvals(receipt: &str) -> Vec<String> {
    receipt
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Approval "))
        .filter_map(|line| line.split_once("  Trace "))
        .map(|(code, trace)| format!("{code} {trace}"))
        .collect()
}
