//! The named cards of the demo: what the cashier sees, and that nobody is charged who should not be.

use serde_json::json;

use crate::rig::{Reader, Shop, assert_says};

const ITEM: &str = "2900000011014";

#[test]
fn a_card_that_the_bank_declines_leaves_the_sale_open_for_another_tender() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    let declined = till.pay_by_card("visa-declined");
    assert_says(&declined, "card_declined_by_host");
    assert_eq!(declined["due_minor"], 249);
    assert_eq!(till.pay_by_card("mastercard-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    till.close();
}

#[test]
fn a_tapped_card_pays_without_being_inserted() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    let paid = till.pay_by_card("qvsdc");
    assert_eq!(paid["pane"], "paid", "{}", paid["notice"]);
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    till.close();
}

#[test]
fn the_holder_of_a_card_with_two_applications_chooses_and_that_one_is_charged() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    till.act(json!({ "do": "card" }));
    till.act(json!({ "do": "demo", "insert": "two-applications" }));
    let choices = till.wait("choice")["card"]["choices"].clone();
    let second = choices[1]
        .as_str()
        .expect("a second application")
        .to_owned();
    till.act(json!({ "do": "choose", "index": 1 }));
    let paid = till.wait("no_card");
    assert_eq!(paid["pane"], "paid", "{}", paid["notice"]);
    assert!(
        paid["notice"]["text"]
            .as_str()
            .is_some_and(|text| text.contains(&second)),
        "{second}: {}",
        paid["notice"]
    );
    till.take_card_out();
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    till.close();
}

#[test]
fn a_card_that_refuses_offline_is_never_asked_for_at_the_bank() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    assert_says(
        &till.pay_by_card("offline-declined"),
        "card_declined_by_card",
    );
    assert_says(&till.pay_by_card("unknown-aid"), "card_not_accepted");
    assert_says(&till.pay_by_card("blocked"), "card_not_accepted");
    assert_eq!(shop.captured(), 0);
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    till.close();
}

#[test]
fn a_card_taken_out_after_the_bank_approved_is_reversed_by_the_machine() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    let removed = till.pay_by_card("removed-too-soon");
    assert_says(&removed, "card_removed_reversing");
    till.wait("drained");
    assert_eq!(shop.captured(), 0, "the charge was undone");
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    till.close();
}

#[test]
fn an_answer_that_is_lost_on_its_way_is_reversed_and_not_charged_twice() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    shop.host_answers("drop-answer");
    let unknown = till.pay_by_card("visa-approved");
    assert_says(&unknown, "fate_unknown");
    shop.host_answers("normal");
    till.wait("drained");
    assert_eq!(shop.captured(), 0, "the unknown charge was undone");
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.captured(), 1);
    till.close();
}

#[test]
fn a_voided_sale_gives_an_approved_card_its_money_back() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    till.act(json!({ "do": "card", "amount_minor": 100 }));
    till.act(json!({ "do": "demo", "insert": "visa-approved" }));
    let part = till.wait("no_card");
    assert_eq!(part["due_minor"], 149, "{}", part["notice"]);
    till.take_card_out();
    assert_eq!(shop.captured(), 1);
    till.act(json!({ "do": "void_sale" }));
    assert_says(
        &till.act(json!({ "do": "answer", "yes": true })),
        "sale_voided",
    );
    let view = till.wait("drained");
    assert_eq!(shop.captured(), 0);
    assert_eq!(view["totals"]["voided"], 1);
    assert_eq!(
        shop.summary()["voided"],
        1,
        "the void leaves a trace at the collector"
    );
    till.close();
}

#[test]
fn no_card_in_time_and_cancel_charge_nothing() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    till.act(json!({ "do": "card" }));
    till.act(json!({ "do": "cancel_card" }));
    assert_says(&till.wait("no_card"), "card_cancelled");
    till.act(json!({ "do": "card" }));
    let waited = till.wait("no_card");
    assert_says(&waited, "no_card");
    till.close();
    assert_eq!(shop.captured(), 0);
}
