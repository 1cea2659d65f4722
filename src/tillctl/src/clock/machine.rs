//! The kernel's clock (clock_adjtime(2)). It needs `CAP_SYS_TIME` and nothing else.

use core::time::Duration;
use std::thread;

use clock_steering::{Clock, TimeOffset, unix::UnixClock};
use jiff::Timestamp;

use crate::{exit::Exit, fault::Fault};

/// Parts of a million by which a clock runs faster or slower at most: what the kernel allows.
const SLEW_PPM: i64 = 500;

/// Milliseconds since the Unix epoch, as this machine has it.
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Sets the clock by so many milliseconds, in one step of the kernel's.
pub fn step(by_ms: i64) -> Result<(), Fault> {
    let offset = TimeOffset {
        seconds: by_ms.div_euclid(1000),
        nanos: u32::try_from(by_ms.rem_euclid(1000) * 1_000_000).unwrap_or(0),
    };
    UnixClock::CLOCK_REALTIME
        .step_clock(offset)
        .map(drop)
        .map_err(|error| refused(&error.to_string()))
}

/// Lets the clock run faster or slower until so many milliseconds are caught up, and waits for that.
/// Whoever ends this process before calls [`steady`].
pub fn slew(by_ms: i64) -> Result<(), Fault> {
    set_frequency((SLEW_PPM * by_ms.signum()) as f64)?;
    thread::sleep(slewing(by_ms));
    steady()
}

/// How long so many milliseconds take.
fn slewing(by_ms: i64) -> Duration {
    let ms = by_ms.unsigned_abs().saturating_mul(1_000_000) / SLEW_PPM.unsigned_abs();
    Duration::from_millis(ms)
}

/// Lets the clock run as its crystal does.
pub fn steady() -> Result<(), Fault> {
    set_frequency(0.0)
}

fn set_frequency(ppm: f64) -> Result<(), Fault> {
    UnixClock::CLOCK_REALTIME
        .set_frequency(ppm)
        .map(drop)
        .map_err(|error| refused(&error.to_string()))
}

fn refused(why: &str) -> Fault {
    Fault {
        exit: Exit::ClockNotSet,
        what: format!("The kernel does not let the clock be set ({why})."),
        remedy: "Run it by its unit, which has CAP_SYS_TIME.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_slewing_is_half_an_hour() {
        assert_eq!(slewing(900), Duration::from_secs(1800));
        assert_eq!(slewing(-900), slewing(900));
    }
}
