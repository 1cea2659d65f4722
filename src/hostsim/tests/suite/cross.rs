//! Two implementations of each standard, one against the other: what the host makes, the till's
//! vault takes; what the vault derives and seals, the host derives and opens.

use std::collections::HashSet;

use sealpoint_hostsim::base_key::{self, BaseKeys};
use sealpoint_hostsim::cipher::{Algorithm, CipherKey};
use sealpoint_hostsim::{dukpt, key_block};
use sealpoint_secret::{Pan, SecretBytes, Track2};
use sealpoint_vault::key_block::{Bindings, InitialKey};
use sealpoint_vault::store::Secret;
use sealpoint_vault::{
    CardData, CheckValue, KeyBlock, KeyStore, ProtectionKey, Registers, StorageKey, seal_dukpt,
};
use sealpoint_wire::seal::DukptScheme;
use sealpoint_wire::{KeyId, SealedCard};
use zeroize::Zeroizing;

use crate::rig::{Charge, Folder, Line8583, context};

const SCHEMES: [DukptScheme; 4] = [
    DukptScheme::Aes128,
    DukptScheme::Aes192,
    DukptScheme::Aes256,
    DukptScheme::Tdes2,
];
/// 2026-11-23, in seconds since the Unix epoch.
const NOW_S: u64 = 1_795_392_000;

/// A host with a key set, and its key for one till on the way there.
struct Delivery {
    folder: Folder,
    key_id: KeyId,
    initial_key_id: Vec<u8>,
    check_value: String,
    block: String,
}

impl Delivery {
    fn under(scheme: DukptScheme, protection: &CipherKey) -> Self {
        let folder = Folder::new();
        let key_id: KeyId = "dukpt-1".parse().expect("a key id");
        base_key::add(folder.path(), &key_id, scheme, None).expect("a new key set");
        let keys = BaseKeys::load(folder.path()).expect("base keys");
        let set = keys.set(&key_id).expect("the set");
        let initial_key_id = set.new_initial_key_id().expect("an id");
        let key = dukpt::initial_key(scheme, set.key(), &initial_key_id).expect("derived");
        let block = key_block::wrap(&key, &initial_key_id, protection).expect("wrapped");
        Self {
            folder,
            key_id,
            check_value: key_block::check_value(&key),
            initial_key_id,
            block,
        }
    }

    /// As the till opens it.
    fn opened(&self, protection: &ProtectionKey<'_>) -> InitialKey {
        let block = KeyBlock::parse(&self.block).expect("a key block");
        let opened = block.open(protection, Bindings::Derivation).expect("opens");
        let algorithm = opened.header().algorithm;
        let check_value = CheckValue::of(algorithm, opened.key()).expect("a check value");
        assert_eq!(check_value.to_string(), self.check_value);
        opened.into_initial_key().expect("an initial key")
    }
}

fn protection(algorithm: Algorithm) -> (CipherKey, SecretBytes) {
    let bytes: Vec<u8> = (1..=32).map(|n: u8| n.wrapping_mul(37)).collect();
    let bytes = &bytes[..algorithm.key_len()];
    let key = CipherKey::new(algorithm, Zeroizing::new(bytes.to_vec())).expect("that long");
    (key, SecretBytes::from_slice(bytes))
}

#[test]
fn the_till_opens_every_key_block_that_the_host_makes() {
    let protections = [
        Algorithm::Aes128,
        Algorithm::Aes192,
        Algorithm::Aes256,
        Algorithm::Tdes2,
        Algorithm::Tdes3,
    ];
    let mut opened = 0;
    for algorithm in protections {
        let (ours, theirs) = protection(algorithm);
        let is_tdes = matches!(algorithm, Algorithm::Tdes2 | Algorithm::Tdes3);
        let theirs = if is_tdes {
            ProtectionKey::tdes(&theirs)
        } else {
            ProtectionKey::aes(&theirs)
        };
        let theirs = theirs.expect("of that length");
        for scheme in SCHEMES {
            // X9.143 lets no key travel under a weaker one.
            let key_len = dukpt::algorithm(scheme).key_len();
            let weaker = scheme != DukptScheme::Tdes2 && (is_tdes || key_len > algorithm.key_len());
            if weaker {
                continue;
            }
            let delivery = Delivery::under(scheme, &ours);
            let key = delivery.opened(&theirs);
            assert_eq!(key.scheme, scheme);
            assert_eq!(key.id, delivery.initial_key_id);
            opened += 1;
        }
    }
    assert_eq!(opened, 6 + 5);
}

