//! What the collector does with too much: gzip that grows, tills that ask too often, too many
//! connections.

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use sealpoint_wire::api::PushAnswer;
use std::io::Write;

use crate::client::{Body, Client};
use crate::process::Shop;
use crate::shapes::{TILL, push, record};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("a Vec takes everything");
    packed.finish().expect("a Vec takes everything")
}

fn open(more: &[&str]) -> (Shop, crate::process::Running, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start_with(more);
    let client = Client::of_till(collector.address, &till);
    (shop, collector, client)
}

#[tokio::test]
async fn a_push_in_gzip_is_stored_and_one_that_is_no_gzip_or_grows_too_much_is_refused() {
    let (_shop, _collector, client) = open(&[]);
    let body = serde_json::to_vec(&push(vec![record(1)])).expect("JSON");
    let packed = |bytes| Body::Coded("gzip", bytes);
    let send = |body| client.send(Method::POST, "/v1/records", body);
    let stored = send(packed(gzip(&body))).await.expect("an answer");
    assert_eq!(stored.json::<PushAnswer>().contiguous_seq, 1);

    let torn = gzip(&body);
    let torn = send(packed(torn[..torn.len() - 4].to_vec()))
        .await
        .expect("an answer");
    assert_eq!(torn.error(), (400, "bad_request".to_owned()));
    let none = send(packed(body.clone())).await.expect("an answer");
    assert_eq!(none.error(), (400, "bad_request".to_owned()));
    // A hundred MiB of blanks in a tenth of one.
    let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
    assert!(bomb.len() < 200_000);
    let bomb = send(packed(bomb)).await.expect("an answer");
    assert_eq!(bomb.error(), (413, "too_large".to_owned()));
    let other = send(Body::Coded("br", body)).await.expect("an answer");
    assert_eq!(other.error(), (415, "not_gzip".to_owned()));
}

#[tokio::test]
async fn a_till_that_asks_too_often_is_told_when_to_come_back_and_others_are_served() {
    let shop = Shop::new();
    let (till, other) = (shop.enrol(TILL), shop.enrol("T0000002"));
    let collector = shop.start_with(&["--till-rate", "1"]);
    let client = Client::of_till(collector.address, &till);
    let mut refused = None;
    for _ in 0..5 {
        let answer = client.get("/v1/health").await;
        if answer.code == 429 {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("five at once are more than two");
    assert_eq!(refused.error(), (429, "too_many".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    let other = Client::of_till(collector.address, &other);
    assert_eq!(other.get("/v1/ready").await.code, 200);
}

#[tokio::test]
async fn each_answer_has_the_name_of_its_request_and_the_coding_that_is_taken() {
    let (shop, _collector, client) = open(&[]);
    let answer = client.get("/v1/health").await;
    assert_eq!(answer.header("accept-encoding"), Some("gzip"));
    let id = answer.header("x-request-id").expect("a name").to_owned();
    assert_eq!(id.len(), 36);
    drop(shop);
}
