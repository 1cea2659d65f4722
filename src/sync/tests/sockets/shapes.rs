//! Messages that a till would make.

use sealpoint_wire::api::{
    AckOutcome, AuthoriseAnswer, InquiryAnswer, PushAnswer, PushRequest, RecordAck,
};
use sealpoint_wire::seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING};
use sealpoint_wire::{
    AttemptId, AuthoriseRequest, Bytes, CardSummary, Currency, Fate, HostAnswer, HostDecision,
    HpkeSealed, Record, RecordHash, RecordId, RecordKind, SaleId, SealedCard, ToUplink,
};
use uuid::Uuid;

use crate::collector::{Heard, Reply};

pub fn record(seq: u64) -> Record {
    let mut record = Record {
        id: RecordId::new(Uuid::from_u128(u128::from(seq))),
        terminal: "T0000001".parse().expect("a terminal id"),
        epoch: 1,
        seq,
        kind: RecordKind::Sale,
        sale: SaleId::new(Uuid::from_u128(1000 + u128::from(seq))),
        at_ms: 1,
        body: format!("{{\"sale\":{seq},\"lines\":[{}]}}", "\"milk\",".repeat(100)),
        hash: RecordHash::new([0; 32]),
        clock_behind_ms: None,
    };
    record.hash = record.compute_hash();
    record
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
        card: CardSummary {
            label: "VISA CREDIT".to_owned(),
            aid: "A0000000031010".to_owned(),
            truncated_pan: "476173******0119".to_owned(),
            last4: "0119".to_owned(),
            token: None,
        },
        sealed: SealedCard::Hpke(HpkeSealed {
            kem: KEM_X_WING,
            kdf: KDF_HKDF_SHA256,
            aead: AEAD_AES_256_GCM,
            key_id: "demo-1".parse().expect("a key id"),
            // As long as a real one, and worth packing if anybody did.
            enc: vec![7; 1120].try_into().expect("within bounds"),
            ciphertext: vec![7; 64].try_into().expect("within bounds"),
        }),
        de55: Bytes::default(),
    }))
}

pub fn approval(number: u8) -> HostAnswer {
    HostAnswer {
        decision: HostDecision::Approved,
        response_code: "00".to_owned(),
        approval_code: Some(format!("{number:06}")),
        issuer_authentication: Bytes::default(),
        scripts: Bytes::default(),
        approved_minor: None,
    }
}

pub fn authorised(number: u8) -> Reply {
    Reply::ok(&AuthoriseAnswer {
        attempt: attempt(number),
        answer: approval(number),
    })
}

pub fn fate(number: u8, fate: Fate) -> Reply {
    Reply::ok(&InquiryAnswer {
        attempt: attempt(number),
        fate,
        committed: false,
    })
}

/// Acknowledges each record of a push.
pub fn acknowledged(push: &Heard, headers: &'static str) -> Reply {
    let push: PushRequest = push.json();
    let ack = |record: &Record| RecordAck {
        id: record.id,
        hash: record.hash,
        outcome: AckOutcome::Created,
        why: None,
    };
    let contiguous_seq = push.records.last().map_or(0, |record| record.seq);
    let results = push.records.iter().map(ack).collect();
    let answer = PushAnswer {
        results,
        contiguous_seq,
    };
    Reply::with(200, headers, &answer)
}

/// What a collector in good health says.
pub fn well(heard: &Heard) -> Reply {
    match heard.path.as_str() {
        "/v1/health" => Reply::ok(&serde_json::json!({})),
        "/v1/records" => acknowledged(heard, ""),
        _ => Reply::refusal(404, "", "not_found"),
    }
}

/// The sequences of a push.
pub fn sequences(push: &Heard) -> Vec<u64> {
    let push: PushRequest = push.json();
    push.records.iter().map(|record| record.seq).collect()
}
