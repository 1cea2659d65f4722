//! Who may ask for what, before anything else is looked at: without a certificate only to be
//! enrolled; with one that is expired or revoked only what hands records over and mends that.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use super::{Api, Problem, RECORDS, attestation};
use crate::now_ms;
use crate::store::{Admission, Shown};

/// The path that needs no certificate.
pub(super) const ENROLMENTS: &str = "/v1/enrolments";
/// Paths that decide by themselves what a certificate is good for. Every other one is closed to a
/// certificate that is not.
const OPEN: [&str; 8] = [
    RECORDS,
    "/v1/renewals",
    "/v1/standing",
    "/v1/time",
    attestation::CHALLENGES,
    attestation::EVIDENCE,
    "/v1/health",
    "/openapi.json",
];

/// Stands before all routes for tills.
pub(super) async fn gate(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.uri().path();
    if path == ENROLMENTS {
        return Ok(next.run(request).await);
    }
    let shown = request.extensions().get::<Shown>().ok_or_else(nobody)?;
    if !OPEN.contains(&path) {
        let (shown, now_ms, policy) = (shown.clone(), now_ms(), api.attest);
        let admission = api
            .store
            .run(move |db| db.admission_under(policy, &shown, now_ms))
            .await?;
        if let Some(closed) = closed(&admission) {
            api.counters.admissions_refused.add(1);
            return Err(closed);
        }
    }
    Ok(next.run(request).await)
}

/// The refusal for a certificate that is not good.
pub(super) fn closed(admission: &Admission) -> Option<Problem> {
    let why = admission.quarantine()?;
    Some(Problem::new(StatusCode::FORBIDDEN, "quarantined", why))
}

fn nobody() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "no_certificate",
        "No certificate was shown. Connect with the till's certificate.",
    )
}

impl<S: Send + Sync> FromRequestParts<S> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(nobody)
    }
}
