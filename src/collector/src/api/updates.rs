//! `POST /v1/updates` and `GET /v1/updates/files/{name}`.

use std::io;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealpoint_wire::WIRE_VERSION;
use sealpoint_wire::api::ApiError;
use sealpoint_wire::updates::{MAX_PIECE, UpdateAnswer, UpdateRequest};

use super::body::Told;
use super::{Api, Problem};
use crate::now_ms;
use crate::serve::Peer;

/// Takes note of the image that a till runs and of how an update of it stands, and names the release
/// that it is offered.
#[utoipa::path(
    post,
    path = "/v1/updates",
    tag = "tills",
    request_body = UpdateRequest,
    responses(
        (status = 200, description = "The release for this till, if there is one", body = UpdateAnswer),
        (status = 400, description = "Another version, or a word too long", body = ApiError),
        (status = 403, description = "`quarantined`: the certificate is not good", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 500, description = "The store or the folder failed", body = ApiError),
    ),
)]
pub(super) async fn ask(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(asked): Told<UpdateRequest>,
) -> Result<Json<UpdateAnswer>, Problem> {
    if asked.version != WIRE_VERSION || !asked.standing.is_bounded() {
        return Err(Problem::bad_request(
            "This is another version, or longer than such a word may be. Update the older of the two.",
        ));
    }
    let standing = asked.standing;
    let (of, told) = (terminal.clone(), standing.clone());
    api.store
        .run(move |db| db.image_told(&of, &told, now_ms()))
        .await?;
    let Some(updates) = api.updates else {
        return Ok(Json(UpdateAnswer { release: None }));
    };
    let found = tokio::task::spawn_blocking(move || updates.for_till(&terminal, &standing));
    let release = found.await.map_err(io::Error::other).flatten();
    Ok(Json(UpdateAnswer {
        release: release.map_err(|error| no_folder(&error))?,
    }))
}

/// A piece of a file of a release that this till is offered: what `Range` names, at most 2 MiB.
#[utoipa::path(
    get,
    path = "/v1/updates/files/{name}",
    tag = "tills",
    params(
        ("name" = String, Path, description = "As the release names it"),
        ("Range" = String, Header, description = "`bytes=FROM-` or `bytes=FROM-TO` (RFC 9110 section 14)"),
    ),
    responses(
        (status = 206, description = "The piece", content_type = "application/octet-stream"),
        (status = 400, description = "No such range", body = ApiError),
        (status = 403, description = "`quarantined`: the certificate is not good", body = ApiError),
        (status = 404, description = "No release for this till has such a file", body = ApiError),
        (status = 500, description = "The folder failed", body = ApiError),
    ),
)]
pub(super) async fn file(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some((from, most)) = range(&headers) else {
        return Err(Problem::bad_request(
            "A piece of a file is asked for by `Range: bytes=FROM-` or `bytes=FROM-TO`.",
        ));
    };
    let missing = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_such_file",
            "No release that this till is offered has such a file. Ask again which one it is.",
        )
    };
    let updates = api.updates.ok_or_else(missing)?;
    let read = tokio::task::spawn_blocking(move || updates.piece(&terminal, &name, from, most));
    let read = read.await.map_err(io::Error::other).flatten();
    let (piece, len) = read
        .map_err(|error| no_folder(&error))?
        .ok_or_else(missing)?;
    if piece.is_empty() {
        return Err(Problem::bad_request("The file ends before that byte."));
    }
    let to = from.saturating_add(piece.len() as u64).saturating_sub(1);
    let mut answer = (StatusCode::PARTIAL_CONTENT, piece).into_response();
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    if let Ok(range) = HeaderValue::from_str(&format!("bytes {from}-{to}/{len}")) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    Ok(answer)
}

/// First byte and how many, of a single range with a beginning.
fn range(headers: &HeaderMap) -> Option<(u64, u64)> {
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.parse().ok()?;
    let most = match to {
        "" => MAX_PIECE,
        to => to.parse::<u64>().ok()?.checked_sub(from)?.checked_add(1)?,
    };
    Some((from, most.min(MAX_PIECE)))
}

fn no_folder(error: &io::Error) -> Problem {
    tracing::error!(%error, "the folder with releases cannot be read");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "updates_failed",
        "The collector cannot read its releases. Try again later.",
    )
}
