//! The months that records are partitioned by on PostgreSQL, by time of arrival in UTC.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// So many months are made ahead, this one included.
pub(super) const AHEAD: usize = 3;

/// A month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Month {
    first: Date,
}

/// One month after the other, without end.
pub(super) struct Months {
    next: Month,
}

impl Months {
    /// Begins with the month of this moment, milliseconds since the Unix epoch.
    pub(super) fn from(at_ms: i64) -> Self {
        Self {
            next: Month::of(at_ms),
        }
    }
}

impl Iterator for Months {
    type Item = Month;

    fn next(&mut self) -> Option<Month> {
        let month = self.next;
        self.next = month.after();
        Some(month)
    }
}

impl Month {
    /// The month of a moment; of the epoch, if no calendar has it.
    pub(super) fn of(at_ms: i64) -> Self {
        let day = Timestamp::from_millisecond(at_ms)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC)
            .date();
        Self {
            first: day.first_of_month(),
        }
    }

    fn after(self) -> Self {
        Self {
            first: self
                .first
                .checked_add(1.month())
                .unwrap_or(date(1970, 1, 1)),
        }
    }

    /// The partition's name.
    pub(super) fn table(self) -> String {
        format!("record_{:04}_{:02}", self.first.year(), self.first.month())
    }

    /// The statement that makes the partition, if it is not there.
    pub(super) fn create(self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} PARTITION OF record FOR VALUES FROM ({}) TO ({})",
            self.table(),
            begin_ms(self.first),
            begin_ms(self.after().first),
        )
    }
}

/// The first millisecond of a day in UTC; 0 for a day that no clock shows.
fn begin_ms(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC)
        .map_or(0, |day| day.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_join_without_a_gap_over_the_turn_of_a_year() {
        // 2026-11-23T05:54:47Z
        let made: Vec<_> = Months::from(1_795_413_287_000)
            .take(AHEAD)
            .map(Month::create)
            .collect();
        assert_eq!(
            made,
            [
                "CREATE TABLE IF NOT EXISTS record_2026_11 PARTITION OF record FOR VALUES FROM (1793491200000) TO (1796083200000)",
                "CREATE TABLE IF NOT EXISTS record_2026_12 PARTITION OF record FOR VALUES FROM (1796083200000) TO (1798761600000)",
                "CREATE TABLE IF NOT EXISTS record_2027_01 PARTITION OF record FOR VALUES FROM (1798761600000) TO (1801440000000)",
            ]
        );
    }
}
