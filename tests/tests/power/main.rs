//! The plug is pulled. A program's calls to its files are recorded as `strace` sees them, and a
//! model of a disk gives back what could be found after the power went between any two of them:
//! what was synced, and of the rest anything, torn at sectors of 512 bytes. Each such state is
//! opened with the code that a shop would open it with.
//!
//! `SEALPOINT_POWER=20000` opens that many states, `SEALPOINT_POWER_SEED=17` that one alone.

mod calls;
// Written for shops in which something dies.
#[allow(dead_code, reason = "this binary uses a part of it")]
#[path = "../kill/cashier.rs"]
mod cashier;
mod collector;
mod dice;
mod disk;
mod journal;
#[allow(dead_code, reason = "this binary uses a part of it")]
#[path = "../kill/processes.rs"]
mod processes;
// The shop's rig is written for other tests too.
#[allow(dead_code, reason = "this binary uses a part of the rig")]
#[path = "../shop/rig.rs"]
mod rig;
mod states;
