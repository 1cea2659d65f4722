//! The simulated time, one for each thread: it moves when the world says so, and nowhere else.
//!
//! What of the programs runs here asks for the time under the names that it uses at home: a till for
//! [`now_ms`] and [`Instant`], the switch for [`crate::now_ms`] and [`crate::time::sleep`].

use std::cell::Cell;
use std::future::poll_fn;
use std::ops::Add;
use std::task::Poll;
use std::time::Duration;

use sealpoint_till::Stamp;
use uuid::{Builder, Uuid};

use crate::dice::Dice;

/// When the world begins, milliseconds since the Unix epoch.
const BEGINS_MS: i64 = 1_795_000_000_000;

thread_local! {
    static ELAPSED: Cell<u64> = const { Cell::new(0) };
    static SET_WRONG: Cell<i64> = const { Cell::new(0) };
    static NEXT: Cell<u64> = const { Cell::new(u64::MAX) };
    static MOVED: Cell<bool> = const { Cell::new(false) };
}

/// Milliseconds since the world began.
pub fn elapsed_ms() -> u64 {
    ELAPSED.get()
}

/// Moves the time.
pub fn set(elapsed_ms: u64) {
    ELAPSED.set(elapsed_ms);
}

/// The right time, milliseconds since the Unix epoch.
pub fn right_ms() -> i64 {
    BEGINS_MS + elapsed_ms().cast_signed()
}

/// Whoever asks from now on is a till whose clock is wrong by so much.
pub fn wrong_by(ms: i64) {
    SET_WRONG.set(ms);
}

/// The time by the clock of the till that runs, milliseconds since the Unix epoch.
pub fn now_ms() -> i64 {
    right_ms() + SET_WRONG.get()
}

/// A moment of the till that runs, with fresh ids.
pub fn stamp(dice: &mut Dice) -> Stamp {
    let local = jiff::Timestamp::from_millisecond(now_ms())
        .expect("the world lasts for hours")
        .to_zoned(jiff::tz::TimeZone::UTC);
    Stamp {
        now_ms: now_ms(),
        local: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        fresh: [fresh(dice), fresh(dice)],
    }
}

fn fresh(dice: &mut Dice) -> Uuid {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&dice.word().to_be_bytes());
    Builder::from_unix_timestamp_millis(now_ms().unsigned_abs(), &random).into_uuid()
}

/// A moment, as `std::time::Instant` has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Instant(u64);

impl Instant {
    /// Now.
    pub fn now() -> Self {
        Self(elapsed_ms())
    }

    /// Since then.
    pub fn elapsed(&self) -> Duration {
        Duration::from_millis(elapsed_ms() - self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0 + u64::try_from(by.as_millis()).expect("pauses are short"))
    }
}

/// Whether that moment has come; if not, the world stops there.
pub fn has_come(moment: Instant) -> bool {
    let come = elapsed_ms() >= moment.0;
    if !come {
        NEXT.set(NEXT.get().min(moment.0));
    }
    come
}

/// Waits, and lets others go on.
pub async fn sleep(by: Duration) {
    let until = Instant::now() + by;
    poll_fn(|_| match has_come(until) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Lets others go first, once.
pub async fn give_way() {
    let mut given = false;
    poll_fn(|_| match std::mem::replace(&mut given, true) {
        true => Poll::Ready(()),
        false => {
            MOVED.set(true);
            Poll::Pending
        }
    })
    .await;
}

/// Whether anybody gave way since the last time.
pub fn has_moved() -> bool {
    MOVED.replace(false)
}

/// Forgets who waits for when; they say it again when they are asked.
pub fn nobody_waits() {
    NEXT.set(u64::MAX);
}

/// When the first of those who wait wants to be asked.
pub fn next_ms() -> u64 {
    NEXT.get()
}
