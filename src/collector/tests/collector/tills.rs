//! How a till becomes known, stays known, and stops being so.

use std::fs;
use std::path::{Path, PathBuf};

use hyper::Method;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, date_time_ymd};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sealpoint_collector::store::{Admission, Redeemed, Shown};
use sealpoint_tls::certificate::{Certificate, KeyHash};
use sealpoint_tls::identity::{Files, NextKey};
use sealpoint_tls::signed_time::{Nonce, verify};
use sealpoint_wire::enrol::{
    CertificateAnswer, EnrolRequest, RenewRequest, StandingAnswer, TimeAnswer,
};
use sealpoint_wire::{AdviceKind, Bytes, Standing, TerminalId, WIRE_VERSION};
use serde_json::Value;

use crate::client::{Answer, Body, Client};
use crate::process::{Books, Running, Shop, run};
use crate::shapes::{TILL, advise, authorise, inquire, push, record, reverse};

const DAY_S: i64 = 24 * 60 * 60;

/// What a command prints, which ends well.
fn said(arguments: &[&str]) -> String {
    let done = run(arguments);
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).expect("text")
}

/// What a command says that is refused.
fn refused(arguments: &[&str]) -> String {
    let done = run(arguments);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    String::from_utf8(done.stderr).expect("text")
}

fn store(shop: &Shop) -> String {
    shop.store()
}

fn code(shop: &Shop, terminal: &str) -> String {
    let (store, tls) = (store(shop), shop.text("tls"));
    let said = said(&[
        "enrol-code",
        "--store",
        &store,
        "--tls",
        &tls,
        "--terminal",
        terminal,
    ]);
    said.lines().next().expect("a code").to_owned()
}

pub fn tills(shop: &Shop) -> Value {
    let said = said(&["tills", "--json", "--store", &store(shop)]);
    serde_json::from_str(&said).expect("JSON")
}

/// A folder with the CA in it, and a key that waits for its certificate.
fn next_key(shop: &Shop, folder: &str) -> (Files, NextKey) {
    let folder = shop.path(folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(shop.path("tls/ca.pem"), folder.join("ca.pem")).expect("copied");
    let files = Files::in_folder(&folder);
    let next = NextKey::take_up(&files).expect("a key");
    (files, next)
}

fn request_of(next: &NextKey) -> Bytes {
    Bytes::try_from(next.request().expect("a request")).expect("short")
}

async fn enrol(shop: &Shop, collector: &Running, code: &str, next: &NextKey) -> Answer {
    let asked = EnrolRequest {
        version: WIRE_VERSION,
        code: code.to_owned(),
        request: request_of(next),
    };
    Client::without_certificate(collector.address, &shop.path("tls/ca.pem"))
        .post("/v1/enrolments", &asked)
        .await
}

async fn renew(client: &Client, next: &NextKey) -> Answer {
    let asked = RenewRequest {
        version: WIRE_VERSION,
        request: request_of(next),
    };
    client.post("/v1/renewals", &asked).await
}

async fn standing(client: &Client) -> StandingAnswer {
    client.get("/v1/standing").await.json()
}

pub fn serial_of(folder: &Path) -> String {
    let pem = fs::read(folder.join("cert.pem")).expect("a certificate");
    let der = CertificateDer::from_pem_slice(&pem).expect("PEM");
    Certificate::read(&der).expect("X.509").serial.to_string()
}

/// A till whose certificate of 30 days is `age` days old.
pub fn of_age(shop: &Shop, terminal: &str, age: i64) -> PathBuf {
    let ca = fs::read_to_string(shop.path("tls/ca.pem")).expect("a CA");
    let ca_key = fs::read_to_string(shop.path("tls/ca.key.pem")).expect("its key");
    let ca_key = KeyPair::from_pem(&ca_key).expect("a key");
    let issuer = Issuer::from_ca_cert_pem(&ca, ca_key).expect("a CA");
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, terminal);
    let now_s = sealpoint_collector::now_ms() / 1000;
    let at = |s: i64| {
        let s = std::time::Duration::from_secs(u64::try_from(s).expect("after 1970"));
        date_time_ymd(1970, 1, 1) + s
    };
    params.not_before = at(now_s - age * DAY_S);
    params.not_after = at(now_s + (30 - age) * DAY_S);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &issuer).expect("signed");
    let folder = shop.path(&format!("{terminal}-{age}"));
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("ca.pem"), ca).expect("written");
    fs::write(folder.join("cert.pem"), certificate.pem()).expect("written");
    fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
    folder
}

