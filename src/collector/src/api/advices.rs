//! `POST /v1/advices`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::AdviceRequest;
use sealpoint_wire::api::{AdviceAnswer, ApiError};

use super::body::Told;
use super::records::refuse_terminal;
use super::{Api, Problem};
use crate::serve::Peer;

/// Tells the acquirer of a charge that was taken without it, again and again until it answers. The
/// same advice again gives the same answer. A decline is an answer, and becomes work for a person.
/// `differs`, `reversed`, 400, 413 and 422 will not change; anything else but 200: send it again.
#[utoipa::path(
    post,
    path = "/v1/advices",
    tag = "attempts",
    request_body = AdviceRequest,
    responses(
        (status = 200, description = "What the acquirer answered", body = AdviceAnswer),
        (status = 400, description = "Not an advice", body = ApiError),
        (status = 403, description = "Another terminal than the certificate's", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 409, description = "`reversed`, `differs` or `under_way`", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 422, description = "`not_sent`: values that the acquirer's protocol cannot carry", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
        (status = 503, description = "`not_sent`: the acquirer cannot be reached; `not_answered`", body = ApiError),
    ),
)]
pub(super) async fn advise(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(request): Told<AdviceRequest>,
) -> Result<Json<AdviceAnswer>, Problem> {
    if request.terminal != terminal {
        return Err(refuse_terminal(&api, &terminal, "advices").await?);
    }
    let attempt = request.attempt;
    let answered = api.switch.advise(request).await;
    match &answered {
        Ok(_) => &api.counters.advices_answered,
        Err(_) => &api.counters.advices_not_answered,
    }
    .add(1);
    Ok(Json(AdviceAnswer {
        attempt,
        answer: answered?,
    }))
}
