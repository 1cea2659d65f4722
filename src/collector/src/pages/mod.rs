//! What an operator sees: a page, health and metrics. In clear and without a password, so on the
//! loopback only.

mod html;
mod metrics;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use sealpoint_wire::api::Summary;

use crate::api::openapi;
use crate::counters::Counters;
use crate::now_ms;
use crate::store::{Database, Store, StoreError, WorkItem};

use html::Overview;

/// Sales and alarms on the page, each at most.
const ROWS: u32 = 20;
/// Days of reconciliation on the page.
const DAYS: u32 = 7;
/// Days that can be asked for.
const MAX_DAYS: u32 = 3660;
/// No script, no other site, no frame: the page is text and its own style.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// What the pages show; clones share it.
#[derive(Clone)]
pub struct Pages {
    /// The database.
    pub store: Store,
    /// What happened since the start.
    pub counters: Arc<Counters>,
}

/// The operator's routes.
pub fn router(pages: Pages) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .route("/summary.json", get(summary))
        .route("/work.json", get(work))
        .route("/reconciliation/{day}", get(reconciliation))
        .route("/openapi.json", get(openapi::document))
        .fallback(async || (StatusCode::NOT_FOUND, "There is nothing here. Go to /\n"))
        .layer(from_fn(only_by_a_local_name))
        .with_state(pages)
}

async fn overview(State(pages): State<Pages>) -> Result<Response, Unavailable> {
    let read = |db: &mut Database| {
        Ok(Overview {
            terminals: db.terminals()?,
            attested: db.attested()?,
            work: db.work_items(false, ROWS)?,
            alarms: db.last_alarms(ROWS)?,
            days: db.days(DAYS)?,
            sales: db.last_sales(ROWS)?,
        })
    };
    let shown = pages.store.run(read).await?;
    let page = html::overview(&shown, jiff::Timestamp::now());
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Ok((headers, Html(page)).into_response())
}

/// Every terminal's sums, for comparison with the tills'.
async fn summary(State(pages): State<Pages>) -> Result<Json<Summary>, Unavailable> {
    Ok(Json(pages.store.run(|db| db.summary()).await?))
}

/// The work items that are open.
async fn work(State(pages): State<Pages>) -> Result<Json<serde_json::Value>, Unavailable> {
    let items = pages.store.run(|db| db.work_items(false, MAX_DAYS)).await?;
    let items: Vec<_> = items.iter().map(WorkItem::to_json).collect();
    Ok(Json(serde_json::json!({ "version": 1, "work": items })))
}

/// A day's report, as `collector reconcile --json` gave it.
async fn reconciliation(
    State(pages): State<Pages>,
    Path(day): Path<String>,
) -> Result<Response, Unavailable> {
    let days = pages.store.run(|db| db.days(MAX_DAYS)).await?;
    let Some(view) = days.into_iter().find(|view| view.day == day) else {
        let told = "This day was not reconciled. See: collector reconcile --help\n";
        return Ok((StatusCode::NOT_FOUND, told).into_response());
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], view.report).into_response())
}

async fn ready(State(pages): State<Pages>) -> Result<&'static str, Unavailable> {
    pages.store.run(|db| db.check()).await?;
    Ok("ready\n")
}

async fn numbers(State(pages): State<Pages>) -> Result<Response, Unavailable> {
    let store = &pages.store;
    let read = |db: &mut Database| {
        let counts = (db.counts()?, db.open_counts()?);
        Ok((counts, db.sink_lag()?, db.attested()?))
    };
    let (((records, alarms), (work, quarantined)), sink, attested) = store.run(read).await?;
    let stored = metrics::Stored {
        records,
        alarms,
        work,
        quarantined,
        attested: metrics::Standings::of(&attested, now_ms()),
        sink,
        waiting: store.waiting(),
        errors: store.health().errors(),
        retries: store.health().retries(),
    };
    let text = metrics::text(&pages.counters, &stored, now_ms());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// A page of another site could reach the loopback under a name of its own (DNS rebinding): only
/// requests to a loopback address or to `localhost` are answered.
async fn only_by_a_local_name(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(is_local) {
        next.run(request).await
    } else {
        let told = "This page is for this machine only. Open it as http://127.0.0.1:PORT/\n";
        (StatusCode::MISDIRECTED_REQUEST, told).into_response()
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

struct Unavailable(StoreError);

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", self.0)).into_response()
    }
}
