//! Cards sealed under DUKPT keys: each with a key of its own, whose number is on the disk first.

use std::{collections::BTreeSet, fs, path::Path};

use sealpoint_cardsim::profile;
use sealpoint_wire::{
    ReaderState, SealedCard, ToLane,
    lane::{CardPrompt, OutcomeKind},
    seal::{DukptScheme, DukptSealed},
};
use tempfile::TempDir;

use crate::{
    bench::Bench,
    host::Host,
    retailer::{LONG, Retailer, key, key_id, load_aes, load_tdes, store},
};

const DEMO_PROFILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../emv/src/demo.toml"));
const AES: &str = "method = \"aes_dukpt\"";
const TDES: &str = "method = \"tdes_dukpt\"\nlegacy = true";

/// A lane whose profile says that of sealing, in a folder that `prepare` has changed.
fn bench(sealing: &str, prepare: impl FnOnce(&Path)) -> Bench {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    let text = format!("{DEMO_PROFILE}\n[sealing]\n{sealing}\n");
    fs::write(folder.path().join("profile.toml"), text).expect("written");
    prepare(folder.path());
    Bench::start(folder, host, &profile::shipped(), None)
}

/// Charges a card until the host is to be asked; what was sealed.
fn sealed(bench: &mut Bench) -> DukptSealed {
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    let SealedCard::Dukpt(sealed) = bench.expect_online(attempt).sealed else {
        panic!("sealed under a DUKPT key");
    };
    bench.tell(&ToLane::UnableToGoOnline { attempt });
    bench.outcome_with_host(attempt);
    bench.slot.remove();
    bench.await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    sealed
}

fn refused(bench: &mut Bench) -> String {
    let attempt = bench.read();
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::CannotSeal);
    outcome.why.expect("a reason")
}

fn counter(folder: &Path, name: &str) -> u32 {
    let list = store(folder).list().expect("read");
    let found = list.into_iter().find(|loaded| loaded.id == key_id(name));
    found
        .and_then(|loaded| loaded.dukpt)
        .expect("loaded")
        .counter
}

#[test]
fn each_card_has_a_serial_number_of_its_own_that_the_disk_knows() {
    let mut bench = bench(AES, |folder| load_aes(folder, "aes-1"));
    assert_eq!(bench.hello(), None);
    let folder = bench.folder.path().to_owned();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let sealed = sealed(&mut bench);
        assert_eq!(sealed.scheme, DukptScheme::Aes128);
        assert_eq!(sealed.key_id, key_id("aes-1"));
        let ksn = sealed.ksn.as_slice().to_vec();
        let last: [u8; 4] = *ksn.last_chunk().expect("twelve bytes");
        assert_eq!(counter(&folder, "aes-1"), u32::from_be_bytes(last));
        assert!(seen.insert(ksn), "a serial number came twice");
        assert_eq!(sealed.ciphertext.as_slice().len() % 16, 0);
        assert_eq!(sealed.mac.as_slice().len(), 16);
    }
}

#[test]
fn a_legacy_acquirer_gets_tdes() {
    let mut bench = bench(TDES, |folder| load_tdes(folder, "tdes-1"));
    assert_eq!(bench.hello(), None);
    let sealed = sealed(&mut bench);
    assert_eq!(
        (sealed.scheme, sealed.ksn.as_slice().len()),
        (DukptScheme::Tdes2, 10)
    );
    assert_eq!(counter(bench.folder.path(), "tdes-1"), 1);
}

#[test]
fn a_card_that_does_not_go_online_uses_no_key() {
    let mut bench = bench(TDES, |folder| load_tdes(folder, "tdes-1"));
    bench.hello();
    let mut order = bench.order();
    order.insert_timeout_ms = 100;
    let attempt = order.attempt;
    bench.tell(&ToLane::Read(order));
    assert_eq!(bench.outcome_with_host(attempt).kind, OutcomeKind::NoCard);
    assert_eq!(counter(bench.folder.path(), "tdes-1"), 0);
}

#[test]
fn without_its_key_no_card_is_read_until_it_is_loaded() {
    let mut bench = bench(AES, |folder| load_tdes(folder, "tdes-1"));
    let told = bench.hello().expect("no card can be charged");
    assert!(
        told.contains("The profile asks for DUKPT, but no such key is loaded. Load its key block"),
        "{told}"
    );
    assert_eq!(refused(&mut bench), told);
    load_aes(bench.folder.path(), "aes-1");
    assert_eq!(sealed(&mut bench).key_id, key_id("aes-1"));
}

#[test]
fn a_copied_store_seals_nothing() {
    let mut bench = bench(AES, |folder| load_aes(folder, "aes-1"));
    bench.hello();
    sealed(&mut bench);
    let path = bench.folder.path().join("keys.store");
    let kept = bench.folder.path().join("kept");
    fs::copy(&path, &kept).expect("kept");
    sealed(&mut bench);
    fs::copy(&kept, &path).expect("put back");
    let why = refused(&mut bench);
    assert!(
        why.starts_with("No card can be charged: the key store ")
            && why.contains(
                "was copied or restored: a key serial number could be used twice; load the keys \
                 again."
            ),
        "{why}"
    );
}

#[test]
fn the_manifest_decides_which_loaded_key_seals() {
    let named = |id: &str, from: &str, check_value: &str| {
        let value = format!("check_value = \"{check_value}\"");
        key(id, "dukpt_aes128", (from, LONG.1), &value)
    };
    let mut retailer = None;
    let mut bench = bench(AES, |folder| {
        load_aes(folder, "a-1");
        let by = Retailer::of(folder);
        let keys = [
            named("a-1", "2020-01-01", "differs"),
            named("ab-2", "2021-01-01", "0A0B0C0D0E"),
        ];
        by.manifest(folder, 1, &keys);
        retailer = Some(by);
    });
    let retailer = retailer.expect("made above");
    assert_eq!(bench.hello(), None);
    let (_, warnings) = bench.await_set_up();
    assert!(
        warnings[0].starts_with(
            "Cards are sealed with the older key \"a-1\". The key \"ab-2\" is not loaded."
        ),
        "{warnings:?}"
    );
    assert_eq!(sealed(&mut bench).key_id, key_id("a-1"));
    let folder = bench.folder.path().to_owned();
    load_aes(&folder, "ab-2");
    assert_eq!(sealed(&mut bench).key_id, key_id("ab-2"));

    retailer.manifest(&folder, 2, &[named("ab-2", "2021-01-01", "FFFFFFFFFF")]);
    let why = refused(&mut bench);
    assert!(
        why.contains("kind or check value differ. Destroy it and load"),
        "{why}"
    );
}