#[tokio::test]
async fn a_code_enrols_one_key_and_the_same_key_again() {
    let shop = Shop::new();
    let collector = shop.start();
    let code = code(&shop, TILL);
    let (files, mut next) = next_key(&shop, "new");
    let answer: CertificateAnswer = enrol(&shop, &collector, &code, &next).await.json();
    assert_eq!(answer.terminal.as_str(), TILL);
    // The answer got lost, say.
    let answer: CertificateAnswer = enrol(&shop, &collector, &code, &next).await.json();
    next.accept(&answer.certificate).expect("its own");
    next.adopt().expect("adopted");
    let folder = files.key.parent().expect("a folder");
    let client = Client::of_till(collector.address, folder);
    assert_eq!(client.get("/v1/health").await.code, 200);
    let days = (answer.expires_ms / 1000 - sealpoint_collector::now_ms() / 1000) / DAY_S;
    assert!((29..=30).contains(&days), "{days} days");

    let (_, other) = next_key(&shop, "thief");
    let late = enrol(&shop, &collector, &code, &other).await;
    assert_eq!(late.error(), (403, "code_refused".to_owned()));
    let listed = tills(&shop);
    assert_eq!(listed["tills"][0]["terminal"], TILL);
    assert_eq!(listed["tills"][0]["standing"], "active");
    assert_eq!(
        listed["tills"][0]["certificates"][0]["serial"],
        serial_of(folder)
    );
}

#[tokio::test]
async fn a_code_that_nobody_made_or_that_another_replaced_enrols_nobody() {
    let shop = Shop::new();
    let collector = shop.start();
    let first = code(&shop, TILL);
    let _second = code(&shop, TILL);
    let elsewhere = Shop::new();
    let foreign = code(&elsewhere, TILL);
    let (_, next) = next_key(&shop, "new");
    for code in [first, foreign] {
        let answer = enrol(&shop, &collector, &code, &next).await;
        assert_eq!(answer.error(), (403, "code_refused".to_owned()));
    }
    let answer = enrol(&shop, &collector, "no code", &next).await;
    assert_eq!(answer.error(), (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn what_is_no_request_for_a_key_on_p_256_gets_no_certificate() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let client = Client::of_till(collector.address, &till);
    let (_, next) = next_key(&shop, "new");
    let mut forged = next.request().expect("a request");
    *forged.last_mut().expect("bytes") ^= 1;
    let of_another_curve = {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).expect("a key");
        let request = CertificateParams::default().serialize_request(&key);
        request.expect("signed").der().to_vec()
    };
    for request in [vec![], b"nonsense".to_vec(), forged, of_another_curve] {
        let asked = RenewRequest {
            version: WIRE_VERSION,
            request: Bytes::try_from(request).expect("short"),
        };
        let answer = client.post("/v1/renewals", &asked).await;
        assert_eq!(answer.error(), (400, "bad_request".to_owned()));
    }
}

#[tokio::test]
async fn without_the_cas_key_there_are_no_certificates_and_nobody_without_one() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let (_, next) = next_key(&shop, "new");
    fs::remove_file(shop.path("tls/ca.key.pem")).expect("removed");
    let collector = shop.start();
    let answer = renew(&Client::of_till(collector.address, &till), &next).await;
    assert_eq!(answer.error(), (503, "no_authority".to_owned()));
    let client = Client::without_certificate(collector.address, &shop.path("tls/ca.pem"));
    let refused = client.send(Method::GET, "/openapi.json", Body::None).await;
    let why = refused.expect_err("no answer");
    assert!(why.contains("CertificateRequired"), "{why}");
}

#[tokio::test]
async fn a_certificate_is_renewed_until_90_days_after_its_end() {
    let shop = Shop::new();
    let collector = shop.start();
    for (age, code) in [(0, 200), (29, 200), (31, 200), (119, 200), (121, 403)] {
        let folder = of_age(&shop, TILL, age);
        let (_, next) = next_key(&shop, &format!("next-{age}"));
        let answer = renew(&Client::of_till(collector.address, &folder), &next).await;
        assert_eq!(answer.code, code, "{age} days old: {}", answer.text);
    }
}

