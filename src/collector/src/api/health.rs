//! `GET /v1/health` and `GET /v1/ready`.

use axum::Json;
use axum::extract::State;
use sealpoint_wire::api::ApiError;
use sealpoint_wire::{TerminalId, WIRE_VERSION};
use serde::{Deserialize, Serialize};

use super::{Api, Problem};
use crate::serve::Peer;
use crate::store::Isolation;

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

/// Whether the collector can store at this moment: its store takes writes, in tables of this
/// release. A balancer sends requests elsewhere while it is not.
#[utoipa::path(
    get,
    path = "/v1/ready",
    tag = "collector",
    responses(
        (status = 200, description = "Requests may come", body = Health),
        (status = 503, description = "The store cannot be written at the moment", body = ApiError),
    ),
)]
pub(super) async fn ready(
    State(api): State<Api>,
    Peer(terminal): Peer,
) -> Result<Json<Health>, Problem> {
    let checked = api
        .store
        .offer(Isolation::ReadCommitted, |db| db.check())
        .await;
    checked.map_err(|error| Problem::not_ready(&error))?;
    Ok(Json(Health {
        version: WIRE_VERSION,
        terminal,
    }))
}
