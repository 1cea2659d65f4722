//! Keys that come in key blocks: which are taken, and which are not.

use std::{fs, time::SystemTime};

use data_encoding::HEXUPPER;
use sealpoint_emv::{Sealing, SealingMethod};
use sealpoint_lane::keys::Keys;
use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    KeyBlock, KeyStore, ProtectionKey, StorageKey, SystemRandom,
    key_block::{Algorithm, Header, ModeOfUse, OptionalBlock, Usage, Version},
};

use super::office::{
    INITIAL, INITIAL_CHECK, INITIAL_PARTS, KBPK, ONE, Office, PEOPLE, THREE, TWO, acquirer,
    assert_refused, assert_silent, dukpt, key, own, protection, text, today,
};

const KEY_ID: &str = "1234567890123456";

fn secret(hex: &str) -> SecretBytes {
    SecretBytes::from_slice(&HEXUPPER.decode(hex.as_bytes()).expect("hex"))
}

#[test]
fn the_lane_draws_keys_from_the_initial_key_that_was_loaded() {
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let block = office.initial("dukpt-1", KEY_ID);
    let ran = office.load_file(&block);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains(INITIAL_CHECK), "{}", ran.out);
    assert_silent(&ran, &[INITIAL]);
    assert_eq!(office.of("dukpt-1", "state"), "in_use");
    assert_eq!(office.of("dukpt-1", "initial_key_id"), KEY_ID);
    let sealing = Sealing {
        method: SealingMethod::AesDukpt,
        ..Sealing::default()
    };
    let mut lane = Keys::new(&office.keys, false);
    let ready = lane.ready(sealing, today()).expect("a key");
    assert_eq!(ready.key_id().as_str(), "dukpt-1");

    let before = office.of("dukpt-1", "counter").as_u64().expect("a counter");
    let storage = StorageKey::find(&office.keys, None, false).expect("a storage key");
    let mut store = KeyStore::open(&office.keys, storage).expect("a store");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_s = now.expect("after 1970").as_secs();
    let drawn = store.next_key(&"dukpt-1".parse().expect("an id"), now_s);
    assert!(drawn.expect("a key").ksn().starts_with(&[0x12, 0x34]));
    let after = office.of("dukpt-1", "counter").as_u64().expect("a counter");
    assert!(after > before, "{before} {after}");
}

#[test]
fn loading_the_block_again_begins_a_restored_store_anew() {
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let block = office.initial("dukpt-1", KEY_ID);
    assert_eq!(office.load_file(&block).code, 0);
    let path = office.keys.join("keys.store");
    let kept = fs::read(&path).expect("read");
    let draw = |now_s| {
        let storage = StorageKey::find(&office.keys, None, false).expect("a storage key");
        let mut store = KeyStore::unchecked(&office.keys, storage);
        let drawn = store.next_key(&"dukpt-1".parse().expect("an id"), now_s);
        drawn.map(|key| key.ksn().to_vec())
    };
    let now_s = 1_800_000_000;
    let used = draw(now_s).expect("a key");
    fs::write(&path, kept).expect("put back");
    let refused = draw(now_s + 1).expect_err("refused").to_string();
    assert!(refused.contains("was copied or restored"), "{refused}");

    let ran = office.load_file(&block);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("so \"dukpt-1\" was dropped"),
        "{}",
        ran.out
    );
    assert!(draw(now_s + 1).expect("a key") > used);
}

#[test]
fn a_key_block_under_another_protection_key_is_refused() {
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let before = office.files();
    let out = office.file("other.key-block");
    let arguments = ["wrap", "--id", "dukpt-1", "--kind", "dukpt_aes128"];
    let more = ["--initial-key-id", KEY_ID, "--out", text(&out)];
    let lines = [ONE, THREE, INITIAL_PARTS[0], INITIAL_PARTS[1]].join("\n");
    let ran = office.fed(&[&arguments[..], &more, &PEOPLE].concat(), &lines);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_refused(&office.load_file(&out), 72, "under another protection key");
    assert_eq!(office.files(), before);
}

#[test]
fn a_changed_key_block_is_refused_at_every_character() {
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let block = fs::read_to_string(office.initial("dukpt-1", KEY_ID)).expect("written");
    let before = office.files();
    // The vault's tests change every single character; here one of each part is enough.
    for at in [0, 5, 7, 8, 16, 25, 40, block.len() / 2, block.len() - 2] {
        let mut bytes = block.clone().into_bytes();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        let file = office.write("changed", &bytes);
        let ran = office.load_file(&file);
        assert_eq!(ran.code, 72, "at {at}: {}{}", ran.out, ran.err);
        assert_eq!(office.files(), before, "at {at}");
    }
}

