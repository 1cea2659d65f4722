//! The same card and amount again within 90 seconds, and an approval of a part: the cashier decides.

use std::fs;

use serde_json::json;

use crate::rig::{Reader, Shop, assert_says};

/// Barcode of PLU 1101, 2.49.
const BY_THE_PIECE: &str = "2900000011014";

#[test]
fn a_charge_that_comes_twice_is_asked_about_once() {
    let shop = Shop::open(&Reader::Virtual);
    let config = shop.at("till/till.toml");
    let text = fs::read_to_string(&config).expect("the till's configuration");
    fs::write(&config, format!("duplicate_guard = \"card\"\n{text}")).expect("written");
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(BY_THE_PIECE);
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");

    till.scan(BY_THE_PIECE);
    for (yes, captured, pane) in [(false, 1, "tender"), (true, 2, "paid")] {
        till.act(json!({ "do": "card" }));
        till.act(json!({ "do": "demo", "insert": "visa-approved" }));
        let asked = till.wait("question");
        assert_eq!(asked["question"]["ask"], "charge_twice");
        assert_eq!(asked["question"]["amount_minor"], 249);
        assert_eq!(
            shop.captured(),
            1,
            "the bank is not asked before the answer"
        );
        till.act(json!({ "do": "answer", "yes": yes }));
        let view = till.wait("no_card");
        till.take_card_out();
        assert_eq!(view["pane"], pane, "{}", view["notice"]);
        assert_eq!(shop.captured(), captured);
        if !yes {
            assert_says(&view, "card_cancelled");
        }
    }
    till.close();
}
