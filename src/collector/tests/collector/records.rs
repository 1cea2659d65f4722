//! Records are stored once, refused ones hold nothing up, and what is acknowledged stays.

use std::fs;

use hyper::Method;
use sealpoint_wire::api::{AckOutcome, PushAnswer, Summary};
use sealpoint_wire::{RecordHash, RecordId, RecordKind, WIRE_VERSION};

use crate::client::{Answer, Body, Client};
use crate::process::{Running, Shop};
use crate::shapes::{TILL, card, cash, push, record, record_of, sale};

fn outcomes(answer: &Answer) -> Vec<AckOutcome> {
    let answer: PushAnswer = answer.json();
    answer.results.iter().map(|ack| ack.outcome).collect()
}

fn contiguous(answer: &Answer) -> u64 {
    answer.json::<PushAnswer>().contiguous_seq
}

/// A shop with one till and its collector.
fn open() -> (Shop, Running, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let client = Client::of_till(collector.address, &till);
    (shop, collector, client)
}

#[tokio::test]
async fn the_same_record_is_created_once_and_then_exists() {
    let (_shop, _collector, client) = open();
    let batch = push(vec![record(1), record(2)]);
    let first = client.post("/v1/records", &batch).await;
    assert_eq!(outcomes(&first), [AckOutcome::Created, AckOutcome::Created]);
    let again = client.post("/v1/records", &batch).await;
    assert_eq!(outcomes(&again), [AckOutcome::Exists, AckOutcome::Exists]);
    assert_eq!(contiguous(&again), 2);
}

#[tokio::test]
async fn sums_are_those_of_the_records_and_the_same_record_counts_once() {
    let (_shop, _collector, client) = open();
    let split = sale(2, TILL, vec![cash(300), card(700)], 1000);
    let voided = sale(3, TILL, vec![], 9900);
    let batch = push(vec![
        record(1),
        record_of(&split, 2, RecordKind::Sale),
        record_of(&voided, 3, RecordKind::VoidedSale),
    ]);
    for _ in 0..2 {
        client.post("/v1/records", &batch).await;
    }
    let summary: Summary = client.get("/v1/summary").await.json();
    let [till] = &summary.terminals[..] else {
        panic!("{summary:?}")
    };
    assert_eq!((till.sales, till.voided), (2, 1));
    assert_eq!(
        (till.total_minor, till.cash_minor, till.card_minor),
        (1100, 400, 700)
    );
    assert_eq!(till.contiguous_seq, 3);
}

#[tokio::test]
async fn the_mark_stands_before_a_gap_and_jumps_when_it_is_filled() {
    let (_shop, _collector, client) = open();
    let mut marks = vec![];
    for seq in [1, 3, 4, 2, 6, 5] {
        marks.push(contiguous(
            &client.post("/v1/records", &push(vec![record(seq)])).await,
        ));
    }
    assert_eq!(marks, [1, 1, 1, 4, 4, 6]);
}

