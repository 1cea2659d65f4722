//! What the collector's answers mean.

use sealpoint_wire::api::{AdviceAnswer, ApiError, AuthoriseAnswer, InquiryAnswer, ReversalAnswer};
use sealpoint_wire::{AdviceResult, AttemptId, HostAnswer};
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
    Refused(Refusal),
}

/// An answer that is no success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// HTTP code; 0 for a success that does not fit the request.
    pub(super) code: u16,
    /// [`ApiError::error`], empty if there is none.
    pub(super) word: String,
    /// For people.
    pub(super) why: String,
    /// What the collector asks to be left alone for.
    pub(super) retry_after_s: Option<u32>,
}

impl Failure {
    pub(super) fn why(self) -> String {
        match self {
            Self::NotSent(why) | Self::Lost(why) => why,
            Self::Refused(refusal) => refusal.why,
        }
    }
}

impl Refusal {
    /// The till asks too often, or the collector has too much to do: it wants to be asked later.
    pub(super) fn is_busy(&self) -> bool {
        self.code == 429 || (self.code == 503 && self.word == "busy")
    }

    /// The till's certificate is expired or revoked: how it stands says more.
    pub(super) fn is_quarantine(&self) -> bool {
        self.code == 403 && self.word == "quarantined"
    }

    /// The request as it is will be refused each time, until a person changes something: RFC 9110
    /// section 15.5, without what is for now only. A certificate that expired is renewed by the machine.
    pub(super) fn is_lasting(&self) -> bool {
        match (self.code, self.word.as_str()) {
            (408 | 425 | 429, _) | (409, "under_way") | (403, "quarantined") => false,
            (code, _) => (400..=499).contains(&code),
        }
    }
}

/// What an authorisation's exchange says of its fate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// The acquirer answered.
    Answered(HostAnswer),
    /// Nobody asked the acquirer, provably or by the collector's word.
    NothingAsked(String),
    /// The collector knows it and will not give an answer: a reversal settles it.
    Closed(String),
    /// Not known; the collector may know more.
    Open {
        /// What was seen.
        why: String,
        /// The collector's own wait for the acquirer is over.
        waited: bool,
    },
}

/// What became of an authorisation that was sent.
pub(super) fn authorisation(exchange: Exchange, attempt: AttemptId) -> Word {
    match success::<AuthoriseAnswer>(exchange) {
        Ok(given) if given.attempt == attempt => Word::Answered(given.answer),
        Ok(_) => Word::Open {
            why: not_understood().why(),
            waited: false,
        },
        Err(Failure::NotSent(why)) => Word::NothingAsked(why),
        Err(Failure::Lost(why)) => Word::Open { why, waited: false },
        Err(Failure::Refused(refusal)) => match (refusal.code, refusal.word.as_str()) {
            (503 | 422, "not_sent") | (403, "quarantined") => Word::NothingAsked(refusal.why),
            (409, "reversed" | "differs") => Word::Closed(refusal.why),
            (_, word) => Word::Open {
                waited: word == "unknown_fate",
                why: refusal.why,
            },
        },
    }
}

/// What the collector knows of an attempt.
pub(super) fn inquiry(exchange: Exchange, attempt: AttemptId) -> Result<InquiryAnswer, Failure> {
    let answer: InquiryAnswer = success(exchange)?;
    if answer.attempt == attempt {
        Ok(answer)
    } else {
        Err(not_understood())
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

/// What became of an advice. Only what no enrolment and no update of the collector can heal is a
/// refusal, and only if the collector itself says so: after one the till erases what it holds, which
/// some proxy on the way must not bring about. The time to live bounds the rest.
pub(super) fn advice(exchange: Exchange, attempt: AttemptId) -> AdviceResult {
    match success::<AdviceAnswer>(exchange) {
        Ok(given) if given.attempt == attempt => AdviceResult::Answered {
            answer: given.answer,
        },
        Ok(_) => AdviceResult::NotAnswered {
            why: not_understood().why(),
        },
        Err(Failure::Refused(refusal))
            if !refusal.word.is_empty()
                && matches!(
                    (refusal.code, refusal.word.as_str()),
                    (409, "differs" | "reversed") | (400 | 413 | 422, _)
                ) =>
        {
            AdviceResult::Refused { why: refusal.why }
        }
        Err(failure) => AdviceResult::NotAnswered { why: failure.why() },
    }
}

pub(super) fn success<T: DeserializeOwned>(exchange: Exchange) -> Result<T, Failure> {
    let body = match exchange {
        Exchange::NotSent { why } => return Err(Failure::NotSent(why)),
        Exchange::Lost { why } => return Err(Failure::Lost(why)),
        Exchange::Answered {
            code: 200..=299,
            body,
            ..
        } => body,
        Exchange::Answered {
            code,
            retry_after_s,
            body,
        } => return Err(Failure::Refused(refusal(code, retry_after_s, &body))),
    };
    serde_json::from_slice(&body).map_err(|_| not_understood())
}

fn refusal(code: u16, retry_after_s: Option<u32>, body: &[u8]) -> Refusal {
    let (word, why) = match serde_json::from_slice::<ApiError>(body) {
        Ok(said) => {
            let words: String = said.message.chars().take(MAX_WHY).collect();
            let why = format!("The collector refused ({code}): {words}");
            (said.error, why)
        }
        Err(_) => {
            let why = format!(
                "The address of the collector answered {code} without saying why. Check that \
                 --collector names a Sealpoint collector."
            );
            (String::new(), why)
        }
    };
    Refusal {
        code,
        word,
        why,
        retry_after_s,
    }
}

pub(super) fn not_understood() -> Failure {
    Failure::Refused(Refusal {
        code: 0,
        word: String::new(),
        why: "The collector's answer does not fit the request. Check that the till and the \
              collector are of matching releases."
            .to_owned(),
        retry_after_s: None,
    })
}
