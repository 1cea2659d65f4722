//! What a till runs, by the word of its TPM, which is a real one in software: the collector believes
//! what it must and nothing else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use sealpoint_collector::attest::{NONCE_LIFE_MS, Policy, VERDICT_LIFE_MS};
use sealpoint_collector::store::{Admission, Challenge, Shown};
use sealpoint_wire::attest::{
    ChallengeAnswer, ChallengeRequest, Evidence, EvidenceRequest, Identity, Verdict, VerdictAnswer,
};
use sealpoint_wire::enrol::StandingAnswer;
use sealpoint_wire::{Bytes, LinkState, WIRE_VERSION};
use serde_json::Value;

use crate::attester::Attester;
use crate::client::{Client, get_in_clear};
use crate::process::{Books, PATIENCE, Running, Shop, read_address, run};
use crate::shapes::{TILL, authorise, push, record};
use crate::till::Till;

/// What the store says of the tills, and how the command ended.
fn listed(shop: &Shop) -> (Option<i32>, Value) {
    let done = run(&["attest", "list", "--json", "--store", &shop.store()]);
    let text = String::from_utf8(done.stdout).expect("text");
    (
        done.status.code(),
        serde_json::from_str(&text).expect("JSON"),
    )
}

/// Loads the values of the image that runs there.
fn load(shop: &Shop, attester: &Attester, image: &str, pcrs: &[u8]) {
    let file = shop.path("reference.json");
    fs::write(&file, attester.reference(image, pcrs)).expect("written");
    let (store, file) = (shop.store(), file.display().to_string());
    let done = run(&["attest", "reference", "add", "--store", &store, &file]);
    assert!(done.status.success(), "{done:?}");
}

fn accept(shop: &Shop) {
    let store = shop.store();
    let done = run(&["attest", "accept", "--store", &store, "--terminal", TILL]);
    assert!(done.status.success(), "{done:?}");
}

fn open(more: &[&str]) -> (Shop, Running, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start_with(more);
    let client = Client::of_till(collector.address, &till);
    (shop, collector, client)
}

async fn challenge(client: &Client, identity: Identity) -> ChallengeAnswer {
    let request = ChallengeRequest {
        version: WIRE_VERSION,
        identity,
    };
    client
        .post("/v1/attestation/challenges", &request)
        .await
        .json()
}

async fn evidence(client: &Client, evidence: Evidence) -> VerdictAnswer {
    let request = EvidenceRequest {
        version: WIRE_VERSION,
        evidence,
    };
    client
        .post("/v1/attestation/evidence", &request)
        .await
        .json()
}

/// A whole round, as an uplink makes it; the verdict's word.
async fn show(client: &Client, attester: &Attester) -> String {
    let challenge = challenge(client, attester.identity()).await;
    let secret = challenge
        .credential
        .map(|credential| attester.activate(&credential).expect("its own"));
    let quote = attester.quote(&challenge.nonce);
    let answer = evidence(client, Evidence::Quote { quote, secret }).await;
    assert_eq!(answer.verdict == Verdict::Trusted, answer.reason == "none");
    answer.reason
}

