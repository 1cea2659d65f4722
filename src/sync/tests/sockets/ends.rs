//! Where the collector is, and where the till's identity ends.

use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};

use sealpoint_wire::ToUplink;

use crate::collector::Place;
use crate::shapes::{sequences, well};
use crate::till::Till;

#[tokio::test]
async fn a_collector_at_an_ipv6_address_is_reached() {
    let place = Place::new();
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    // A machine without IPv6 has nothing to show here.
    let Ok(collector) = place.start_at(address, well).await else {
        return;
    };
    let mut till = Till::new(&place, &format!("[::1]:{}", collector.address.port()));
    till.until_up().await;
    till.leave().await;
}

#[tokio::test]
async fn a_name_with_addresses_of_both_families_is_reached_where_only_one_answers() {
    let place = Place::new();
    let collector = place.start(well).await;
    let mut till = Till::new(&place, &format!("localhost:{}", collector.address.port()));
    till.until_up().await;
    till.leave().await;
}

#[tokio::test]
async fn a_collector_that_comes_back_elsewhere_under_its_name_is_found() {
    let place = Place::new();
    let first = place.start(well).await;
    let address = first.address;
    let mut till = Till::new(&place, &format!("localhost:{}", address.port()));
    till.until_up().await;
    first.stop().await;
    till.until_down().await;
    // The same name, the other family, where this machine's name has both: what a changed record of
    // the name service looks like.
    let both = ("localhost", address.port())
        .to_socket_addrs()
        .expect("a name");
    let elsewhere = both
        .into_iter()
        .find(SocketAddr::is_ipv6)
        .unwrap_or(address);
    let moved = place.start_at(elsewhere, well).await.expect("a free port");
    till.until_up().await;
    till.sell().await;
    till.until_acked().await;
    let pushed: Vec<_> = moved.heard("/v1/records").iter().map(sequences).collect();
    assert_eq!(pushed, [[1]]);
    till.leave().await;
}

#[tokio::test]
async fn at_the_word_to_erase_the_identity_is_gone_and_the_uplink_ends_without_a_word() {
    let place = Place::new();
    let collector = place.start(well).await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    let connections = collector.connections();
    till.tell(&ToUplink::Erase).await;
    let (outcome, said_more) = till.ended().await;
    outcome.expect("erased");
    assert!(!said_more);
    for file in ["key.pem", "cert.pem"] {
        assert!(!place.folder().join(file).exists(), "{file}");
    }
    assert!(
        collector.connections() <= connections + 1,
        "it does not come back"
    );
}
