//! `collector reconcile`.

use std::fs::File;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use super::Said;
use crate::now_ms;
use crate::program::StartError;
use crate::reconcile::{self, Entry, Report, Sold};
use crate::store::{Behind, DayView, OpenError, Store, StoreError, Target};

/// A sale may be logged so long before or after its attempt's day in UTC: time zones, and a card
/// that is read before midnight.
const AROUND: SignedDuration = SignedDuration::from_hours(38);

pub(super) fn run(
    target: &Target,
    batch: &Path,
    day: Date,
    as_json: bool,
) -> Result<Said, StartError> {
    let refused = |why: String| StartError::Refused(why);
    let file = File::open(batch).map_err(|error| {
        refused(format!(
            "The batch {} cannot be opened ({error}). Check the file.",
            batch.display()
        ))
    })?;
    let captured = reconcile::read(file).map_err(|error| refused(error.to_string()))?;
    let store = Store::visit(target)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(StartError::Runtime)?;
    let report = runtime
        .block_on(async {
            let sold = sold_around(&store, day).await?;
            let ledger = ledger_around(&store, day).await?;
            let report = reconcile::reconcile(day, &sold, &captured, &ledger);
            keep(&store, &report).await?;
            Ok(report)
        })
        .map_err(|error: StoreError| StartError::Store(OpenError::Store(error)))?;
    let text = if as_json {
        serde_json::to_string_pretty(&report)
            .map_err(|error| StartError::Runtime(std::io::Error::other(error)))?
    } else {
        report.text()
    };
    Ok(if report.unmatched.is_empty() {
        Said::Done(text)
    } else {
        Said::Unmatched(text)
    })
}

async fn sold_around(store: &Store, day: Date) -> Result<Vec<Sold>, StoreError> {
    let midnight = day
        .to_zoned(TimeZone::UTC)
        .map_or(0, |midnight| midnight.timestamp().as_millisecond());
    let around = i64::try_from(AROUND.as_millis()).unwrap_or(0);
    let until_ms = midnight + 24 * 3_600_000 + around;
    let mut sold = Vec::new();
    let mut behind = Some(Behind::start(midnight - around));
    while let Some(from) = behind {
        let (part, next) = store
            .run(move |db| db.sold_between(&from, until_ms))
            .await?;
        sold.extend(part);
        behind = next;
    }
    Ok(sold)
}

/// The attempts of the day, the day before and the day after, by their local time.
async fn ledger_around(store: &Store, day: Date) -> Result<Vec<Entry>, StoreError> {
    let at_midnight = |day: Date| day.strftime("%Y%m%d000000").to_string();
    let from = at_midnight(day.saturating_sub(1.day()));
    let until = at_midnight(day.saturating_add(2.days()));
    let mut ledger = Vec::new();
    let mut behind = Some(Vec::new());
    while let Some(last) = behind {
        let (from, until) = (from.clone(), until.clone());
        let (part, next) = store
            .run(move |db| db.attempts_between(&from, &until, &last))
            .await?;
        ledger.extend(part);
        behind = next;
    }
    Ok(ledger)
}

async fn keep(store: &Store, report: &Report) -> Result<(), StoreError> {
    let view = DayView {
        day: report.day.to_string(),
        made_ms: now_ms(),
        matched: report.matched,
        unmatched: report.unmatched.len() as u64,
        report: serde_json::to_string(report)
            .map_err(|_| StoreError::Damaged("a report that cannot be written"))?,
    };
    store.run(move |db| db.keep_day(&view)).await
}
