//! The bank is gone: what the retailer's signed policy allows is taken, told to the acquirer first
//! in, first out when the link is back, and what it then declines is a person's work.

use serde_json::json;

use crate::keys::Retailer;
use crate::rig::{Reader, Shop, Till, assert_says};

/// Barcode of PLU 1101, 2.49.
const BY_THE_PIECE: &str = "2900000011014";

/// Any card, up to 20.00 each and 6.00 in all, for a day.
const POLICY: &str = "[offline]\ncurrency = \"EUR\"\nper_sale_minor = 2000\nper_till_minor = 600\n\
                      per_card_day_minor = 2000\nper_card_day_count = 5\nmax_records = 10\n\
                      max_hours = 24\ndeferred = true\n";

fn shop_with(policy: &str) -> Shop {
    let mut shop = Shop::open(&Reader::Virtual);
    let retailer = Retailer::sets_up(&mut shop, "aes128");
    retailer.allows_offline(policy);
    shop
}

/// Sells one piece by that card.
fn sells(till: &mut Till, card: &str) -> serde_json::Value {
    till.scan(BY_THE_PIECE);
    till.pay_by_card(card)
}

#[test]
fn cards_are_taken_without_the_bank_within_the_signed_limits_and_told_later() {
    let mut shop = shop_with(POLICY);
    let mut till = shop.till();
    till.wait_for_cards();
    assert_eq!(till.view["offline"]["left_minor"], 600);
    shop.kill_collector();
    till.wait("link_down");
    for sold in 1..=2 {
        let view = sells(&mut till, "visa-approved");
        assert_eq!(view["pane"], "paid", "{}", view["notice"]);
        assert_says(&view, "card_taken_offline");
        assert_eq!(view["offline"]["taken_count"], sold);
        assert_eq!(view["offline"]["left_minor"], 600 - sold * 249);
    }
    let receipt = till.act(json!({ "do": "receipt" }))["receipt"]["text"].to_string();
    assert!(receipt.contains("Bank is asked later"), "{receipt}");
    till.scan(BY_THE_PIECE);
    let full = till.act(json!({ "do": "card" }));
    assert_says(&full, "offline_till_limit");
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    assert_eq!(shop.captured(), 0, "the bank knows of nothing");

    shop.start_collector();
    let drained = till.wait("drained");
    assert_eq!(drained["work_items"], 0);
    assert_eq!(shop.captured(), 2, "each charge once");
    let held = shop.summary();
    assert_eq!(held["sales"], 3);
    assert_eq!(held["card_minor"], 2 * 249);
    till.close();
}

/// Killed with charges that the bank has not heard of: they are on the disk, and told once.
#[test]
fn a_till_that_is_killed_tells_the_bank_of_each_charge_once() {
    let mut shop = shop_with(POLICY);
    let mut till = shop.till();
    till.wait_for_cards();
    shop.kill_collector();
    till.wait("link_down");
    sells(&mut till, "visa-approved");
    sells(&mut till, "mastercard-approved");
    till.kill();
    let mut till = shop.till();
    till.wait("link_down");
    till.wait("reader");
    let view = till.act(json!({ "do": "view" }));
    assert_eq!(view["offline"]["taken_count"], 2, "they are on the disk");
    shop.start_collector();
    till.wait("drained");
    assert_eq!(shop.captured(), 2);
    assert_eq!(shop.summary()["card_minor"], 2 * 249);
    till.close();
}

/// The goods are gone when the bank says no: no machine tries that again.
#[test]
fn what_the_bank_declines_afterwards_is_a_persons_work() {
    let mut shop = shop_with(POLICY);
    let mut till = shop.till();
    till.wait_for_cards();
    shop.kill_collector();
    till.wait("link_down");
    let view = sells(&mut till, "visa-declined");
    assert_eq!(view["pane"], "paid", "{}", view["notice"]);
    shop.start_collector();
    let view = till.wait("drained");
    assert_eq!(view["work_items"], 1, "{}", view["notice"]);
    assert_eq!(shop.captured(), 0);
    assert_eq!(shop.summary()["card_minor"], 249, "the sale stays a sale");
    till.close();
    let mut till = shop.till();
    till.wait("link_up");
    assert_eq!(till.act(json!({ "do": "view" }))["work_items"], 1);
    till.close();
}

/// A voided sale: the bank never hears of what the card was asked for.
#[test]
fn a_sale_that_is_voided_is_never_told_to_the_bank() {
    let mut shop = shop_with(POLICY);
    let mut till = shop.till();
    till.wait_for_cards();
    shop.kill_collector();
    till.wait("link_down");
    till.scan(BY_THE_PIECE);
    till.act(json!({ "do": "card", "amount_minor": 100 }));
    till.act(json!({ "do": "demo", "insert": "visa-approved" }));
    let view = till.wait("no_card");
    assert_eq!(view["due_minor"], 149, "{}", view["notice"]);
    till.act(json!({ "do": "void_sale" }));
    let view = till.act(json!({ "do": "answer", "yes": true }));
    assert_eq!(view["offline"]["taken_count"], 0);
    shop.start_collector();
    till.wait("drained");
    assert_eq!(shop.captured(), 0);
    till.close();
}
