//! What one till, and all of them together, may ask of the collector: requests per second, and
//! bytes of bodies at a time. Over it, an answer says when to come back; memory stays flat.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use sealpoint_wire::TerminalId;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument;

use super::body::{MAX_RATIO, most, too_large};
use super::{Api, Problem};
use crate::serve::Peer;

/// Bytes of request bodies that are read or worked on at a time, all tills together.
pub const MAX_BODIES: usize = 256 * 1024 * 1024;
/// Bytes of one till's bodies at a time: a quarter, so that no till takes the others' room.
const MAX_TILL_BODIES: usize = MAX_BODIES / 4;
/// Bytes that a place for a body is counted in.
const UNIT: usize = 64 * 1024;
/// How long a request waits for such places before it is sent away.
const PLACE: Duration = Duration::from_secs(5);
/// Requests of one till in a burst, as seconds of its rate.
const BURST_S: f64 = 2.0;
/// At most so many tills are remembered; one that was silent for a burst needs no memory.
const MAX_TILLS: usize = 16 * 1024;
/// Names a request in logs and in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// At most so many characters of a name that a balancer gave.
const MAX_ID: usize = 64;

/// The limits of one collector.
#[derive(Debug)]
pub struct Limits {
    per_second: f64,
    buckets: Mutex<HashMap<TerminalId, Bucket>>,
    bodies: Arc<Semaphore>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
    bodies: Arc<Semaphore>,
}

impl Limits {
    /// With so many requests per second of one till.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self {
            per_second: f64::from(per_second),
            buckets: Mutex::new(HashMap::new()),
            bodies: Arc::new(Semaphore::new(MAX_BODIES / UNIT)),
        }
    }

    /// Takes one request from the till's bucket, and gives the places for its bodies; `None` if the
    /// bucket is empty.
    fn admit(&self, terminal: &TerminalId, now: Instant) -> Option<Arc<Semaphore>> {
        let full = self.per_second * BURST_S;
        let refilled = |bucket: &Bucket| {
            let since = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.left + since * self.per_second).min(full)
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_TILLS {
            buckets.retain(|_, bucket| {
                refilled(bucket) < full
                    || bucket.bodies.available_permits() < MAX_TILL_BODIES / UNIT
            });
        }
        let bucket = buckets.entry(terminal.clone()).or_insert_with(|| Bucket {
            left: full,
            at: now,
            bodies: Arc::new(Semaphore::new(MAX_TILL_BODIES / UNIT)),
        });
        bucket.left = refilled(bucket);
        bucket.at = now;
        if bucket.left < 1.0 {
            return None;
        }
        bucket.left -= 1.0;
        Some(Arc::clone(&bucket.bodies))
    }
}

/// Places that a body takes: its length, or what it may come to when it is inflated.
///
/// # Errors
/// `too_large` for one that says so of itself, before a byte of it is waited for.
fn places(request: &Request) -> Result<u32, Problem> {
    let headers = request.headers();
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    let packed = headers.contains_key(header::CONTENT_ENCODING);
    let most = most(request.uri().path());
    let bytes = match length {
        Some(length) if length > most => return Err(too_large()),
        Some(length) if packed => length.saturating_mul(MAX_RATIO).min(most),
        Some(length) => length,
        None if headers.contains_key(header::TRANSFER_ENCODING) => most,
        None => 0,
    };
    Ok(u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX))
}

/// Stands before all routes for tills: names the request, holds it to the limits, and says with
/// each answer which encoding of bodies is taken (RFC 9110 section 12.5.3).
pub(super) async fn limit(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let id = request_id(&request);
    let name = HeaderValue::from_str(&id).ok();
    let peer = request.extensions().get::<Peer>().cloned();
    let terminal = peer.as_ref().map(|Peer(terminal)| terminal.to_string());
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        path = request.uri().path(),
        terminal,
    );
    if let Some(name) = &name {
        request.headers_mut().insert(REQUEST_ID, name.clone());
    }
    let answered = within(&api, peer, request, next).instrument(span).await;
    let mut response = match answered {
        Ok(response) => response,
        Err(problem) => axum::response::IntoResponse::into_response(problem),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    if let Some(name) = name {
        headers.insert(REQUEST_ID, name);
    }
    Ok(response)
}

async fn within(
    api: &Api,
    peer: Option<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let limited = || {
        api.counters.requests_limited.add(1);
        Problem::too_many()
    };
    let own = match peer {
        Some(Peer(terminal)) => Some(api.limits.admit(&terminal, began).ok_or_else(limited)?),
        None => None,
    };
    let places = places(&request)?;
    let own = own
        .map(|own| own.try_acquire_many_owned(places))
        .transpose()
        .map_err(|_| limited())?;
    let held = timeout(
        PLACE,
        Arc::clone(&api.limits.bodies).acquire_many_owned(places),
    )
    .await;
    let Ok(Ok(held)) = held else {
        api.counters.requests_turned_away.add(1);
        return Err(Problem::busy());
    };
    let response = next.run(request).await;
    drop((held, own));
    tracing::debug!(
        code = response.status().as_u16(),
        took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    Ok(response)
}

/// The name that a balancer gave the request, if it is a plain one, or a new one.
fn request_id(request: &Request) -> String {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| {
            (1..=MAX_ID).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn till(name: &str) -> TerminalId {
        name.parse().expect("a terminal id")
    }

    #[test]
    fn a_till_has_its_rate_and_a_burst_and_no_other_till_pays_for_it() {
        let limits = Limits::new(10);
        let now = Instant::now();
        let admitted = (0..100)
            .filter(|_| limits.admit(&till("T1"), now).is_some())
            .count();
        assert_eq!(admitted, 20, "two seconds at once");
        assert!(limits.admit(&till("T2"), now).is_some());
        let later = now + Duration::from_millis(500);
        let admitted = (0..100)
            .filter(|_| limits.admit(&till("T1"), later).is_some())
            .count();
        assert_eq!(admitted, 5, "half a second's");
        let much_later = now + Duration::from_secs(3600);
        let admitted = (0..100)
            .filter(|_| limits.admit(&till("T1"), much_later).is_some())
            .count();
        assert_eq!(admitted, 20, "never more than a burst");
    }

    #[test]
    fn tills_that_were_silent_are_forgotten() {
        let limits = Limits::new(10);
        let now = Instant::now();
        for number in 0..MAX_TILLS {
            limits.admit(&till(&format!("T{number}")), now);
        }
        limits.admit(&till("LAST"), now + Duration::from_secs(60));
        let buckets = limits.buckets.lock().expect("not poisoned");
        assert_eq!(buckets.len(), 1);
    }
}