#[test]
fn a_key_with_another_check_value_than_the_manifests_is_refused() {
    let stated = |value: &str| {
        let more = format!("check_value = \"{value}\"");
        key("dukpt-1", "dukpt_aes128", -1, 100, &more)
    };
    let office = Office::with_protection_key(&[protection(), stated("89352BEE77")]);
    let block = office.initial("dukpt-1", KEY_ID);
    let ran = office.load_file(&block);
    assert_refused(&ran, 72, "the manifest says 89352BEE77");
    assert_eq!(office.of("dukpt-1", "loaded"), false);
    let ran = office.load_manifest(2, &[protection(), stated(INITIAL_CHECK)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(office.load_file(&block).code, 0);
}

#[test]
fn a_key_for_something_else_is_refused() {
    let kbpk = secret(KBPK);
    let protection_key = ProtectionKey::aes(&kbpk).expect("a key");
    let ik = OptionalBlock::initial_key_id(&[0x12; 8]);
    let made = |usage: Usage, mode: ModeOfUse| {
        let mut header = Header::new(Version::D, usage, Algorithm::Aes, mode);
        header.optional.push(ik.clone());
        let initial = secret(INITIAL);
        let block = KeyBlock::wrap(header, &initial, &protection_key, &SystemRandom::new());
        format!("{}\n", block.expect("a block").as_str())
    };
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    for (usage, mode, part) in [
        (Usage::INITIAL_DUKPT_KEY, ModeOfUse::ENCRYPT, "mode of use"),
        (
            Usage::KEY_ENCRYPTION,
            ModeOfUse::BOTH_WAYS,
            "of the kind key_block_protection",
        ),
        (Usage::HMAC, ModeOfUse::GENERATE, "is for"),
    ] {
        let file = office.write("block", made(usage, mode).as_bytes());
        let ran = office.ran(&["load", text(&file), "--id", "dukpt-1"]);
        assert_refused(&ran, 72, part);
    }
    // The same key, as what it is: without a label, the manifest says which one it must be.
    let good = made(Usage::INITIAL_DUKPT_KEY, ModeOfUse::DERIVE);
    let ran = office.fed(&["load", "-"], &good);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(office.of("dukpt-1", "loaded"), true);
}

#[test]
fn a_key_that_the_manifest_does_not_allow_is_refused() {
    let kind = "dukpt_aes128";
    let revoked = "check_value = \"differs\"\nrevoked = \"stolen on its way\"";
    for (keys, part) in [
        (
            vec![own("dukpt-9", kind, -1, 100)],
            "names no key \"dukpt-1\"",
        ),
        (vec![own("dukpt-1", kind, -100, -1)], "was valid until"),
        (
            vec![key("dukpt-1", kind, -1, 100, revoked)],
            "stolen on its way",
        ),
        (
            vec![own("dukpt-1", "dukpt_aes256", -1, 100)],
            "says dukpt_aes256",
        ),
    ] {
        let keys = [vec![protection()], keys].concat();
        let office = Office::with_protection_key(&keys);
        let block = office.initial("dukpt-1", KEY_ID);
        assert_refused(&office.load_file(&block), 72, part);
    }
    // A protection key that was revoked opens nothing.
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let block = office.initial("dukpt-1", KEY_ID);
    let gone = key("kbpk-1", "key_block_protection", -1, 100, revoked);
    assert_eq!(office.load_manifest(2, &[gone, dukpt()]).code, 0);
    let ran = office.load_file(&block);
    assert_refused(&ran, 72, "No key block protection key is loaded");
}

#[test]
fn an_initial_key_is_loaded_once() {
    let second = own("dukpt-2", "dukpt_aes128", -1, 100);
    let office = Office::with_protection_key(&[protection(), dukpt(), second]);
    let block = office.initial("dukpt-1", KEY_ID);
    assert_eq!(office.load_file(&block).code, 0);
    assert_refused(&office.load_file(&block), 72, "loaded already");
    // Under another name it would give the same keys again.
    let ran = office.ran(&["load", text(&block), "--id", "dukpt-2"]);
    assert_refused(&ran, 72, "loaded already, as \"dukpt-1\"");
}

#[test]
fn a_demo_may_go_without_a_manifest_and_production_may_not() {
    let office = Office::new();
    let ceremony = ["ceremony", "--id", "kbpk-1"];
    let lines = [ONE, TWO].join("\n");
    let ran = office.fed(&[&ceremony[..], &PEOPLE].concat(), &lines);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let block = office.initial("dukpt-1", KEY_ID);
    let ran = office.load_file(&block);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("No manifest vouches for it"),
        "{}",
        ran.out
    );
    let ran = office.ran(&["load", text(&block), "--production"]);
    assert_refused(&ran, 72, "retailer's root key");
    // Once there is a manifest, it decides.
    assert_eq!(office.load("retailer.pub.toml").code, 0);
    assert_eq!(
        office
            .load_manifest(1, &[acquirer("acq-1", -1, 100, "")])
            .code,
        0
    );
    assert_eq!(office.of("dukpt-1", "state"), "not_in_manifest");
}
