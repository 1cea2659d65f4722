//! What the collector's answers mean.

use sealpoint_wire::api::{ApiError, AuthoriseAnswer, PushAnswer, RecordAck, ReversalAnswer};
use sealpoint_wire::{AttemptId, AuthoriseResult, Record};
use serde::de::DeserializeOwned;

use super::Exchange;

/// At most this many characters of the collector's own words go to the till.
const MAX_WHY: usize = 400;

/// Why an exchange did not give what was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// Nothing left this machine.
    NotSent(String),
    /// Something may have left; no whole answer came.
    Lost(String),
    /// The collector answered, but not with success, or not with what the request asks for.
    Refused(String),
}

impl Failure {
    pub(super) fn why(self) -> String {
        match self {
            Self::NotSent(why) | Self::Lost(why) | Self::Refused(why) => why,
        }
    }
}

/// The acknowledgements of a push, if there is one for each record, in the order of the offer.
pub(super) fn push(exchange: Exchange, records: &[Record]) -> Result<Vec<RecordAck>, Failure> {
    let answer: PushAnswer = success(exchange)?;
    let in_order = answer.results.len() == records.len()
        && answer
            .results
            .iter()
            .zip(records)
            .all(|(ack, record)| ack.id == record.id);
    if in_order {
        Ok(answer.results)
    } else {
        Err(not_understood())
    }
}

/// Whether the collector answered a probe with success; its body is for people.
pub(super) fn probe(exchange: Exchange) -> Result<(), Failure> {
    success_body(exchange).map(drop)
}

/// What an authorisation's end means for the till: `NotSent` only if nothing left this machine.
/// Every other failure, a refusal by the collector included, leaves the fate unknown, and a
/// reversal settles it.
pub(super) fn authorisation(exchange: Exchange, attempt: AttemptId) -> AuthoriseResult {
    match success::<AuthoriseAnswer>(exchange) {
        Ok(given) if given.attempt == attempt => AuthoriseResult::Answered {
            answer: given.answer,
        },
        Ok(_) => AuthoriseResult::Unknown {
            why: not_understood().why(),
        },
        Err(Failure::NotSent(why)) => AuthoriseResult::NotSent { why },
        Err(Failure::Lost(why) | Failure::Refused(why)) => AuthoriseResult::Unknown { why },
    }
}

/// Whether a reversal was acknowledged.
pub(super) fn reversal(exchange: Exchange, attempt: AttemptId) -> Result<(), Failure> {
    let answer: ReversalAnswer = success(exchange)?;
    if answer.attempt == attempt {
        Ok(())
    } else {
        Err(not_understood())
    }
}

fn success<T: DeserializeOwned>(exchange: Exchange) -> Result<T, Failure> {
    let body = success_body(exchange)?;
    serde_json::from_slice(&body).map_err(|_| not_understood())
}

fn success_body(exchange: Exchange) -> Result<Vec<u8>, Failure> {
    match exchange {
        Exchange::NotSent { why } => Err(Failure::NotSent(why)),
        Exchange::Lost { why } => Err(Failure::Lost(why)),
        Exchange::Answered {
            code: 200..=299,
            body,
        } => Ok(body),
        Exchange::Answered { code, body } => Err(Failure::Refused(refusal(code, &body))),
    }
}

fn refusal(code: u16, body: &[u8]) -> String {
    match serde_json::from_slice::<ApiError>(body) {
        Ok(error) => {
            let said: String = error.message.chars().take(MAX_WHY).collect();
            format!("The collector refused ({code}): {said}")
        }
        Err(_) => format!(
            "The address of the collector answered {code} without saying why. Check that \
             --collector names a Sealpoint collector."
        ),
    }
}

fn not_understood() -> Failure {
    Failure::Refused(
        "The collector's answer does not fit the request. Check that the till and the collector \
         are of matching releases."
            .to_owned(),
    )
}
