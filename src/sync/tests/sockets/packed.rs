//! Pushes in gzip: where the collector takes it, and nothing else.

use sealpoint_wire::{AuthoriseResult, FromUplink};

use crate::collector::{Place, Reply};
use crate::shapes::{acknowledged, authorise, authorised, sequences, well};
use crate::till::Till;

const TAKES_GZIP: &str = "Accept-Encoding: gzip\r\n";

#[tokio::test]
async fn pushes_are_packed_once_the_collector_said_that_it_takes_it_and_charges_never() {
    let place = Place::new();
    let collector = place
        .start(|heard| match heard.path.as_str() {
            "/v1/health" => Reply::with(200, TAKES_GZIP, &serde_json::json!({})),
            "/v1/authorisations" => authorised(1),
            _ => well(heard),
        })
        .await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    for _ in 0..3 {
        till.sell().await;
    }
    while !till.outbox.is_empty() {
        till.until_acked().await;
    }
    till.tell(&authorise(1)).await;
    till.until(|message| match message {
        FromUplink::Authorised {
            result: AuthoriseResult::Answered { .. },
            ..
        } => Some(()),
        _ => None,
    })
    .await;
    let pushes = collector.heard("/v1/records");
    assert!(
        pushes.iter().all(|push| push.packed),
        "an answer that does not say changes nothing"
    );
    let pushed: Vec<u64> = pushes.iter().flat_map(sequences).collect();
    assert_eq!(pushed, [1, 2, 3], "the same as without");
    assert!(
        collector
            .heard("/v1/authorisations")
            .iter()
            .all(|asked| !asked.packed)
    );
    till.leave().await;
}

#[tokio::test]
async fn a_collector_that_does_not_say_that_it_takes_gzip_gets_none() {
    let place = Place::new();
    let collector = place.start(well).await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    till.sell().await;
    till.until_acked().await;
    assert!(
        collector
            .heard("/v1/records")
            .iter()
            .all(|push| !push.packed)
    );
    till.leave().await;
}

#[tokio::test]
async fn a_collector_that_does_not_take_it_after_all_gets_the_same_unpacked_at_once() {
    let place = Place::new();
    let collector = place
        .start(|heard| match heard.path.as_str() {
            "/v1/health" => Reply::with(200, TAKES_GZIP, &serde_json::json!({})),
            "/v1/records" if heard.packed => Reply::refusal(415, "", "not_json"),
            "/v1/records" => acknowledged(heard, ""),
            _ => well(heard),
        })
        .await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    till.sell().await;
    till.until_acked().await;
    till.sell().await;
    till.until_acked().await;
    let pushes = collector.heard("/v1/records");
    let how: Vec<_> = pushes
        .iter()
        .map(|push| (push.packed, sequences(push)))
        .collect();
    assert_eq!(how, [(true, vec![1]), (false, vec![1]), (false, vec![2])]);
    till.leave().await;
}
