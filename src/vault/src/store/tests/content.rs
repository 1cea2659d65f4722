//! What goes in comes out, and what may never go back does not.

use std::fs;

use sealpoint_secret::{Key, Pan, SecretBytes};
use sealpoint_wire::{
    AttemptId, Currency, SealContext,
    seal::{DukptScheme, SealKind},
};
use tempfile::TempDir;
use uuid::Uuid;

use super::{NOW_S, aes, counter, draw, id, loaded, open, storage, tdes};
use crate::{
    CardData, KeyKind, SealError, seal_dukpt,
    signed::RootPrivateKey,
    store::{
        DrawError, KeyStore, MAX_STORED_KEYS, STORE_FILE, Secret, StoreError, content::Content,
    },
};

#[test]
fn keys_are_listed_without_the_keys_and_are_there_after_a_restart() {
    let (folder, mut store) = loaded();
    let token = SecretBytes::from_slice(&[9; 32]);
    store
        .add(
            &id("token-1"),
            Secret::Token(token),
            "0102030405",
            NOW_S + 1,
        )
        .expect("added");
    drop(store);
    let store = open(folder.path());
    let list = store.list().expect("listed");
    let names: Vec<_> = list.iter().map(|loaded| loaded.id.as_str()).collect();
    assert_eq!(names, ["aes", "tdes", "token-1"]);
    assert_eq!(list[0].kind, KeyKind::Dukpt(DukptScheme::Aes128));
    let dukpt = list[0].dukpt.as_ref().expect("a DUKPT key");
    assert_eq!((dukpt.counter, dukpt.remaining), (0, 2_448_023_842));
    assert_eq!(dukpt.initial_key_id.len(), 8);
    assert!(!dukpt.is_low);
    assert_eq!(list[2].check_value, "0102030405");
    assert_eq!(list[2].loaded_at_s, NOW_S + 1);
    assert!(list[2].dukpt.is_none());

    let secret = |name, kind| store.secret(&id(name), kind).expect("read");
    let found = secret("token-1", KeyKind::Token).expect("it is there");
    assert_eq!(found.expose(), [9; 32]);
    assert!(secret("token-1", KeyKind::KeyBlockProtection).is_none());
    assert!(secret("aes", KeyKind::Dukpt(DukptScheme::Aes128)).is_none());
}

#[test]
fn no_key_lies_in_the_file_in_clear() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(folder.path());
    let key: Vec<u8> = (0..32).map(|byte| byte * 7 + 1).collect();
    let secret = Secret::KeyBlockProtection(SecretBytes::from_slice(&key));
    store
        .add(&id("kbpk"), secret, "0102", NOW_S)
        .expect("added");
    let file = fs::read(folder.path().join(STORE_FILE)).expect("read");
    assert!(!file.windows(8).any(|part| part == &key[..8]));
    assert!(!file.windows(4).any(|part| part == b"kbpk"));
}

#[test]
fn each_key_is_drawn_once_and_seals_for_its_own_key_set_alone() {
    let (_folder, mut store) = loaded();
    let context = |name: &str| SealContext {
        terminal: "T0000001".parse().expect("a terminal id"),
        attempt: AttemptId::new(Uuid::from_u128(1)),
        key_id: id(name),
        amount_minor: 1,
        currency: Currency::Eur,
        kind: SealKind::Authorisation,
    };
    let sealed = |key, name: &str| {
        let card = CardData {
            pan: Pan::from_digits(b"4761739001010119").expect("a PAN"),
            track2: None,
            expiry: [0x30, 0x12, 0x31],
            sequence: None,
        };
        seal_dukpt(card, &context(name), key)
    };
    let first = store.next_key(&id("tdes"), NOW_S).expect("a key");
    let remaining = first.remaining();
    let first = sealed(first, "tdes").expect("sealed");
    let second = store.next_key(&id("tdes"), NOW_S).expect("a key");
    assert_eq!(second.remaining(), remaining - 1);
    assert_eq!(
        (counter(first.ksn.as_slice()), counter(second.ksn())),
        (1, 2)
    );
    assert_eq!(sealed(second, "aes").err(), Some(SealError::OtherKey));
    assert!(matches!(
        store.next_key(&id("other"), NOW_S),
        Err(DrawError::NotLoaded(name)) if name == id("other")
    ));
}

#[test]
fn the_counter_follows_the_clock_and_never_goes_back_with_it() {
    let (_folder, mut store) = loaded();
    let noon = draw(&mut store, "aes", NOW_S);
    let next = draw(&mut store, "aes", NOW_S);
    assert!(next > noon, "in the same second");
    let later = draw(&mut store, "aes", NOW_S + 1_000);
    assert!(later >= noon + 4_000, "{noon} {later}");
    // The clock was wrong, and was set right.
    let mut last = later;
    for _ in 0..300 {
        let next = draw(&mut store, "aes", NOW_S);
        // A number that has more than 16 one-bits is left out.
        assert!(next > last && next < last + 64, "{next} after {last}");
        last = next;
    }
    // TDES has too few keys for that.
    assert_eq!(draw(&mut store, "tdes", NOW_S), 1);
    assert_eq!(draw(&mut store, "tdes", NOW_S + 1_000_000), 2);
}

