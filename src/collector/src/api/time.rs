//! `GET /v1/time`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use sealpoint_tls::signed_time::{BadNonce, Nonce, sign};
use sealpoint_wire::Bytes;
use sealpoint_wire::api::ApiError;
use sealpoint_wire::enrol::TimeAnswer;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Api, Problem};
use crate::now_ms;
use crate::store::Shown;

/// What `GET /v1/time` is asked with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    /// 32 hexadecimal digits, lower case, new for each question.
    #[param(pattern = "^[0-9a-f]{32}$")]
    nonce: String,
}

/// The collector's time, signed by the key of its certificate over the asker's nonce.
#[utoipa::path(
    get,
    path = "/v1/time",
    tag = "tills",
    params(Question),
    responses(
        (status = 200, description = "The time", body = TimeAnswer),
        (status = 400, description = "No nonce of 32 hexadecimal digits", body = ApiError),
        (status = 500, description = "The collector's key cannot sign", body = ApiError),
    ),
)]
pub(super) async fn time(
    State(api): State<Api>,
    _: Shown,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Json<TimeAnswer>, Problem> {
    let nonce: Nonce = question
        .as_ref()
        .map_or("", |Query(question)| &question.nonce)
        .parse()
        .map_err(|error: BadNonce| Problem::bad_request(error.to_string()))?;
    let at_ms = now_ms();
    let cannot = |why: String| {
        tracing::error!(why, "the time is not signed");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "cannot_sign", why)
    };
    let signature =
        sign(api.office.signer(), &nonce, at_ms).map_err(|error| cannot(error.to_string()))?;
    Ok(Json(TimeAnswer {
        at_ms,
        nonce: nonce.to_string(),
        signature: Bytes::try_from(signature).map_err(|error| cannot(error.to_string()))?,
    }))
}
