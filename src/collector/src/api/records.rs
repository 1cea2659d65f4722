//! `POST /v1/records`.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealpoint_wire::api::{ApiError, PushAnswer, PushRequest};
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{TerminalId, WIRE_VERSION};

use super::body::Told;
use super::{Api, Problem};
use crate::now_ms;
use crate::serve::Peer;
use crate::store::{Isolation, Quarantine, Shown, StoreError};

/// Stores a batch of one terminal's records, each once. Every record that the answer names as
/// created or existing is durable. A refused record does not hold up the others.
#[utoipa::path(
    post,
    path = "/v1/records",
    tag = "records",
    request_body = PushRequest,
    responses(
        (status = 200, description = "One outcome for each record, in the order of the request", body = PushAnswer),
        (status = 400, description = "Not a push, or more than 100 records", body = ApiError),
        (status = 403, description = "A record of another terminal than the certificate's; nothing is stored", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON, or in another coding than gzip", body = ApiError),
        (status = 429, description = "`too_many`: faster than the rate of a till; see Retry-After", body = ApiError),
        (status = 500, description = "The store failed; nothing is stored", body = ApiError),
        (status = 503, description = "`busy`: come back after Retry-After", body = ApiError),
    ),
)]
pub(super) async fn push(
    State(api): State<Api>,
    Peer(terminal): Peer,
    shown: Shown,
    Told(push): Told<PushRequest>,
) -> Result<Json<PushAnswer>, Problem> {
    if push.version != WIRE_VERSION {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "version",
            format!("This collector speaks version {WIRE_VERSION}. Update the older of the two."),
        ));
    }
    if push.records.len() > MAX_BATCH {
        return Err(Problem::bad_request(format!(
            "A push holds at most {MAX_BATCH} records. Send fewer at a time."
        )));
    }
    if push
        .records
        .iter()
        .any(|record| record.terminal != terminal)
    {
        return Err(refuse_terminal(&api, &terminal, "records").await?);
    }
    let (began, policy) = (Instant::now(), api.attest);
    let pushed = api
        .store
        .offer(Isolation::ReadCommitted, move |db| {
            let now_ms = now_ms();
            let quarantine = Quarantine::from(&db.admission_under(policy, &shown, now_ms)?);
            db.push(&terminal, &push.records, now_ms, quarantine)
        })
        .await;
    if matches!(pushed, Err(StoreError::Busy)) {
        api.counters.pushes_turned_away.add(1);
    }
    let report = pushed?;
    api.counters.acknowledged.add(began.elapsed());
    if report.created > 0 {
        api.bell.ring();
    }
    api.counters.records_created.add(report.created);
    api.counters.records_existing.add(report.existing);
    api.counters.records_refused.add(report.refused);
    Ok(Json(report.answer))
}

/// Raises an alarm: a terminal spoke in another's name.
pub(super) async fn refuse_terminal(
    api: &Api,
    terminal: &TerminalId,
    subject: &'static str,
) -> Result<Problem, Problem> {
    let name = terminal.to_string();
    let what = "It spoke in another terminal's name and was refused.";
    api.store
        .run(move |db| db.alarm(&name, subject, what, now_ms()))
        .await?;
    Ok(Problem::wrong_terminal())
}
