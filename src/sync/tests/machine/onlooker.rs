//! Someone between the till and the network, who holds the machine to its promises.

use std::collections::{HashMap, HashSet};

use sealpoint_sync::machine::{
    Channel, Exchange, Input, MAX_INQUIRIES, MAX_REVERSALS, Output, REFUSALS_BEFORE_ASIDE, Request,
};
use sealpoint_wire::api::{AuthoriseAnswer, InquiryAnswer};
use sealpoint_wire::{
    AdviceRequest, AttemptId, AuthoriseRequest, AuthoriseResult, Fate, FromUplink, InquiryRequest,
    ReversalRequest, ToUplink,
};
use serde::de::DeserializeOwned;

/// What has been seen.
#[derive(Default)]
pub struct Onlooker {
    pub open: Vec<Request>,
    /// Authorisations not answered yet; the same attempt again while open shares its answer.
    pub unanswered: HashSet<AttemptId>,
    /// What was put out for those, and what is known of it.
    asked: HashMap<AttemptId, Known>,
    /// Reversals that are due, and how often each was refused for good.
    pub reversals: HashMap<AttemptId, u32>,
    pub inquiries: HashSet<AttemptId>,
    pub advice: Option<AttemptId>,
    pub offers: HashSet<u64>,
    erased: bool,
}

#[derive(Default)]
struct Known {
    /// Nobody asked the acquirer, as far as this machine can tell.
    not_asked: bool,
    answered: bool,
    ended: bool,
}

impl Onlooker {
    pub fn sees_input(&mut self, input: &Input) {
        match input {
            Input::Till(ToUplink::Authorise(request)) => {
                self.unanswered.insert(request.attempt);
            }
            Input::Till(ToUplink::Reverse(request)) => {
                self.reversals.entry(request.attempt).or_default();
            }
            Input::Till(ToUplink::Inquire(request)) => {
                self.inquiries.insert(request.attempt);
            }
            Input::Till(ToUplink::Offer { offer, .. }) => {
                self.offers.insert(*offer);
            }
            Input::Till(ToUplink::Erase) => self.erased = true,
            Input::Exchanged { request, exchange } => {
                let at = self.open.iter().position(|open| open.id == *request);
                let request = self.open.remove(at.expect("it was open"));
                self.sees_end(&request, exchange);
            }
            // Whether the machine takes an advice shows in what it says.
            Input::Till(ToUplink::Advise(_)) | Input::Stands | Input::Tick => {}
        }
    }

