//! `GET /v1/standing`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::api::ApiError;
use sealpoint_wire::enrol::StandingAnswer;

use super::{Api, Problem};
use crate::now_ms;
use crate::store::Shown;

/// How the certificate's till stands with the retailer. Answered to every till of the retailer's CA,
/// also to one that is expired, revoked or lost.
#[utoipa::path(
    get,
    path = "/v1/standing",
    tag = "tills",
    responses(
        (status = 200, description = "How it stands", body = StandingAnswer),
        (status = 500, description = "The store failed", body = ApiError),
    ),
)]
pub(super) async fn standing(
    State(api): State<Api>,
    shown: Shown,
) -> Result<Json<StandingAnswer>, Problem> {
    let (expires_ms, policy) = (shown.until_ms, api.attest);
    let admission = api
        .store
        .run(move |db| {
            let now_ms = now_ms();
            db.saw(&shown, now_ms)?;
            db.admission_under(policy, &shown, now_ms)
        })
        .await?;
    Ok(Json(StandingAnswer {
        standing: admission.standing(),
        quarantined: admission.quarantine(),
        expires_ms,
    }))
}
