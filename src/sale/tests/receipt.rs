//! The receipt as a customer reads it. The texts in `receipts/` are the receipts themselves: after
//! a change, read the new one, then put it there.

mod goods;

use std::path::Path;

use goods::{piece, weighed};
use proptest::prelude::*;
use sealpoint_sale::receipt::{Letterhead, WIDTH, text};
use sealpoint_sale::{
    AttemptId, Basket, CardTender, Currency, Item, Quantity, Sale, SaleHead, SaleId, Tender,
    Unconfirmed,
};
use uuid::Uuid;

fn letterhead() -> Letterhead {
    Letterhead {
        head: vec![
            "Frischemarkt Müller".to_owned(),
            "Süßstraße 1, 12345 Köln".to_owned(),
        ],
        foot: vec!["Thank you. Goods may be returned for 14 days.".to_owned()],
        mark: Some("DEMO".to_owned()),
    }
}

fn sale(basket: &Basket, tenders: Vec<Tender>, age_confirmed: u8) -> Sale {
    let head = SaleHead {
        id: SaleId::new(Uuid::from_u128(0x0190_d5f2_7c3a_7b11_9a4e_2f6b_8c01_d3e7)),
        receipt_no: 1042,
        terminal: "T-017".to_owned(),
        cashier: "Jörg B.".to_owned(),
        at: "2026-11-22T19:38:41+01:00".to_owned(),
        currency: Currency::Eur,
    };
    Sale::new(head, basket, tenders, age_confirmed)
}

fn groceries() -> Basket {
    let mut basket = Basket::default();
    let long = "Süßrahmbutter nach alter Art, handgeschöpft, gesalzen, im Fässchen";
    let beer = Item {
        tax_bp: 1900,
        min_age: 16,
        ..piece("Pilsner 0.5 l", 89)
    };
    for (item, quantity) in [
        (piece("Whole Milk 1 l", 109), Quantity::ONE),
        (weighed("Gala Apples", 299), Quantity::Grams(1250)),
        (piece(long, 349), Quantity::Pieces(2)),
        (piece("Brötchen", 29), Quantity::Pieces(10)),
        (beer, Quantity::Pieces(6)),
    ] {
        basket.ring_up(&item, quantity).expect("fits");
    }
    basket.void_line(4).expect("is there");
    basket
}

fn card(amount_minor: i64) -> Tender {
    Tender::Card(CardTender {
        attempt: AttemptId::new(Uuid::nil()),
        amount_minor,
        label: "VISA CREDIT".to_owned(),
        last4: "0010".to_owned(),
        token: None,
        aid: "A0000000031010".to_owned(),
        approval_code: "A1B2C3".to_owned(),
        unconfirmed: None,
        stan: 42,
        cryptogram: "1F2E3D4C5B6A7988".to_owned(),
    })
}

fn cash(given_minor: i64, change_minor: i64) -> Tender {
    Tender::Cash {
        given_minor,
        change_minor,
    }
}

fn is_as_printed(name: &str, sale: &Sale, letterhead: &Letterhead) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/receipts")
        .join(name);
    let printed = std::fs::read_to_string(&path).unwrap_or_default();
    let now = text(sale, letterhead);
    assert!(now == printed, "{name} was:\n{printed}\nand is now:\n{now}");
    assert!(now.lines().all(|line| line.chars().count() <= WIDTH));
}

#[test]
fn a_split_tender_with_a_voided_line_and_a_long_name() {
    let paid = sale(&groceries(), vec![cash(1000, 0), card(715)], 16);
    assert_eq!(paid.total_minor, 1715);
    is_as_printed("split.txt", &paid, &letterhead());
}

#[test]
fn cash_with_change() {
    let mut basket = Basket::default();
    basket
        .ring_up(&piece("Whole Milk 1 l", 109), Quantity::ONE)
        .expect("fits");
    let paid = sale(&basket, vec![cash(2000, 1891)], 0);
    is_as_printed(
        "cash.txt",
        &paid,
        &Letterhead {
            mark: None,
            ..letterhead()
        },
    );
}

#[test]
fn a_voided_sale_says_that_it_was_not_paid() {
    is_as_printed("voided.txt", &sale(&groceries(), vec![], 0), &letterhead());
}

#[test]
fn nothing_in_a_sale_can_speak_to_the_printer_or_break_a_line() {
    let mut basket = Basket::default();
    let hostile = piece("Milk\u{1b}p0\r\n       TOTAL EUR 0.00\t", 109);
    basket.ring_up(&hostile, Quantity::ONE).expect("fits");
    let now = text(&sale(&basket, vec![cash(109, 0)], 0), &letterhead());
    assert!(!now.contains(|c: char| c.is_control() && c != '\n'));
    assert_eq!(
        now.lines()
            .filter(|line| line.starts_with("TOTAL EUR"))
            .count(),
        1
    );
    assert_eq!(
        now.lines()
            .filter(|line| line.contains("TOTAL EUR 0.00"))
            .count(),
        1
    );
}

#[test]
fn yen_have_no_decimals() {
    let mut basket = Basket::default();
    basket
        .ring_up(&piece("Tea", 130), Quantity::Pieces(2))
        .expect("fits");
    let mut paid = sale(&basket, vec![cash(1000, 740)], 0);
    paid.currency = Currency::Jpy;
    let now = text(&paid, &letterhead());
    assert!(now.contains("TOTAL JPY") && now.contains(" 260\n"), "{now}");
    assert!(!now.contains("2.60"));
}

proptest! {
    #[test]
    fn no_text_and_no_amount_makes_a_line_too_wide(
        name in "\\PC{0,80}",
        label in ".{0,60}",
        cashier in ".{0,60}",
        price in 0_i64..=999_999_999_999,
        rate in 0_u32..=10_000,
    ) {
        let mut basket = Basket::default();
        let item = Item { tax_bp: rate, ..piece(&name, price) };
        basket.ring_up(&item, Quantity::ONE).expect("fits");
        let Tender::Card(mut paid) = card(price) else { unreachable!("a card") };
        paid.label = label;
        paid.aid = "A".repeat(32);
        let mut sale = sale(&basket, vec![Tender::Card(paid), cash(price, 0)], 18);
        sale.cashier = cashier;
        for line in text(&sale, &letterhead()).lines() {
            prop_assert!(line.chars().count() <= WIDTH, "{:?}", line);
        }
    }
}

#[test]
fn a_receipt_says_that_the_bank_was_not_asked() {
    let unconfirmed = |how| match card(500) {
        Tender::Card(card) => Tender::Card(CardTender {
            unconfirmed: Some(how),
            approval_code: String::new(),
            ..card
        }),
        cash @ Tender::Cash { .. } => cash,
    };
    let offline = text(
        &sale(
            &groceries(),
            vec![unconfirmed(Unconfirmed::OfflineApproved)],
            16,
        ),
        &letterhead(),
    );
    assert!(offline.contains("Approved by the card"), "{offline}");
    assert!(offline.contains("TC 1F2E3D4C5B6A7988"), "{offline}");
    let deferred = text(
        &sale(&groceries(), vec![unconfirmed(Unconfirmed::Deferred)], 16),
        &letterhead(),
    );
    assert!(deferred.contains("Bank is asked later"), "{deferred}");
    assert!(!deferred.contains("TC "), "{deferred}");
}
