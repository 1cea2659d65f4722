//! Request bodies: JSON of a type, within bounds of size and time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::Problem;
use crate::serve::Peer;

/// A full batch of the largest records fits: what fits the till's frame fits here.
pub const MAX_REQUEST: usize = sealpoint_wire::frame::MAX_FRAME;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);

/// A JSON body of type `T`.
pub(super) struct Told<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "The body must be JSON. Send Content-Type: application/json.",
            ));
        }
        let body = match timeout(ARRIVAL, to_bytes(request.into_body(), MAX_REQUEST)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    "The body is larger than 32 MiB, or broke off. Send fewer records at a time.",
                ));
            }
            Err(_) => {
                return Err(Problem::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "too_slow",
                    "The body took longer than 60 s. Send it again, with fewer records at a time.",
                ));
            }
        };
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            // The position, never the content.
            Problem::bad_request(format!(
                "The body is not what this path takes, at line {} column {}. See /openapi.json.",
                error.line(),
                error.column()
            ))
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "no_certificate",
                "No certificate was shown. Connect with the till's certificate.",
            )
        })
    }
}