#[tokio::test]
async fn a_till_shows_by_its_uplink_that_it_runs_the_retailers_image() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let port_file = shop.text("pages");
    let collector = shop.start_with(&["--pages", "127.0.0.1:0", "--pages-port-file", &port_file]);
    let attester = Attester::new();
    load(&shop, &attester, "1.4.0", &[4, 11, 12]);
    let address = collector.address.to_string();
    let till = Till::with_attester(&address, &folder, Some(attester.listen()));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let (code, said) = loop {
        let (code, said) = listed(&shop);
        if said["tills"][0]["verdict"].is_string() {
            break (code, said);
        }
        assert!(tokio::time::Instant::now() < deadline, "nothing is said");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(code, Some(0));
    let one = &said["tills"][0];
    assert_eq!(one["terminal"], TILL);
    assert_eq!(one["verdict"], "trusted", "{one}");
    assert_eq!(one["image"], "1.4.0");
    assert_eq!(one["registers"].as_object().expect("registers").len(), 14);
    till.leave().await;

    let pages = read_address(Path::new(&port_file), || {});
    let page = get_in_clear(pages, "/", "127.0.0.1").await.text;
    assert!(page.contains("What tills run"), "{page}");
    assert!(page.contains("\u{2713} trusted"), "{page}");
    let metrics = get_in_clear(pages, "/metrics", "127.0.0.1").await.text;
    for line in [
        "sealpoint_attestations_total{verdict=\"trusted\"} 1",
        "sealpoint_tills_trusted 1",
        "sealpoint_tills_untrusted 0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn evidence_is_good_once_and_for_its_own_challenge() {
    let (shop, _collector, client) = open(&[]);
    let attester = Attester::new();
    load(&shop, &attester, "1.4.0", &[11]);
    assert_eq!(show(&client, &attester).await, "none");

    let first = challenge(&client, attester.identity()).await;
    assert_eq!(first.credential, None, "its key is known by now");
    let quote = attester.quote(&first.nonce);
    let old = Evidence::Quote {
        quote,
        secret: None,
    };
    assert_eq!(evidence(&client, old.clone()).await.reason, "none");
    assert_eq!(
        evidence(&client, old.clone()).await.reason,
        "no_challenge",
        "played again"
    );
    challenge(&client, attester.identity()).await;
    assert_eq!(
        evidence(&client, old).await.reason,
        "nonce",
        "played again for another challenge"
    );
}

#[tokio::test]
async fn what_a_running_till_changes_shows_at_its_next_evidence_and_is_an_alarm() {
    let (shop, _collector, client) = open(&[]);
    let attester = Attester::new();
    load(&shop, &attester, "1.4.0", &[4, 11, 12]);
    assert_eq!(show(&client, &attester).await, "none");
    attester.extend(12);
    assert_eq!(show(&client, &attester).await, "image_changed");
    attester.extend(11);
    assert_eq!(show(&client, &attester).await, "unknown_image");
    let (code, said) = listed(&shop);
    assert_eq!(code, Some(1), "monitoring sees it");
    assert_eq!(said["tills"][0]["verdict"], "untrusted");
    // IT says that this is an image of theirs.
    load(&shop, &attester, "1.4.1", &[11]);
    assert_eq!(show(&client, &attester).await, "none");
    attester.extend(7);
    assert_eq!(show(&client, &attester).await, "firmware_changed");
    accept(&shop);
    assert_eq!(show(&client, &attester).await, "none");
    let store = shop.store();
    let done = run(&["attest", "reference", "retire", "--store", &store, "1.4.1"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(show(&client, &attester).await, "unknown_image");
}

#[tokio::test]
async fn another_tpm_is_not_this_tills_until_an_operator_says_so() {
    let (shop, _collector, client) = open(&[]);
    let (own, other) = (Attester::new(), Attester::new());
    load(&shop, &own, "1.4.0", &[11]);
    assert_eq!(show(&client, &own).await, "none");
    assert_eq!(show(&client, &other).await, "key_changed");
    // Nor is it a way out to say that there is none.
    let why = "It has none.".to_owned();
    let none = evidence(&client, Evidence::NoTpm { why }).await;
    assert_eq!(none.reason, "key_changed");
    assert_eq!(show(&client, &own).await, "none");
    // A challenge to the key that is forgotten asked for no proof of where that key is.
    let asked = challenge(&client, own.identity()).await;
    assert_eq!(asked.credential, None);
    accept(&shop);
    let quote = own.quote(&asked.nonce);
    let late = Evidence::Quote {
        quote,
        secret: None,
    };
    assert_eq!(evidence(&client, late).await.reason, "no_challenge");
    assert_eq!(show(&client, &other).await, "none");
    assert_eq!(show(&client, &own).await, "key_changed");
}

/// A key beside an endorsement key of another TPM: whoever holds it cannot open the credential.
#[tokio::test]
async fn a_key_that_is_not_in_the_tpm_that_it_names_is_found_out() {
    let (shop, _collector, client) = open(&[]);
    let (own, other) = (Attester::new(), Attester::new());
    load(&shop, &own, "1.4.0", &[11]);
    let mixed = Identity {
        endorsement_key: other.identity().endorsement_key,
        ..own.identity()
    };
    let asked = challenge(&client, mixed).await;
    let credential = asked.credential.expect("its key is not known");
    assert_eq!(own.activate(&credential), None);
    assert_eq!(other.activate(&credential), None);
    for secret in [None, Some(Bytes::try_from(vec![0; 32]).expect("short"))] {
        let mixed = Identity {
            endorsement_key: other.identity().endorsement_key,
            ..own.identity()
        };
        let asked = challenge(&client, mixed).await;
        let quote = own.quote(&asked.nonce);
        let answer = evidence(&client, Evidence::Quote { quote, secret }).await;
        assert_eq!(answer.reason, "not_one_tpm");
    }
    // A quote by the other's key, under this one's name.
    let asked = challenge(&client, own.identity()).await;
    let secret = own.activate(&asked.credential.expect("not known yet"));
    let quote = other.quote(&asked.nonce);
    let answer = evidence(&client, Evidence::Quote { quote, secret }).await;
    assert_eq!(answer.reason, "signature");
    let known = &listed(&shop).1["tills"][0]["known_ms"];
    assert!(known.is_null(), "nothing of this became known: {known}");
}

#[tokio::test]
async fn a_cleared_tpm_is_told() {
    let (shop, _collector, client) = open(&[]);
    let mut attester = Attester::new();
    for _ in 0..3 {
        attester.machine.switch_on().expect("on again");
    }
    for pcr in [0, 4, 7, 11] {
        attester.extend(pcr);
    }
    load(&shop, &attester, "1.4.0", &[11]);
    assert_eq!(show(&client, &attester).await, "none");
    attester.tpm().clear().expect("as the firmware does");
    assert_eq!(show(&client, &attester).await, "tpm_cleared");
    assert_eq!(show(&client, &attester).await, "tpm_cleared", "and again");
    accept(&shop);
    assert_eq!(show(&client, &attester).await, "none");
}

#[tokio::test]
async fn a_till_without_a_tpm_says_so_and_is_listed_as_such() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let collector = shop.start();
    let client = Client::of_till(collector.address, &folder);
    let why = "This machine has no TPM.".to_owned();
    let answer = evidence(&client, Evidence::NoTpm { why }).await;
    assert_eq!(answer.verdict, Verdict::NoTpm);
    let (code, said) = listed(&shop);
    assert_eq!(
        (code, &said["tills"][0]["verdict"]),
        (Some(1), &"no_tpm".into())
    );
}

#[tokio::test]
async fn where_it_is_required_a_till_sells_by_card_only_once_it_has_shown_what_it_runs() {
    let (shop, _collector, client) = open(&["--attest", "require"]);
    let standing = async || -> StandingAnswer { client.get("/v1/standing").await.json() };
    let why = standing().await.quarantined.expect("it is");
    assert!(why.contains("does not show what it runs"), "{why}");
    let refused = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(refused.error(), (403, "quarantined".to_owned()));
    client.post("/v1/records", &push(vec![record(1)])).await;
    let store = shop.store();
    let kept = run(&["quarantine", "list", "--json", "--store", &store]);
    let kept: Value = serde_json::from_slice(&kept.stdout).expect("JSON");
    assert_eq!(kept["quarantine"][0]["why"], "unattested");

    let attester = Attester::new();
    assert_eq!(show(&client, &attester).await, "no_reference");
    assert!(standing().await.quarantined.is_some());
    load(&shop, &attester, "1.4.0", &[11]);
    assert_eq!(show(&client, &attester).await, "none");
    assert_eq!(standing().await.quarantined, None);
    let asked = client.post("/v1/authorisations", &authorise(1)).await;
    assert_ne!(asked.code, 403, "there is no acquirer, but the way is open");
}

/// The uplink asks how its till stands as soon as the collector has appraised it.
#[tokio::test]
async fn a_till_leaves_quarantine_as_soon_as_it_has_shown_what_it_runs() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let collector = shop.start_with(&["--attest", "require"]);
    let attester = Attester::new();
    load(&shop, &attester, "1.4.0", &[11]);
    let address = collector.address.to_string();
    let mut till = Till::with_attester(&address, &folder, Some(attester.listen()));
    till.until_link(|state| matches!(state, LinkState::Quarantined { .. }))
        .await;
    till.until_link(|state| *state == LinkState::Up).await;
    till.leave().await;
}

#[tokio::test]
async fn a_collector_that_does_not_ask_says_so() {
    let (_shop, _collector, client) = open(&["--attest", "off"]);
    let attester = Attester::new();
    let request = ChallengeRequest {
        version: WIRE_VERSION,
        identity: attester.identity(),
    };
    let answer = client.post("/v1/attestation/challenges", &request).await;
    assert_eq!(answer.error(), (404, "not_asked".to_owned()));
}

#[tokio::test]
async fn keys_of_another_kind_get_no_challenge() {
    let (_shop, _collector, client) = open(&[]);
    let attester = Attester::new();
    let good = attester.identity();
    let swapped = Identity {
        attestation_key: good.endorsement_key.clone(),
        endorsement_key: good.attestation_key.clone(),
        endorsement_certificate: None,
    };
    let request = ChallengeRequest {
        version: WIRE_VERSION,
        identity: swapped,
    };
    let answer = client.post("/v1/attestation/challenges", &request).await;
    assert_eq!(answer.error(), (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn a_challenge_and_a_verdict_end() {
    const NOW: i64 = 1_700_000_000_000;
    let books = Books::new();
    let store = books.open();
    let attester = Attester::new();
    load(books.shop(), &attester, "1.4.0", &[11]);
    let key = attester.identity().attestation_key.as_slice().to_vec();
    let challenge = Challenge {
        nonce: [7; 32],
        attestation_key: key,
        endorsement: [0; 34],
        certificate: None,
        secret_hash: None,
    };
    let quote = attester.quote(&Bytes::try_from(vec![7; 32]).expect("short"));
    let shown = Evidence::Quote {
        quote,
        secret: None,
    };
    let terminal = || TILL.parse().expect("a terminal id");
    let at = |late_ms: i64| {
        let (store, challenge, shown) = (store.clone(), challenge.clone(), shown.clone());
        async move {
            let attested = store.run(move |db| {
                db.keep_challenge(&terminal(), &challenge, NOW)?;
                db.attest(&terminal(), &shown, NOW + late_ms)
            });
            let reason = attested.await.expect("stored").reason;
            reason.map_or("none", |reason| reason.word())
        }
    };
    assert_eq!(at(NONCE_LIFE_MS + 1).await, "no_challenge");
    assert_eq!(at(NONCE_LIFE_MS).await, "none");

    let certificate = Shown {
        terminal: terminal(),
        serial: "01".parse().expect("a number"),
        until_ms: i64::MAX,
    };
    let admitted = |policy: Policy, late_ms: i64| {
        let (store, certificate) = (store.clone(), certificate.clone());
        async move {
            let at_ms = NOW + NONCE_LIFE_MS + late_ms;
            store
                .run(move |db| db.admission_under(policy, &certificate, at_ms))
                .await
                .expect("read")
        }
    };
    let life = VERDICT_LIFE_MS;
    assert_eq!(admitted(Policy::Require, life).await, Admission::Good);
    assert_ne!(admitted(Policy::Require, life + 1).await, Admission::Good);
    assert_eq!(admitted(Policy::Report, life + 1).await, Admission::Good);
}
