//! The keyboard reaches the till from everywhere, and the page works without a pointer.

use std::time::Duration;

use crate::shop::{self, Told, heard, page};
use sealpoint_screens::{Face, Function, Screen, TillView, TillWindow};
use slint::platform::{Key, WindowEvent};
use slint::{ComponentHandle, ModelRc, SharedString, VecModel};

fn press(window: &TillWindow, text: impl Into<SharedString>) {
    let text = text.into();
    window
        .window()
        .dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
    window
        .window()
        .dispatch_event(WindowEvent::KeyReleased { text });
    i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(200));
}

fn key(text: &str, on_control: bool) -> Told {
    Told::Key(text.to_owned(), on_control)
}

#[test]
fn a_key_reaches_the_till_on_every_page() {
    for (name, scene) in shop::ALL {
        let window = page(scene);
        let told = heard(&window);
        press(&window, "4");
        assert_eq!(told.take(), [key("4", false)], "{name}");
    }
}

#[test]
fn tab_walks_and_enter_presses() {
    let mut told = vec![];
    for steps in 1..20 {
        let window = page(&shop::named("void-sale"));
        let heard = heard(&window);
        for _ in 0..steps {
            press(&window, Key::Tab);
        }
        press(&window, Key::Return);
        told.extend(heard.take());
    }
    for wanted in [
        Told::Answer(false),
        Told::Answer(true),
        Told::Run(Function::Cash),
        Told::Run(Function::Card),
    ] {
        assert!(
            told.contains(&wanted),
            "{wanted:?} was not reached by Tab, but {told:?}"
        );
    }
}

#[test]
fn digits_reach_the_till_from_a_control_too() {
    let window = page(&|_| {});
    let told = heard(&window);
    press(&window, Key::Tab);
    press(&window, Key::Tab);
    press(&window, "7");
    assert_eq!(told.take(), [key("7", true)]);
}

#[test]
fn a_scan_still_arrives_after_the_control_with_the_focus_went_away() {
    let window = page(&shop::named("void-sale"));
    let told = heard(&window);
    for _ in 0..9 {
        press(&window, Key::Tab);
    }
    let view = window.global::<TillView>();
    for screen in [
        Screen::Ringing,
        Screen::Tendering,
        Screen::Card,
        Screen::Change,
        Screen::Blocked,
    ] {
        view.set_screen(screen);
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(200));
        press(&window, "4");
        assert_eq!(told.take(), [key("4", false)], "{screen:?}");
        for _ in 0..6 {
            press(&window, Key::Tab);
        }
    }
}

#[test]
fn the_focus_comes_back_when_its_tile_is_gone() {
    let window = page(&|_| {});
    let told = heard(&window);
    for step in 0..40 {
        press(&window, Key::Tab);
        let view = window.global::<TillView>();
        let tiles = view.get_tiles();
        view.set_tiles(ModelRc::new(VecModel::default()));
        view.set_categories(ModelRc::new(VecModel::default()));
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(200));
        press(&window, "9");
        assert_eq!(told.take(), [key("9", false)], "after {step} steps");
        shop::common(&window);
        view.set_tiles(tiles);
        i_slint_backend_testing::mock_elapsed_time(Duration::from_millis(200));
        for _ in 0..=step {
            press(&window, Key::Tab);
        }
        told.take();
    }
}

#[test]
fn escape_closes_what_is_only_on_screen_and_then_belongs_to_the_till() {
    let window = page(&shop::named("more"));
    let told = heard(&window);
    press(&window, Key::Escape);
    assert!(!window.global::<Face>().get_more_open());
    assert_eq!(told.take(), []);
    press(&window, Key::Escape);
    assert_eq!(told.take(), [key("\u{1b}", false)]);
}
