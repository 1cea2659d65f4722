//! Who may connect, and with which certificates.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use hyper::Method;
use sealpoint_wire::AdviceKind;

use crate::client::{Body, Client};
use crate::process::{Shop, run};
use crate::shapes::{TILL, advise, authorise, inquire, push, record, reverse};

#[tokio::test]
async fn an_enrolled_till_is_known_by_its_terminal_id() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let health = Client::of_till(collector.address, &till)
        .get("/v1/health")
        .await;
    assert_eq!(health.text, r#"{"version":1,"terminal":"T0000001"}"#);
}

#[tokio::test]
async fn without_a_certificate_nobody_is_served_but_to_be_enrolled() {
    let shop = Shop::new();
    let collector = shop.start();
    let client = Client::without_certificate(collector.address, &shop.path("tls/ca.pem"));
    for path in [
        "/openapi.json",
        "/v1/health",
        "/v1/standing",
        "/v1/time",
        "/nothing",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.error(), (401, "no_certificate".to_owned()), "{path}");
    }
    for path in [
        "/v1/records",
        "/v1/authorisations",
        "/v1/renewals",
        "/v1/enrolments/",
    ] {
        let answer = client.post(path, &push(vec![record(1)])).await;
        assert_eq!(answer.error(), (401, "no_certificate".to_owned()), "{path}");
    }
    let answer = client.post("/v1/enrolments", &push(vec![])).await;
    assert_eq!(answer.error(), (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_refused() {
    let shop = Shop::new();
    let other = Shop::new();
    let stranger = other.enrol(TILL);
    // It trusts this shop's collector, so that only its own certificate is wrong.
    fs::copy(shop.path("tls/ca.pem"), stranger.join("ca.pem")).expect("copied");
    let collector = shop.start();
    let client = Client::of_till(collector.address, &stranger);
    let refused = client.send(Method::GET, "/v1/health", Body::None).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn a_till_cannot_speak_in_anothers_name() {
    let shop = Shop::new();
    let client = {
        let other = shop.enrol("T0000002");
        let collector = shop.start_with(&["--pages", "127.0.0.1:0"]);
        let client = Client::of_till(collector.address, &other);
        let asked = [
            client.post("/v1/records", &push(vec![record(1)])).await,
            client.post("/v1/authorisations", &authorise(1)).await,
            client.post("/v1/reversals", &reverse(1)).await,
            client.post("/v1/inquiries", &inquire(1)).await,
            client
                .post("/v1/advices", &advise(1, AdviceKind::OfflineApproved))
                .await,
        ];
        for answer in asked {
            assert_eq!(answer.error(), (403, "forbidden".to_owned()));
        }
        client.get("/v1/summary").await
    };
    assert_eq!(client.text, r#"{"terminals":[]}"#, "nothing was stored");
}

#[test]
fn tls_1_2_is_refused() {
    let shop = Shop::new();
    let collector = shop.start();
    let mut socket = TcpStream::connect(collector.address).expect("it listens");
    socket.write_all(&client_hello_of_tls_1_2()).expect("sent");
    let mut answer = Vec::new();
    socket
        .read_to_end(&mut answer)
        .expect("answered and closed");
    // RFC 8446 section 6: a fatal (2) alert (21) protocol_version (70).
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 70]);
}

/// A ClientHello (RFC 5246 section 7.4.1.2) that knows no later version.
fn client_hello_of_tls_1_2() -> Vec<u8> {
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, 4, 0xc0, 0x2b, 0xc0, 0x2f]);
    hello.extend([1, 0]);
    // supported_groups: secp256r1; signature_algorithms: ecdsa_secp256r1_sha256.
    let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3];
    hello.extend([0, u8::try_from(extensions.len()).expect("short")]);
    hello.extend(extensions);
    let len = u8::try_from(hello.len()).expect("short");
    let mut record = vec![22, 3, 1, 0, len + 4, 1, 0, 0, len];
    record.extend(hello);
    record
}

#[test]
fn keys_are_for_their_owner_alone_and_never_overwritten() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    for key in [
        shop.path("tls/ca.key.pem"),
        shop.path("tls/server.key.pem"),
        till.join("key.pem"),
    ] {
        let mode = fs::metadata(&key)
            .expect("it was made")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{}", key.display());
    }
    let before = fs::read(shop.path("tls/ca.pem")).expect("it was made");
    let again = run(&["ca", "--tls", &shop.text("tls")]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not overwritten"));
    assert_eq!(
        fs::read(shop.path("tls/ca.pem")).expect("it is there"),
        before
    );
    let tls = shop.text("tls");
    let again = run(&[
        "enrol",
        "--tls",
        &tls,
        "--terminal",
        TILL,
        "--out",
        &shop.text(TILL),
    ]);
    assert_eq!(again.status.code(), Some(2));
}
