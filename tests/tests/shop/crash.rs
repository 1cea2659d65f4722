//! SIGKILL at the worst moments: the journal says what happened, nobody is asked.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::rig::{Reader, Shop, assert_says};

const ITEM: &str = "2900000011014";

#[test]
fn the_open_basket_survives_the_till() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.scan(ITEM);
    till.act(json!({ "do": "quantity", "quantity": "3" }));
    till.scan("2900000011021");
    till.kill();
    let mut till = shop.till();
    let back = till.act(json!({ "do": "view" }));
    assert_says(&back, "basket_restored");
    assert_eq!(back["basket"]["items"], 4);
    till.close();
}

#[test]
fn a_till_killed_while_the_bank_was_asked_undoes_the_charge_by_itself() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    shop.host_answers("drop-answer");
    till.act(json!({ "do": "card" }));
    till.act(json!({ "do": "demo", "insert": "visa-approved" }));
    let end = Instant::now() + Duration::from_secs(30);
    while shop.captured() == 0 {
        assert!(Instant::now() < end, "the acquirer was never asked");
        thread::sleep(Duration::from_millis(5));
    }
    till.kill();
    shop.host_answers("normal");

    let mut till = shop.till();
    let back = till.act(json!({ "do": "view" }));
    assert_says(&back, "attempts_reversing");
    assert_eq!(
        back["basket"]["items"], 1,
        "the sale is still there to be paid"
    );
    till.wait_for_cards();
    till.wait("drained");
    assert_eq!(shop.captured(), 0);
    till.take_card_out();
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    assert_eq!(shop.summary()["sales"], 1);
    till.close();
}

#[test]
fn a_killed_lane_or_uplink_is_a_sentence_and_a_restart() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    for (child, code) in [("lane", "lane_down"), ("uplink", "uplink_down")] {
        assert!(till.kill_child(child), "one {child} runs under the till");
        let end = Instant::now() + Duration::from_secs(30);
        let said = |view: &serde_json::Value| view["notice"]["code"] == code;
        while !said(&till.next()) {
            assert!(
                Instant::now() < end,
                "the till never said that {child} stopped"
            );
        }
        till.scan(ITEM);
        till.act(json!({ "do": "cash_exact" }));
        till.act(json!({ "do": "dismiss" }));
        till.wait_for_cards();
    }
    till.scan(ITEM);
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    let view = till.wait("drained");
    assert_eq!(shop.summary()["sales"], view["totals"]["sales"]);
    till.close();
}
