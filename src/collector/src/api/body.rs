//! Request bodies: JSON of a type, within bounds of size and time.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{Problem, RECORDS};
use crate::serve::Peer;

/// A full batch of the largest records fits: what fits the till's frame fits here.
pub const MAX_REQUEST: usize = sealpoint_wire::frame::MAX_FRAME;
/// Bytes of every body that holds no records: sealed card, chip data and certification requests fit
/// many times over.
const MAX_SMALL: usize = 64 * 1024;
/// At most so many bytes of a body in gzip.
pub const MAX_PACKED: usize = 8 * 1024 * 1024;
/// How many times its length a body in gzip may come to: records come to about ten.
pub(super) const MAX_RATIO: usize = 100;
/// What is smaller than this when inflated may have any ratio.
const SMALL: usize = 1024 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);

/// Bytes that a body at this path may have. Who has no certificate, or asks about one charge, keeps
/// no room that others need for their records.
pub(super) fn most(path: &str) -> usize {
    if path == RECORDS {
        MAX_REQUEST
    } else {
        MAX_SMALL
    }
}

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
        let packed = is_packed(request.headers())?;
        let most = most(request.uri().path());
        let bound = if packed { MAX_PACKED.min(most) } else { most };
        let body = match timeout(ARRIVAL, to_bytes(request.into_body(), bound)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => return Err(too_large()),
            Err(_) => {
                return Err(Problem::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "too_slow",
                    "The body took longer than 60 s. Send it again, with fewer records at a time.",
                ));
            }
        };
        let body = if packed {
            let inflating = tokio::task::spawn_blocking(move || inflate(&body, most));
            inflating.await.map_err(|_| not_gzip())??.into()
        } else {
            body
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

/// Every answer says that requests may come in gzip (RFC 9110 section 12.5.3).
pub(super) async fn offer_gzip<B>(mut answer: Response<B>) -> Response<B> {
    let gzip = HeaderValue::from_static("gzip");
    answer.headers_mut().insert(header::ACCEPT_ENCODING, gzip);
    answer
}

/// Whether the body is in gzip (RFC 9110 section 8.4). Other codings are refused.
fn is_packed(headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(coding) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(false);
    };
    let coding = coding.to_str().unwrap_or_default().trim();
    if coding.eq_ignore_ascii_case("identity") {
        Ok(false)
    } else if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
        Ok(true)
    } else {
        Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_gzip",
            "A body is sent as it is or in gzip. Send Content-Encoding: gzip, or none.",
        ))
    }
}

/// Inflates within the bounds of size and ratio: the output stops at the bound, so that a bomb costs
/// no more memory than an honest body.
fn inflate(packed: &[u8], most: usize) -> Result<Vec<u8>, Problem> {
    let bound = most.min(packed.len().saturating_mul(MAX_RATIO).max(SMALL));
    let mut body = Vec::new();
    let mut reader = MultiGzDecoder::new(packed).take(bound as u64 + 1);
    reader.read_to_end(&mut body).map_err(|_| not_gzip())?;
    if body.len() > bound {
        return Err(too_large());
    }
    Ok(body)
}

fn not_gzip() -> Problem {
    Problem::bad_request("The body is not whole gzip. Send it again, or without an encoding.")
}

pub(super) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The body is larger than 64 KiB, or, with records, than 32 MiB (8 MiB in gzip, inflated to \
         at most a hundred times its length), or it broke off. Send fewer records at a time.",
    )
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
