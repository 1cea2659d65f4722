//! The ways to run a till: with a window, without one, or with one drawn in memory.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use sealpoint_screens::TillWindow;
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, Notice, NoticeCode, Restored, Stock, Till, View};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use slint::{CloseRequestResponse, ComponentHandle, PlatformError, Timer, TimerMode};

use crate::clock::stamp;
use crate::config::Config;
use crate::demo;
use crate::engine::{Engine, Screen};
use crate::event::{self, Event, Events};
use crate::lines::{self, Lines};
use crate::notify::Notifier;
use crate::offscreen::{self, Frame, Glass};
use crate::present::{self, Presenter};
use crate::start::{self, Prepared};

/// A till that cannot sell says why for this long before it is started again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// What a till runs with: what was settled before it locked itself down, and its configuration.
pub type Ready = (Prepared, Config);

/// Runs on standard input and output alone.
///
/// # Errors
/// What happened and what to do, if the till cannot start.
pub fn without_window(ready: Ready) -> Result<(), String> {
    on_lines(ready, vec![], None)?.run();
    Ok(())
}

/// Runs on standard input and output, and draws the window in memory for pictures.
///
/// # Errors
/// What happened and what to do, if the till cannot start.
pub fn offscreen(ready: Ready) -> Result<(), String> {
    let (sender, frames) = channel();
    let glass: Box<dyn Screen> = Box::new(Glass(sender.clone()));
    let engine = on_lines(ready, vec![glass], Some(sender))?;
    let engine = thread::spawn(move || engine.run());
    let drawn = offscreen::draw(&frames).map_err(|error| error.to_string());
    engine
        .join()
        .map_err(|_| "The till stopped unexpectedly. See its log.".to_owned())?;
    drawn
}

fn on_lines(
    (prepared, config): Ready,
    screens: Vec<Box<dyn Screen>>,
    shots: Option<Sender<Frame>>,
) -> Result<Engine, String> {
    let control = config.demo_cards.clone();
    let parts = start::parts(config, prepared)?;
    let (sender, receiver) = event::queue();
    listen(&sender, control)?;
    lines::listen(sender.clone()).map_err(|error| error.to_string())?;
    Engine::start(parts, (sender, receiver), screens, Some(Lines::new(shots)))
        .map_err(|error| error.to_string())
}

/// Runs with a window. A till that cannot start says why in the window, not only in a terminal
/// that nobody sees.
///
/// # Errors
/// What happened and what to do, if there is no display, or once the window that said why the
/// till cannot start was closed.
pub fn with_window(ready: Result<Ready, String>, notifier: &Arc<Notifier>) -> Result<(), String> {
    let config = ready
        .as_ref()
        .map_or_else(|_| Config::default(), |(_, config)| config.clone());
    let (sender, receiver) = event::queue();
    let acting = sender.clone();
    let act = move |action: Action| {
        let _ = acting.send(Event::Action(action));
    };
    let collector = config.collector.clone().unwrap_or_default();
    let window = open(act, &collector).map_err(|error| {
        format!("No window can be opened: {error}. Start the till on a display, or with --stdio.")
    })?;
    let closing = sender.clone();
    window.window().on_close_requested(move || {
        // The engine brings a card in flight to its end first, then ends the window.
        match closing.send(Event::Quit) {
            Ok(()) => CloseRequestResponse::KeepWindowShown,
            Err(_) => CloseRequestResponse::HideWindow,
        }
    });
    window.show().map_err(|error| error.to_string())?;
    // After the window has its own size: without a window manager that size stays.
    window.window().set_fullscreen(config.fills_screen());
    let control = config.demo_cards.clone();
    let parts = ready.and_then(|(prepared, config)| start::parts(config, prepared));
    let parts = match parts {
        Ok(parts) => parts,
        Err(why) => {
            drop(receiver);
            present::show(&window, &blocked(&config, &why));
            notifier.blocked(&why);
            let _again = notifier.is_heard().then(end_to_try_again);
            window.run().map_err(|error| error.to_string())?;
            return Err(why);
        }
    };
    listen(&sender, control)?;
    let asking = sender.clone();
    let presenter: Box<dyn Screen> = Box::new(Presenter::new(&window, Arc::clone(notifier)));
    let engine = Engine::start(parts, (sender, receiver), vec![presenter], None)
        .map_err(|error| error.to_string())?;
    let engine = thread::spawn(move || {
        engine.run();
        // It fails only if the event loop has ended by itself.
        let _ = slint::quit_event_loop();
    });
    let _signs = notifier
        .interval()
        .map(|every| signs_of_life(notifier, every));
    let ran = window.run().map_err(|error| error.to_string());
    notifier.ending();
    // If the window ended by itself, the engine is to end as well, after a card in flight.
    let _ = asking.send(Event::Quit);
    ran?;
    engine
        .join()
        .map_err(|_| "The till stopped unexpectedly. See its log.".to_owned())
}

/// The window, on a compositor or without one.
fn open(act: impl Fn(Action) + 'static, collector: &str) -> Result<TillWindow, PlatformError> {
    #[cfg(feature = "kms")]
    crate::kiosk::screen::take()?;
    present::window(act, collector)
}

/// Ends the window after a while: the system then starts the till again, which may find by then what
/// it needs.
fn end_to_try_again() -> Timer {
    let timer = Timer::default();
    timer.start(TimerMode::SingleShot, TRY_AGAIN_AFTER, || {
        // It fails only once the loop has ended.
        let _ = slint::quit_event_loop();
    });
    timer
}

/// Tells the system again and again that the window's loop goes round.
fn signs_of_life(notifier: &Arc<Notifier>, every: Duration) -> Timer {
    let notifier = Arc::clone(notifier);
    let timer = Timer::default();
    timer.start(TimerMode::Repeated, every, move || notifier.window_lives());
    timer
}

/// A whole screen that says why the till cannot sell.
fn blocked(config: &Config, why: &str) -> View {
    let mut till = Till::new(
        start::settings(config),
        Stock::default(),
        Restored::default(),
    );
    let mut view = till.view(&stamp(), None);
    view.pane = Pane::Blocked;
    view.notice = Some(Notice::new(NoticeCode::Blocked, vec![why.to_owned()]));
    view
}

/// Hears the system's wish to end, and the demo's cards.
fn listen(events: &Events, demo_cards: Option<PathBuf>) -> Result<(), String> {
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