#[test]
fn what_the_till_seals_key_by_key_the_host_opens_and_charges() {
    let (ours, theirs) = protection(Algorithm::Aes256);
    let theirs = ProtectionKey::aes(&theirs).expect("32 bytes");
    for scheme in SCHEMES {
        let delivery = Delivery::under(scheme, &ours);
        let InitialKey { id, key, .. } = delivery.opened(&theirs);
        let registers = Registers::from_initial_key(scheme, &key, &id).expect("registers");
        let keys = tempfile::tempdir().expect("a temporary folder");
        let storage = StorageKey::find_or_make(keys.path(), None, false).expect("a storage key");
        let mut store = KeyStore::open(keys.path(), storage).expect("a store");
        store
            .add(
                &delivery.key_id,
                Secret::Dukpt(registers),
                &delivery.check_value,
                NOW_S,
            )
            .expect("loaded");

        let host = delivery.folder.start();
        let mut line = Line8583::to(host.addr());
        let mut serials = HashSet::new();
        // Past 8 and 16, so that intermediate keys are made and used up.
        for number in 1..=20 {
            let charge = Charge::numbered(number);
            let context = context(&charge, delivery.key_id.clone());
            let key = store.next_key(&delivery.key_id, NOW_S).expect("a next key");
            assert!(serials.insert(key.ksn().to_vec()), "a key drawn twice");
            let sealed = seal_dukpt(card(number), &context, key).expect("sealed");
            let request = delivery
                .folder
                .request_with(&charge, SealedCard::Dukpt(sealed));
            let answer = line.authorise(&request);
            assert_eq!(answer.response_code, "00", "{scheme:?}, key {number}");
        }
        assert_eq!(host.captured(), 20);
    }
}

#[test]
fn keys_far_along_are_the_same_on_both_sides() {
    let (ours, theirs) = protection(Algorithm::Aes256);
    let theirs = ProtectionKey::aes(&theirs).expect("32 bytes");
    let year_s = 365 * 24 * 3600;
    // AES counters follow the clock; those of TDES are skipped to.
    let steps = [
        (DukptScheme::Aes128, 0, NOW_S + year_s),
        (DukptScheme::Aes256, 0, NOW_S + 20 * year_s),
        (DukptScheme::Aes192, 0, NOW_S + 40 * year_s),
        (DukptScheme::Tdes2, 0x3FF, NOW_S),
        (DukptScheme::Tdes2, 0x15_5550, NOW_S),
        (DukptScheme::Tdes2, 0x1F_F800, NOW_S),
    ];
    for (scheme, counter, now_s) in steps {
        let delivery = Delivery::under(scheme, &ours);
        let InitialKey { id, key, .. } = delivery.opened(&theirs);
        let mut registers = Registers::from_initial_key(scheme, &key, &id).expect("registers");
        registers.skip_to(counter).expect("never back");
        let keys = tempfile::tempdir().expect("a temporary folder");
        let storage = StorageKey::find_or_make(keys.path(), None, false).expect("a storage key");
        let mut store = KeyStore::open(keys.path(), storage).expect("a store");
        let (key_id, secret) = (&delivery.key_id, Secret::Dukpt(registers));
        store
            .add(key_id, secret, &delivery.check_value, now_s)
            .expect("loaded");
        let charge = Charge::numbered(1);
        let key = store.next_key(key_id, now_s).expect("a next key");
        let context = context(&charge, key_id.clone());
        let sealed = seal_dukpt(card(1), &context, key).expect("sealed");
        let request = delivery
            .folder
            .request_with(&charge, SealedCard::Dukpt(sealed));
        let host = delivery.folder.start();
        let answer = Line8583::to(host.addr()).authorise(&request);
        assert_eq!(answer.response_code, "00", "{scheme:?} from {counter:X}");
    }
}

/// With track 2 or without, so that there are plaintexts of more than one length.
fn card(number: u8) -> CardData {
    let track2 = [
        0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0xD3, 0x01, 0x22, 0x01, 0x1F,
    ];
    CardData {
        pan: Pan::from_digits(crate::rig::VISA.as_bytes()).expect("a test card number"),
        track2: number
            .is_multiple_of(2)
            .then(|| Track2::from_bcd(&track2).expect("track 2")),
        expiry: [0x30, 0x12, 0x31],
        sequence: Some(1),
    }
}
