//! Which keys go to the till, and which stay with the control that has the focus ring.

use std::time::{Duration, Instant};

use slint::SharedString;
use slint::platform::Key;

/// A scanner's keys come at most this far apart, as the till's own wedge has it.
const SCANNER_GAP: Duration = Duration::from_millis(50);

/// Slint's keys that are no characters, by the names that actions have for them.
const NAMES: &[(Key, &str)] = &[
    (Key::Return, "Enter"),
    (Key::Escape, "Escape"),
    (Key::Backspace, "Backspace"),
    (Key::Delete, "Delete"),
    (Key::Tab, "Tab"),
    (Key::UpArrow, "Up"),
    (Key::DownArrow, "Down"),
    (Key::LeftArrow, "Left"),
    (Key::RightArrow, "Right"),
    (Key::PageUp, "PageUp"),
    (Key::PageDown, "PageDown"),
    (Key::F1, "F1"),
    (Key::F2, "F2"),
    (Key::F3, "F3"),
    (Key::F4, "F4"),
    (Key::F5, "F5"),
    (Key::F6, "F6"),
    (Key::F7, "F7"),
    (Key::F8, "F8"),
    (Key::F9, "F9"),
    (Key::F10, "F10"),
    (Key::F11, "F11"),
    (Key::F12, "F12"),
];

/// The name of a key as an action has it; none for keys that mean nothing to a till, such as
/// Shift alone.
fn name(text: &str) -> Option<String> {
    if let Some((_, name)) = NAMES
        .iter()
        .find(|(key, _)| SharedString::from(*key) == text)
    {
        return Some((*name).to_owned());
    }
    let mut characters = text.chars();
    let (Some(c), None) = (characters.next(), characters.next()) else {
        return None;
    };
    let private = ('\u{E000}'..='\u{F8FF}').contains(&c);
    (!c.is_control() && !private).then(|| text.to_owned())
}

/// Tells a scanner's last key from a person's.
#[derive(Default)]
pub struct Typing {
    last_character: Option<Instant>,
}

impl Typing {
    /// The name to send to the till, or none if the key stays with the page: Tab moves the focus
    /// ring, and Enter or Space press the control that has it. A scanner ends with Enter or Tab
    /// too, but within a few milliseconds of its digits; that key is the till's, so that a scan
    /// never presses a button.
    pub fn key(&mut self, text: &str, on_control: bool, now: Instant) -> Option<String> {
        let name = name(text)?;
        let fast = self
            .last_character
            .is_some_and(|at| now.duration_since(at) <= SCANNER_GAP);
        let character = name.chars().count() == 1;
        self.last_character = character.then_some(now);
        let stays = match name.as_str() {
            "Tab" => true,
            "Enter" | " " => on_control,
            _ => false,
        };
        (!stays || fast).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: Key) -> SharedString {
        key.into()
    }

    #[test]
    fn a_scan_is_the_tills_wherever_the_focus_is() {
        let mut typing = Typing::default();
        let mut now = Instant::now();
        for digit in "4006381333931".chars() {
            now += Duration::from_millis(8);
            assert_eq!(
                typing.key(&digit.to_string(), true, now),
                Some(digit.to_string())
            );
        }
        now += Duration::from_millis(8);
        assert_eq!(
            typing.key(&text(Key::Return), true, now),
            Some("Enter".to_owned())
        );
    }

    #[test]
    fn a_scanner_that_ends_with_tab_moves_no_focus() {
        let mut typing = Typing::default();
        let now = Instant::now();
        typing.key("9", false, now);
        let end = now + Duration::from_millis(5);
        assert_eq!(
            typing.key(&text(Key::Tab), false, end),
            Some("Tab".to_owned())
        );
    }

    #[test]
    fn enter_by_hand_presses_the_control_with_the_ring() {
        let mut typing = Typing::default();
        let now = Instant::now();
        typing.key("7", true, now);
        let later = now + Duration::from_millis(300);
        assert_eq!(typing.key(&text(Key::Return), true, later), None);
        assert_eq!(
            typing.key(&text(Key::Return), false, later),
            Some("Enter".to_owned())
        );
    }

    #[test]
    fn keys_without_a_meaning_stay_with_the_page() {
        let mut typing = Typing::default();
        let now = Instant::now();
        for key in [
            Key::Shift,
            Key::Control,
            Key::Alt,
            Key::Insert,
            Key::F13,
            Key::Tab,
        ] {
            assert_eq!(typing.key(&text(key), false, now), None, "{key:?}");
        }
        assert_eq!(
            typing.key(&text(Key::F10), true, now),
            Some("F10".to_owned())
        );
        assert_eq!(typing.key("ü", true, now), Some("ü".to_owned()));
    }
}
