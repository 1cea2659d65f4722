//! The pages, as they might look in a shop.

use sealpoint_screens::{
    Ask, BasketLine, CardPrompt, Category, DemoCard, DemoView, Face, Item, Link, Notice,
    ParkedSale, Question, QuickCash, Reader, Screen, Severity, StatusView, TaxLine, TenderLine,
    TillView, TillWindow,
};
use slint::{ComponentHandle, ModelRc, SharedString, VecModel};

/// A page's name and what it sets beyond [`common`].
pub type Scene = (&'static str, fn(&TillWindow));

/// Every page.
pub const ALL: &[Scene] = &[
    ("ringing", |_| {}),
    ("empty", empty),
    ("searching", searching),
    ("keypad", |page| page.global::<Face>().set_keypad_open(true)),
    ("error", error),
    ("warning", warning),
    ("quantity", |page| {
        page.global::<TillView>().set_pending_quantity("3".into())
    }),
    ("tendering", tendering),
    ("card", card),
    ("card-asking", card_asking),
    ("card-present", |page| {
        card_prompts(page, CardPrompt::Present)
    }),
    ("card-contacts", |page| {
        card_prompts(page, CardPrompt::UseContacts)
    }),
    ("card-device", |page| {
        card_prompts(page, CardPrompt::SeeDevice)
    }),
    ("card-pin", |page| card_prompts(page, CardPrompt::EnterPin)),
    ("card-last-pin", |page| {
        card_prompts(page, CardPrompt::LastPinTry)
    }),
    ("card-choice", card_choice),
    ("change", change),
    ("receipt", receipt),
    ("parked", parked),
    ("age-check", |page| {
        page.global::<TillView>().set_screen(Screen::Question)
    }),
    ("void-sale", void_sale),
    ("help", |page| {
        page.global::<TillView>().set_screen(Screen::Help)
    }),
    ("more", |page| page.global::<Face>().set_more_open(true)),
    ("demo", |page| page.global::<Face>().set_demo_open(true)),
    ("focus", focus),
    ("starting", |page| {
        page.global::<TillView>().set_screen(Screen::Starting)
    }),
    ("blocked", blocked),
];

fn model<T: Clone + 'static>(rows: Vec<T>) -> ModelRc<T> {
    ModelRc::new(VecModel::from(rows))
}

fn text(words: &str) -> SharedString {
    words.into()
}

fn line(id: i32, name: &str, detail: &str, amount: &str, min_age: i32) -> BasketLine {
    BasketLine {
        id,
        name: text(name),
        detail: text(detail),
        amount: text(amount),
        min_age,
        selected: id == 9,
        voided: id == 5,
    }
}

/// A shop in the middle of the afternoon.
pub fn common(page: &TillWindow) {
    let view = page.global::<TillView>();
    let lines = vec![
        line(9, "Vanilla Yoghurt Cup 500 g", "2 × 1,79 €", "3,58 €", 0),
        line(8, "Gala Apples", "0,872 kg × 2,99 €/kg", "2,61 €", 0),
        line(7, "Riesling Dry 0,75 l", "", "6,99 €", 16),
        line(6, "Stoneground Rye Bread 750 g", "", "3,29 €", 0),
        line(
            5,
            "Dishwasher Tablets All-in-One, 40 pieces",
            "",
            "8,49 €",
            0,
        ),
        line(4, "Free-range Eggs, 10", "", "3,19 €", 0),
        line(3, "Mature Gouda", "0,214 kg × 14,90 €/kg", "3,19 €", 0),
        line(2, "Sparkling Water 6 × 1 l", "", "2,94 €", 0),
        line(1, "Oat Drink 1 l", "3 × 1,99 €", "5,97 €", 0),
    ];
    view.set_hero(lines[0].clone());
    view.set_lines(model(lines));
    view.set_total("40,25 €".into());
    view.set_item_count(12);
    view.set_taxes(model(vec![
        TaxLine {
            rate: text("7 %"),
            amount: text("1,62 €"),
        },
        TaxLine {
            rate: text("19 %"),
            amount: text("2,47 €"),
        },
    ]));
    let categories = [
        "Produce",
        "Bakery",
        "Dairy",
        "Meat",
        "Fish",
        "Drinks",
        "Alcohol",
        "Pantry",
        "Snacks",
        "Frozen",
        "Household",
        "Care",
    ];
    view.set_categories(model(
        categories
            .iter()
            .enumerate()
            .map(|(index, name)| Category {
                id: text(name),
                name: text(name),
                selected: index == 0,
            })
            .collect(),
    ));
    view.set_tiles(model(tiles()));
    view.set_amount_due("40,25 €".into());
    view.set_card_amount("40,25 €".into());
    view.set_quick_cash(model(
        [
            (2025, "20,25 €"),
            (2100, "21,00 €"),
            (2500, "25,00 €"),
            (3000, "30,00 €"),
            (5000, "50,00 €"),
        ]
        .iter()
        .map(|(minor, amount)| QuickCash {
            minor: slint::format!("{minor}"),
            amount: text(amount),
            exact: *minor == 2025,
        })
        .collect(),
    ));
    let demo = page.global::<DemoView>();
    demo.set_cards(model(
        [
            "Visa, approved",
            "Mastercard, approved",
            "Visa, declined",
            "Removed too soon",
            "Refuses to go online",
            "Expired",
            "Unknown card",
        ]
        .iter()
        .map(|title| DemoCard {
            name: text(title),
            title: text(title),
            inserted: false,
        })
        .collect(),
    ));
    demo.set_collector("https://127.0.0.1:8443".into());
    let state = page.global::<StatusView>();
    state.set_link(Link::Online);
    state.set_reader(Reader::Ready);
}

