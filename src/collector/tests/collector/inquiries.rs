//! What became of an attempt, asked at the collector and where it can at the host.

use sealpoint_acquirer::Mti;
use sealpoint_wire::api::{AuthoriseAnswer, InquiryAnswer};
use sealpoint_wire::{Fate, HostDecision};

use crate::client::Client;
use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::hosts::{QUICK, a_moment, open, open_with, word};
use crate::shapes::{TILL, attempt, authorise, card, inquire, push, record_of, reverse, sale};

async fn fate(client: &Client, number: u64) -> Fate {
    let answer: InquiryAnswer = client.post("/v1/inquiries", &inquire(number)).await.json();
    assert_eq!(answer.attempt, attempt(number));
    answer.fate
}

#[tokio::test]
async fn an_inquiry_says_what_became_of_each_attempt() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    assert_eq!(fate(&client, 1).await, Fate::NeverSeen);
    let closed = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(closed.error(), word(409, "reversed"));
    assert!(acquirer.heard().is_empty(), "it is never asked for");

    let answered = client.post("/v1/authorisations", &authorise(2)).await;
    let answer = answered.json::<AuthoriseAnswer>().answer;
    assert_eq!(fate(&client, 2).await, Fate::Answered { answer });
    client.post("/v1/reversals", &reverse(2)).await;
    assert_eq!(fate(&client, 2).await, Fate::Reversed);

    acquirer.is(Mood::HangsUp);
    client.post("/v1/authorisations", &authorise(3)).await;
    assert_eq!(fate(&client, 3).await, Fate::Unknown);
    client.post("/v1/reversals", &reverse(3)).await;
    let due = fate(&client, 3).await;
    assert_eq!(due, Fate::ReversalDue);
    let mut other = inquire(3);
    other.amount_minor += 1;
    let refused = client.post("/v1/inquiries", &other).await;
    assert_eq!(refused.error(), word(409, "differs"));
}

#[tokio::test]
async fn an_inquiry_names_the_sale_that_was_committed() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    let committed = async || -> bool {
        let answer: InquiryAnswer = client.post("/v1/inquiries", &inquire(1)).await.json();
        answer.committed
    };
    client.post("/v1/authorisations", &authorise(1)).await;
    assert!(!committed().await);
    let sale = sale(1, TILL, vec![card(1234)], 1234);
    let record = record_of(&sale, 1, sealpoint_wire::RecordKind::Sale);
    client.post("/v1/records", &push(vec![record])).await;
    assert!(committed().await);
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_is_kept_if_no_reversal_is_due() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open_with(&acquirer, QUICK).await;
    acquirer.is(Mood::Holds);
    let lost = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(lost.error(), word(504, "unknown_fate"));
    assert_eq!(fate(&client, 1).await, Fate::Unknown);
    acquirer.release().await;
    let answer = loop {
        match fate(&client, 1).await {
            Fate::Unknown => a_moment().await,
            Fate::Answered { answer } => break answer,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(answer.decision, HostDecision::Approved);
    let again = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(again.json::<AuthoriseAnswer>().answer, answer);
    assert_eq!(acquirer.heard(), [Mti::Authorisation]);
}

#[tokio::test]
async fn a_host_that_can_be_asked_is_asked_and_an_approval_alone_is_believed() {
    let profile = format!("inquiries = true\n{QUICK}");
    let acquirer = FakeAcquirer::speaking(&profile).await;
    let (_shop, _collector, client) = open_with(&acquirer, &profile).await;
    acquirer.is(Mood::Inquiries);
    client.post("/v1/authorisations", &authorise(1)).await;
    let Fate::Answered { answer } = fate(&client, 1).await else {
        panic!("the host knows it");
    };
    assert_eq!(answer.approval_code.as_deref(), Some("654321"));
    client.post("/v1/authorisations", &authorise(2)).await;
    acquirer.is(Mood::HasNone);
    assert_eq!(fate(&client, 2).await, Fate::Unknown);
    assert_eq!(
        acquirer.heard_with_stan(),
        [
            (Mti::Authorisation, 1),
            (Mti::Inquiry, 1),
            (Mti::Authorisation, 2),
            (Mti::Inquiry, 2)
        ]
    );
}

#[tokio::test]
async fn while_the_host_is_asked_nobody_guesses() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    acquirer.is(Mood::Holds);
    let request = authorise(1);
    let asking = client.post("/v1/authorisations", &request);
    let inquiring = async {
        acquirer.has_heard(1).await;
        let early = client.post("/v1/inquiries", &inquire(1)).await;
        assert_eq!(early.error(), word(409, "under_way"));
        acquirer.release().await;
    };
    let (answered, ()) = tokio::join!(asking, inquiring);
    assert_eq!(answered.code, 200);
}