    fn sees_end(&mut self, request: &Request, exchange: &Exchange) {
        match request.path {
            "/v1/authorisations" => {
                let attempt = body::<AuthoriseRequest>(request).attempt;
                let known = self.asked.entry(attempt).or_default();
                known.ended = true;
                known.not_asked = matches!(exchange, Exchange::NotSent { .. })
                    || matches!(exchange, Exchange::Answered { code: 503, body, .. } if says(body, "not_sent"));
                let answer = answer::<AuthoriseAnswer>(exchange);
                known.answered |= answer.is_some_and(|answer| answer.attempt == attempt);
            }
            "/v1/inquiries" => {
                let attempt = body::<InquiryRequest>(request).attempt;
                let fate = answer::<InquiryAnswer>(exchange)
                    .filter(|answer| answer.attempt == attempt)
                    .map(|answer| answer.fate);
                if let Some(known) = self.asked.get_mut(&attempt) {
                    known.not_asked |= fate == Some(Fate::NeverSeen);
                    known.answered |= matches!(fate, Some(Fate::Answered { .. }));
                }
            }
            "/v1/reversals" => {
                let attempt = body::<ReversalRequest>(request).attempt;
                if matches!(exchange, Exchange::Answered { code: 403, .. }) {
                    *self.reversals.entry(attempt).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    pub fn sees_output(&mut self, output: Output) {
        assert!(
            !self.erased || output == Output::Erase,
            "after Erase: {output:?}"
        );
        match output {
            Output::Request(request) => self.sees_request(request),
            Output::Abandon(id) => self.open.retain(|request| request.id != id),
            Output::Till(message) => self.sees_message(message),
            Output::Erase => assert!(self.erased, "nobody asked for it"),
        }
    }

    fn sees_request(&mut self, request: Request) {
        let busy = self.open.iter().any(|open| open.channel == request.channel);
        assert!(!busy, "two requests in flight on {:?}", request.channel);
        match request.path {
            "/v1/authorisations" => {
                let attempt = body::<AuthoriseRequest>(&request).attempt;
                assert!(!self.is_blocked(), "a reversal goes first");
                assert!(
                    !self.reversals.contains_key(&attempt),
                    "it is to be reversed"
                );
                assert!(self.unanswered.contains(&attempt), "nobody asked for it");
                let before = self.asked.insert(attempt, Known::default());
                assert!(before.is_none(), "asked twice for one request of the till");
            }
            "/v1/inquiries" => {
                let attempt = body::<InquiryRequest>(&request).attempt;
                let own = self.asked.get(&attempt).is_some_and(|known| known.ended);
                assert!(
                    self.inquiries.contains(&attempt)
                        || (own && self.unanswered.contains(&attempt)),
                    "an inquiry about what nobody waits for"
                );
            }
            "/v1/reversals" => {
                let attempt = body::<ReversalRequest>(&request).attempt;
                assert!(self.reversals.contains_key(&attempt), "not asked for");
                assert!(self.asked.is_empty(), "a customer waits");
            }
            "/v1/advices" => {
                let attempt = body::<AdviceRequest>(&request).attempt;
                assert_eq!(self.advice, Some(attempt), "not the open one");
                assert!(!self.is_blocked(), "a reversal goes first");
                assert!(self.asked.is_empty(), "a customer waits");
            }
            _ => assert_eq!(request.channel, Channel::Records),
        }
        self.open.push(request);
    }

    fn sees_message(&mut self, message: FromUplink) {
        match message {
            FromUplink::Authorised { attempt, result } => {
                assert!(self.unanswered.remove(&attempt), "answered twice");
                let known = self.asked.remove(&attempt);
                match result {
                    AuthoriseResult::NotSent { .. } => assert!(
                        known.is_none_or(|known| known.not_asked),
                        "said not sent, but it may have been asked"
                    ),
                    AuthoriseResult::Answered { .. } => {
                        assert!(
                            known.is_some_and(|known| known.answered),
                            "an answer from nowhere"
                        );
                    }
                    AuthoriseResult::Unknown { .. } => assert!(known.is_some(), "it was not sent"),
                }
            }
            FromUplink::Reversed { attempt } => {
                let due = self.reversals.remove(&attempt);
                assert!(due.is_some(), "reversed what was not asked for");
            }
            FromUplink::ReversalPending { attempt, .. } => {
                assert!(self.reversals.contains_key(&attempt));
            }
            FromUplink::Inquired { attempt, .. } => {
                assert!(self.inquiries.remove(&attempt), "answered twice");
            }
            FromUplink::Advised { attempt, .. } if self.advice == Some(attempt) => {
                self.advice = None;
            }
            FromUplink::Acked { offer, .. } | FromUplink::NotAcked { offer, .. } => {
                assert!(self.offers.remove(&offer), "an offer ended twice");
            }
            _ => {}
        }
        assert!(self.reversals.len() <= MAX_REVERSALS && self.inquiries.len() <= MAX_INQUIRIES);
    }

    /// A reversal is due that does not stand aside.
    pub fn is_blocked(&self) -> bool {
        let mut refusals = self.reversals.values();
        refusals.any(|refusals| *refusals < REFUSALS_BEFORE_ASIDE)
    }

    pub fn is_at_rest(&self) -> bool {
        self.unanswered.is_empty()
            && self.reversals.is_empty()
            && self.inquiries.is_empty()
            && self.advice.is_none()
            && self.offers.is_empty()
    }
}

pub fn body<T: DeserializeOwned>(request: &Request) -> T {
    serde_json::from_slice(&request.body).expect("the body is JSON of its type")
}

fn answer<T: DeserializeOwned>(exchange: &Exchange) -> Option<T> {
    match exchange {
        Exchange::Answered {
            code: 200, body, ..
        } => serde_json::from_slice(body).ok(),
        _ => None,
    }
}

fn says(body: &[u8], word: &str) -> bool {
    let error: Option<sealpoint_wire::api::ApiError> = serde_json::from_slice(body).ok();
    error.is_some_and(|said| said.error == word)
}
