//! The other ways to seal and to know a card, with all processes: DUKPT for acquirers that ask for
//! it, tokens by policy, and the hot list.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::keys::Retailer;
use crate::rig::{Reader, Shop, Till, assert_says};

const ITEM: &str = "2900000011014";
/// Of the card `visa-approved` under the token key 00 01 .. 1F (Python's `hmac`).
const VISA_TOKEN: &str = "3B0380132A6E67AB65A78F9DEA533B03";

/// The serial numbers of the keys that the host opened cards with, in the order of the ledger.
fn serials(shop: &Shop) -> Vec<String> {
    let ledger = fs::read_to_string(shop.at("host/ledger.ndjson")).expect("a ledger");
    ledger
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a ledger line"))
        .filter_map(|line| line["serial"]["ksn"].as_str().map(str::to_owned))
        .collect()
}

/// Sells one piece for a card.
fn sell(till: &mut Till, card: &str) {
    till.scan(ITEM);
    let paid = till.pay_by_card(card);
    assert_eq!(paid["pane"], "paid", "{card}: {}", paid["notice"]);
}

/// A shift in which the lane is killed once, and the till is started anew.
fn a_shift_uses_each_key_once(scheme: &str, sealing: &str, ksn_digits: usize) {
    let mut shop = Shop::open(&Reader::Virtual);
    let retailer = Retailer::sets_up(&mut shop, scheme);
    retailer.gives_profile(sealing);
    let mut till = shop.till();
    till.wait_for_cards();
    for card in ["visa-approved", "mastercard-approved", "visa-approved"] {
        sell(&mut till, card);
    }
    assert!(till.kill_child("lane"));
    // The till says by itself that it is gone; `next` has a time-out.
    while till.next()["notice"]["code"] != "lane_down" {}
    till.act(json!({ "do": "dismiss" }));
    till.wait_for_cards();
    sell(&mut till, "mastercard-approved");
    till.wait("drained");
    till.close();

    let mut till = shop.till();
    till.wait_for_cards();
    sell(&mut till, "visa-approved");
    till.wait("drained");
    till.close();

    assert_eq!(shop.captured(), 5);
    let serials = serials(&shop);
    assert_eq!(serials.len(), 5, "each of them was sealed with DUKPT");
    let distinct: BTreeSet<_> = serials.iter().collect();
    assert_eq!(distinct.len(), 5, "no key serial number twice: {serials:?}");
    assert!(serials.iter().all(|ksn| ksn.len() == ksn_digits));
    assert!(serials.is_sorted(), "a counter only goes up: {serials:?}");
    // Of the seal, the collector's disk holds nothing, not even the serial number.
    for file in ["collector.db", "collector.db-wal"] {
        let content = fs::read(shop.at(file)).unwrap_or_default();
        for ksn in &serials {
            assert!(!holds(&content, ksn.as_bytes()), "{file}");
            let bytes: Vec<u8> = (0..ksn.len())
                .step_by(2)
                .filter_map(|at| u8::from_str_radix(&ksn[at..at + 2], 16).ok())
                .collect();
            assert!(!holds(&content, &bytes), "{file}");
        }
    }
}

#[test]
fn a_shift_with_aes_dukpt_uses_each_key_once() {
    a_shift_uses_each_key_once("aes128", "method = \"aes_dukpt\"", 24);
}

#[test]
fn a_shift_with_legacy_tdes_dukpt_uses_each_key_once() {
    a_shift_uses_each_key_once("tdes2", "method = \"tdes_dukpt\"\nlegacy = true", 20);
}

#[test]
fn a_token_is_at_the_collector_only_where_the_policy_lets_it_out() {
    for (policy, is_out) in [
        ("off", false),
        ("apart", true),
        ("beside_truncated_pan", true),
    ] {
        let mut shop = Shop::open(&Reader::Virtual);
        Retailer::sets_up(&mut shop, "aes256").gives_profile(&format!("tokens = \"{policy}\""));
        let mut till = shop.till();
        till.wait_for_cards();
        sell(&mut till, "visa-approved");
        sell(&mut till, "mastercard-approved");
        sell(&mut till, "visa-approved");
        let receipt = till.act(json!({ "do": "receipt" }))["receipt"]["text"].to_string();
        till.wait("drained");
        till.close();
        shop.kill_collector();
        let mut held = fs::read(shop.at("collector.db")).expect("the collector's store");
        held.extend(fs::read(shop.at("collector.db-wal")).unwrap_or_default());
        let token = format!("\"token\":\"{VISA_TOKEN}\"");
        assert_eq!(holds(&held, token.as_bytes()), is_out, "{policy}");
        assert_eq!(holds(&held, b"\"token\""), is_out, "{policy}");
        assert!(holds(&held, b"\"last4\":\"0119\""), "{policy}");
        assert!(!holds(&held, b"476173"), "four digits at most: {policy}");
        assert!(!receipt.contains(VISA_TOKEN), "{policy}");
    }
}

#[test]
fn a_card_on_the_hot_list_is_declined_and_the_next_one_pays() {
    let mut shop = Shop::open(&Reader::Virtual);
    let retailer = Retailer::sets_up(&mut shop, "aes128");
    retailer.lists_as_hot(&["00000000000000000000000000000000", VISA_TOKEN]);
    retailer.gives_profile("method = \"aes_dukpt\"");
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    let declined = till.pay_by_card("visa-approved");
    assert_says(&declined, "card_declined_by_card");
    assert_eq!(serials(&shop).len(), 0, "nobody was asked about it");
    assert_eq!(till.pay_by_card("mastercard-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    till.close();
}

fn holds(content: &[u8], what: &[u8]) -> bool {
    content.windows(what.len()).any(|window| window == what)
}
