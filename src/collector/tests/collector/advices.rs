//! Charges that a till took without the issuer, told to the acquirer.

use sealpoint_acquirer::Mti;
use sealpoint_wire::api::{AdviceAnswer, InquiryAnswer};
use sealpoint_wire::{AdviceKind, Fate, HostDecision};

use crate::client::Client;
use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::hosts::{open, word};
use crate::process::Shop;
use crate::shapes::{TILL, advise, attempt, authorise, inquire, reverse};

const PATH: &str = "/v1/advices";

#[tokio::test]
async fn an_advice_is_sent_until_it_is_answered_and_answered_the_same_each_time() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    let told = advise(1, AdviceKind::OfflineApproved);
    for mood in [Mood::HangsUp, Mood::Malfunctions] {
        acquirer.is(mood);
        let lost = client.post(PATH, &told).await;
        assert_eq!(lost.error(), word(503, "not_answered"));
    }
    acquirer.is(Mood::Answers);
    let answered = client.post(PATH, &told).await;
    let answer: AdviceAnswer = answered.json();
    assert_eq!(answer.attempt, attempt(1));
    assert_eq!(answer.answer.decision, HostDecision::Approved);
    assert_eq!(client.post(PATH, &told).await.text, answered.text);
    assert_eq!(
        acquirer.heard_with_stan(),
        [
            (Mti::Advice, 1),
            (Mti::AdviceRepeat, 1),
            (Mti::AdviceRepeat, 1)
        ]
    );
    let fate: InquiryAnswer = client.post("/v1/inquiries", &inquire(1)).await.json();
    assert!(matches!(fate.fate, Fate::Answered { .. }), "{fate:?}");
}

#[tokio::test]
async fn a_decline_is_an_answer_and_is_not_sent_again() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    acquirer.is(Mood::Declines);
    let told = advise(1, AdviceKind::Deferred);
    let declined = client.post(PATH, &told).await;
    let answer: AdviceAnswer = declined.json();
    assert_eq!(answer.answer.decision, HostDecision::Declined);
    assert_eq!(answer.answer.response_code, "51");
    acquirer.is(Mood::Answers);
    assert_eq!(client.post(PATH, &told).await.text, declined.text);
    assert_eq!(acquirer.heard(), [Mti::Advice]);
}

#[tokio::test]
async fn an_advice_and_an_authorisation_are_not_one_attempt() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    client.post("/v1/authorisations", &authorise(1)).await;
    let told = advise(1, AdviceKind::Deferred);
    let refused = client.post(PATH, &told).await;
    assert_eq!(refused.error(), word(409, "differs"));
    client.post("/v1/reversals", &reverse(2)).await;
    let told = advise(2, AdviceKind::Deferred);
    let refused = client.post(PATH, &told).await;
    assert_eq!(refused.error(), word(409, "reversed"));
    assert_eq!(acquirer.heard(), [Mti::Authorisation]);
}

#[tokio::test]
async fn an_advice_for_another_terminal_or_without_an_acquirer_is_not_sent() {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start();
    let client = Client::of_till(collector.address, &till);
    let told = advise(1, AdviceKind::Deferred);
    let answer = client.post(PATH, &told).await;
    assert_eq!(answer.error(), word(503, "not_sent"));
    let mut other = told;
    other.terminal = "T0000002".parse().expect("a terminal id");
    let refused = client.post(PATH, &other).await;
    assert_eq!(refused.error(), word(403, "forbidden"));
}
