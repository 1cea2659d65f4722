//! `POST /v1/authorisations` and `POST /v1/reversals`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::api::{ApiError, AuthoriseAnswer, ReversalAnswer};
use sealpoint_wire::{AuthoriseRequest, ReversalRequest};

use super::body::Told;
use super::records::refuse_terminal;
use super::{Api, Problem};
use crate::serve::Peer;
use crate::switch::SwitchError;

/// Asks the acquirer to authorise an attempt, at most once. The same request again gives the same
/// answer. Anything but 200, and anything but `not_sent`, leaves the fate unknown: reverse.
#[utoipa::path(
    post,
    path = "/v1/authorisations",
    tag = "attempts",
    request_body = AuthoriseRequest,
    responses(
        (status = 200, description = "What the acquirer decided", body = AuthoriseAnswer),
        (status = 400, description = "Not an authorisation", body = ApiError),
        (status = 403, description = "Another terminal than the certificate's", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 409, description = "`reversed`, `differs` or `under_way`", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 422, description = "`not_sent`: values that the acquirer's protocol cannot carry", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
        (status = 503, description = "`not_sent`: the acquirer cannot be reached, or a reversal goes first", body = ApiError),
        (status = 504, description = "`unknown_fate`: the acquirer did not answer in time", body = ApiError),
    ),
)]
pub(super) async fn authorise(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(request): Told<AuthoriseRequest>,
) -> Result<Json<AuthoriseAnswer>, Problem> {
    if request.terminal != terminal {
        return Err(refuse_terminal(&api, &terminal, "authorisations").await?);
    }
    let attempt = request.attempt;
    let answered = api.switch.authorise(request).await;
    let counters = &api.counters;
    match &answered {
        Ok(_) => &counters.authorisations_answered,
        Err(
            SwitchError::NoAcquirer
            | SwitchError::LineDown(_)
            | SwitchError::ReversalFirst
            | SwitchError::Unsendable(_),
        ) => &counters.authorisations_not_sent,
        Err(SwitchError::UnknownFate(_) | SwitchError::Store(_)) => {
            &counters.authorisations_unknown
        }
        Err(_) => &counters.authorisations_refused,
    }
    .add(1);
    Ok(Json(AuthoriseAnswer {
        attempt,
        answer: answered?,
    }))
}

/// Undoes an attempt. Answers 200 once the acquirer acknowledged, or if it never saw the attempt;
/// a later authorisation of the same attempt is refused. Anything but 200: ask again.
#[utoipa::path(
    post,
    path = "/v1/reversals",
    tag = "attempts",
    request_body = ReversalRequest,
    responses(
        (status = 200, description = "The attempt is undone", body = ReversalAnswer),
        (status = 400, description = "Not a reversal", body = ApiError),
        (status = 403, description = "Another terminal than the certificate's", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 409, description = "`differs` or `under_way`", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 422, description = "`not_sent`: values that the acquirer's protocol cannot carry", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
        (status = 503, description = "`not_sent` or `not_acknowledged`: the reversal stays due", body = ApiError),
    ),
)]
pub(super) async fn reverse(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(request): Told<ReversalRequest>,
) -> Result<Json<ReversalAnswer>, Problem> {
    if request.terminal != terminal {
        return Err(refuse_terminal(&api, &terminal, "reversals").await?);
    }
    let attempt = request.attempt;
    let reversed = api.switch.reverse(request).await;
    match &reversed {
        Ok(()) => &api.counters.reversals_done,
        Err(_) => &api.counters.reversals_pending,
    }
    .add(1);
    reversed?;
    Ok(Json(ReversalAnswer { attempt }))
}
