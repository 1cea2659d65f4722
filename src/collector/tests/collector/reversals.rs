//! Reversals: first, again and again, and without the till.

use sealpoint_acquirer::Mti;
use sealpoint_wire::api::{AuthoriseAnswer, InquiryAnswer};
use sealpoint_wire::{Fate, HostDecision};

use crate::client::Client;
use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::hosts::{QUICK, a_moment, open, open_with, word};
use crate::process::Shop;
use crate::shapes::{TILL, authorise, inquire, reverse};

async fn reversed_by_itself(client: &Client) {
    loop {
        let answer: InquiryAnswer = client.post("/v1/inquiries", &inquire(1)).await.json();
        match answer.fate {
            Fate::ReversalDue => a_moment().await,
            Fate::Reversed => return,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reversal_that_is_due_is_tried_on_without_the_till() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    client.post("/v1/authorisations", &authorise(1)).await;
    acquirer.is(Mood::Malfunctions);
    let pending = client.post("/v1/reversals", &reverse(1)).await;
    assert_eq!(pending.error(), word(503, "not_acknowledged"));
    acquirer.is(Mood::Answers);
    reversed_by_itself(&client).await;
    let heard = acquirer.heard_with_stan();
    assert_eq!(heard[..2], [(Mti::Authorisation, 1), (Mti::Reversal, 1)]);
    assert!(heard.len() > 2);
    for repeat in &heard[2..] {
        assert_eq!(*repeat, (Mti::ReversalRepeat, 1));
    }
}

#[tokio::test]
async fn a_reversal_that_is_due_outlives_its_collector() {
    let acquirer = FakeAcquirer::start().await;
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let to = ["--acquirer", &acquirer.address.to_string()];
    let collector = shop.start_with(&to);
    let client = Client::of_till(collector.address, &till);
    client.post("/v1/authorisations", &authorise(1)).await;
    acquirer.is(Mood::Malfunctions);
    client.post("/v1/reversals", &reverse(1)).await;
    collector.kill();
    acquirer.is(Mood::Answers);
    let collector = shop.start_with(&to);
    let client = Client::of_till(collector.address, &till);
    reversed_by_itself(&client).await;
}

#[tokio::test]
async fn a_reversal_goes_before_anything_new_of_its_till() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    client.post("/v1/authorisations", &authorise(1)).await;
    acquirer.is(Mood::Malfunctions);
    client.post("/v1/reversals", &reverse(1)).await;
    let waits = client.post("/v1/authorisations", &authorise(2)).await;
    assert_eq!(waits.error(), word(503, "not_sent"));
    assert!(
        !acquirer
            .heard_with_stan()
            .contains(&(Mti::Authorisation, 2))
    );
    acquirer.is(Mood::Answers);
    loop {
        let asked = client.post("/v1/authorisations", &authorise(2)).await;
        if asked.code == 200 {
            break;
        }
        assert_eq!(asked.error(), word(503, "not_sent"));
        a_moment().await;
    }
    let answer: InquiryAnswer = client.post("/v1/inquiries", &inquire(1)).await.json();
    assert_eq!(answer.fate, Fate::Reversed);
    let heard = acquirer.heard_with_stan();
    assert_eq!(heard.last(), Some(&(Mti::Authorisation, 2)));
}

#[tokio::test]
async fn an_approval_after_its_reversal_is_reversed_at_the_host_too() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open_with(&acquirer, QUICK).await;
    acquirer.is(Mood::Holds);
    let lost = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(lost.error(), word(504, "unknown_fate"));
    acquirer.is(Mood::Answers);
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
    assert_eq!(acquirer.heard(), [Mti::Authorisation, Mti::Reversal]);
    acquirer.release().await;
    acquirer.has_heard(3).await;
    assert_eq!(
        acquirer.heard(),
        [Mti::Authorisation, Mti::Reversal, Mti::ReversalRepeat]
    );
    reversed_by_itself(&client).await;
    let late = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(late.error(), word(409, "reversed"));
}

#[tokio::test]
async fn a_part_is_told_with_what_it_is_and_reversed_if_it_is_refused() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open(&acquirer.address.to_string()).await;
    acquirer.is(Mood::Partly);
    let answered = client.post("/v1/authorisations", &authorise(1)).await;
    let answer = answered.json::<AuthoriseAnswer>().answer;
    assert_eq!(answer.decision, HostDecision::PartlyApproved);
    assert_eq!(answer.approved_minor, Some(1000));
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
}

#[tokio::test]
async fn a_part_that_the_profile_does_not_allow_is_unknown() {
    let profile = "partial_approvals = false";
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open_with(&acquirer, profile).await;
    acquirer.is(Mood::Partly);
    let answer = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(answer.error(), word(504, "unknown_fate"));
}

#[tokio::test]
async fn the_same_attempt_through_two_doors_at_once_is_asked_once() {
    let acquirer = FakeAcquirer::start().await;
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let to = ["--acquirer", &acquirer.address.to_string()];
    let first = shop.start_with(&to);
    // On PostgreSQL the second door is another collector's.
    let second = shop
        .store()
        .starts_with("postgres")
        .then(|| shop.start_with(&to));
    let other = second.as_ref().map_or(first.address, |door| door.address);
    let (one, two) = (
        Client::of_till(first.address, &till),
        Client::of_till(other, &till),
    );
    for number in 1..=10 {
        let request = authorise(number);
        let both = tokio::join!(
            one.post("/v1/authorisations", &request),
            two.post("/v1/authorisations", &request)
        );
        for answer in [&both.0, &both.1] {
            if answer.code != 200 {
                assert_eq!(answer.error(), word(409, "under_way"));
            }
        }
        assert!(both.0.code == 200 || both.1.code == 200, "{both:?}");
        let again = two.post("/v1/authorisations", &request).await;
        assert_eq!(again.code, 200);
    }
    assert_eq!(acquirer.heard().len(), 10);
}
