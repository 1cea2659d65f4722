//! The collector's HTTPS interface without HTTPS: a path and a body in, a code and a body out.

use std::rc::Rc;

use sealpoint_collector::store::{Isolation, Quarantine, StoreError};
use sealpoint_wire::api::{
    AdviceAnswer, ApiError, AuthoriseAnswer, InquiryAnswer, PushAnswer, PushRequest, ReversalAnswer,
};
use sealpoint_wire::enrol::StandingAnswer;
use sealpoint_wire::{
    AdviceRequest, AuthoriseRequest, InquiryRequest, ReversalRequest, Standing, TerminalId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::desk::{Desk, SwitchError};
use crate::now_ms;

/// A whole answer.
#[derive(Clone)]
pub struct Reply {
    pub code: u16,
    pub body: Vec<u8>,
}

impl Reply {
    fn good(body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("answers hold strings and numbers");
        Self { code: 200, body }
    }

    /// Codes and words as `collector/src/api/problem.rs` has them.
    fn refused(error: &SwitchError) -> Self {
        let (code, word) = match error {
            SwitchError::Store(error) if error.passes() => (503, "busy"),
            SwitchError::Store(_) => (500, "store"),
            SwitchError::NoAcquirer | SwitchError::LineDown(_) | SwitchError::ReversalFirst => {
                (503, "not_sent")
            }
            SwitchError::NotAcknowledged(_) => (503, "not_acknowledged"),
            SwitchError::NotAnswered(_) => (503, "not_answered"),
            SwitchError::Unsendable(_) => (422, "not_sent"),
            SwitchError::UnknownFate(_) => (504, "unknown_fate"),
            SwitchError::UnderWay => (409, "under_way"),
            SwitchError::Reversed => (409, "reversed"),
            SwitchError::Differs => (409, "differs"),
        };
        let said = ApiError {
            error: word.to_owned(),
            message: error.to_string(),
        };
        Self {
            code,
            ..Self::good(&said)
        }
    }

    /// What a push was told, if this answers one.
    pub fn push(&self) -> Option<PushAnswer> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Answers one request of a till.
pub async fn answer(desk: Rc<Desk>, terminal: TerminalId, path: &str, body: &[u8]) -> Reply {
    let answered = match path {
        "/v1/records" => push(&desk, terminal, read(body)).await,
        "/v1/authorisations" => {
            let request: AuthoriseRequest = read(body);
            let attempt = request.attempt;
            let answer = desk.authorise(request).await;
            answer.map(|answer| Reply::good(&AuthoriseAnswer { attempt, answer }))
        }
        "/v1/advices" => {
            let request: AdviceRequest = read(body);
            let attempt = request.attempt;
            let answer = desk.take_advice(request).await;
            answer.map(|answer| Reply::good(&AdviceAnswer { attempt, answer }))
        }
        "/v1/reversals" => {
            let request: ReversalRequest = read(body);
            let attempt = request.attempt;
            let reversed = desk.reverse(request).await;
            reversed.map(|()| Reply::good(&ReversalAnswer { attempt }))
        }
        "/v1/inquiries" => {
            let request: InquiryRequest = read(body);
            let attempt = request.attempt;
            let told = desk.tell(request).await;
            told.map(|(fate, committed)| {
                Reply::good(&InquiryAnswer {
                    attempt,
                    fate,
                    committed,
                })
            })
        }
        "/v1/standing" => Ok(Reply::good(&StandingAnswer {
            standing: Standing::Active,
            quarantined: None,
            expires_ms: now_ms() + 1_000_000_000,
        })),
        "/v1/health" => Ok(Reply::good(&"ok")),
        other => unreachable!("an uplink asks for {other}"),
    };
    answered.unwrap_or_else(|error| Reply::refused(&error))
}

async fn push(desk: &Desk, terminal: TerminalId, push: PushRequest) -> Result<Reply, SwitchError> {
    let stored: Result<_, StoreError> = desk
        .store
        .offer(Isolation::ReadCommitted, move |db| {
            db.push(&terminal, &push.records, now_ms(), Quarantine::No)
        })
        .await;
    Ok(Reply::good(&stored?.answer))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).expect("an uplink sends what the collector understands")
}
