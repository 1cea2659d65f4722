//! The ways to run a till: with a window, without one, or with one drawn in memory.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::config::Config;
use crate::engine::Engine;
use crate::event::Event;
use crate::lines::{self, Lines};
use crate::{demo, start};

/// Runs on standard input and output alone.
///
/// # Errors
/// What happened and what to do, if the till cannot start.
pub fn without_window(config: Config, state: &Path) -> Result<(), String> {
    let control = config.demo_cards.clone();
    let parts = start::parts(config, state)?;
    let (sender, receiver) = channel();
    listen(&sender, control)?;
    lines::listen(sender.clone()).map_err(|error| error.to_string())?;
    let engine = Engine::start(parts, (sender, receiver), vec![], Some(Lines::new(None)))
        .map_err(|error| error.to_string())?;
    engine.run();
    Ok(())
}

/// Hears the system's wish to end, and the demo's cards.
fn listen(events: &Sender<Event>, demo_cards: Option<std::path::PathBuf>) -> Result<(), String> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|error| error.to_string())?;
    let ending = events.clone();
    thread::spawn(move || {
        for _ in signals.forever() {
            let _ = ending.send(Event::Quit);
        }
    });
    if let Some(control) = demo_cards {
        demo::watch(control, events.clone());
    }
    Ok(())
}