#[tokio::test]
async fn what_an_expired_till_sends_is_kept_apart_until_it_is_released() {
    let shop = Shop::new();
    let collector = shop.start();
    let store = store(&shop);
    let folder = of_age(&shop, TILL, 31);
    let client = Client::of_till(collector.address, &folder);
    let answer = client
        .post("/v1/records", &push(vec![record(1), record(2)]))
        .await;
    assert_eq!(answer.code, 200, "{}", answer.text);
    let kind = AdviceKind::OfflineApproved;
    for answer in [
        client.post("/v1/authorisations", &authorise(1)).await,
        client.post("/v1/reversals", &reverse(1)).await,
        client.post("/v1/inquiries", &inquire(1)).await,
        client.post("/v1/advices", &advise(1, kind)).await,
        client.get("/v1/summary").await,
        client.get("/v1/ready").await,
    ] {
        assert_eq!(answer.error(), (403, "quarantined".to_owned()));
    }
    let stands = standing(&client).await;
    assert_eq!(stands.standing, Standing::Active);
    assert!(
        stands
            .quarantined
            .is_some_and(|why| why.contains("has expired"))
    );

    let listed = said(&["quarantine", "list", "--json", "--store", &store]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["quarantine"][0]["terminal"], TILL);
    assert_eq!(listed["quarantine"][0]["why"], "expired");
    assert_eq!(listed["quarantine"][0]["records"], 2);
    let release = [
        "quarantine",
        "release",
        "--store",
        &store,
        "--terminal",
        TILL,
    ];
    assert!(refused(&release).contains("has no valid certificate"));

    let (files, mut next) = next_key(&shop, "renewed");
    let answer: CertificateAnswer = renew(&client, &next).await.json();
    next.accept(&answer.certificate).expect("its own");
    next.adopt().expect("adopted");
    let client = Client::of_till(collector.address, files.key.parent().expect("a folder"));
    assert_eq!(standing(&client).await.quarantined, None);
    let before: Value = client.get("/v1/summary").await.json();
    assert_eq!(
        before["terminals"][0]["sales"].as_u64().unwrap_or(0),
        0,
        "{before}"
    );
    assert!(said(&release).starts_with("2 records of T0000001"));
    let after: Value = client.get("/v1/summary").await.json();
    assert_eq!(after["terminals"][0]["sales"], 2);
    assert!(said(&release).starts_with("Nothing"));
}

#[tokio::test]
async fn a_revocation_holds_at_once_and_ends_with_a_new_enrolment() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let other = shop.enrol("T0000002");
    let collector = shop.start();
    let store = store(&shop);
    let client = Client::of_till(collector.address, &till);
    let neighbour = Client::of_till(collector.address, &other);
    assert_eq!(client.get("/v1/summary").await.code, 200);
    said(&[
        "revoke",
        "--store",
        &store,
        "--terminal",
        TILL,
        "--why",
        "sold at auction",
    ]);
    let answer = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(answer.error(), (403, "quarantined".to_owned()));
    assert!(answer.text.contains("sold at auction"), "{}", answer.text);
    let (_, next) = next_key(&shop, "renewed");
    assert_eq!(
        renew(&client, &next).await.error(),
        (403, "quarantined".to_owned())
    );
    assert_eq!(
        client
            .post("/v1/records", &push(vec![record(1)]))
            .await
            .code,
        200
    );
    let stands = standing(&client).await.standing;
    assert!(matches!(stands, Standing::Revoked { why } if why.contains("sold at auction")));
    assert_eq!(neighbour.get("/v1/summary").await.code, 200);
    assert_eq!(tills(&shop)["tills"][0]["standing"], "revoked");

    let (files, mut next) = next_key(&shop, "again");
    let answer: CertificateAnswer = enrol(&shop, &collector, &code(&shop, TILL), &next)
        .await
        .json();
    next.accept(&answer.certificate).expect("its own");
    next.adopt().expect("adopted");
    let again = Client::of_till(collector.address, files.key.parent().expect("a folder"));
    assert_eq!(standing(&again).await.standing, Standing::Active);
    assert_eq!(again.get("/v1/summary").await.code, 200);
    assert_eq!(
        client.get("/v1/summary").await.code,
        403,
        "the old one stays revoked"
    );
    let released = said(&[
        "quarantine",
        "release",
        "--store",
        &store,
        "--terminal",
        TILL,
    ]);
    assert!(released.starts_with("1 record"), "{released}");
}

