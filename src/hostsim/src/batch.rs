//! The batch: the approvals that stand, as an acquirer settles them. CSV with a head line.
//!
//! | column | |
//! |---|---|
//! | `attempt` | the attempt, a UUID |
//! | `terminal`, `stan` | DE 41 and DE 11 |
//! | `local_time` | DE 13 and 12, `MMDDhhmmss` |
//! | `amount_minor`, `currency` | what is paid, minor units and ISO 4217 letters |
//! | `kind` | `authorisation` or `advice` |
//! | `captured_at_ms` | milliseconds since the Unix epoch by the host's clock |

use core::fmt::Write;
use std::path::Path;

use crate::book::{Book, Captured};
use crate::ledger::{self, LedgerError};

/// The head line.
pub const HEAD: &str = "attempt,terminal,stan,local_time,amount_minor,currency,kind,captured_at_ms";
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The batch as text. No column can hold a comma.
#[must_use]
pub fn csv(batch: &[Captured]) -> String {
    let mut text = format!("{HEAD}\n");
    for captured in batch {
        let trace = &captured.trace;
        let kind = if captured.is_advice {
            "advice"
        } else {
            "authorisation"
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{kind},{}",
            trace.attempt,
            trace.terminal,
            trace.stan,
            trace.local_time,
            captured.amount_minor,
            trace.currency.alpha(),
            captured.at_ms,
        );
    }
    text
}

/// What a ledger's approvals come to that were captured on this day, counted in days of UTC since
/// the Unix epoch, or ever. The host may be running.
///
/// # Errors
/// [`LedgerError`].
pub fn of_ledger(path: &Path, day: Option<i64>) -> Result<Vec<Captured>, LedgerError> {
    let mut book = Book::default();
    ledger::read(path, |line| book.enter(&line))?;
    let mut batch = book.batch();
    if let Some(day) = day {
        batch.retain(|captured| captured.at_ms.div_euclid(DAY_MS) == day);
    }
    Ok(batch)
}

/// A day of the Gregorian calendar, `YYYY-MM-DD`, in days since the Unix epoch.
#[must_use]
pub fn day(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let number = |digits: &str, len: usize| {
        let digits = Some(digits).filter(|digits| digits.len() == len)?;
        digits.parse::<u16>().ok().map(i64::from)
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let possible = (1..=12).contains(&month) && (1..=31).contains(&day);
    // Years begin in March here, so that a leap day is a year's last.
    let year = if month > 2 { year } else { year - 1 };
    let since_march = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 1970-01-01 is so many days after the March that year 0 begins with.
    possible.then_some(365 * year + leaps + since_march - 719_468)
}
