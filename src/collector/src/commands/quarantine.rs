//! `collector quarantine`.

use sealpoint_wire::TerminalId;
use serde_json::json;

use super::{moment, visit};
use crate::now_ms;
use crate::program::StartError;
use crate::store::{Released, Target};

pub(super) fn list(store: &Target, as_json: bool) -> Result<String, StartError> {
    let all = visit(store, |db| db.quarantined())?;
    if as_json {
        let tills: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "terminal": one.terminal,
                    "why": one.why,
                    "currency": one.currency,
                    "records": one.records,
                    "total_minor": one.total_minor,
                    "first_ms": one.first_ms,
                    "last_ms": one.last_ms,
                })
            })
            .collect();
        return super::json(&json!({ "version": 1, "quarantine": tills }));
    }
    if all.is_empty() {
        return Ok("Nothing is in quarantine.".to_owned());
    }
    let mut lines = vec![format!(
        "{:<8}  {:<7}  {:>7}  {:>12}      {:<19}  {:<19}",
        "Till", "Why", "Records", "Minor units", "First received", "Last received"
    )];
    lines.extend(all.iter().map(|one| {
        format!(
            "{:<8}  {:<7}  {:>7}  {:>12} {}  {:<19}  {:<19}",
            one.terminal,
            one.why,
            one.records,
            one.total_minor,
            one.currency,
            moment(one.first_ms),
            moment(one.last_ms)
        )
    }));
    lines.push(
        "Look whether these are the till's own sales; then: collector quarantine release \
         --terminal ID"
            .to_owned(),
    );
    Ok(lines.join("\n"))
}

pub(super) fn release(store: &Target, terminal: &TerminalId) -> Result<String, StartError> {
    let of = terminal.clone();
    match visit(store, move |db| db.release(&of, now_ms()))? {
        Released::Records(0) => Ok(format!("Nothing of {terminal} is in quarantine.")),
        Released::Records(records) => Ok(format!(
            "{records} records of {terminal} are in the books now."
        )),
        Released::NotEnrolled => Err(StartError::Refused(format!(
            "{terminal} has no valid certificate, so nothing of it is released. Enrol it again \
             first: collector enrol-code --terminal {terminal}"
        ))),
    }
}
