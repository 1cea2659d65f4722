//! Texts that nobody types: too long, invisible, turned around. All are bounded, none breaks.

use sealpoint_till::view::{Pane, View};
use sealpoint_till::{Action, Notice, NoticeCode};

use crate::world::{MILK, World, open};

const NASTY: [&str; 7] = [
    "\u{0}\u{1}\u{7}\u{1b}[2J\r\n\t",
    "\u{202e}4006381333931\u{2066}\u{200f}\u{feff}",
    "{0}{1}{2}%s%n\\u0000\"'<script>",
    "🧀🧀🧀 مرحبا ١٢٣",
    "e\u{301}\u{301}\u{301}\u{301}",
    "4006381333931\u{0}",
    "-9223372036854775808",
];

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = NASTY.iter().map(|t| (*t).to_owned()).collect();
    texts.push("9".repeat(10_000_000));
    texts.push("ä".repeat(10_000_000));
    texts.push("\u{202e}".repeat(1_000_000));
    texts
}

fn is_fit_to_show(view: &View) {
    let bounded = |text: &str| {
        assert!(
            text.chars().count() <= 500,
            "{} characters",
            text.chars().count()
        );
        let unfit = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(unfit), "{text:?}");
    };
    if let Some(notice) = &view.notice {
        bounded(&notice.text);
        notice.args.iter().for_each(|arg| bounded(arg));
    }
    bounded(&view.entry);
    bounded(&view.shelf.query);
    assert!(serde_json::to_string(view).expect("serialises").len() < 20_000);
}

fn every_action(text: &str) -> Vec<Action> {
    let t = || text.to_owned();
    vec![
        Action::Scan { code: t() },
        Action::Add {
            sku: t(),
            quantity: None,
        },
        Action::Add {
            sku: "MILK".to_owned(),
            quantity: Some(t()),
        },
        Action::Plu {
            plu: t(),
            quantity: Some(t()),
        },
        Action::Plu {
            plu: "101".to_owned(),
            quantity: Some(t()),
        },
        Action::Quantity { quantity: t() },
        Action::Search { query: t() },
        Action::Category { name: Some(t()) },
        Action::PriceCheck { code: t() },
        Action::Recall { sale: t() },
        Action::Demo { insert: Some(t()) },
        Action::Key {
            key: t(),
            alt: false,
            control: false,
        },
        Action::Key {
            key: t(),
            alt: true,
            control: false,
        },
        Action::Key {
            key: t(),
            alt: false,
            control: true,
        },
    ]
}

fn bear(mut world: World) {
    for text in texts() {
        for action in every_action(&text) {
            is_fit_to_show(&world.act(action));
        }
    }
}

#[test]
fn hostile_text_is_borne_while_ringing_up() {
    bear(open());
}

#[test]
fn hostile_text_is_borne_while_taking_money() {
    let mut world = open();
    world.scan(MILK);
    world.cash(50);
    bear(world);
}

#[test]
fn hostile_text_is_borne_at_a_question_and_during_a_card() {
    let mut world = open();
    world.tap("BEER");
    assert_eq!(world.act(Action::Total).pane, Pane::Question);
    bear(world);
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    bear(world);
}

#[test]
fn hostile_characters_typed_one_by_one_are_borne() {
    let mut world = open();
    for text in NASTY {
        for c in text.chars() {
            is_fit_to_show(&world.key(&c.to_string()));
        }
        world.key("Escape");
        world.key("F2");
    }
    for _ in 0..1000 {
        world.key("7");
    }
    is_fit_to_show(&world.view());
}

#[test]
fn an_endless_burst_is_one_bounded_scan() {
    let mut world = open();
    let view = world.wedge(&"7".repeat(10_000));
    is_fit_to_show(&view);
    assert!(view.basket.lines.is_empty() && view.entry.is_empty());
}

#[test]
fn a_notice_with_too_many_or_too_few_words_is_still_a_sentence() {
    let few = Notice::new(NoticeCode::ChangeTooLarge, vec![]);
    assert!(few.text.contains("far more"));
    let many = Notice::new(NoticeCode::NothingParked, vec!["x".to_owned(); 9]);
    assert_eq!(many.text, "No basket was put aside.");
}