fn tiles() -> Vec<Item> {
    [
        ("Gala Apples", "2,99 €/kg", "kg", 0),
        ("Navel Oranges", "2,59 €/kg", "kg", 0),
        ("Cavendish Bananas", "2,29 €/kg", "kg", 0),
        ("Honey Mangoes", "3,39 €/kg", "kg", 0),
        ("Seedless Red Grapes", "4,49 €/kg", "kg", 0),
        ("Baby Spinach Bag 200 g", "2,19 €", "", 0),
        ("Vine Tomatoes", "3,79 €/kg", "kg", 0),
        ("Cucumber", "0,99 €", "", 0),
        ("Sweet Peppers, mixed, 3 pieces", "2,49 €", "", 0),
        ("New Potatoes 2 kg", "3,99 €", "", 0),
        ("Riesling Dry 0,75 l", "6,99 €", "", 16),
        ("Carrots with Greens", "1,89 €", "", 0),
        ("Lemons, 4 pieces", "1,49 €", "", 0),
        ("Strawberries 500 g", "3,99 €", "", 0),
        ("Avocado, ready to eat", "1,39 €", "", 0),
        ("Brown Onions 1 kg", "1,29 €", "", 0),
        ("Garlic, 3 bulbs", "1,19 €", "", 0),
        ("Ginger", "7,90 €/kg", "kg", 0),
        ("Iceberg Lettuce", "1,29 €", "", 0),
        ("Juniper Gin 0,7 l", "18,99 €", "", 18),
        ("Broccoli 500 g", "1,79 €", "", 0),
        ("Celery", "1,59 €", "", 0),
    ]
    .iter()
    .map(|(name, price, unit, min_age)| Item {
        id: text(name),
        name: text(name),
        price: text(price),
        icon: text(if *min_age > 0 {
            "category-alcohol"
        } else {
            "category-produce"
        }),
        detail: text("11001 · Produce"),
        min_age: *min_age,
        weighed: *unit == "kg",
    })
    .collect()
}

fn empty(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_lines(model(vec![]));
    view.set_hero(BasketLine::default());
    view.set_taxes(model(vec![]));
    view.set_total("0,00 €".into());
    view.set_item_count(0);
    view.set_may_cash(false);
    view.set_may_card(false);
    view.set_may_quantity(false);
    view.set_may_void_line(false);
    let state = page.global::<StatusView>();
    state.set_link(Link::Offline);
    state.set_queue_count(12);
    state.set_queue_amount("318,40 €".into());
    state.set_queue_age("14 min".into());
    state.set_held_count(1);
    state.set_warning_count(2);
    state.set_reversal_count(1);
    state.set_reader(Reader::Missing);
}

