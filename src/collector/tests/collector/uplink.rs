//! The real uplink against the real collector.

use std::fs;
use std::path::Path;

use sealpoint_acquirer::Mti;
use sealpoint_wire::api::{AckOutcome, Summary};
use sealpoint_wire::{AuthoriseResult, FromUplink, HostDecision, LinkState, ToUplink};

use crate::client::{Client, get_in_clear};
use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::process::{Shop, read_address};
use crate::relay::Relay;
use crate::shapes::{TILL, attempt, authorise, record, reverse};
use crate::till::Till;

fn is_down(state: &LinkState) -> bool {
    matches!(state, LinkState::Down { .. })
}

async fn acked(till: &mut Till, number: u64) -> Vec<AckOutcome> {
    till.until(|message| match message {
        FromUplink::Acked { offer, results, .. } if *offer == number => {
            Some(results.iter().map(|ack| ack.outcome).collect())
        }
        _ => None,
    })
    .await
}

async fn authorised(till: &mut Till, number: u64) -> AuthoriseResult {
    till.tell(&ToUplink::Authorise(Box::new(authorise(number))))
        .await;
    till.until(|message| match message {
        FromUplink::Authorised {
            attempt: asked,
            result,
        } if *asked == attempt(number) => Some(result.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn records_reach_the_collector_over_an_outage_each_once() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let first = shop.start();
    let address = first.address.to_string();
    let mut till = Till::with_uplink(&address, &folder);
    till.until_link(|state| *state == LinkState::Up).await;
    let records = || (1..=3).map(record).collect();
    till.tell(&ToUplink::Offer {
        offer: 1,
        records: records(),
    })
    .await;
    assert_eq!(acked(&mut till, 1).await, [AckOutcome::Created; 3]);

    first.kill();
    // The journal did not hear of the acknowledgement, say, and offers the records again with more.
    let again = (1..=5).map(record).collect();
    till.tell(&ToUplink::Offer {
        offer: 2,
        records: again,
    })
    .await;
    till.until_link(is_down).await;
    let second = shop.start_with(&["--listen", &address]);
    let outcomes = acked(&mut till, 2).await;
    assert_eq!(outcomes[..3], [AckOutcome::Exists; 3]);
    assert_eq!(outcomes[3..], [AckOutcome::Created; 2]);
    till.until_link(|state| *state == LinkState::Up).await;

    let summary: Summary = Client::of_till(second.address, &folder)
        .get("/v1/summary")
        .await
        .json();
    assert_eq!(summary.terminals[0].sales, 5);
    assert_eq!(summary.terminals[0].contiguous_seq, 5);
    till.leave().await;
}

#[tokio::test]
async fn one_connection_carries_all_pushes() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let port_file = shop.text("pages");
    let collector = shop.start_with(&["--pages", "127.0.0.1:0", "--pages-port-file", &port_file]);
    let pages = read_address(Path::new(&port_file), || {});
    let mut till = Till::with_uplink(&collector.address.to_string(), &folder);
    for number in 1..=10 {
        till.tell(&ToUplink::Offer {
            offer: number,
            records: vec![record(number)],
        })
        .await;
        assert_eq!(acked(&mut till, number).await, [AckOutcome::Created]);
    }
    let metrics = get_in_clear(pages, "/metrics", "127.0.0.1").await.text;
    // One for records and one for charges.
    let few =
        ["1", "2"].map(|n| format!("sealpoint_connections_total{{outcome=\"accepted\"}} {n}\n"));
    assert!(few.iter().any(|few| metrics.contains(few)), "{metrics}");
    till.leave().await;
}

#[tokio::test]
async fn pushes_travel_in_gzip() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let collector = shop.start();
    let relay = Relay::to(collector.address).await;
    let mut till = Till::with_uplink(&relay.address.to_string(), &folder);
    till.until_link(|state| *state == LinkState::Up).await;
    let before = relay.carried();
    let records: Vec<_> = (1..=100).map(record).collect();
    let plain = serde_json::to_vec(&records).expect("serialises").len();
    let offer = ToUplink::Offer { offer: 1, records };
    till.tell(&offer).await;
    assert_eq!(acked(&mut till, 1).await, [AckOutcome::Created; 100]);
    let carried = relay.carried() - before;
    assert!(carried < plain / 2, "{carried} bytes for {plain}");
    till.leave().await;
}

#[tokio::test]
async fn a_card_is_authorised_and_a_lost_answer_is_reversed_before_the_next() {
    let acquirer = FakeAcquirer::start().await;
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let collector = shop.start_with(&["--acquirer", &acquirer.address.to_string()]);
    let mut till = Till::with_uplink(&collector.address.to_string(), &folder);
    let AuthoriseResult::Answered { answer } = authorised(&mut till, 1).await else {
        panic!("not answered");
    };
    assert_eq!(answer.decision, HostDecision::Approved);

    acquirer.is(Mood::HangsUp);
    let lost = authorised(&mut till, 2).await;
    assert!(matches!(lost, AuthoriseResult::Unknown { .. }), "{lost:?}");
    till.tell(&ToUplink::Reverse(reverse(2))).await;
    till.until(|m| matches!(m, FromUplink::ReversalPending { .. }).then_some(()))
        .await;
    let early = authorised(&mut till, 3).await;
    assert!(
        matches!(early, AuthoriseResult::NotSent { .. }),
        "{early:?}"
    );
    acquirer.is(Mood::Answers);
    till.until(|m| {
        (*m == FromUplink::Reversed {
            attempt: attempt(2),
        })
        .then_some(())
    })
    .await;
    let next = authorised(&mut till, 4).await;
    assert!(matches!(next, AuthoriseResult::Answered { .. }), "{next:?}");

    let mut heard = acquirer.heard();
    heard.dedup();
    assert_eq!(
        heard,
        [
            Mti::Authorisation,
            Mti::Reversal,
            Mti::ReversalRepeat,
            Mti::Authorisation
        ],
        "two authorisations, the second reversed before the third"
    );
    till.leave().await;
}

#[tokio::test]
async fn a_collector_that_is_away_proves_that_nothing_was_sent() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let mut till = Till::with_uplink("127.0.0.1:1", &folder);
    let result = authorised(&mut till, 1).await;
    assert!(
        matches!(result, AuthoriseResult::NotSent { .. }),
        "{result:?}"
    );
    till.until_link(is_down).await;
    till.leave().await;
}

