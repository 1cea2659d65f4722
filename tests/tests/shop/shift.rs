//! A shift: cash, cards, the collector gone and back, totals equal on both sides.

use serde_json::json;

use crate::rig::{Reader, Shop, assert_says};

/// Barcode of PLU 1101.
const BY_THE_PIECE: &str = "2900000011014";
/// 1.250 kg of PLU 11001, as the scale labels it.
const WEIGHED: &str = "2111001012508";

#[test]
fn a_shift_with_an_outage_ends_with_equal_totals() {
    let mut shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    for n in 0..20 {
        till.scan(if n % 2 == 0 { BY_THE_PIECE } else { WEIGHED });
        let paid = till.act(json!({ "do": "cash_exact" }));
        assert_eq!(paid["pane"], "paid", "{}", paid["notice"]);
    }
    for n in 0..20 {
        till.scan(BY_THE_PIECE);
        till.scan(WEIGHED);
        let card = if n % 2 == 0 {
            "visa-approved"
        } else {
            "mastercard-approved"
        };
        let paid = till.pay_by_card(card);
        assert_eq!(paid["pane"], "paid", "card sale {n}: {}", paid["notice"]);
    }
    let online = till.wait("drained");
    assert_eq!(online["totals"]["sales"], 40);
    assert_eq!(shop.captured(), 20);

    shop.kill_collector();
    till.wait("link_down");
    for n in 0..10 {
        till.scan(BY_THE_PIECE);
        let paid = till.act(json!({ "do": "cash", "given_minor": 1000 }));
        assert_eq!(paid["pane"], "paid", "offline sale {n}: {}", paid["notice"]);
    }
    let offline = till.act(json!({ "do": "view" }));
    assert_eq!(offline["queue"]["count"], 10);
    assert_eq!(offline["queue"]["at_risk_minor"], 10 * 249);
    assert!(
        offline["queue"]["oldest_ms"].is_i64(),
        "the oldest has an age"
    );

    shop.start_collector();
    let drained = till.wait("drained");
    let held = shop.summary();
    for figure in ["sales", "voided", "total_minor", "cash_minor", "card_minor"] {
        assert_eq!(held[figure], drained["totals"][figure], "{figure}");
    }
    assert_eq!(held["sales"], 50);
    assert_eq!(held["contiguous_seq"], 50);
    assert_eq!(shop.captured(), 20, "the outage charged nobody");
    till.close();
}

#[test]
fn a_card_is_refused_while_the_bank_cannot_be_reached_and_cash_goes_on() {
    let mut shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    shop.kill_collector();
    till.wait("link_down");
    till.scan(BY_THE_PIECE);
    let refused = till.act(json!({ "do": "card" }));
    assert_says(&refused, "link_needed");
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    till.close();
    assert_eq!(shop.captured(), 0);
}

#[test]
fn a_sale_is_split_between_cash_and_card() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(BY_THE_PIECE);
    let part = till.act(json!({ "do": "cash", "given_minor": 100 }));
    assert_eq!(part["due_minor"], 149);
    let paid = till.pay_by_card("visa-approved");
    assert_eq!(paid["pane"], "paid", "{}", paid["notice"]);
    let totals = &till.wait("drained")["totals"];
    assert_eq!(totals["cash_minor"], 100);
    assert_eq!(totals["card_minor"], 149);
    let receipt = till.act(json!({ "do": "receipt" }))["receipt"]["text"].to_string();
    assert!(
        receipt.contains("Cash") && receipt.contains("VISA"),
        "{receipt}"
    );
    assert!(shop.at("till/receipts/receipt-000001.pdf").exists());
    till.close();
}

#[test]
fn a_thousand_views_answer_a_thousand_scans_one_for_one() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    for n in 1..=1000 {
        let view = till.scan(BY_THE_PIECE);
        let pieces = (n - 1) % 500 + 1;
        assert_eq!(view["basket"]["items"], pieces);
        if pieces == 500 {
            till.act(json!({ "do": "cash_exact" }));
        }
    }
    till.close();
}
