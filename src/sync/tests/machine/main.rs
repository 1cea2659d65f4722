//! The machine, driven without a clock or a network.

mod advices;
mod asking;
mod drain;
mod erase;
mod host;
mod inquiries;
mod invariants;
mod link;
mod onlooker;
mod parts;
mod records;
mod reversals;
mod rig;
