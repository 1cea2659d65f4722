//! From the window's callbacks to the till's actions.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use sealpoint_screens::{DemoView, Function, TillActions, TillWindow};
use sealpoint_till::Action;
use sealpoint_till::view::Theme;
use slint::{ComponentHandle, SharedString};

use super::keys::Typing;

/// As many digits as the till lets be typed: backspace so often clears them.
const MAX_TYPED: usize = 14;

/// Sends what the cashier does to `act`.
pub fn connect(window: &TillWindow, act: impl Fn(Action) + 'static) {
    let act = Rc::new(act);
    let actions = window.global::<TillActions>();

    let typing = RefCell::new(Typing::default());
    let send = Rc::clone(&act);
    actions.on_key(move |text, control, alt, _shift, on_control| {
        let Some(key) = typing.borrow_mut().key(&text, on_control, Instant::now()) else {
            return false;
        };
        send(Action::Key { key, alt, control });
        true
    });
    let send = Rc::clone(&act);
    actions.on_run(move |function| send(meaning(function)));
    let send = Rc::clone(&act);
    actions.on_pad(move |key| pad(&key).into_iter().for_each(|action| send(action)));
    let send = Rc::clone(&act);
    actions.on_choose_category(move |name| {
        send(Action::Category {
            name: (!name.is_empty()).then(|| name.to_string()),
        });
    });
    let send = Rc::clone(&act);
    actions.on_press_item(move |sku| {
        send(Action::Add {
            sku: sku.to_string(),
            quantity: None,
        })
    });
    let send = Rc::clone(&act);
    actions.on_select_line(move |no| {
        if let Ok(line) = u32::try_from(no) {
            send(Action::Select { line });
        }
    });
    let send = Rc::clone(&act);
    actions.on_take_cash(move |minor| {
        send(Action::Cash {
            given_minor: minor.parse().ok(),
        })
    });
    let send = Rc::clone(&act);
    actions.on_recall(move |sale| {
        send(Action::Recall {
            sale: sale.to_string(),
        })
    });
    let send = Rc::clone(&act);
    actions.on_answer(move |yes| send(Action::Answer { yes }));
    let send = Rc::clone(&act);
    actions.on_choose_application(move |place| {
        if let Ok(index) = u8::try_from(place) {
            send(Action::Choose { index });
        }
    });
    let send = Rc::clone(&act);
    actions.on_turn_to(move |page| {
        send(Action::Page {
            page: usize::try_from(page).unwrap_or_default(),
        });
    });
    let send = Rc::clone(&act);
    actions.on_dismiss_notice(move || send(Action::Dismiss));
    let send = Rc::clone(&act);
    actions.on_set_scheme(move |name| {
        send(Action::Theme {
            theme: theme(&name),
        })
    });

    let demo = window.global::<DemoView>();
    let send = Rc::clone(&act);
    demo.on_insert(move |name| {
        send(Action::Demo {
            insert: Some(name.to_string()),
        })
    });
    demo.on_remove(move || act(Action::Demo { insert: None }));
}

fn key(name: &str) -> Action {
    Action::Key {
        key: name.to_owned(),
        alt: false,
        control: false,
    }
}

/// What a button of the page does. Search and Quantity depend on what was typed, so they are
/// sent as their keys.
fn meaning(function: Function) -> Action {
    match function {
        Function::Help => Action::Help,
        Function::Search => key("F2"),
        Function::Quantity => key("F3"),
        Function::PriceCheck => Action::PriceCheck {
            code: String::new(),
        },
        Function::Park => Action::Park,
        Function::Cash => Action::Cash { given_minor: None },
        Function::Card => Action::Card { amount_minor: None },
        Function::VoidLine => Action::VoidLine { line: None },
        Function::VoidSale => Action::VoidSale,
        Function::LastReceipt => Action::Receipt { receipt_no: None },
        Function::SaveReceipt => Action::SaveReceipt,
        Function::Next => Action::Next,
        Function::Back => Action::Back,
        Function::Warnings => Action::Warnings,
    }
}

fn pad(pressed: &SharedString) -> Vec<Action> {
    match pressed.as_str() {
        "back" => vec![key("Backspace")],
        "clear" => vec![key("Backspace"); MAX_TYPED],
        "enter" => vec![key("Enter")],
        "00" => vec![key("0"), key("0")],
        other => vec![key(other)],
    }
}

fn theme(name: &str) -> Option<Theme> {
    match name {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        "contrast" => Some(Theme::Contrast),
        _ => None,
    }
}
