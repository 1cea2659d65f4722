mod check_value;
mod components;
mod dukpt;
mod erase_order;
mod hot_list;
mod key_file;
mod known_answers;
mod manifest;
mod offline;
mod opened_elsewhere;
mod pin_block;
mod signed;
mod token;

use std::sync::LazyLock;

use data_encoding::BASE64;
use hpke::{Kem, Serializable, kem::XWing};
use sealpoint_secret::{Pan, Track2};
use sealpoint_wire::{AttemptId, Currency, SealContext, seal::SealKind};
use uuid::Uuid;

use crate::{AcquirerKey, CardData};

type PrivateKey = <XWing as Kem>::PrivateKey;

/// An acquirer's key pair, as the other implementation makes it.
static KEYS: LazyLock<(PrivateKey, String)> = LazyLock::new(|| {
    let (private, public) = XWing::derive_keypair(&[0x42; 32]);
    (private, BASE64.encode(&public.to_bytes()))
});

fn key_text(key_id: &str, public: &str) -> String {
    format!("key_id = \"{key_id}\"\nkem = \"x-wing\"\npublic = \"{public}\"\n")
}

fn key() -> AcquirerKey {
    AcquirerKey::parse(&key_text("demo-1", &KEYS.1)).expect("the key is valid")
}

fn card() -> CardData {
    CardData {
        pan: Pan::from_bcd(&[0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19]).expect("a PAN"),
        track2: Some(Track2::from_bcd(&TRACK2).expect("track 2")),
        expiry: [0x30, 0x12, 0x31],
        sequence: Some(0x01),
    }
}

const TRACK2: [u8; 13] = [
    0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0xD3, 0x01, 0x22, 0x01, 0x1F,
];

fn context() -> SealContext {
    SealContext {
        terminal: "T0000001".parse().expect("a terminal id"),
        attempt: AttemptId::new(Uuid::from_u128(1)),
        key_id: "demo-1".parse().expect("a key id"),
        amount_minor: 1_234,
        currency: Currency::Eur,
        kind: SealKind::Authorisation,
    }
}
