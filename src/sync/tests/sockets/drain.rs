//! A queue that an outage left behind, and a sale that is made while it drains.

use sealpoint_wire::{AuthoriseResult, FromUplink};
use tokio::net::TcpListener;

use crate::collector::{Place, Reply};
use crate::shapes::{attempt, authorise, authorised, sequences, well};
use crate::till::Till;

#[tokio::test]
async fn eight_orders_and_a_new_sale_while_they_drain_arrive_once_each_and_charge_once() {
    let place = Place::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = closed.local_addr().expect("bound");
    drop(closed);
    let mut till = Till::new(&place, &address.to_string()).with_batch(3);
    till.until_down().await;
    for _ in 0..8 {
        till.sell().await;
    }

    let collector = place
        .start_at(address, |heard| match heard.path.as_str() {
            "/v1/authorisations" => authorised(9),
            _ => well(heard),
        })
        .await
        .expect("the port is free");
    till.until_acked().await;
    till.tell(&authorise(9)).await;
    till.until(|message| match message {
        FromUplink::Authorised {
            attempt: asked,
            result: AuthoriseResult::Answered { .. },
        } if *asked == attempt(9) => Some(()),
        _ => None,
    })
    .await;
    till.sell().await;
    while !till.outbox.is_empty() {
        till.until_acked().await;
    }
    let pushed: Vec<u64> = collector
        .heard("/v1/records")
        .iter()
        .flat_map(sequences)
        .collect();
    assert_eq!(pushed, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(collector.heard("/v1/authorisations").len(), 1);
    till.leave().await;
}

#[tokio::test]
async fn an_acknowledgement_that_got_lost_is_asked_for_again_and_nothing_more_is() {
    let place = Place::new();
    let collector = place
        .start(move |heard| {
            // Stored, but the answer to the first push does not come back.
            static PUSHES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            let first = heard.path == "/v1/records"
                && PUSHES.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            if first { Reply::HangUp } else { well(heard) }
        })
        .await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    till.sell().await;
    till.until_down().await;
    till.sell().await;
    while !till.outbox.is_empty() {
        till.until_acked().await;
    }
    let pushes: Vec<_> = collector
        .heard("/v1/records")
        .iter()
        .map(sequences)
        .collect();
    assert_eq!(
        pushes,
        [vec![1], vec![1], vec![2]],
        "the offer as it was, then the tail"
    );
    till.leave().await;
}

#[tokio::test]
async fn a_connection_that_the_collector_closed_after_an_answer_costs_no_request() {
    let place = Place::new();
    let collector = place
        .start(|heard| match (heard.path.as_str(), well(heard)) {
            ("/v1/records", Reply::Answer(_, _, body)) => Reply::AnswerAndClose(body),
            (_, other) => other,
        })
        .await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    for _ in 0..5 {
        till.sell().await;
        till.until_acked().await;
    }
    let pushes: Vec<_> = collector
        .heard("/v1/records")
        .iter()
        .map(sequences)
        .collect();
    assert_eq!(pushes, [[1], [2], [3], [4], [5]]);
    till.leave().await;
}

#[tokio::test]
async fn a_rest_that_the_collector_asks_for_is_kept_and_the_link_stays_up() {
    let place = Place::new();
    let collector = place
        .start(move |heard| {
            static PUSHES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            let first = heard.path == "/v1/records"
                && PUSHES.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            if first {
                Reply::refusal(429, "Retry-After: 2\r\n", "rate")
            } else {
                well(heard)
            }
        })
        .await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    let began = std::time::Instant::now();
    till.sell().await;
    let went_down = till
        .until(|message| match message {
            FromUplink::Acked { .. } => Some(false),
            FromUplink::Link { .. } => Some(true),
            _ => None,
        })
        .await;
    assert!(!went_down);
    assert!(began.elapsed().as_secs() >= 2, "{:?}", began.elapsed());
    till.leave().await;
}
