//! A machine with a clock that the test turns, and the messages that a till would make.

use sealpoint_sync::machine::{Exchange, Input, Machine, Moment, Output, Request};
use sealpoint_wire::api::{
    AckOutcome, AdviceAnswer, ApiError, AuthoriseAnswer, InquiryAnswer, PushAnswer, PushRequest,
    RecordAck, ReversalAnswer,
};
use sealpoint_wire::enrol::StandingAnswer;
use sealpoint_wire::seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING};
use sealpoint_wire::{
    AdviceKind, AdviceRequest, AttemptId, AuthoriseRequest, Bytes, CardSummary, Currency, Fate,
    FromUplink, HostAnswer, HostDecision, HpkeSealed, InquiryRequest, LinkState, Record,
    RecordHash, RecordId, RecordKind, ReversalRequest, SaleId, SealedCard, Standing, ToUplink,
};
use serde::Serialize;
use uuid::Uuid;

pub struct Rig {
    pub machine: Machine,
    pub now_ms: u64,
    pub told: Vec<FromUplink>,
    pub asked: Vec<Request>,
    pub abandoned: usize,
    pub erased: bool,
}

impl Rig {
    /// A machine whose first probe is out.
    pub fn connecting() -> Self {
        let machine = Machine::new(true);
        let mut rig = Self {
            machine,
            now_ms: 0,
            told: vec![],
            asked: vec![],
            abandoned: 0,
            erased: false,
        };
        rig.input(Input::Tick);
        rig
    }

    /// A machine whose link has come up; nothing told or asked since.
    pub fn up() -> Self {
        let mut rig = Self::connecting();
        rig.link_comes_up();
        rig.told.clear();
        rig
    }

    /// Answers the probe that is out, and the question that follows it.
    pub fn link_comes_up(&mut self) {
        self.answer_ok("/v1/health", &serde_json::json!({"collector": "ready"}));
        self.answer_ok("/v1/standing", &standing(Standing::Active, None));
        assert_eq!(self.link(), Some(LinkState::Up));
    }

    /// The body of the open request to `path`.
    pub fn body(&self, path: &str) -> serde_json::Value {
        let request = self.asked.iter().find(|r| r.path == path);
        serde_json::from_slice(&request.expect("such a request is open").body).expect("JSON")
    }

    /// Lets time pass without an input of another kind.
    pub fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        self.input(Input::Tick);
    }

    /// Turns the clock until a request to `path` is out; answers what else is asked meanwhile.
    pub fn wake_until(&mut self, path: &str) -> u64 {
        let began = self.now_ms;
        while !self.paths().contains(&path) {
            self.wake();
            self.answer_the_rest(path);
        }
        self.now_ms - began
    }

    /// The same, if it is not out already.
    pub fn wake_until_or_now(&mut self, path: &str) -> u64 {
        self.answer_the_rest(path);
        self.wake_until(path)
    }

    /// Answers every question about the link that is open.
    pub fn settle(&mut self) {
        self.answer_the_rest("");
    }

    fn answer_the_rest(&mut self, path: &str) {
        while let Some(other) = self.paths().into_iter().find(|p| *p != path) {
            match other {
                "/v1/health" => self.answer_ok(other, &serde_json::json!({})),
                "/v1/standing" => self.answer_ok(other, &standing(Standing::Active, None)),
                _ => return,
            }
        }
    }

    pub fn input(&mut self, input: Input) {
        self.machine.input(
            Moment {
                now_ms: self.now_ms,
                jitter: 7,
            },
            input,
        );
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Request(request) => self.asked.push(request),
                Output::Abandon(id) => {
                    self.abandoned += 1;
                    self.asked.retain(|request| request.id != id);
                }
                Output::Till(message) => self.told.push(message),
                Output::Erase => self.erased = true,
            }
        }
    }

    pub fn till(&mut self, message: ToUplink) {
        self.input(Input::Till(message));
    }

    /// Turns the clock to when the machine wants to be woken.
    pub fn wake(&mut self) -> u64 {
        let at_ms = self
            .machine
            .wake_at_ms()
            .expect("the machine waits for time");
        let waited = at_ms.saturating_sub(self.now_ms);
        self.now_ms += waited;
        self.input(Input::Tick);
        waited
    }

    pub fn paths(&self) -> Vec<&'static str> {
        self.asked.iter().map(|request| request.path).collect()
    }

    /// Ends the open request to `path`.
    pub fn end(&mut self, path: &str, exchange: Exchange) {
        let at = self
            .asked
            .iter()
            .position(|r| r.path == path)
            .expect("such a request is open");
        let request = self.asked.remove(at).id;
        self.input(Input::Exchanged { request, exchange });
    }

    pub fn answer_ok(&mut self, path: &str, body: &impl Serialize) {
        self.end(path, answered(200, body));
    }

    pub fn answer_error(&mut self, path: &str, code: u16, error: &str) {
        self.end(path, refused(code, error));
    }

    /// The last link state that the till was told.
    pub fn link(&self) -> Option<LinkState> {
        self.told.iter().rev().find_map(|message| match message {
            FromUplink::Link { state } => Some(state.clone()),
            _ => None,
        })
    }

    /// Acknowledges every record of the open push.
    pub fn acknowledge_push(&mut self) {
        let push = self
            .asked
            .iter()
            .find(|r| r.path == "/v1/records")
            .expect("a push is open");
        let push: PushRequest = serde_json::from_slice(&push.body).expect("the push is JSON");
        self.answer_ok("/v1/records", &push_answer(&push.records));
    }
}

