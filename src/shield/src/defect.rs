//! What a defect in a program comes to: its end, at once.

use std::{panic, process};

/// From now on a panic in any thread is reported as before and then aborts the process: a till whose
/// engine has fallen shall not go on as a picture of one. For programs that hold no card data; the
/// lane wipes what it has before it aborts.
#[expect(
    clippy::disallowed_methods,
    reason = "what it keeps from being dropped is no secret of a card: those are the lane's"
)]
pub fn abort_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |defect| {
        report(defect);
        process::abort();
    }));
}
