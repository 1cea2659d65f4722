//! One file per behaviour; what several need is here.

mod advices;
mod answers;
mod edition_1993;
mod formats;
mod frames;
mod hostile;
mod objects;
mod partial;
mod profiles;
mod requests;
mod round_trip;

use sealpoint_wire::seal::{
    AEAD_AES_256_GCM, DukptScheme, DukptSealed, KDF_HKDF_SHA256, KEM_X_WING, X_WING_ENC_LEN,
};
use sealpoint_wire::{
    AdviceKind, AdviceRequest, AttemptId, AuthoriseRequest, Bytes, CardSummary, Currency,
    HpkeSealed, InquiryRequest, ReversalRequest, SaleId, SealedCard,
};
use uuid::Uuid;

use crate::Message;
use crate::table::de;

pub(crate) fn bytes(content: &[u8]) -> Bytes {
    Bytes::try_from(content.to_vec()).expect("the test's content is short")
}

pub(crate) fn attempt() -> AttemptId {
    AttemptId::new(Uuid::from_bytes([0xA7; 16]))
}

pub(crate) fn sealed(ciphertext_len: usize) -> SealedCard {
    SealedCard::Hpke(HpkeSealed {
        kem: KEM_X_WING,
        kdf: KDF_HKDF_SHA256,
        aead: AEAD_AES_256_GCM,
        key_id: "demo-1".parse().expect("a key id"),
        enc: bytes(&[0xE0; X_WING_ENC_LEN]),
        ciphertext: bytes(&vec![0xC0; ciphertext_len]),
    })
}

/// A card sealed with DUKPT, with parts as long as the vault makes them.
pub(crate) fn dukpt(scheme: DukptScheme) -> SealedCard {
    SealedCard::Dukpt(DukptSealed {
        scheme,
        key_id: "dukpt-1".parse().expect("a key id"),
        ksn: bytes(&vec![0x5E; scheme.ksn_len()]),
        ciphertext: bytes(&[0xC0; 48]),
        mac: bytes(&vec![0xAC; scheme.block_len()]),
    })
}

pub(crate) fn authorise_request() -> AuthoriseRequest {
    AuthoriseRequest {
        attempt: attempt(),
        sale: SaleId::new(Uuid::from_bytes([0x5A; 16])),
        terminal: "T0000001".parse().expect("a terminal id"),
        stan: 42,
        local_time: "20261122180509".to_owned(),
        amount_minor: 1234,
        currency: Currency::Eur,
        card: CardSummary {
            label: "VISA CREDIT".to_owned(),
            aid: "A0000000031010".to_owned(),
            truncated_pan: "476173******0119".to_owned(),
            last4: "0119".to_owned(),
            token: None,
        },
        sealed: sealed(66),
        de55: bytes(&[0x9F, 0x36, 2, 0, 1]),
    }
}

pub(crate) fn reversal_request() -> ReversalRequest {
    let asked = authorise_request();
    ReversalRequest {
        attempt: asked.attempt,
        terminal: asked.terminal,
        stan: asked.stan,
        local_time: asked.local_time,
        amount_minor: asked.amount_minor,
        currency: asked.currency,
    }
}

pub(crate) fn advice_request(kind: AdviceKind) -> AdviceRequest {
    let asked = authorise_request();
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

pub(crate) fn inquiry_request() -> InquiryRequest {
    let asked = authorise_request();
    InquiryRequest {
        attempt: asked.attempt,
        terminal: asked.terminal,
        stan: asked.stan,
        local_time: asked.local_time,
        amount_minor: asked.amount_minor,
        currency: asked.currency,
    }
}

/// An answer to `request` in its own edition, with these further elements.
pub(crate) fn answer_to(request: &Message, more: &[(u8, &[u8])]) -> Message {
    let mti = request.mti().answer().expect("a request");
    let mut answer = Message::of(request.edition(), mti);
    for de in [
        de::AMOUNT,
        de::STAN,
        de::LOCAL_TIME,
        de::LOCAL_DATE,
        de::TERMINAL,
        de::CURRENCY,
    ] {
        if let Some(content) = request.get(de) {
            answer.set(de, content).expect("echoed from a request");
        }
    }
    for (de, content) in more {
        answer.set(*de, content).expect("the test's own element");
    }
    answer
}