#[tokio::test]
async fn the_link_says_in_a_sentence_what_is_wrong_with_the_certificates_and_heals() {
    let shop = Shop::new();
    let folder = shop.enrol(TILL);
    let collector = shop.start();
    let ca = fs::read(folder.join("ca.pem")).expect("enrolled");
    let other = Shop::new();
    fs::copy(other.path("tls/ca.pem"), folder.join("ca.pem")).expect("copied");

    let mut till = Till::with_uplink(&collector.address.to_string(), &folder);
    till.until_link(|state| says(state, "is not from this till's CA"))
        .await;
    fs::remove_file(folder.join("ca.pem")).expect("removed");
    till.until_link(|state| says(state, "ca.pem cannot be read"))
        .await;
    fs::write(folder.join("ca.pem"), ca).expect("repaired");
    till.until_link(|state| *state == LinkState::Up).await;
    till.leave().await;
}

#[tokio::test]
async fn a_till_of_another_shop_is_told_that_its_certificate_is_not_accepted() {
    let shop = Shop::new();
    let other = Shop::new();
    let folder = other.enrol(TILL);
    fs::copy(shop.path("tls/ca.pem"), folder.join("ca.pem")).expect("copied");
    let collector = shop.start();
    let mut till = Till::with_uplink(&collector.address.to_string(), &folder);
    till.until_link(|state| says(state, "does not accept this till's certificate"))
        .await;
    till.leave().await;
}

fn says(state: &LinkState, words: &str) -> bool {
    matches!(state, LinkState::Down { why } if why.contains(words))
}
