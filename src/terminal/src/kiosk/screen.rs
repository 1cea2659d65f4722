//! The screen and the keys without a compositor: Slint draws into the kernel's own buffers (KMS)
//! and hears keyboards, pointers and touch through libinput.

use std::cell::RefCell;

use input::Event;
use input::event::KeyboardEvent;
use input::event::keyboard::{KeyState, KeyboardEventTrait};
use slint::{BackendSelector, PlatformError};

use super::chords::Chords;

/// Takes the screen, and keeps from the window what would end it.
///
/// # Errors
/// Slint's, if there is no screen.
pub fn take() -> Result<(), PlatformError> {
    let chords = RefCell::new(Chords::default());
    BackendSelector::new()
        .backend_name("linuxkms".to_owned())
        .renderer_name("software".to_owned())
        .with_libinput_event_hook(move |event| match event {
            Event::Keyboard(KeyboardEvent::Key(key)) => {
                let pressed = key.key_state() == KeyState::Pressed;
                chords.borrow_mut().swallows(key.key(), pressed)
            }
            _ => false,
        })
        .select()
}
