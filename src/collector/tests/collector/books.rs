//! Work items, and the reconciliation of a day, as an operator runs them beside a collector.

use std::fs;
use std::process::Output;

use sealpoint_collector::store::Isolation;
use sealpoint_sale::Tender;
use sealpoint_wire::{HostAnswer, HostDecision, RecordKind};

use crate::client::Client;
use crate::process::{Books, Shop, run};
use crate::shapes::{TILL, attempt, card, push, record_of, sale};

const HEAD: &str = "attempt,terminal,stan,local_time,amount_minor,currency,kind,captured_at_ms";

fn reconcile(shop: &Shop, lines: &[String], json: bool) -> Output {
    let file = shop.text("batch.csv");
    fs::write(&file, format!("{HEAD}\n{}", lines.concat())).expect("written");
    let store = shop.store();
    let mut words = vec![
        "reconcile",
        "--store",
        &store,
        "--batch",
        &file,
        "--day",
        "2026-11-22",
    ];
    if json {
        words.push("--json");
    }
    run(&words)
}

fn line(number: u64, amount_minor: i64) -> String {
    format!(
        "{},{TILL},{number},1122120000,{amount_minor},EUR,authorisation,1\n",
        attempt(number)
    )
}

#[tokio::test]
async fn a_day_is_reconciled_beside_a_running_collector_and_the_report_is_kept() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let pages = shop.text("pages");
    let collector = shop.start_with(&["--pages", "127.0.0.1:0", "--pages-port-file", &pages]);
    let client = Client::of_till(collector.address, &folder);
    let mut tender = card(700);
    if let Tender::Card(card) = &mut tender {
        card.attempt = attempt(1);
    }
    let mut record = record_of(&sale(1, TILL, vec![tender], 700), 1, RecordKind::Sale);
    // 2026-11-22T11:00:00Z
    record.at_ms = 1_795_345_200_000;
    record.hash = record.compute_hash();
    assert_eq!(
        client.post("/v1/records", &push(vec![record])).await.code,
        200
    );

    let lost = reconcile(&shop, &[], false);
    assert_eq!(lost.status.code(), Some(1), "{lost:?}");
    let told = String::from_utf8(lost.stdout).expect("text");
    assert!(told.contains("0 matched, 1 not"), "{told}");
    assert!(told.contains("sale but not captured"), "{told}");

    let both = reconcile(&shop, &[line(1, 700), line(2, 50)], true);
    assert_eq!(both.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&both.stdout).expect("JSON");
    let kinds: Vec<_> = report["unmatched"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["kind"].as_str().expect("a word"))
        .collect();
    // The record came without the switch: no authorisation went through this collector.
    assert_eq!(kinds, ["captured_without_sale", "not_in_ledger"]);
    assert_eq!(report["totals"]["EUR"]["sold_minor"], 700);
    assert_eq!(report["totals"]["EUR"]["captured_minor"], 750);

    let pages = crate::process::read_address(std::path::Path::new(&pages), || {});
    let kept = crate::client::get_in_clear(pages, "/reconciliation/2026-11-22", "localhost").await;
    assert_eq!(kept.json::<serde_json::Value>(), report);
    let overview = crate::client::get_in_clear(pages, "/", "localhost").await;
    assert!(
        overview.text.contains("<h2>Reconciliation</h2>"),
        "{}",
        overview.text
    );
}

#[tokio::test]
async fn a_day_on_which_all_agree_ends_with_nought() {
    let books = Books::new();
    let store = books.open();
    let answer = HostAnswer {
        decision: HostDecision::Approved,
        response_code: "00".to_owned(),
        approval_code: Some("654321".to_owned()),
        approved_minor: None,
        issuer_authentication: Default::default(),
        scripts: Default::default(),
    };
    store
        .run(move |db| {
            db.begin_attempt(&crate::shapes::authorise(1), 10, 20)?;
            db.answer_attempt(attempt(1), &answer, 11)
        })
        .await
        .expect("stored");
    let record = record_of(&sale(1, TILL, vec![card(1234)], 1234), 1, RecordKind::Sale);
    store
        .offer(Isolation::ReadCommitted, move |db| {
            let till = TILL
                .parse()
                .map_err(|_| sealpoint_collector::store::StoreError::Busy)?;
            let mut record = record.clone();
            record.at_ms = 1_795_345_200_000;
            record.hash = record.compute_hash();
            db.push(
                &till,
                &[record],
                1,
                sealpoint_collector::store::Quarantine::No,
            )
        })
        .await
        .expect("stored");
    let done = reconcile(books.shop(), &[line(1, 1234)], false);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 matched, 0 not"));
}

#[tokio::test]
async fn a_work_item_is_opened_once_listed_and_closed_with_a_note() {
    let books = Books::new();
    let store = books.open();
    for _ in 0..2 {
        store
            .run(|db| db.open_work(TILL, "attempt 7", "Declined.", Some((1234, "EUR")), 5))
            .await
            .expect("written");
    }
    let place = books.shop().store();
    let list = run(&["work", "list", "--store", &place, "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    assert_eq!(listed["work"].as_array().map(Vec::len), Some(1));
    let number = listed["work"][0]["number"].to_string();
    let close = [
        "work",
        "close",
        "--store",
        &place,
        &number,
        "--by",
        "Ada",
        "--note",
        "Paid in cash.",
    ];
    assert_eq!(run(&close).status.code(), Some(0));
    assert_eq!(run(&close).status.code(), Some(2), "closed once");
    let said = run(&["work", "list", "--store", &place]).stdout;
    assert_eq!(
        String::from_utf8_lossy(&said).trim(),
        "No work item is open."
    );
    let all = run(&["work", "list", "--store", &place, "--all"]).stdout;
    assert!(String::from_utf8_lossy(&all).contains("by Ada: Paid in cash."));
}
