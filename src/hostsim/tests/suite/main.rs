//! The host over real sockets, with cards sealed by the vault.

mod advising;
mod authorising;
mod batch;
mod cross;
mod derivation;
mod dukpt;
mod fraud;
mod hostile;
mod inquiring;
mod ledger;
mod misbehaving;
mod operator;
mod profiles;
mod program;
mod repeating;
mod reversing;
mod rig;
