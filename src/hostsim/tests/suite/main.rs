//! The host over real sockets, with cards sealed by the vault.

mod authorising;
mod cross;
mod derivation;
mod dukpt;
mod fraud;
mod hostile;
mod ledger;
mod misbehaving;
mod operator;
mod program;
mod repeating;
mod reversing;
mod rig;
