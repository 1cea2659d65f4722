//! A whole shop of real processes: till, lane, uplink, collector, acquirer and virtual cards, driven
//! through `till --stdio` as an integrator would, and compared with what the collector and the
//! acquirer hold.

mod bad_input;
mod bench;
mod cards;
mod chaos;
mod clock;
mod crash;
mod first_start;
mod keys;
mod locked;
mod memory;
mod offline;
mod pcscd;
mod production;
mod refused;
mod rig;
mod scan;
mod sealing;
mod secrets;
mod shift;
mod twice;
mod updates;