#[tokio::test]
async fn a_refused_record_says_why_and_the_rest_of_the_batch_is_stored() {
    let (_shop, _collector, client) = open();
    client.post("/v1/records", &push(vec![record(1)])).await;

    let mut other_content = record(1);
    other_content.at_ms += 1;
    other_content.hash = other_content.compute_hash();
    let mut same_seq = record(1);
    same_seq.id = RecordId::new(uuid::Uuid::from_u128(77));
    same_seq.hash = same_seq.compute_hash();
    let mut broken = record(2);
    broken.hash = RecordHash::new([9; 32]);
    let mut no_sale = record(3);
    no_sale.body = r#"{"total_minor":1}"#.to_owned();
    no_sale.hash = no_sale.compute_hash();
    let absurd = sale(4, TILL, vec![cash(i64::MAX - 50)], 100);
    let other_till = sale(5, "T0000009", vec![cash(100)], 100);
    let mut other_till = record_of(&other_till, 5, RecordKind::Sale);
    other_till.terminal = TILL.parse().expect("a terminal id");
    other_till.hash = other_till.compute_hash();
    let mut far = record(6);
    far.seq = u64::MAX;
    far.hash = far.compute_hash();

    let batch = push(vec![
        other_content,
        same_seq,
        broken,
        no_sale,
        record_of(&absurd, 4, RecordKind::Sale),
        other_till,
        far,
        record(7),
    ]);
    let answer = client.post("/v1/records", &batch).await;
    let answer: PushAnswer = answer.json();
    let why: Vec<_> = answer
        .results
        .iter()
        .map(|ack| ack.why.as_deref())
        .collect();
    assert_eq!(
        why,
        [
            Some("The same id is stored with another content."),
            Some("Another record has the same sequence number."),
            Some("Its hash does not match its content."),
            Some("Its body is not a sale."),
            Some("An amount in its body is out of range."),
            Some("Its body is a sale of another id or terminal."),
            Some("Its sequence number is out of range."),
            None,
        ]
    );
    assert!(
        answer.results[..7]
            .iter()
            .all(|ack| ack.outcome == AckOutcome::Refused)
    );
    assert_eq!(answer.results[7].outcome, AckOutcome::Created);
    assert_eq!(
        answer.results[0].hash,
        record(1).hash,
        "the hash as it is stored"
    );
}

#[tokio::test]
async fn requests_that_are_no_push_are_refused_with_a_sentence() {
    let (_shop, _collector, client) = open();
    let too_many = push((1..=101).map(record).collect());
    assert_eq!(client.post("/v1/records", &too_many).await.error().0, 400);
    let mut later = push(vec![record(1)]);
    later.version = WIRE_VERSION + 1;
    assert_eq!(
        client.post("/v1/records", &later).await.error(),
        (400, "version".to_owned())
    );
    let posts = [
        (Method::POST, "/v1/records", Body::Json("{".to_owned()), 400),
        (
            Method::POST,
            "/v1/records",
            Body::Text("{}".to_owned()),
            415,
        ),
        (Method::POST, "/v1/records", Body::None, 415),
        (Method::GET, "/v1/records", Body::None, 405),
        (Method::GET, "/v2/records", Body::None, 404),
        (
            Method::POST,
            "/v1/authorisations",
            Body::Json(r#"{"pan":1}"#.to_owned()),
            400,
        ),
    ];
    for (method, path, body, code) in posts {
        let answer = client.send(method, path, body).await.expect("an answer");
        assert_eq!(answer.error().0, code, "{path}");
    }
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused() {
    let (_shop, _collector, client) = open();
    let huge = "x".repeat(33 * 1024 * 1024);
    // The collector may close before all of it is sent; an answer, if there is one, says why.
    if let Ok(answer) = client
        .send(Method::POST, "/v1/records", Body::Json(huge))
        .await
    {
        assert_eq!(answer.error(), (413, "too_large".to_owned()));
    }
    assert_eq!(client.get("/v1/health").await.code, 200);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let (shop, collector, client) = open();
    let batch = push((1..=100).map(record).collect());
    assert_eq!(
        outcomes(&client.post("/v1/records", &batch).await),
        [AckOutcome::Created; 100]
    );
    collector.kill();

    let collector = shop.start();
    let client = Client::of_till(collector.address, &shop.path(TILL));
    let summary: Summary = client.get("/v1/summary").await.json();
    assert_eq!(summary.terminals[0].sales, 100);
    assert_eq!(summary.terminals[0].total_minor, 505_000);
    assert_eq!(
        outcomes(&client.post("/v1/records", &batch).await),
        [AckOutcome::Exists; 100]
    );
}

#[tokio::test]
async fn a_terminated_collector_ends_well() {
    let (shop, mut collector, client) = open();
    client.post("/v1/records", &push(vec![record(1)])).await;
    assert_eq!(collector.terminate().code(), Some(0));
    let log = fs::read_to_string(shop.path("collector.log")).expect("a log");
    assert!(log.contains("\"ended\""), "{log}");
}
