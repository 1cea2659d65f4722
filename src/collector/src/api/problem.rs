//! Every answer that is not a success: a code, a word for programs, a sentence for people.

use axum::Json;
use axum::http::StatusCode;
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
}

impl Problem {
    pub(super) fn new(code: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            error,
            message: message.into(),
        }
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
        (self.code, Json(body)).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
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
