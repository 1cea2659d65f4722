//! `POST /v1/attestation/challenges` and `POST /v1/attestation/evidence`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ring::rand::{SecureRandom, SystemRandom};
use sealpoint_wire::api::ApiError;
use sealpoint_wire::attest::{
    ChallengeAnswer, ChallengeRequest, EvidenceRequest, Verdict, VerdictAnswer,
};
use sealpoint_wire::{Bytes, WIRE_VERSION};
use sha2::{Digest, Sha256};

use super::body::Told;
use super::{Api, Problem};
use crate::attest::credential::{self, SECRET};
use crate::attest::public::Key;
use crate::attest::{Policy, Reason};
use crate::now_ms;
use crate::serve::Peer;
use crate::store::Challenge;

/// The paths, which a till in quarantine needs to get out of it.
pub(super) const CHALLENGES: &str = "/v1/attestation/challenges";
pub(super) const EVIDENCE: &str = "/v1/attestation/evidence";

/// Gives a till a nonce for its TPM to sign, and, until its key is known, a credential that only its
/// TPM can open.
#[utoipa::path(
    post,
    path = "/v1/attestation/challenges",
    tag = "tills",
    request_body = ChallengeRequest,
    responses(
        (status = 200, description = "A nonce, good once for two minutes", body = ChallengeAnswer),
        (status = 400, description = "Not a till's keys, or not of the kind that is taken", body = ApiError),
        (status = 404, description = "`not_asked`: this collector asks no till for this", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 500, description = "The store or chance failed", body = ApiError),
    ),
)]
pub(super) async fn challenge(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(asked): Told<ChallengeRequest>,
) -> Result<Json<ChallengeAnswer>, Problem> {
    may_ask(&api, asked.version)?;
    let identity = asked.identity;
    let kind = |_| {
        Problem::bad_request(
            "These are not the keys that a till's TPM makes. Update the older of the two.",
        )
    };
    let attestation = Key::attestation(identity.attestation_key.as_slice()).map_err(kind)?;
    let endorsement = Key::endorsement(identity.endorsement_key.as_slice()).map_err(kind)?;
    let is_known = {
        let (terminal, key) = (terminal.clone(), attestation.clone());
        let known = api.store.run(move |db| db.knows_key(&terminal, &key));
        known.await?
    };
    let random = SystemRandom::new();
    let nonce: [u8; 32] = fill(&random)?;
    let (credential, secret_hash) = if is_known {
        (None, None)
    } else {
        let secret: [u8; SECRET] = fill(&random)?;
        let made = credential::make(&endorsement, &attestation, &secret, &random)
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        (Some(made), Some(Sha256::digest(secret).into()))
    };
    let challenge = Challenge {
        nonce,
        attestation_key: identity.attestation_key.as_slice().to_vec(),
        endorsement: endorsement.name,
        certificate: identity
            .endorsement_certificate
            .map(|der| der.as_slice().to_vec()),
        secret_hash,
    };
    let kept = api
        .store
        .run(move |db| db.keep_challenge(&terminal, &challenge, now_ms()));
    let until_ms = kept.await?;
    Ok(Json(ChallengeAnswer {
        nonce: Bytes::try_from(nonce.to_vec()).map_err(|_| no_chance())?,
        credential,
        until_ms,
    }))
}

/// Appraises what a till shows of itself, and keeps the verdict.
#[utoipa::path(
    post,
    path = "/v1/attestation/evidence",
    tag = "tills",
    request_body = EvidenceRequest,
    responses(
        (status = 200, description = "The verdict; also one that is bad for the till", body = VerdictAnswer),
        (status = 400, description = "Not evidence", body = ApiError),
        (status = 404, description = "`not_asked`: this collector asks no till for this", body = ApiError),
        (status = 408, description = "The body came too slowly", body = ApiError),
        (status = 413, description = "The body is too large", body = ApiError),
        (status = 415, description = "Not JSON", body = ApiError),
        (status = 500, description = "The store failed", body = ApiError),
    ),
)]
pub(super) async fn evidence(
    State(api): State<Api>,
    Peer(terminal): Peer,
    Told(asked): Told<EvidenceRequest>,
) -> Result<Json<VerdictAnswer>, Problem> {
    may_ask(&api, asked.version)?;
    let of = terminal.clone();
    let attested = api
        .store
        .run(move |db| db.attest(&of, &asked.evidence, now_ms()))
        .await?;
    let counter = match attested.verdict {
        Verdict::Trusted => &api.counters.attestations_trusted,
        Verdict::Untrusted => &api.counters.attestations_untrusted,
        Verdict::NoTpm => &api.counters.attestations_without_tpm,
    };
    counter.add(1);
    let reason = attested.reason.as_ref();
    tracing::info!(
        %terminal,
        verdict = attested.verdict.word(),
        reason = reason.map_or("none", Reason::word),
        image = attested.image,
        "attested"
    );
    Ok(Json(VerdictAnswer {
        verdict: attested.verdict,
        reason: reason.map_or("none", Reason::word).to_owned(),
        why: reason.map_or_else(
            || "It runs an image that the retailer knows.".to_owned(),
            Reason::to_string,
        ),
        image: attested.image,
    }))
}

fn may_ask(api: &Api, version: u16) -> Result<(), Problem> {
    if api.attest == Policy::Off {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "not_asked",
            "This collector asks no till what it runs. Start it with --attest report.",
        ));
    }
    if version != WIRE_VERSION {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "version",
            format!("This collector speaks version {WIRE_VERSION}. Update the older of the two."),
        ));
    }
    Ok(())
}

fn fill<const N: usize>(random: &SystemRandom) -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    random.fill(&mut bytes).map_err(|_| no_chance())?;
    Ok(bytes)
}

fn no_chance() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "no_random",
        "The operating system gives no random numbers. Look at the collector's machine.",
    )
}
