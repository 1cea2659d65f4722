//! What can wake a till's engine; here the world calls it by itself.

use sealpoint_wire::{FromLane, FromUplink};

/// Where events are brought.
pub type Events = ();

/// What a process did.
#[expect(dead_code, reason = "the world calls the engine, no thread does")]
pub enum Event {
    Lane(u64, FromLane),
    LaneDown(u64),
    Uplink(u64, FromUplink),
    UplinkDown(u64),
}
