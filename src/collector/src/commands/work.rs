//! `collector work`.

use serde_json::json;

use super::{moment, visit};
use crate::now_ms;
use crate::program::StartError;
use crate::store::{Target, WorkItem};

/// At most this many work items are listed.
const MAX_LISTED: u32 = 10_000;

pub(super) fn list(store: &Target, all: bool, as_json: bool) -> Result<String, StartError> {
    let items = visit(store, move |db| db.work_items(all, MAX_LISTED))?;
    if as_json {
        let items: Vec<_> = items.iter().map(WorkItem::to_json).collect();
        return super::json(&json!({ "version": 1, "work": items }));
    }
    if items.is_empty() {
        return Ok("No work item is open.".to_owned());
    }
    let line = |item: &WorkItem| {
        let amount = match (item.amount_minor, &item.currency) {
            (Some(minor), Some(currency)) => format!(" ({minor} {currency} minor units)"),
            _ => String::new(),
        };
        let closed = item.closed.as_ref().map_or(String::new(), |closed| {
            format!(
                "\n     closed {} by {}: {}",
                moment(closed.at_ms),
                closed.by,
                closed.note
            )
        });
        format!(
            "{:>4} {} {} {}{amount}\n     {}{closed}",
            item.number,
            moment(item.opened_ms),
            item.terminal,
            item.subject,
            item.what
        )
    };
    Ok(items.iter().map(line).collect::<Vec<_>>().join("\n"))
}

pub(super) fn close(
    store: &Target,
    number: i64,
    by: &str,
    note: &str,
) -> Result<String, StartError> {
    let (who, words) = (by.to_owned(), note.to_owned());
    if visit(store, move |db| {
        db.close_work(number, &who, &words, now_ms())
    })? {
        Ok(format!("Work item {number} is closed."))
    } else {
        Err(StartError::Refused(format!(
            "There is no open work item {number}. See: collector work list"
        )))
    }
}
