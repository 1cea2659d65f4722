//! Every process dies, at random moments and at every write that lasts and every send: whole shops
//! of real processes, in which till, lane, uplink, collector or acquirer gets SIGKILL, is started
//! again, and four books must agree each time: what the till called paid, its journal, the
//! collector's store and the acquirer's ledger.

mod books;
// Other tests need what this one does not.
#[allow(dead_code, reason = "this binary uses a part of it")]
mod cashier;
#[path = "../power/dice.rs"]
mod dice;
mod points;
mod processes;
mod random;
// The shop's rig is written for other tests too.
#[allow(dead_code, reason = "this binary uses a part of the rig")]
#[path = "../shop/rig.rs"]
mod rig;
mod world;
