//! `POST /v1/enrolments` and `POST /v1/renewals`.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealpoint_tls::code::EnrolmentCode;
use sealpoint_wire::api::ApiError;
use sealpoint_wire::enrol::{CertificateAnswer, EnrolRequest, RenewRequest};
use sealpoint_wire::{TerminalId, WIRE_VERSION};

use super::body::Told;
use super::gate::closed;
use super::{Api, Problem};
use crate::now_ms;
use crate::store::{Redeemed, Shown};
use crate::tls::{Authority, Issued, Request};

/// Gives a till its certificate for a code that `collector enrol-code` printed. Needs no client
/// certificate. The same code with the same key is answered again while the code lives.
#[utoipa::path(
    post,
    path = "/v1/enrolments",
    tag = "tills",
    request_body = EnrolRequest,
    security(()),
    responses(
        (status = 200, description = "The till's certificate", body = CertificateAnswer),
        (status = 400, description = "Not an enrolment, or no certification request", body = ApiError),
        (status = 403, description = "`code_refused`: the code is unknown, used, void or too old", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 429, description = "Too many enrolments at a time", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
        (status = 503, description = "`no_authority`: the CA's key is not at this collector", body = ApiError),
    ),
)]
pub(super) async fn enrol(
    State(api): State<Api>,
    Told(asked): Told<EnrolRequest>,
) -> Result<Json<CertificateAnswer>, Problem> {
    let authority = authority(&api)?;
    if !api.office.may_enrol(Instant::now()) {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            "Too many tills are being enrolled at a time. Try again in a minute.",
        ));
    }
    check_version(asked.version)?;
    let code: EnrolmentCode = asked
        .code
        .parse()
        .map_err(|error: sealpoint_tls::code::BadCode| Problem::bad_request(error.to_string()))?;
    let request = read_request(asked.request.as_slice())?;
    let (name, hash, key) = (code.name(), code.hash(), request.key_hash());
    let redeemed = api
        .store
        .run({
            let name = name.clone();
            move |db| db.redeem_code(&name, &hash, &key, now_ms())
        })
        .await?;
    let terminal = code_is_good(redeemed, &name)?;
    let issued = issue(authority, &request, &terminal)?;
    let given = issued.shown.clone();
    let kept = api
        .store
        .run({
            let name = name.clone();
            move |db| db.keep_enrolled(&name, &hash, &key, &given, now_ms())
        })
        .await?;
    code_is_good(kept, &name)?;
    api.counters.tills_enrolled.add(1);
    tracing::info!(%terminal, serial = %issued.shown.serial, "enrolled");
    Ok(Json(answer(authority, issued)))
}

fn code_is_good(redeemed: Redeemed, code: &str) -> Result<TerminalId, Problem> {
    match redeemed {
        Redeemed::For(terminal) => Ok(terminal),
        Redeemed::Refused(why) => {
            tracing::warn!(code, why, "an enrolment is refused");
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "code_refused",
                "This code is unknown, used, void or too old. Ask for a new one: \
                 collector enrol-code.",
            ))
        }
    }
}

/// Gives a till a new certificate for a new key, by the certificate that it has: good, or expired
/// for at most 90 days.
#[utoipa::path(
    post,
    path = "/v1/renewals",
    tag = "tills",
    request_body = RenewRequest,
    responses(
        (status = 200, description = "The till's new certificate", body = CertificateAnswer),
        (status = 400, description = "Not a renewal, or no certification request", body = ApiError),
        (status = 403, description = "`quarantined`: expired too long ago, revoked or lost", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
        (status = 503, description = "`no_authority`: the CA's key is not at this collector", body = ApiError),
    ),
)]
pub(super) async fn renew(
    State(api): State<Api>,
    shown: Shown,
    Told(asked): Told<RenewRequest>,
) -> Result<Json<CertificateAnswer>, Problem> {
    let authority = authority(&api)?;
    check_version(asked.version)?;
    let request = read_request(asked.request.as_slice())?;
    let issued = issue(authority, &request, &shown.terminal)?;
    let (old, given) = (shown.clone(), issued.shown.clone());
    let admission = api
        .store
        .run(move |db| db.keep_renewed(&old, &given, now_ms()))
        .await?;
    if !admission.may_renew()
        && let Some(closed) = closed(&admission)
    {
        return Err(closed);
    }
    api.counters.certificates_renewed.add(1);
    tracing::info!(
        terminal = %shown.terminal, old = %shown.serial, serial = %issued.shown.serial, "renewed"
    );
    Ok(Json(answer(authority, issued)))
}

fn authority(api: &Api) -> Result<&Authority, Problem> {
    api.office.authority().ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_authority",
            "This collector has no key of the CA, so it gives no certificates. Ask the one that has.",
        )
    })
}

fn check_version(version: u16) -> Result<(), Problem> {
    if version == WIRE_VERSION {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::BAD_REQUEST,
        "version",
        format!("This collector speaks version {WIRE_VERSION}. Update the older of the two."),
    ))
}

fn read_request(der: &[u8]) -> Result<Request, Problem> {
    Request::read(der).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Makes the certificate. It is given only once the store has kept it.
fn issue(
    authority: &Authority,
    request: &Request,
    terminal: &TerminalId,
) -> Result<Issued, Problem> {
    authority.certify(request, terminal).map_err(|error| {
        tracing::error!(%error, "no certificate");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "certificate",
            error.to_string(),
        )
    })
}

fn answer(authority: &Authority, issued: Issued) -> CertificateAnswer {
    CertificateAnswer {
        terminal: issued.shown.terminal,
        certificate: issued.pem,
        ca: authority.ca_pem().to_owned(),
        serial: issued.shown.serial.to_string(),
        expires_ms: issued.shown.until_ms,
    }
}
