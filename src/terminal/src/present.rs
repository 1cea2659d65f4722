//! The window: joins the till's [`View`] to Slint. Nothing is decided here.
//!
//! `.slint` files own the looks, the core owns the truth; this file carries one to the other.

mod actions;
mod amounts;
mod fill;
mod keys;
mod rows;

use std::sync::{Arc, Mutex, PoisonError};

use sealpoint_screens::{DemoView, TillWindow};
use sealpoint_till::{Action, View};
use slint::{ComponentHandle, PlatformError, Weak};

use crate::engine::Screen;
use crate::notify::Notifier;

/// Makes the window, empty until the first view. What the cashier does goes to `act`.
///
/// `collector` is where the sales arrive, for the demo's panel; empty if nowhere.
///
/// # Errors
/// Slint's, if there is no display to draw on.
pub fn window(
    act: impl Fn(Action) + 'static,
    collector: &str,
) -> Result<TillWindow, PlatformError> {
    let window = TillWindow::new()?;
    rows::empty(&window);
    actions::connect(&window, act);
    window.global::<DemoView>().set_collector(collector.into());
    Ok(window)
}

/// Shows a view in the window, on the thread that draws it.
pub fn show(window: &TillWindow, view: &View) {
    fill::fill(window, view);
}

/// The window as the engine sees it, from its own thread.
///
/// Only the latest view counts: a slow display skips views instead of falling behind.
pub struct Presenter {
    window: Weak<TillWindow>,
    next: Arc<Mutex<Option<View>>>,
    notifier: Arc<Notifier>,
}

impl Presenter {
    /// Shows views in this window and tells the system of the first.
    #[must_use]
    pub fn new(window: &TillWindow, notifier: Arc<Notifier>) -> Self {
        Self {
            window: window.as_weak(),
            next: Arc::default(),
            notifier,
        }
    }
}

impl Screen for Presenter {
    fn show(&mut self, view: &View) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = next.replace(view.clone()).is_some();
        drop(next);
        if asked {
            return;
        }
        let next = Arc::clone(&self.next);
        let notifier = Arc::clone(&self.notifier);
        // It fails only once the event loop has ended, and then nobody looks any more.
        let _ = self.window.upgrade_in_event_loop(move |window| {
            let latest = next.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(view) = latest {
                show(&window, &view);
                notifier.ready();
            }
        });
    }

    fn engine_lives(&self) {
        self.notifier.engine_lives();
    }
}
