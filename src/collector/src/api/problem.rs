//! Every answer that is not a success: a code, a word for programs, a sentence for people.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealpoint_wire::api::ApiError;

use crate::store::StoreError;
use crate::switch::SwitchError;

/// An answer with an [`ApiError`] as its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    code: StatusCode,
    error: &'static str,
    message: String,
    /// Seconds after which the same may go through (RFC 9110 section 10.2.3).
    retry_after_s: Option<u32>,
}

impl Problem {
    pub(super) fn new(code: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            error,
            message: message.into(),
            retry_after_s: None,
        }
    }

    /// The same, with the seconds after which to come back.
    pub(super) const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(super) fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            "This till asks more often than the collector allows. Send the same again a second later.",
        )
        .retry_after(1)
    }

    pub(super) fn not_ready(error: &StoreError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            error.to_string(),
        )
        .retry_after(1)
    }

    pub(super) fn busy() -> Self {
        Self::from(StoreError::Busy)
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(super) fn wrong_terminal() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "The certificate is another terminal's. Enrol this till under its own terminal id.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ApiError {
            error: self.error.to_owned(),
            message: self.message,
        };
        let mut response = (self.code, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.passes() {
            tracing::warn!(%error, "the store is busy or away");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error.to_string())
                .retry_after(1);
        }
        tracing::error!(%error, "the store failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "store",
            error.to_string(),
        )
    }
}

impl From<SwitchError> for Problem {
    fn from(error: SwitchError) -> Self {
        let (code, word) = match error {
            SwitchError::Store(error) => return error.into(),
            SwitchError::NoAcquirer | SwitchError::LineDown(_) | SwitchError::ReversalFirst => {
                (StatusCode::SERVICE_UNAVAILABLE, "not_sent")
            }
            SwitchError::NotAcknowledged(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "not_acknowledged")
            }
            SwitchError::NotAnswered(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_answered"),
            SwitchError::Unsendable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not_sent"),
            SwitchError::UnknownFate(_) => (StatusCode::GATEWAY_TIMEOUT, "unknown_fate"),
            SwitchError::UnderWay => (StatusCode::CONFLICT, "under_way"),
            SwitchError::Reversed => (StatusCode::CONFLICT, "reversed"),
            SwitchError::Differs => (StatusCode::CONFLICT, "differs"),
        };
        Self::new(code, word, error.to_string())
    }
}
