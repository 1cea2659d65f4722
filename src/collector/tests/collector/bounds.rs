//! What the collector does with too much: gzip that grows, tills that ask too often, too many
//! connections.

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use sealpoint_collector::serve::MAX_STRANGERS;
use sealpoint_wire::api::PushAnswer;
use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::client::{Body, Client};
use crate::process::{PATIENCE, Shop};
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

/// A request's head over a connection of its own, with the words after it; gives the connection.
async fn begin(client: &Client, head: &str) -> TlsStream<TcpStream> {
    let mut stream = client.connect().await.expect("a connection");
    let head = format!("{head}\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream
}

/// The first line of the answer to what was begun, once its head is ended.
async fn end(mut stream: TlsStream<TcpStream>, more: &str) -> String {
    let ended = stream.write_all(format!("{more}\r\n").as_bytes()).await;
    ended.expect("written");
    let mut start = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut start)).await;
    read.expect("at once").expect("an answer");
    String::from_utf8_lossy(&start).into_owned()
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_comes() {
    let (shop, collector, client) = open(&[]);
    let stranger = Client::without_certificate(collector.address, &shop.path("tls/ca.pem"));
    let small = "Content-Length: 65537\r\n";
    for (client, path, length) in [
        (&stranger, "/v1/enrolments", small),
        (&stranger, "/v1/records", "Content-Length: 33554433\r\n"),
        (&client, "/v1/advices", small),
        (&client, "/v1/records", "Content-Length: 33554433\r\n"),
    ] {
        let stream = begin(client, &format!("POST {path} HTTP/1.1")).await;
        assert_eq!(end(stream, length).await, "HTTP/1.1 413", "{path}");
    }
    // And one that does not say how long it is.
    let stream = begin(&client, "POST /v1/advices HTTP/1.1").await;
    let chunk = "x".repeat(64 * 1024 + 1);
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n10001\r\n{chunk}");
    assert_eq!(end(stream, &chunked).await, "HTTP/1.1 413");
}

#[tokio::test]
async fn a_till_that_sends_slowly_takes_no_room_of_others() {
    let shop = Shop::new();
    let (till, other) = (shop.enrol(TILL), shop.enrol("T0000002"));
    let collector = shop.start();
    let client = Client::of_till(collector.address, &till);
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = begin(&client, "POST /v1/records HTTP/1.1").await;
        let rest = "Content-Length: 33554432\r\nExpect: 100-continue\r\n\r\n";
        stream.write_all(rest.as_bytes()).await.expect("written");
        let mut start = [0; 12];
        stream
            .read_exact(&mut start)
            .await
            .expect("its body is awaited");
        assert_eq!(&start, b"HTTP/1.1 100");
        slow.push(stream);
    }
    let third = begin(&client, "POST /v1/records HTTP/1.1").await;
    assert_eq!(
        end(third, "Content-Length: 70000\r\n").await,
        "HTTP/1.1 429"
    );
    let other = Client::of_till(collector.address, &other);
    assert_eq!(other.get("/v1/ready").await.code, 200);
}

#[tokio::test]
async fn whoever_has_no_certificate_takes_no_place_of_a_till() {
    let (shop, collector, client) = open(&[]);
    let stranger = Client::without_certificate(collector.address, &shop.path("tls/ca.pem"));
    let mut held = Vec::new();
    for _ in 0..MAX_STRANGERS {
        let mut stream = begin(&stranger, "GET /v1/health HTTP/1.1").await;
        stream.write_all(b"\r\n").await.expect("written");
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.expect("an answer");
        assert_eq!(&start, b"HTTP/1.1 401");
        held.push(stream);
    }
    let mut one_more = stranger.connect().await.expect("a handshake");
    let closed = timeout(PATIENCE, one_more.read(&mut [0; 1])).await;
    assert!(matches!(closed.expect("at once"), Ok(0) | Err(_)));
    assert_eq!(client.get("/v1/health").await.code, 200);
}

#[tokio::test]
async fn a_head_has_a_bound() {
    let (_shop, _collector, client) = open(&[]);
    let stream = begin(&client, "GET /v1/health HTTP/1.1").await;
    let long = format!("X-Long: {}\r\n", "x".repeat(60 * 1024));
    assert_eq!(end(stream, &long).await, "HTTP/1.1 200");
    let mut stream = begin(&client, "GET /v1/health HTTP/1.1").await;
    let too_long = format!("X-Long: {}\r\n\r\n", "x".repeat(256 * 1024));
    let written = stream.write_all(too_long.as_bytes()).await;
    // The collector may close before all of it is sent; an answer, if there is one, says why.
    let mut start = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut start)).await;
    if written.is_ok() && read.expect("at once").is_ok() {
        assert_eq!(&start, b"HTTP/1.1 431");
    }
    assert_eq!(client.get("/v1/health").await.code, 200);
}
