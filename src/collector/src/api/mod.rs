//! The HTTPS interface for tills. The terminal in a client's certificate is the terminal that it
//! may speak for.

mod advices;
mod attestation;
mod body;
mod enrol;
mod gate;
mod health;
mod hosts;
mod inquiries;
mod limits;
mod office;
pub mod openapi;
mod problem;
mod records;
mod standing;
mod summary;
mod time;
mod updates;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};

pub use health::Health;
pub use limits::{Limits, MAX_BODIES};
pub use office::Office;
pub use problem::Problem;

use crate::attest::Policy;
use crate::counters::Counters;
use crate::sink::Bell;
use crate::store::Store;
use crate::switch::Switch;
use crate::updates::Updates;

/// What the routes work with; clones share it.
#[derive(Clone)]
pub struct Api {
    /// The database.
    pub store: Store,
    /// The way to the acquirer.
    pub switch: Switch,
    /// Counts what happens.
    pub counters: Arc<Counters>,
    /// Wakes what feeds the sink.
    pub bell: Bell,
    /// What gives certificates and signs the time.
    pub office: Arc<Office>,
    /// What tills may ask at a time.
    pub limits: Arc<Limits>,
    /// What becomes of tills that do not show what they run.
    pub attest: Policy,
    /// The releases that tills are offered, if any are.
    pub updates: Option<Updates>,
}

/// The path that records come to: the only one with large bodies.
const RECORDS: &str = "/v1/records";

/// The routes for tills.
pub fn router(api: Api) -> Router {
    Router::new()
        .route(RECORDS, post(records::push))
        .route("/v1/authorisations", post(hosts::authorise))
        .route("/v1/reversals", post(hosts::reverse))
        .route("/v1/advices", post(advices::advise))
        .route("/v1/inquiries", post(inquiries::inquire))
        .route("/v1/summary", get(summary::summary))
        .route(gate::ENROLMENTS, post(enrol::enrol))
        .route("/v1/renewals", post(enrol::renew))
        .route("/v1/standing", get(standing::standing))
        .route("/v1/time", get(time::time))
        .route(attestation::CHALLENGES, post(attestation::challenge))
        .route(attestation::EVIDENCE, post(attestation::evidence))
        .route(sealpoint_wire::updates::UPDATES, post(updates::ask))
        .route("/v1/updates/files/{name}", get(updates::file))
        .route("/v1/health", get(health::health))
        .route("/v1/ready", get(health::ready))
        .route("/openapi.json", get(openapi::document))
        .fallback(async || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing at this path. See /openapi.json.",
            )
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path does not take this method. See /openapi.json.",
            )
        })
        // The body extractor has its own bound, which answers with a sentence.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(api.clone(), gate::gate))
        .layer(from_fn_with_state(api.clone(), limits::limit))
        .layer(map_response(body::offer_gzip))
        .with_state(api)
}
