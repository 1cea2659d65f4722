//! `GET /v1/summary`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::api::{ApiError, Summary};

use super::{Api, Problem};
use crate::serve::Peer;

/// What the collector holds of the certificate's terminal, for comparison with the till's totals.
#[utoipa::path(
    get,
    path = "/v1/summary",
    tag = "records",
    responses(
        (status = 200, description = "Sums; no terminal before its first record", body = Summary),
        (status = 500, description = "The store failed", body = ApiError),
    ),
)]
pub(super) async fn summary(
    State(api): State<Api>,
    Peer(terminal): Peer,
) -> Result<Json<Summary>, Problem> {
    let mut summary = api.store.run(|db| db.summary()).await?;
    summary.terminals.retain(|held| held.terminal == terminal);
    Ok(Json(summary))
}
