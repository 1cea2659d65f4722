//! The uplink renews its own certificate in time, and one that has expired.

use std::fs;
use std::path::Path;

use sealpoint_wire::{FromUplink, LinkState};

use crate::client::Client;
use crate::process::{PATIENCE, Shop};
use crate::shapes::TILL;
use crate::till::Till;
use crate::tills::{of_age, serial_of, tills};

/// Waits until a file is not what it was.
async fn changed(file: &Path, was: &[u8]) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while fs::read(file).is_ok_and(|now| now == was) {
        assert!(tokio::time::Instant::now() < deadline, "it is not renewed");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_uplink_renews_its_certificate_at_two_thirds_of_its_life() {
    let shop = Shop::new();
    let collector = shop.start();
    let young = of_age(&shop, TILL, 19);
    let before = fs::read(young.join("key.pem")).expect("a key");
    let mut till = Till::with_uplink(&collector.address.to_string(), &young);
    let at_ms = till
        .until(|message| match message {
            FromUplink::Time { at_ms } => Some(*at_ms),
            _ => None,
        })
        .await;
    assert!((at_ms - sealpoint_collector::now_ms()).abs() < 10_000);
    till.leave().await;
    assert_eq!(
        fs::read(young.join("key.pem")).expect("a key"),
        before,
        "too early"
    );

    let due = of_age(&shop, TILL, 21);
    let (key, certificate) = (due.join("key.pem"), due.join("cert.pem"));
    let (old_key, old) = (
        fs::read(&key).expect("a key"),
        fs::read(&certificate).expect("it"),
    );
    let mut till = Till::with_uplink(&collector.address.to_string(), &due);
    till.until_link(|state| *state == LinkState::Up).await;
    changed(&certificate, &old).await;
    assert_ne!(
        fs::read(&key).expect("a key"),
        old_key,
        "a new key, not the old one again"
    );
    till.leave().await;
    let client = Client::of_till(collector.address, &due);
    assert_eq!(client.get("/v1/summary").await.code, 200);
    assert_eq!(
        tills(&shop)["tills"][0]["certificates"][0]["serial"],
        serial_of(&due)
    );
}

#[tokio::test]
async fn an_expired_till_renews_by_itself_and_is_good_again() {
    let shop = Shop::new();
    let collector = shop.start();
    let folder = of_age(&shop, TILL, 45);
    let old = fs::read(folder.join("cert.pem")).expect("it");
    let till = Till::with_uplink(&collector.address.to_string(), &folder);
    changed(&folder.join("cert.pem"), &old).await;
    till.leave().await;
    let mut till = Till::with_uplink(&collector.address.to_string(), &folder);
    till.until_link(|state| *state == LinkState::Up).await;
    till.leave().await;
}