#[test]
fn draws_do_not_run_ahead_of_the_clock() {
    let (_folder, mut store) = loaded();
    let key = SecretBytes::from_slice(&[0x42; 16]);
    let mut registers =
        crate::Registers::from_initial_key(DukptScheme::Aes128, &key, &[1; 8]).expect("a key");
    // As if an hour's keys had been drawn in a moment.
    let ahead = crate::store::floor::first_at(NOW_S + 3_600);
    registers.skip_to(ahead).expect("keys are left");
    let secret = Secret::Dukpt(registers);
    store.add(&id("fast"), secret, "", NOW_S).expect("added");
    let refused = store.next_key(&id("fast"), NOW_S).err().expect("refused");
    assert!(matches!(refused, DrawError::TooFast(_)), "{refused}");
    assert_eq!(draw(&mut store, "fast", NOW_S + 1), ahead);
}

#[test]
fn versions_never_go_back() {
    let (folder, mut store) = loaded();
    assert_eq!(store.manifest_version().expect("read"), 0);
    store.accept_manifest(3).expect("accepted");
    store.accept_hot_list(8).expect("accepted");
    let mut store = open(folder.path());
    store.accept_manifest(3).expect("the same again");
    let refused = store.accept_manifest(2).expect_err("older");
    assert_eq!(
        refused.to_string(),
        "the manifest has version 2, but version 3 was accepted before; ask the retailer for the \
         newest manifest"
    );
    assert!(matches!(
        store.accept_hot_list(7),
        Err(StoreError::OlderHotList {
            offered: 7,
            highest: 8
        })
    ));
    assert_eq!(store.manifest_version().expect("read"), 3);
    assert_eq!(store.hot_list_version().expect("read"), 8);
}

#[test]
fn a_key_that_is_loaded_again_goes_on_where_it_was() {
    let (_folder, mut store) = loaded();
    let (a, t) = (
        draw(&mut store, "aes", NOW_S),
        draw(&mut store, "tdes", NOW_S),
    );
    let again = store
        .add(&id("other"), tdes(), "", NOW_S)
        .expect_err("twice");
    assert!(matches!(again, StoreError::SameInitialKey(name) if name == id("tdes")));
    for name in ["aes", "tdes"] {
        assert!(store.remove(&id(name)).expect("removed"));
        assert!(!store.remove(&id(name)).expect("not there any more"));
    }
    store
        .add(&id("aes-2"), aes(0x56), "", NOW_S)
        .expect("added");
    store.add(&id("tdes-2"), tdes(), "", NOW_S).expect("added");
    // The clock stood still meanwhile, or was set back.
    let next = draw(&mut store, "aes-2", 0);
    assert!(next > a && next < a + 64, "{next} after {a}");
    assert_eq!(draw(&mut store, "tdes-2", 0), t + 1);
}

#[test]
fn an_aes_key_that_is_loaded_into_another_store_begins_above_what_was_used() {
    let (_folder, mut store) = loaded();
    let used: Vec<u32> = (0..20).map(|_| draw(&mut store, "aes", NOW_S)).collect();
    let elsewhere = TempDir::new().expect("a folder");
    let mut other = open(elsewhere.path());
    other
        .add(&id("aes"), aes(0x56), "", NOW_S + 120)
        .expect("added");
    let first = draw(&mut other, "aes", NOW_S + 120);
    assert!(used.iter().all(|number| *number < first));
}

#[test]
fn names_are_used_once_and_there_is_a_bound() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(folder.path());
    let token = || Secret::Token(SecretBytes::from_slice(&[1; 32]));
    for n in 0..MAX_STORED_KEYS {
        // The longest of everything.
        let name = format!("{n:032}");
        let secret = if n % 2 == 0 { token() } else { big(n) };
        store
            .add(&id(&name), secret, &"A".repeat(32), u64::MAX)
            .expect("added");
    }
    for n in [2_049, 70_000] {
        let long = Secret::Token(SecretBytes::from_slice(&vec![1; n]));
        assert!(store.remove(&id(&format!("{:032}", 31))).is_ok());
        let refused = store.add(&id("long"), long, "", 0);
        assert!(matches!(refused, Err(StoreError::TooLong(len)) if len == n));
    }
    let longest = Secret::Token(SecretBytes::from_slice(&[1; 2_048]));
    store
        .add(&id(&format!("{:032}", 31)), longest, &"Ä".repeat(99), 0)
        .expect("added");
    let twice = store.add(&id(&format!("{:032}", 0)), token(), "", 0);
    assert!(matches!(twice, Err(StoreError::SameName(_))));
    assert!(matches!(
        store.add(&id("more"), token(), "", 0),
        Err(StoreError::Full)
    ));
    for n in 0..MAX_STORED_KEYS {
        assert!(store.remove(&id(&format!("{n:032}"))).expect("removed"));
    }
    // What was here before is bounded too.
    for n in 0..70 {
        store.add(&id("one"), big(n), "", 0).expect("added");
        store.remove(&id("one")).expect("removed");
    }
    assert_eq!(store.list().expect("read"), []);
}