fn searching(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_searching(true);
    view.set_entry("to".into());
    view.set_tiles(model(tiles().into_iter().skip(6).take(5).collect()));
}

fn notice(severity: Severity, code: &str, a: &str, times: i32) -> Notice {
    Notice {
        severity,
        code: text(code),
        a: text(a),
        b: text(""),
        c: text(""),
        text: text(""),
        times,
    }
}

fn error(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_notice(notice(
        Severity::Error,
        "unknown_barcode",
        "4006381333931",
        2,
    ));
}

fn warning(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_notice(notice(
        Severity::Warning,
        "sale_voided_cash_back",
        "20,00 €",
        1,
    ));
}

fn tendering(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Tendering);
    view.set_amount_due("20,25 €".into());
    view.set_entry("50".into());
    view.set_tenders(model(vec![TenderLine {
        kind: text("cash"),
        note: text(""),
        amount: text("20,00 €"),
    }]));
    view.set_card_unavailable(notice(Severity::Error, "no_reader", "", 1));
}

fn card(page: &TillWindow) {
    page.global::<TillView>().set_screen(Screen::Card);
}

fn card_prompts(page: &TillWindow, prompt: CardPrompt) {
    card(page);
    page.global::<TillView>().set_card_prompt(prompt);
}

fn card_choice(page: &TillWindow) {
    card_prompts(page, CardPrompt::Choose);
    page.global::<TillView>().set_card_choices(model(vec![
        text("Girocard"),
        text("Debit Mastercard"),
        text("Visa Credit of the Bank"),
        text("Vpay"),
        text("Cirrus"),
        text("Maestro"),
        text("A name of an application"),
        text("Interac"),
    ]));
}

fn card_asking(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Card);
    view.set_card_prompt(CardPrompt::Authorising);
    view.set_card_label("Visa ending 0119".into());
    view.set_card_may_cancel(false);
    view.set_card_seconds_left(21);
    view.set_tenders(model(vec![TenderLine {
        kind: text("cash"),
        note: text(""),
        amount: text("20,00 €"),
    }]));
}

fn change(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Change);
    view.set_change_due("9,75 €".into());
    view.set_paid("40,25 €".into());
    view.set_tenders(model(vec![TenderLine {
        kind: text("cash"),
        note: text(""),
        amount: text("50,00 €"),
    }]));
}

fn receipt(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Receipt);
    let paper = "          Market on the Green
            1 Green Street
            12345 Sampleton

Vanilla Yoghurt Cup 500 g
  2 x 1,79                     3,58 A
Gala Apples
  0,872 kg x 2,99              2,61 A
Riesling Dry 0,75 l            6,99 B
Stoneground Rye Bread          3,29 A
--------------------------------------
TOTAL EUR                     16,47
Cash                          20,00
Change                         3,53

A  7 %  net  8,86  tax 0,62
B 19 %  net  5,87  tax 1,12

22.11.2026 14:32   Till 2   1-000042";
    view.set_receipt(model(paper.lines().map(text).collect()));
}

fn parked(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Parked);
    view.set_parked(model(
        [
            ("Gala Apples + 3", "14 min", "12,40 €"),
            ("Oat Drink 1 l", "1 h 20 min", "2,99 €"),
        ]
        .iter()
        .map(|(title, age, amount)| ParkedSale {
            id: text(title),
            title: text(title),
            age: text(age),
            amount: text(amount),
        })
        .collect(),
    ));
}

fn void_sale(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Question);
    view.set_question(Question {
        ask: Ask::VoidSale,
        amount: text("40,25 €"),
        cash_back: text("20,00 €"),
        ..Question::default()
    });
}

/// The focus ring, some steps into the page.
fn focus(page: &TillWindow) {
    for _ in 0..8 {
        let text = SharedString::from(slint::platform::Key::Tab);
        page.window()
            .dispatch_event(slint::platform::WindowEvent::KeyPressed { text });
    }
}

fn blocked(page: &TillWindow) {
    let view = page.global::<TillView>();
    view.set_screen(Screen::Blocked);
    view.set_notice(notice(
        Severity::Error,
        "blocked",
        "Its folder cannot be written. Free some space, or give this user the right to write there.",
        1,
    ));
}
