//! The driver in a real `pcscd`, seen by a real PC/SC client; `cardsim` is the reader.
//!
//! Each test starts itself again inside `tests/pcsc/with-pcscd`, beside a card service of its own.

mod cards;
mod control;
mod events;
mod faults;
mod pin_pad;
mod rig;
mod round_trip;
mod service;