#[tokio::test]
async fn one_certificate_can_be_revoked_and_the_others_stay_good() {
    let shop = Shop::new();
    let (one, two) = (of_age(&shop, TILL, 1), of_age(&shop, TILL, 2));
    let collector = shop.start();
    let serial = serial_of(&one).to_uppercase();
    let store = store(&shop);
    said(&[
        "revoke",
        "--store",
        &store,
        "--terminal",
        TILL,
        "--serial",
        &serial,
        "--why",
        "copied",
    ]);
    let one = Client::of_till(collector.address, &one);
    let two = Client::of_till(collector.address, &two);
    assert_eq!(
        one.get("/v1/summary").await.error(),
        (403, "quarantined".to_owned())
    );
    assert_eq!(two.get("/v1/summary").await.code, 200);
}

#[tokio::test]
async fn a_lost_till_is_told_to_erase_its_keys() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let store = store(&shop);
    let order = format!("erase order\nterminal {TILL}\nissued 2026-11-23\nid 00\n-- signed\nX\n");
    let file = shop.text("order");
    fs::write(&file, &order).expect("written");
    let lost = ["lost", "--store", &store, "--order", &file, "--terminal"];
    assert!(refused(&[&lost[..], &["T0000002"]].concat()).contains("does not name T0000002"));
    let client = Client::of_till(collector.address, &till);
    for more in [&["T0000001"][..], &["T0000001", "--stolen"]] {
        said(&[&lost[..], more].concat());
        let stolen = more.len() > 1;
        let stands = standing(&client).await.standing;
        assert_eq!(
            stands,
            Standing::Lost {
                order: order.clone(),
                stolen
            }
        );
    }
    assert_eq!(
        client.get("/v1/summary").await.error(),
        (403, "quarantined".to_owned())
    );
    assert_eq!(
        client
            .post("/v1/records", &push(vec![record(1)]))
            .await
            .code,
        200
    );
    assert_eq!(tills(&shop)["tills"][0]["standing"], "lost");
}

#[tokio::test]
async fn the_time_is_signed_by_the_collectors_key() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let client = Client::of_till(collector.address, &till);
    let nonce = Nonce::generate().expect("random bytes");
    let before = sealpoint_collector::now_ms();
    let told: TimeAnswer = client.get(&format!("/v1/time?nonce={nonce}")).await.json();
    assert!((before..=sealpoint_collector::now_ms()).contains(&told.at_ms));
    assert_eq!(told.nonce, nonce.to_string());
    let server = fs::read(shop.path("tls/server.pem")).expect("a certificate");
    let server = CertificateDer::from_pem_slice(&server).expect("PEM");
    verify(&server, &nonce, told.at_ms, told.signature.as_slice()).expect("signed");
    for bad in ["", "?nonce=", "?nonce=00", "?other=1"] {
        let answer = client.get(&format!("/v1/time{bad}")).await;
        assert_eq!(answer.error(), (400, "bad_request".to_owned()), "{bad}");
    }
}

#[tokio::test]
async fn a_classical_link_is_refused_unless_the_collector_is_told_to_take_it() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let strict = shop.start();
    let client = Client::of_till(strict.address, &till).classical();
    let refused = client.send(Method::GET, "/v1/health", Body::None).await;
    assert!(refused.is_err(), "{refused:?}");
    drop(strict);
    let lax = shop.start_with(&["--classical"]);
    let client = Client::of_till(lax.address, &till).classical();
    assert_eq!(client.get("/v1/health").await.code, 200);
    let log = fs::read_to_string(shop.path("collector.log")).expect("a log");
    assert!(log.contains("not safe from a quantum computer"), "{log}");
}

#[tokio::test]
async fn a_code_is_void_after_ten_minutes_and_after_five_wrong_secrets() {
    const MADE_MS: i64 = 1_795_000_000_000;
    let books = Books::new();
    let store = books.open();
    let terminal: TerminalId = TILL.parse().expect("a terminal id");
    let key = KeyHash::of(b"a till's key");
    for (misses, later_ms, good) in [
        (0, 10 * 60 * 1000, true),
        (0, 10 * 60 * 1000 + 1, false),
        (4, 0, true),
        (5, 0, false),
    ] {
        let of = terminal.clone();
        let redeemed = store
            .run(move |db| {
                db.keep_code("000000", &[1; 32], &of, MADE_MS)?;
                for _ in 0..misses {
                    let wrong = db.redeem_code("000000", &[2; 32], &key, MADE_MS)?;
                    assert!(matches!(wrong, Redeemed::Refused(_)));
                }
                db.redeem_code("000000", &[1; 32], &key, MADE_MS + later_ms)
            })
            .await
            .expect("stored");
        let for_the_till = redeemed == Redeemed::For(terminal.clone());
        assert_eq!(
            for_the_till, good,
            "{misses} misses, {later_ms} ms: {redeemed:?}"
        );
    }
}

