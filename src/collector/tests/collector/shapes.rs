//! Records, authorisations and reversals as a till makes them.

use sealpoint_sale::{CardTender, Sale, Tender};
use sealpoint_wire::api::PushRequest;
use sealpoint_wire::seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING, X_WING_ENC_LEN};
use sealpoint_wire::{
    AdviceKind, AdviceRequest, AttemptId, AuthoriseRequest, Bytes, CardSummary, Currency,
    HpkeSealed, InquiryRequest, Record, RecordHash, RecordId, RecordKind, ReversalRequest, SaleId,
    SealedCard, WIRE_VERSION,
};
use uuid::Uuid;

pub const TILL: &str = "T0000001";
pub const LOCAL_TIME: &str = "20261122120000";

pub fn sale(number: u64, terminal: &str, tenders: Vec<Tender>, total_minor: i64) -> Sale {
    Sale {
        id: SaleId::new(Uuid::from_u128(0x5a1e_0000 + u128::from(number))),
        receipt_no: number,
        terminal: terminal.to_owned(),
        cashier: "Anna".to_owned(),
        at: "2026-11-22T12:00:00+01:00".to_owned(),
        currency: Currency::Eur,
        lines: vec![],
        tax: vec![],
        total_minor,
        tenders,
        age_confirmed: 0,
    }
}

pub fn cash(paid_minor: i64) -> Tender {
    Tender::Cash {
        given_minor: paid_minor + 50,
        change_minor: 50,
    }
}

pub fn card(paid_minor: i64) -> Tender {
    Tender::Card(CardTender {
        attempt: attempt(1),
        amount_minor: paid_minor,
        label: "VISA CREDIT".to_owned(),
        last4: "0119".to_owned(),
        token: None,
        aid: "A0000000031010".to_owned(),
        approval_code: "123456".to_owned(),
        unconfirmed: None,
        stan: 1,
        cryptogram: "0102030405060708".to_owned(),
    })
}

pub fn record_of(sale: &Sale, seq: u64, kind: RecordKind) -> Record {
    let mut record = Record {
        id: RecordId::new(Uuid::from_u128(0x4ec0_4d00 + u128::from(seq))),
        terminal: sale.terminal.parse().expect("a terminal id"),
        epoch: 1,
        seq,
        kind,
        sale: sale.id,
        at_ms: 1_795_000_000_000,
        body: serde_json::to_string(sale).expect("serialises"),
        hash: RecordHash::new([0; 32]),
        clock_behind_ms: None,
    };
    record.hash = record.compute_hash();
    record
}

/// A cash sale of one euro per sequence number.
pub fn record(seq: u64) -> Record {
    let minor = i64::try_from(seq).expect("a small number") * 100;
    record_of(
        &sale(seq, TILL, vec![cash(minor)], minor),
        seq,
        RecordKind::Sale,
    )
}

pub fn push(records: Vec<Record>) -> PushRequest {
    PushRequest {
        version: WIRE_VERSION,
        records,
    }
}

pub fn attempt(number: u64) -> AttemptId {
    AttemptId::new(Uuid::from_u128(0xa77e_0000 + u128::from(number)))
}

pub fn authorise(number: u64) -> AuthoriseRequest {
    let bytes = |len| Bytes::try_from(vec![7; len]).expect("within bounds");
    AuthoriseRequest {
        attempt: attempt(number),
        sale: SaleId::new(Uuid::from_u128(u128::from(number))),
        terminal: TILL.parse().expect("a terminal id"),
        stan: u32::try_from(number).expect("a small number"),
        local_time: LOCAL_TIME.to_owned(),
        amount_minor: 1234,
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
            enc: bytes(X_WING_ENC_LEN),
            ciphertext: bytes(64),
        }),
        // 9F02, the amount: any whole BER-TLV does here.
        de55: Bytes::try_from(vec![0x9f, 0x02, 6, 0, 0, 0, 0, 0x12, 0x34]).expect("within bounds"),
    }
}

pub fn reverse(number: u64) -> ReversalRequest {
    let asked = authorise(number);
    ReversalRequest {
        attempt: asked.attempt,
        terminal: asked.terminal,
        stan: asked.stan,
        local_time: asked.local_time,
        amount_minor: asked.amount_minor,
        currency: asked.currency,
    }
}

pub fn inquire(number: u64) -> InquiryRequest {
    InquiryRequest::about(&authorise(number))
}

pub fn advise(number: u64, kind: AdviceKind) -> AdviceRequest {
    let asked = authorise(number);
    AdviceRequest {
        attempt: asked.attempt,
        sale: asked.sale,
        terminal: asked.terminal,
        kind,
        stan: asked.stan,
        local_time: asked.local_time,
        amount_minor: asked.amount_minor,
        currency: asked.currency,
        card: asked.card,
        sealed: asked.sealed,
        de55: asked.de55,
    }
}
