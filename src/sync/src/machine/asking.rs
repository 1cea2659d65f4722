//! One authorisation, from the customer's card to what became of it.
//!
//! An answer that is missing is looked for at once: the collector is asked what it knows of the
//! attempt, again and again while the customer stands there. Only when nobody knows is the fate
//! unknown, and the till reverses.

use sealpoint_wire::{
    AttemptId, AuthoriseRequest, AuthoriseResult, Fate, FromUplink, InquiryRequest,
};

use super::answer::{self, Failure, Word};
use super::backoff::Backoff;
use super::host::{Errand, inquiry_body};
use super::{Exchange, HOST_TIMEOUT_MS, Machine, Moment};

/// An authorisation and the inquiries about it have ended this long after it was asked for: within
/// the 40 s that the till waits.
pub const ASK_WITHIN_MS: u64 = 36_000;
/// Inquiries about an authorisation are at most this far apart.
pub const INQUIRY_EVERY_MS: u64 = 2_000;
/// An inquiry that has less time than this is not worth it.
const SHORTEST_INQUIRY_MS: u64 = 500;

#[derive(Debug)]
pub(super) struct Asking {
    inquiry: InquiryRequest,
    asked_ms: u64,
    /// When to inquire next; `None` while the authorisation itself is out.
    due_ms: Option<u64>,
    backoff: Backoff,
    /// The collector does not wait for the acquirer any more: what it does not know by now it will
    /// not know.
    waited: bool,
    /// Why there is no answer, for the log.
    why: String,
}

impl Asking {
    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        self.due_ms.map(|due_ms| due_ms.min(self.ends_ms()))
    }

    fn new(request: &AuthoriseRequest, moment: Moment) -> Self {
        Self {
            inquiry: InquiryRequest::about(request),
            asked_ms: moment.now_ms,
            due_ms: None,
            backoff: Backoff::up_to(INQUIRY_EVERY_MS),
            waited: false,
            why: String::new(),
        }
    }

    fn ends_ms(&self) -> u64 {
        self.asked_ms + ASK_WITHIN_MS - SHORTEST_INQUIRY_MS
    }
}

impl Machine {
    /// An authorisation is tried at once, even while the link is down: a customer waits, and a
    /// failed connection proves that nothing was sent.
    pub(super) fn authorise(&mut self, moment: Moment, request: &AuthoriseRequest) {
        let attempt = request.attempt;
        let open = self
            .host
            .asking
            .as_ref()
            .map(|asking| asking.inquiry.attempt);
        let why = match open {
            _ if !self.set_up => "No collector is configured. Enrol this till with one.",
            // The same attempt again: it has one answer, and that is on its way.
            Some(open) if open == attempt => return,
            Some(_) => "Another authorisation is under way. Try again when it has ended.",
            None if self.host.reversals.block() => {
                "A reversal goes first. Try again when it is acknowledged."
            }
            None if self.host.reversals.has(attempt) => {
                "This attempt is to be reversed. Charge the card in a new attempt."
            }
            None => {
                self.give_way();
                let body = serde_json::to_vec(request)
                    .expect("an authorisation holds only strings and numbers");
                let path = "/v1/authorisations";
                self.ask_host(Errand::Authorise, path, body, HOST_TIMEOUT_MS);
                self.host.asking = Some(Asking::new(request, moment));
                return;
            }
        };
        let result = AuthoriseResult::NotSent {
            why: why.to_owned(),
        };
        self.tell(FromUplink::Authorised { attempt, result });
    }

    /// The till does not want the answer any more: it reverses.
    pub(super) fn stop_asking(&mut self, attempt: AttemptId) {
        let asking = self.host.asking.as_ref();
        if asking.is_some_and(|asking| asking.inquiry.attempt == attempt) {
            self.give_way();
            let why = "The till reversed the attempt before an answer came.".to_owned();
            self.asking_ended(AuthoriseResult::Unknown { why });
        }
    }

    pub(super) fn authorisation_ended(&mut self, moment: Moment, exchange: Exchange) {
        let Some(asking) = self.host.asking.as_mut() else {
            return;
        };
        match answer::authorisation(exchange, asking.inquiry.attempt) {
            Word::Answered(answer) => self.asking_ended(AuthoriseResult::Answered { answer }),
            Word::NothingAsked(why) => self.asking_ended(AuthoriseResult::NotSent { why }),
            Word::Closed(why) => self.asking_ended(AuthoriseResult::Unknown { why }),
            Word::Open { why, waited } => {
                asking.why = why;
                asking.waited = waited;
                asking.due_ms = Some(moment.now_ms);
            }
        }
    }

    /// Inquires if it is time to, or ends the asking if there is none left.
    pub(super) fn inquire_own(&mut self, moment: Moment) {
        let Some(asking) = self.host.asking.as_ref() else {
            return;
        };
        if moment.now_ms >= asking.ends_ms() {
            let why = asking.why.clone();
            return self.asking_ended(AuthoriseResult::Unknown { why });
        }
        if asking.due_ms.is_some_and(|due_ms| moment.now_ms >= due_ms) {
            let body = inquiry_body(&asking.inquiry);
            let left = asking.asked_ms + ASK_WITHIN_MS - moment.now_ms;
            let timeout_ms = left.min(HOST_TIMEOUT_MS);
            self.ask_host(Errand::InquireOwn, "/v1/inquiries", body, timeout_ms);
        }
    }

    pub(super) fn own_inquiry_ended(&mut self, moment: Moment, exchange: Exchange) {
        let Some(asking) = self.host.asking.as_mut() else {
            return;
        };
        let waited = asking.waited || moment.now_ms >= asking.asked_ms + HOST_TIMEOUT_MS;
        let result = match answer::inquiry(exchange, asking.inquiry.attempt).map(|a| a.fate) {
            Ok(Fate::Answered { answer }) => Some(AuthoriseResult::Answered { answer }),
            Ok(Fate::NeverSeen) => Some(AuthoriseResult::NotSent {
                why: format!("{} The collector never saw the attempt.", asking.why),
            }),
            // It may still be waiting for the acquirer.
            Ok(Fate::Unknown) if !waited => None,
            Ok(Fate::Unknown | Fate::ReversalDue | Fate::Reversed) => {
                let why = asking.why.clone();
                Some(AuthoriseResult::Unknown { why })
            }
            Err(Failure::Refused(refusal)) if refusal.is_lasting() || refusal.is_quarantine() => {
                Some(AuthoriseResult::Unknown { why: refusal.why })
            }
            Err(_) => None,
        };
        match result {
            Some(result) => self.asking_ended(result),
            None => {
                let wait = asking.backoff.failed(moment.jitter);
                asking.due_ms = Some(moment.now_ms + wait);
            }
        }
    }

    fn asking_ended(&mut self, result: AuthoriseResult) {
        if let Some(asking) = self.host.asking.take() {
            let attempt = asking.inquiry.attempt;
            self.tell(FromUplink::Authorised { attempt, result });
        }
    }
}
