//! What a screen reader, a keyboard and a finger find on each page.

use crate::shop::{self, Told, heard, page};
use i_slint_backend_testing::{AccessibleRole, ElementHandle};
use sealpoint_screens::{Function, TillActions, TillWindow};
use slint::platform::PointerEventButton;
use slint::{ComponentHandle, LogicalSize};

/// Everything on the page that can be pressed.
fn controls(window: &TillWindow) -> Vec<ElementHandle> {
    let pressable = |role| {
        matches!(
            role,
            AccessibleRole::Button | AccessibleRole::RadioButton | AccessibleRole::ListItem
        )
    };
    let mut found = i_slint_backend_testing::ElementQuery::from_root(window)
        .match_descendants()
        .match_predicate(move |e| e.accessible_role().is_some_and(pressable))
        .find_all();
    // The search walks a page twice where the compiler has merged elements above it.
    let place = |e: &ElementHandle| {
        let (at, size) = (e.absolute_position(), e.size());
        (e.accessible_label(), [at.x, at.y, size.width, size.height])
    };
    let mut seen = vec![];
    found.retain(|element| {
        let new = !seen.contains(&place(element));
        seen.push(place(element));
        new
    });
    found
}

fn control(window: &TillWindow, label: &str) -> ElementHandle {
    let called = |e: &ElementHandle| e.accessible_label().is_some_and(|known| known == label);
    let mut found = controls(window).into_iter().filter(called);
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no control is called {label:?}"));
    assert!(found.next().is_none(), "two controls are called {label:?}");
    first
}

#[test]
fn every_control_of_every_page_has_a_name() {
    for (name, scene) in shop::ALL {
        let window = page(scene);
        let found = controls(&window);
        let least = if matches!(*name, "starting" | "blocked") {
            0
        } else {
            8
        };
        assert!(
            found.len() >= least,
            "{name}: only {} controls",
            found.len()
        );
        for element in found {
            let label = element.accessible_label().unwrap_or_default();
            assert!(!label.is_empty(), "{name}: a control without a name");
            assert!(
                element.accessible_enabled().is_some(),
                "{name}: {label} hides if it can be used"
            );
        }
    }
}

#[test]
fn nothing_is_said_twice_inside_a_control() {
    for (name, scene) in shop::ALL {
        for element in controls(&page(scene)) {
            let label = element.accessible_label().unwrap_or_default();
            let texts = element
                .query_descendants()
                .match_accessible_role(AccessibleRole::Text)
                .find_all();
            assert!(
                texts.is_empty(),
                "{name}: a text inside {label} is read out again"
            );
        }
    }
}

#[test]
fn every_control_is_on_the_page_and_large_enough_for_a_finger() {
    // 10 mm, a dense key, is 34 px on a 15" screen of 1024x768.
    const LEAST: f32 = 34.0;
    for (width, height) in [
        (1024.0, 768.0),
        (1280.0, 800.0),
        (1366.0, 768.0),
        (1600.0, 900.0),
        (1920.0, 1080.0),
    ] {
        for (name, scene) in shop::ALL {
            let window = page(scene);
            window.window().set_size(LogicalSize::new(width, height));
            i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_millis(200));
            // Rows of a list may be scrolled out of sight.
            for element in controls(&window)
                .into_iter()
                .filter(|e| e.accessible_role() != Some(AccessibleRole::ListItem))
            {
                let label = element.accessible_label().unwrap_or_default();
                let (at, size) = (element.absolute_position(), element.size());
                let what = format!("{name} at {width}x{height}: {label} at {at:?}, {size:?}");
                assert!(at.x >= 0.0 && at.y >= 0.0, "{what}");
                assert!(at.x + size.width <= width + 0.5, "{what}");
                assert!(at.y + size.height <= height + 0.5, "{what}");
                assert!(size.width >= LEAST && size.height >= LEAST, "{what}");
            }
        }
    }
}

#[test]
fn a_tap_on_a_tile_rings_it_up() {
    let window = page(&|_| {});
    let told = heard(&window);
    control(&window, "Navel Oranges, 2,59 €/kg").mock_single_click(PointerEventButton::Left);
    assert_eq!(told.take(), [Told::Item("Navel Oranges".into())]);
}

#[test]
fn each_function_is_told_by_its_button() {
    let window = page(&|_| {});
    let told = heard(&window);
    for (label, function) in [
        ("Park", Function::Park),
        ("Price", Function::PriceCheck),
        ("CASH", Function::Cash),
        ("CARD", Function::Card),
        ("Void line", Function::VoidLine),
        ("Search by name, PLU or barcode", Function::Search),
    ] {
        control(&window, label).invoke_accessible_default_action();
        assert_eq!(told.take(), [Told::Run(function)], "{label}");
    }
}

#[test]
fn a_control_that_cannot_be_used_does_nothing() {
    let window = page(&shop::named("empty"));
    let told = heard(&window);
    for label in ["CASH", "CARD", "Void line"] {
        let button = control(&window, label);
        assert_eq!(button.accessible_enabled(), Some(false), "{label}");
        button.invoke_accessible_default_action();
        button.mock_single_click(PointerEventButton::Left);
    }
    assert_eq!(told.take(), []);
}

#[test]
fn cash_and_card_never_move() {
    let at = |scene: &dyn Fn(&TillWindow), label: &str| {
        let window = page(scene);
        window.window().set_size(LogicalSize::new(1920.0, 1080.0));
        i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_millis(200));
        let button = control(&window, label);
        let (at, size) = (button.absolute_position(), button.size());
        (at.x, at.y, size.width, size.height)
    };
    for label in ["CASH", "CARD"] {
        let first = at(&|_| {}, label);
        for (name, scene) in shop::ALL
            .iter()
            .filter(|(n, _)| !matches!(*n, "starting" | "blocked"))
        {
            assert_eq!(at(scene, label), first, "{label} moved on the page {name}");
        }
    }
}

#[test]
fn voiding_a_sale_takes_a_button_that_says_so() {
    let window = page(&shop::named("void-sale"));
    let told = heard(&window);
    control(&window, "Keep the sale").invoke_accessible_default_action();
    control(&window, "Void the whole sale").invoke_accessible_default_action();
    assert_eq!(told.take(), [Told::Answer(false), Told::Answer(true)]);
}

#[test]
fn the_page_has_no_field_that_a_scan_could_land_in() {
    for (name, scene) in shop::ALL {
        let window = page(scene);
        let fields = i_slint_backend_testing::ElementQuery::from_root(&window)
            .match_descendants()
            .match_accessible_role(AccessibleRole::TextInput)
            .find_all();
        assert!(fields.is_empty(), "{name} has a text field");
    }
    // The till is asked about every key; without an answer none is taken.
    let window = page(&|_| {});
    assert!(
        !window
            .global::<TillActions>()
            .invoke_key("a".into(), false, false, false, false)
    );
}
