//! What people and programs are told of work items.

use jiff::Timestamp;
use sealpoint_journal::WorkItem;
use serde_json::json;

/// Version of the JSON objects.
pub const VERSION: u8 = 1;

/// What is open, as a page or as one JSON object.
pub fn list(items: &[WorkItem], json: bool) -> String {
    if json {
        let items: Vec<_> = items.iter().map(object).collect();
        let report = json!({ "version": VERSION, "exit_code": 0, "work": items });
        return serde_json::to_string_pretty(&report).unwrap_or_default();
    }
    if items.is_empty() {
        return "Nothing waits for a person.".to_owned();
    }
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What was done with one.
pub fn done(done: &str, number: u64, json: bool) -> String {
    if json {
        let report = json!({ "version": VERSION, "exit_code": 0, "done": done, "number": number });
        return serde_json::to_string_pretty(&report).unwrap_or_default();
    }
    match done {
        "closed" => format!("Work item {number} is closed."),
        _ => format!("Work item {number} is closed; the till undoes its charge when it runs."),
    }
}

fn object(item: &WorkItem) -> serde_json::Value {
    let card = item.card.as_ref();
    json!({
        "number": item.number,
        "kind": item.kind.word(),
        "attempt": item.attempt.to_string(),
        "sale": item.sale.to_string(),
        "state": item.state.word(),
        "amount_minor": item.amount_minor,
        "currency": item.currency.alpha(),
        "stan": item.stan,
        "card": card.map(|card| format!("{} {}", card.label, card.last4)),
        "why": item.why,
        "charged_at_ms": item.charged_at_ms,
        "opened_at_ms": item.opened_at_ms,
    })
}

fn line(item: &WorkItem) -> String {
    let charged = Timestamp::from_millisecond(item.charged_at_ms)
        .map_or_else(|_| String::new(), |at| at.strftime("%F %T UTC").to_string());
    let card = item.card.as_ref();
    let card = card.map_or_else(String::new, |card| {
        format!(", {} {}", card.label, card.last4)
    });
    format!(
        "{:>4} {} {} ({} {} minor units{card}, charged {charged}, {})\n     {}",
        item.number,
        item.kind.word(),
        item.attempt,
        item.amount_minor,
        item.currency.alpha(),
        item.state,
        item.why
    )
}
