//! Waiting for what a machine does.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at something that is waited for. A look at a machine costs it time.
const LOOK: Duration = Duration::from_millis(100);
/// The longest that it becomes while nothing happens.
const SELDOM: Duration = Duration::from_secs(2);

/// Asks again until there is an answer, or the time is over.
pub fn within<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    let mut look = LOOK;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(look);
        look = (look * 2).min(SELDOM);
    }
}
