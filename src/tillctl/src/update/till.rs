//! Whether the till lets itself be updated, or restarted, now.
//!
//! | what the till says | installing | restarting |
//! |---|---|---|
//! | nothing, or nothing new for longer than [`FRESH_MS`] | waits | waits |
//! | a charge is in flight, of unknown fate, not yet in a written sale, or to be undone | waits | waits |
//! | its journal is damaged | waits | waits |
//! | items are rung up, a card is in, or somebody pressed a key lately | goes on | waits |
//! | charges without the bank wait to be told, records wait for the collector | goes on | goes on |
//!
//! What waits in the last row is in the journal, which the new till can read: that is checked.
//! A reversal is as much in the journal, but its customer's money is held until it is acknowledged,
//! and no update is worth making that longer.

use std::time::Duration;

use sealpoint_wire::status::{MAX_STATUS, STATUS_EVERY_MS, STATUS_VERSION, TillStanding};

use super::{places::Places, refused::Refused};
use crate::plain_file::{self, Links};

/// What a till said longer ago than this is not believed: it writes each minute.
const FRESH_MS: i64 = 2 * STATUS_EVERY_MS + 30_000;
/// How far in the future a word may be, for a clock that was just set.
const AHEAD_MS: i64 = 5_000;

/// What the till says of itself, whenever that was.
pub fn said(places: &Places) -> Result<TillStanding, Refused> {
    let unheard =
        |why: String| Refused::not_now(format!("the till does not say how it stands ({why})"));
    let bytes = plain_file::read(&places.till(), MAX_STATUS, Links::Refused)
        .map_err(|error| unheard(error.to_string()))?;
    let said: TillStanding = serde_json::from_slice(&bytes)
        .map_err(|error| unheard(format!("line {} is not understood", error.line())))?;
    if said.version != STATUS_VERSION {
        return Err(unheard(format!("in version {}", said.version)));
    }
    Ok(said)
}

/// Refuses words that are too old to be true still.
pub fn is_fresh(said: &TillStanding, now_ms: i64) -> Result<(), Refused> {
    let age_ms = now_ms.saturating_sub(said.written_at_ms);
    if (-AHEAD_MS..=FRESH_MS).contains(&age_ms) {
        return Ok(());
    }
    Err(Refused::not_now(format!(
        "the till has not said how it stands for {} minutes, so a charge may be open",
        age_ms / 60_000
    )))
}

/// Refuses while a charge is open, or the journal is damaged.
pub fn is_settled(said: &TillStanding) -> Result<(), Refused> {
    let Some(open) = said.open_charges else {
        return Err(Refused::not_now(
            "the till does not say which charges are open",
        ));
    };
    let busy = |count: u64, what: &str| match count {
        0 => Ok(()),
        1 => Err(Refused::not_now(format!("a charge {what}"))),
        _ => Err(Refused::not_now(format!("{count} charges {what}"))),
    };
    busy(open.in_flight, "with the bank is in flight")?;
    busy(open.unknown, "may or may not have been approved")?;
    busy(open.approved, "paid for a sale that is not yet written")?;
    busy(
        open.reversing.max(said.reversals_due.into()),
        "waits to be undone at the acquirer",
    )?;
    if said.journal.integrity != "ok" {
        return Err(Refused::not_now(format!(
            "the journal is damaged ({}), so the till might not start again",
            said.journal.integrity
        )));
    }
    Ok(())
}

/// Refuses an image whose till reads these schemas and so could not open the journal.
pub fn is_readable(said: &TillStanding, reads: &[u32]) -> Result<(), Refused> {
    match said.journal.schema {
        0 => Err(Refused::not_now(
            "the till does not say its journal's schema",
        )),
        schema if reads.contains(&schema) => Ok(()),
        schema => Err(Refused::JournalUnread { schema }),
    }
}

/// Refuses while somebody needs the till, or did lately.
pub fn is_at_rest(said: &TillStanding, rest: Duration, now_ms: i64) -> Result<(), Refused> {
    let Some(since_ms) = said.at_rest_since_ms else {
        return Err(Refused::not_now("somebody uses the till"));
    };
    let rest_ms = i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
    if rest_ms > 0 && now_ms.saturating_sub(since_ms) < rest_ms {
        return Err(Refused::not_now("somebody used the till a short while ago"));
    }
    Ok(())
}
