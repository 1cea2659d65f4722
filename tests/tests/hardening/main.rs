//! `lane` and `uplink` as they run, looked at from outside: what an auditor would look at.

mod clean_start;
mod from_outside;
mod names;
mod production;
mod rig;
