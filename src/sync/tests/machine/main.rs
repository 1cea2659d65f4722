//! The machine, driven without a clock or a network.

mod host;
mod invariants;
mod link;
mod records;
mod rig;
