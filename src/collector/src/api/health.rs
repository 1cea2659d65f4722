//! `GET /v1/health`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::api::ApiError;
use sealpoint_wire::{TerminalId, WIRE_VERSION};
use serde::{Deserialize, Serialize};

use super::{Api, Problem};
use crate::serve::Peer;

/// The collector is here, accepts the terminal and can store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Health {
    /// Version of the messages that the collector takes.
    pub version: u16,
    /// The terminal in the certificate that was shown.
    pub terminal: TerminalId,
}

/// Whether the collector accepts this terminal and its store answers.
#[utoipa::path(
    get,
    path = "/v1/health",
    tag = "collector",
    responses(
        (status = 200, description = "All is well", body = Health),
        (status = 500, description = "The store failed", body = ApiError),
    ),
)]
pub(super) async fn health(
    State(api): State<Api>,
    Peer(terminal): Peer,
) -> Result<Json<Health>, Problem> {
    api.store.run(|db| db.check()).await?;
    Ok(Json(Health {
        version: WIRE_VERSION,
        terminal,
    }))
}