/// An AES-256 key set of its own.
fn big(n: usize) -> Secret {
    let key = SecretBytes::from_slice(&[0x42; 32]);
    let ik = (n as u64).to_be_bytes();
    let registers = crate::Registers::from_initial_key(DukptScheme::Aes256, &key, &ik);
    Secret::Dukpt(registers.expect("an initial key"))
}

#[test]
fn the_file_holds_no_register_of_a_key_that_was_drawn_and_the_old_file_is_overwritten() {
    let (folder, mut store) = loaded();
    let path = folder.path().join(STORE_FILE);
    // A second name keeps the old file where it can be looked at.
    let old = folder.path().join("old");
    fs::hard_link(&path, &old).expect("linked");
    draw(&mut store, "tdes", NOW_S);
    let left = fs::read(&old).expect("read");
    assert!(!left.is_empty() && left.iter().all(|byte| *byte == 0));
}

#[test]
fn a_destroyed_store_is_gone_and_overwritten() {
    let (folder, mut store) = loaded();
    let kept = folder.path().join("kept");
    fs::hard_link(folder.path().join(STORE_FILE), &kept).expect("linked");
    store.destroy().expect("destroyed");
    store.destroy().expect("nothing is left to destroy");
    assert!(fs::read(&kept).expect("read").iter().all(|byte| *byte == 0));
    let store = KeyStore::open(folder.path(), storage()).expect("an empty store");
    assert_eq!(store.list().expect("read"), []);
}

#[test]
fn a_content_with_longer_parts_than_are_ever_written_is_none() {
    let content = |check_value: usize, secret: usize, initial_key_id: usize| {
        let text = |bytes: &[u8]| [&[u8::try_from(bytes.len()).expect("short")], bytes].concat();
        let secret_len = u16::try_from(secret).expect("short").to_be_bytes();
        [
            &[0; 16][..],
            &[1],
            &text(b"a"),
            &text(b"token"),
            &text(&vec![b'0'; check_value]),
            &[0; 16],
            &secret_len,
            &vec![7; secret],
            &[1],
            &text(b"dukpt_tdes2"),
            &text(&vec![0; initial_key_id]),
            &[0; 13],
        ]
        .concat()
    };
    let longest = content(32, 2_048, 10);
    let read = Content::decode(&longest).expect("as long as can be");
    assert_eq!(read.encode().expose(), longest);
    assert!(Content::decode(&content(33, 2_048, 10)).is_none());
    assert!(Content::decode(&content(32, 2_049, 10)).is_none());
    assert!(Content::decode(&content(32, 2_048, 11)).is_none());
}

#[test]
fn the_first_root_stays_until_another_is_brought_on_purpose() {
    let root = |seed: u8| {
        let id = "root-1".parse().expect("a key id");
        let seed = Key::filled(|bytes| bytes.fill(seed));
        RootPrivateKey::from_seed(id, seed).expect("a root key")
    };
    let (ours, thiefs) = (root(1), root(2));
    let (folder, mut store) = loaded();
    store.accept_root(ours.public()).expect("the first");
    store.accept_root(ours.public()).expect("the same again");
    draw(&mut store, "aes", NOW_S);
    // One of the same name, after a restart.
    let mut store = open(folder.path());
    let refused = store.accept_root(thiefs.public()).expect_err("another");
    assert!(matches!(refused, StoreError::OtherRoot(_)));
    let said = refused.to_string();
    assert!(
        said.contains("root-1") && said.contains("--replace-root"),
        "{said}"
    );
    store.replace_root(thiefs.public()).expect("replaced");
    store.accept_root(thiefs.public()).expect("it counts now");
    assert!(store.accept_root(ours.public()).is_err());
}

#[test]
fn a_root_that_is_cut_or_followed_by_something_is_none() {
    let mut content = Content::default();
    content.root = Some([7; 32]);
    let whole = content.encode();
    let whole = whole.expose();
    assert_eq!(
        Content::decode(whole).expect("whole").root,
        Some([7; 32]),
        "as it was written"
    );
    for len in whole.len() - 31..whole.len() {
        assert!(Content::decode(&whole[..len]).is_none(), "{len}");
    }
    assert!(Content::decode(&[whole, &[0]].concat()).is_none());
    content.root = None;
    let none = Content::decode(content.encode().expose()).expect("as before the first root");
    assert_eq!(none.root, None);
}
