//! `POST /v1/inquiries`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::InquiryRequest;
use sealpoint_wire::api::{ApiError, InquiryAnswer};

use super::body::Told;
use super::records::refuse_terminal;
use super::{Api, Problem};
use crate::serve::Peer;

/// Says what became of an attempt. One that was `never_seen` is closed: its authorisation is refused
/// if it comes later. `under_way`: ask again.
#[utoipa::path(
    post,
    path = "/v1/inquiries",
    tag = "attempts",
    request_body = InquiryRequest,
    responses(
        (status = 200, description = "What became of it", body = InquiryAnswer),
        (status = 400, description = "Not an inquiry", body = ApiError),
        (status = 403, description = "Another terminal than the certificate's", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 409, description = "`differs` or `under_way`", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
    ),
)]
pub(super) async fn inquire(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(request): Told<InquiryRequest>,
) -> Result<Json<InquiryAnswer>, Problem> {
    if request.terminal != terminal {
        return Err(refuse_terminal(&api, &terminal, "inquiries").await?);
    }
    let attempt = request.attempt;
    let (fate, committed) = api.switch.inquire(request).await?;
    api.counters.inquiries.add(1);
    Ok(Json(InquiryAnswer {
        attempt,
        fate,
        committed,
    }))
}
