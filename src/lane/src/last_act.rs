//! What a defect in the program leaves behind: nothing.
//!
//! A panic unwinds the stack; whatever it owned is dropped, and what holds card data wipes itself when
//! it is dropped. Only then the process ends, by `abort`, so that a defect is never taken for an
//! ordinary end. That needs a release profile that unwinds: with `panic = "abort"` the process ends
//! before anything is wiped, and a panic hook cannot reach what the stack owns.
//!
//! What wiping cannot reach (registers, and what the compiler spilled) goes with the process: the lane
//! leaves no core, its memory is locked, and the kernel gives no page to another process before it has
//! cleared it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use zeroize::Zeroize;

/// Does `work`. If it panics, drops all that it owned and then ends the process with `end`
/// ([`std::process::abort`] outside of tests).
pub fn wiped_or<T>(work: impl FnOnce() -> T, end: impl FnOnce() -> T) -> T {
    // Nothing of what the work had is used any more, whatever state it was in.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(payload) => {
            wipe(payload);
            end()
        }
    }
}

/// A panic's text could quote what was being read.
fn wipe(payload: Box<dyn Any + Send>) {
    if let Ok(mut text) = payload.downcast::<String>() {
        text.zeroize();
    }
}