pub fn answered(code: u16, body: &impl Serialize) -> Exchange {
    Exchange::Answered {
        code,
        retry_after_s: None,
        body: serde_json::to_vec(body).expect("serialises"),
    }
}

pub fn refused(code: u16, error: &str) -> Exchange {
    let message = format!("{error} happened. Do something.");
    let error = error.to_owned();
    answered(code, &ApiError { error, message })
}

/// A refusal that asks to be left alone for so long.
pub fn refused_for(code: u16, error: &str, seconds: u32) -> Exchange {
    match refused(code, error) {
        Exchange::Answered { code, body, .. } => Exchange::Answered {
            code,
            retry_after_s: Some(seconds),
            body,
        },
        other => other,
    }
}

pub fn standing(standing: Standing, quarantined: Option<&str>) -> StandingAnswer {
    StandingAnswer {
        standing,
        quarantined: quarantined.map(str::to_owned),
        expires_ms: 0,
    }
}

pub fn not_sent() -> Exchange {
    Exchange::NotSent {
        why: "No collector listens.".to_owned(),
    }
}

pub fn lost() -> Exchange {
    Exchange::Lost {
        why: "No answer came.".to_owned(),
    }
}

pub fn push_answer(records: &[Record]) -> PushAnswer {
    let ack = |r: &Record| RecordAck {
        id: r.id,
        hash: r.hash,
        outcome: AckOutcome::Created,
        why: None,
    };
    PushAnswer {
        results: records.iter().map(ack).collect(),
        contiguous_seq: 1,
    }
}

pub fn record(seq: u64) -> Record {
    let mut record = Record {
        id: RecordId::new(Uuid::from_u128(u128::from(seq))),
        terminal: "T0000001".parse().expect("a terminal id"),
        epoch: 1,
        seq,
        kind: RecordKind::Sale,
        sale: SaleId::new(Uuid::from_u128(1000 + u128::from(seq))),
        at_ms: 1,
        body: "{}".to_owned(),
        hash: RecordHash::new([0; 32]),
        clock_behind_ms: None,
    };
    record.hash = record.compute_hash();
    record
}

pub fn offer(number: u64) -> ToUplink {
    ToUplink::Offer {
        offer: number,
        records: vec![record(number * 2 + 1), record(number * 2 + 2)],
    }
}

pub fn attempt(number: u8) -> AttemptId {
    AttemptId::new(Uuid::from_u128(u128::from(number)))
}

pub fn authorise(number: u8) -> ToUplink {
    ToUplink::Authorise(Box::new(AuthoriseRequest {
        attempt: attempt(number),
        sale: SaleId::new(Uuid::from_u128(2000 + u128::from(number))),
        terminal: "T0000001".parse().expect("a terminal id"),
        stan: u32::from(number) + 1,
        local_time: "20261122120000".to_owned(),
        amount_minor: 1000,
        currency: Currency::Eur,
        card: card(),
        sealed: SealedCard::Hpke(HpkeSealed {
            kem: KEM_X_WING,
            kdf: KDF_HKDF_SHA256,
            aead: AEAD_AES_256_GCM,
            key_id: "demo-1".parse().expect("a key id"),
            enc: Bytes::default(),
            ciphertext: Bytes::default(),
        }),
        de55: Bytes::default(),
    }))
}

fn card() -> CardSummary {
    CardSummary {
        label: "VISA CREDIT".to_owned(),
        aid: "A0000000031010".to_owned(),
        truncated_pan: "476173******0119".to_owned(),
        last4: "0119".to_owned(),
        token: None,
    }
}

pub fn reverse(number: u8) -> ToUplink {
    ToUplink::Reverse(ReversalRequest {
        attempt: attempt(number),
        terminal: "T0000001".parse().expect("a terminal id"),
        stan: u32::from(number) + 1,
        local_time: "20261122120000".to_owned(),
        amount_minor: 1000,
        currency: Currency::Eur,
    })
}

pub fn advise(number: u8) -> ToUplink {
    let ToUplink::Authorise(asked) = authorise(number) else {
        unreachable!("an authorisation was made");
    };
    ToUplink::Advise(Box::new(AdviceRequest {
        attempt: asked.attempt,
        sale: asked.sale,
        terminal: asked.terminal,
        kind: AdviceKind::Deferred,
        stan: asked.stan,
        local_time: asked.local_time,
        amount_minor: asked.amount_minor,
        currency: asked.currency,
        card: asked.card,
        sealed: asked.sealed,
        de55: asked.de55,
    }))
}

pub fn inquire(number: u8) -> ToUplink {
    ToUplink::Inquire(InquiryRequest {
        attempt: attempt(number),
        terminal: "T0000001".parse().expect("a terminal id"),
        stan: u32::from(number) + 1,
        local_time: "20261122120000".to_owned(),
        amount_minor: 1000,
        currency: Currency::Eur,
    })
}

pub fn fate(number: u8, fate: Fate) -> InquiryAnswer {
    InquiryAnswer {
        attempt: attempt(number),
        fate,
        committed: false,
    }
}

pub fn advised(number: u8) -> AdviceAnswer {
    AdviceAnswer {
        attempt: attempt(number),
        answer: approval(number).answer,
    }
}

pub fn approval(number: u8) -> AuthoriseAnswer {
    AuthoriseAnswer {
        attempt: attempt(number),
        answer: HostAnswer {
            decision: HostDecision::Approved,
            response_code: "00".to_owned(),
            approval_code: Some("123456".to_owned()),
            issuer_authentication: Bytes::default(),
            scripts: Bytes::default(),
            approved_minor: None,
        },
    }
}

pub fn reversed(number: u8) -> ReversalAnswer {
    ReversalAnswer {
        attempt: attempt(number),
    }
}
