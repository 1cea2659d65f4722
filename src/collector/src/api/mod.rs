//! The HTTPS interface for tills. The terminal in a client's certificate is the terminal that it
//! may speak for.

mod body;
mod health;
mod hosts;
pub mod openapi;
mod problem;
mod records;
mod summary;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};

pub use health::Health;
pub use problem::Problem;

use crate::counters::Counters;
use crate::store::Store;
use crate::switch::Switch;

/// What the routes work with; clones share it.
#[derive(Clone)]
pub struct Api {
    /// The database.
    pub store: Store,
    /// The way to the acquirer.
    pub switch: Switch,
    /// Counts what happens.
    pub counters: Arc<Counters>,
}

/// The routes for tills.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/records", post(records::push))
        .route("/v1/authorisations", post(hosts::authorise))
        .route("/v1/reversals", post(hosts::reverse))
        .route("/v1/summary", get(summary::summary))
        .route("/v1/health", get(health::health))
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
        .with_state(api)
}