/// A site bundle is signed days before its till stands where it sells.
#[tokio::test]
async fn a_code_lives_as_many_hours_as_were_asked_for_and_no_longer() {
    let shop = Shop::new();
    let (store_of, tls) = (store(&shop), shop.text("tls"));
    let asked = |hours: &'static str| {
        let head = ["enrol-code", "--store", &store_of, "--tls", &tls];
        [&head[..], &["--terminal", TILL, "--hours", hours]].concat()
    };
    assert!(said(&asked("72")).contains("for 72 hours"));
    for wrong in ["0", "721"] {
        assert!(refused(&asked(wrong)).contains("--hours"), "{wrong}");
    }
    const MADE_MS: i64 = 1_795_000_000_000;
    const LIFE_MS: i64 = 72 * 3_600_000;
    let books = Books::new();
    let store = books.open();
    let terminal: TerminalId = TILL.parse().expect("a terminal id");
    let key = KeyHash::of(b"a till's key");
    for (later_ms, good) in [(LIFE_MS, true), (LIFE_MS + 1, false)] {
        let of = terminal.clone();
        let redeemed = store
            .run(move |db| {
                db.keep_code_for("000000", &[1; 32], &of, MADE_MS, LIFE_MS)?;
                db.redeem_code("000000", &[1; 32], &key, MADE_MS + later_ms)
            })
            .await
            .expect("stored");
        assert_eq!(matches!(redeemed, Redeemed::For(_)), good, "{redeemed:?}");
    }
}

#[tokio::test]
async fn a_code_from_before_a_revocation_gives_no_certificate_after_it() {
    let shop = Shop::new();
    let collector = shop.start();
    let store = store(&shop);
    let order = shop.text("order");
    fs::write(&order, format!("terminal {TILL}\n")).expect("written");
    let revoke = [
        "revoke",
        "--store",
        &store,
        "--terminal",
        TILL,
        "--why",
        "x",
    ];
    let lose = [
        "lost",
        "--store",
        &store,
        "--terminal",
        TILL,
        "--order",
        &order,
    ];
    for (name, command) in [("revoked", &revoke[..]), ("lost", &lose)] {
        let code = code(&shop, TILL);
        let (_, next) = next_key(&shop, name);
        assert_eq!(enrol(&shop, &collector, &code, &next).await.code, 200);
        said(command);
        // The same key, as a till whose answer got lost; and it may be a thief's by now.
        let again = enrol(&shop, &collector, &code, &next).await;
        assert_eq!(again.error(), (403, "code_refused".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn a_renewal_or_enrolment_that_a_revocation_overtakes_is_refused() {
    const NOW_MS: i64 = 1_795_000_000_000;
    let books = Books::new();
    let store = books.open();
    let shown = |serial: &str| Shown {
        terminal: TILL.parse().expect("a terminal id"),
        serial: serial.parse().expect("a serial number"),
        until_ms: NOW_MS + 1000,
    };
    let key = KeyHash::of(b"a till's key");
    let (old, renewed, enrolled) = (shown("01"), shown("02"), shown("03"));
    store
        .run(move |db| {
            db.keep_certificate(&old, NOW_MS)?;
            db.keep_code("000000", &[1; 32], &old.terminal, NOW_MS)?;
            db.redeem_code("000000", &[1; 32], &key, NOW_MS)?;
            // Between the look and the certificate.
            db.revoke(&old.terminal, None, "sold", NOW_MS)?;
            let kept = db.keep_renewed(&old, &renewed, NOW_MS)?;
            assert!(!kept.may_renew());
            let kept = db.keep_enrolled("000000", &[1; 32], &key, &enrolled, NOW_MS)?;
            assert!(matches!(kept, Redeemed::Refused(_)));
            for given in [&renewed, &enrolled] {
                let admission = db.admission(given, NOW_MS)?;
                assert!(matches!(admission, Admission::Revoked { .. }), "{given:?}");
            }
            Ok(())
        })
        .await
        .expect("stored");
}
