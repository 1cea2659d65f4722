//! Authorisations and reversals through the switch to an acquirer.

use std::fs;

use sealpoint_acquirer::Mti;
use sealpoint_wire::HostDecision;
use sealpoint_wire::api::{AuthoriseAnswer, ReversalAnswer};

use crate::client::Client;
use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::process::{Running, Shop};
use crate::shapes::{TILL, attempt, authorise, reverse};

/// A profile for tests that wait for a time-out.
pub const QUICK: &str = "[time_outs]\nanswer_s = 1\n";

pub async fn open(acquirer: &str) -> (Shop, Running, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start_with(&["--acquirer", acquirer]);
    let client = Client::of_till(collector.address, &till);
    (shop, collector, client)
}

/// The same with an acquirer profile.
pub async fn open_with(acquirer: &FakeAcquirer, profile: &str) -> (Shop, Running, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = start_with(&shop, acquirer, profile);
    let client = Client::of_till(collector.address, &till);
    (shop, collector, client)
}

fn start_with(shop: &Shop, acquirer: &FakeAcquirer, profile: &str) -> Running {
    let file = shop.text("acquirer.toml");
    fs::write(&file, profile).expect("a file in the shop's folder");
    let address = acquirer.address.to_string();
    shop.start_with(&["--acquirer", &address, "--acquirer-profile", &file])
}

/// A till that asks more often is told off.
pub async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
}

pub fn word(code: u16, error: &str) -> (u16, String) {
    (code, error.to_owned())
}

#[tokio::test]
async fn an_attempt_is_asked_once_and_answered_the_same_each_time() {
    let acquirer = FakeAcquirer::start().await;
    let (shop, collector, client) = open(&acquirer.address.to_string()).await;
    let first = client.post("/v1/authorisations", &authorise(1)).await;
    let answer: AuthoriseAnswer = first.json();
    assert_eq!(answer.attempt, attempt(1));
    assert_eq!(answer.answer.decision, HostDecision::Approved);
    assert_eq!(answer.answer.approval_code.as_deref(), Some("654321"));
    assert_eq!(
        client.post("/v1/authorisations", &authorise(1)).await.text,
        first.text
    );
    // Not even a restart makes it ask again, nor does an acquirer that is away.
    collector.kill();
    let collector = shop.start();
    let client = Client::of_till(collector.address, &shop.path(TILL));
    assert_eq!(
        client.post("/v1/authorisations", &authorise(1)).await.text,
        first.text
    );
    assert_eq!(acquirer.heard(), [Mti::Authorisation]);
}

#[tokio::test]
async fn the_same_attempt_with_another_amount_is_refused() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    client.post("/v1/authorisations", &authorise(1)).await;
    let mut dearer = authorise(1);
    dearer.amount_minor += 1;
    let refused = client.post("/v1/authorisations", &dearer).await;
    assert_eq!(refused.error(), word(409, "differs"));
    let mut other = reverse(1);
    other.amount_minor += 1;
    assert_eq!(
        client.post("/v1/reversals", &other).await.error(),
        word(409, "differs")
    );
    assert_eq!(acquirer.heard(), [Mti::Authorisation]);
}

#[tokio::test]
async fn without_a_line_to_the_acquirer_nothing_is_sent_and_a_reversal_is_done_at_once() {
    let (shop, collector, client) = open("127.0.0.1:1").await;
    let away = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(away.error(), word(503, "not_sent"));
    let reversed: ReversalAnswer = client.post("/v1/reversals", &reverse(1)).await.json();
    assert_eq!(reversed.attempt, attempt(1));
    // The request that was delayed on its way comes after its reversal, and the acquirer is back.
    collector.kill();
    let acquirer = FakeAcquirer::start().await;
    let collector = shop.start_with(&["--acquirer", &acquirer.address.to_string()]);
    let client = Client::of_till(collector.address, &shop.path(TILL));
    let late = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(late.error(), word(409, "reversed"));
    assert!(acquirer.heard().is_empty());
}

