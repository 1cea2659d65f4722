//! Everything that can wake the engine.

use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};

use sealpoint_till::Action;
use sealpoint_till::view::DemoView;
use sealpoint_wire::{FromLane, FromUplink};

/// At most this many events wait for the engine. Whoever brings another waits as well: a process
/// that talks without end fills no memory.
const MAX_WAITING: usize = 256;

/// Where events are brought.
pub type Events = SyncSender<Event>;

/// A queue of events for one engine.
#[must_use]
pub fn queue() -> (Events, Receiver<Event>) {
    sync_channel(MAX_WAITING)
}

/// One thing that happened outside the engine's thread.
#[derive(Debug)]
pub enum Event {
    /// The cashier did something in the window.
    Action(Action),
    /// A line came on standard input; the reader of lines waits until `done` is told.
    Line {
        /// The line without its end.
        text: String,
        /// Its number, from 1.
        number: u64,
        /// Told when the next line may be read.
        done: Sender<()>,
    },
    /// Standard input ended.
    InputEnded,
    /// The lane said something. The number tells one lane process from the next.
    Lane(u64, FromLane),
    /// The lane process ended.
    LaneDown(u64),
    /// The uplink said something.
    Uplink(u64, FromUplink),
    /// The uplink process ended.
    UplinkDown(u64),
    /// The demo's cards changed.
    Demo(DemoView),
    /// The window was closed, or the system asks the till to end.
    Quit,
}
