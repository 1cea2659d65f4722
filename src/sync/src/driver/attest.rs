//! What the till's TPM says of it, for the collector (docs/attestation.md): the process that has the TPM
//! is asked over its socket, a request for each connection, and the collector by HTTPS. The uplink can
//! change neither the question nor the answer without the collector seeing it.

use std::io;
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use sealpoint_wire::attest::{
    ChallengeAnswer, ChallengeRequest, Evidence, EvidenceRequest, FromAttester, MAX_FRAME,
    ToAttester, Verdict, VerdictAnswer,
};
use sealpoint_wire::{WIRE_VERSION, frame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout};

use super::Config;
use super::once::{Question, ask};

/// How often evidence is shown while the link stands: the collector believes it three times as long.
const EVERY: Duration = Duration::from_secs(4 * 3600);
/// How long the TPM may take for an answer: a slow one makes two keys for it, each in seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// The collector asks no till for this.
const NOT_ASKED: u16 = 404;

/// When evidence was last shown.
#[derive(Default)]
pub(super) struct Shown(Option<Instant>);

impl Shown {
    /// Shows evidence if it is time: on a new link, and every few hours. Whether how this till stands may
    /// be another since.
    pub(super) async fn look(&mut self, config: &Config, is_new_link: bool) -> bool {
        let Some(socket) = &config.attest else {
            return false;
        };
        let due = self.0.is_none_or(|shown| shown.elapsed() >= EVERY);
        if !due && !is_new_link {
            return false;
        }
        match show(config, socket).await {
            Ok(Some(answer)) => {
                self.0 = Some(Instant::now());
                tell(&answer);
                true
            }
            Ok(None) => {
                self.0 = Some(Instant::now());
                tracing::debug!("the collector does not ask what this till runs");
                false
            }
            Err(why) => {
                tracing::warn!(why, "the collector was not shown what this till runs");
                false
            }
        }
    }
}

fn tell(answer: &VerdictAnswer) {
    let VerdictAnswer {
        verdict,
        reason,
        why,
        image,
    } = answer;
    if *verdict == Verdict::Trusted {
        tracing::info!(image, "the collector trusts what this till runs");
    } else {
        tracing::warn!(
            verdict = verdict.word(),
            reason,
            why,
            "the collector does not trust what this till runs"
        );
    }
}

/// One round of challenge and evidence; `None` if the collector does not ask for it.
async fn show(config: &Config, socket: &Path) -> Result<Option<VerdictAnswer>, String> {
    let identity = match attester(socket, &ToAttester::Identity).await? {
        FromAttester::Identity { identity } => identity,
        FromAttester::NoTpm { why } => return post_evidence(config, Evidence::NoTpm { why }).await,
        other => return Err(unexpected(other)),
    };
    let request = ChallengeRequest {
        version: WIRE_VERSION,
        identity,
    };
    let challenge: Option<ChallengeAnswer> =
        post(config, "/v1/attestation/challenges", &request).await?;
    let Some(challenge) = challenge else {
        return Ok(None);
    };
    let secret = match challenge.credential {
        None => None,
        Some(credential) => match attester(socket, &ToAttester::Activate { credential }).await? {
            FromAttester::Activated { secret } => Some(secret),
            other => return Err(unexpected(other)),
        },
    };
    let nonce = challenge.nonce;
    let quote = match attester(socket, &ToAttester::Quote { nonce }).await? {
        FromAttester::Quote { quote } => quote,
        other => return Err(unexpected(other)),
    };
    post_evidence(config, Evidence::Quote { quote, secret }).await
}

async fn post_evidence(
    config: &Config,
    evidence: Evidence,
) -> Result<Option<VerdictAnswer>, String> {
    let request = EvidenceRequest {
        version: WIRE_VERSION,
        evidence,
    };
    post(config, "/v1/attestation/evidence", &request).await
}

async fn post<T: DeserializeOwned>(
    config: &Config,
    path: &str,
    request: &impl Serialize,
) -> Result<Option<T>, String> {
    let question = Question {
        method: Method::POST,
        path,
        body: serde_json::to_vec(request).map_err(|error| error.to_string())?,
        pair: None,
        piece: None,
    };
    let answer = ask(config, question).await?;
    if answer.code == NOT_ASKED {
        return Ok(None);
    }
    answer.read().map(Some)
}

/// Asks the process that has the TPM.
async fn attester(socket: &Path, asked: &ToAttester) -> Result<FromAttester, String> {
    let answer = timeout(PATIENCE, async {
        let mut stream = UnixStream::connect(socket).await?;
        let mut bytes = Vec::new();
        frame::write(&mut bytes, asked)?;
        stream.write_all(&bytes).await?;
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let length = frame::body_len(head)?;
        if length > MAX_FRAME {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        frame::decode(&body)
    });
    match answer.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(format!(
            "the process that has the TPM gives no answer ({error})"
        )),
        Err(_) => Err("the process that has the TPM does not answer".to_owned()),
    }
}

fn unexpected(answer: FromAttester) -> String {
    match answer {
        FromAttester::Failed { why } | FromAttester::NoTpm { why } => why,
        _ => "the process that has the TPM answers something else".to_owned(),
    }
}