#[tokio::test]
async fn without_an_acquirer_configured_nothing_is_sent() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let client = Client::of_till(collector.address, &till);
    let answer = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(answer.error(), word(503, "not_sent"));
}

#[tokio::test]
async fn a_broken_line_leaves_the_fate_unknown_until_it_is_reversed() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    acquirer.is(Mood::HangsUp);
    let lost = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(lost.error(), word(504, "unknown_fate"));
    let again = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(again.error(), word(504, "unknown_fate"));

    let pending = client.post("/v1/reversals", &reverse(1)).await;
    assert_eq!(pending.error(), word(503, "not_acknowledged"));
    acquirer.is(Mood::Answers);
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
    let reversed = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(reversed.error(), word(409, "reversed"));
    assert_eq!(
        acquirer.heard(),
        [Mti::Authorisation, Mti::Reversal, Mti::ReversalRepeat]
    );
}

#[tokio::test]
async fn an_answer_for_another_amount_is_not_believed() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    acquirer.is(Mood::Garbles);
    let answer = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(answer.error(), word(504, "unknown_fate"));
}

#[tokio::test]
async fn a_silent_acquirer_is_given_up_and_its_attempt_reversed() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open_with(&acquirer, QUICK).await;
    acquirer.is(Mood::Silent);
    let answer = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(answer.error(), word(504, "unknown_fate"));
    acquirer.is(Mood::Answers);
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
    assert_eq!(acquirer.heard(), [Mti::Authorisation, Mti::Reversal]);
}

#[tokio::test]
async fn an_attempt_in_flight_when_the_collector_died_is_unknown_afterwards() {
    let acquirer = FakeAcquirer::start().await;
    let (shop, collector, client) = open_with(&acquirer, QUICK).await;
    acquirer.is(Mood::Silent);
    let asked = tokio::spawn(async move {
        let body = serde_json::to_string(&authorise(1)).expect("serialises");
        let body = crate::client::Body::Json(body);
        client
            .send(hyper::Method::POST, "/v1/authorisations", body)
            .await
    });
    while acquirer.heard().is_empty() {
        tokio::task::yield_now().await;
    }
    collector.kill();
    assert!(asked.await.expect("the client's task").is_err());

    acquirer.is(Mood::Answers);
    let collector = start_with(&shop, &acquirer, QUICK);
    let client = Client::of_till(collector.address, &shop.path(TILL));
    // Where several collectors share a store, it is so only once its sender's time is over.
    let again = loop {
        let again = client.post("/v1/authorisations", &authorise(1)).await;
        if again.error() != word(409, "under_way") {
            break again;
        }
        a_moment().await;
    };
    assert_eq!(
        again.error(),
        word(504, "unknown_fate"),
        "it is not asked a second time"
    );
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
    assert_eq!(acquirer.heard(), [Mti::Authorisation, Mti::Reversal]);
}

#[tokio::test]
async fn an_answer_that_comes_after_its_reversal_is_not_honoured() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    acquirer.is(Mood::AnswersLate);
    let request = authorise(1);
    let asking = client.post("/v1/authorisations", &request);
    let reversing = async {
        while acquirer.heard().is_empty() {
            tokio::task::yield_now().await;
        }
        let twice = client.post("/v1/authorisations", &authorise(1)).await;
        assert_eq!(twice.error(), word(409, "under_way"));
        client.post("/v1/reversals", &reverse(1)).await
    };
    let (late, reversed) = tokio::join!(asking, reversing);
    assert_eq!(
        late.error(),
        word(409, "reversed"),
        "approved by the acquirer, but too late"
    );
    assert_eq!(reversed.code, 200);
    // The approval may be looked at after the acknowledgement: then it is undone once more.
    assert_eq!(acquirer.heard()[..2], [Mti::Authorisation, Mti::Reversal]);
}
