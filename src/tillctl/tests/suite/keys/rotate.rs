//! The next key takes over, and the one before is gone.

use sealpoint_emv::Sealing;
use sealpoint_lane::keys::Keys;

use super::office::{Office, acquirer, assert_refused, dukpt, own, protection, today};

fn next(from: i64) -> String {
    own("dukpt-2", "dukpt_aes128", from, 300)
}

fn with_first(keys: &[String]) -> Office {
    let office = Office::with_protection_key(keys);
    let block = office.initial("dukpt-1", "1234567890123456");
    assert_eq!(office.load_file(&block).code, 0);
    office
}

#[test]
fn the_old_key_is_erased_when_the_new_one_is_valid_and_loaded() {
    let office = with_first(&[protection(), dukpt(), next(-1)]);
    assert_refused(
        &office.ran(&["rotate"]),
        72,
        "\"dukpt-2\" (dukpt_aes128) is not loaded",
    );
    assert_eq!(office.of("dukpt-1", "state"), "in_use");
    let block = office.initial("dukpt-2", "1234567890999999");
    assert_eq!(office.load_file(&block).code, 0);
    assert_eq!(office.of("dukpt-2", "state"), "in_use");
    assert_eq!(office.of("dukpt-1", "state"), "valid");
    assert_refused(
        &office.ran(&["rotate", "--to", "dukpt-1"]),
        72,
        "\"dukpt-2\" is the key to use today",
    );
    let ran = office.ran(&["rotate", "--to", "dukpt-2"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\"dukpt-1\" is erased"), "{}", ran.out);
    assert_eq!(office.of("dukpt-1", "loaded"), false);
    assert_eq!(office.of("dukpt-2", "state"), "in_use");
    assert_eq!(office.of("kbpk-1", "loaded"), true);
    assert_refused(
        &office.ran(&["rotate"]),
        72,
        "the manifest names no later one",
    );
}

#[test]
fn a_key_whose_day_has_not_come_replaces_nothing() {
    let office = with_first(&[protection(), dukpt(), next(5)]);
    let block = office.initial("dukpt-2", "1234567890999999");
    assert_eq!(office.load_file(&block).code, 0);
    assert_eq!(office.of("dukpt-2", "state"), "next");
    assert_refused(&office.ran(&["rotate"]), 72, "is valid from");
    assert_refused(
        &office.ran(&["rotate", "--to", "dukpt-2"]),
        72,
        "not \"dukpt-2\"",
    );
    assert_eq!(office.of("dukpt-1", "state"), "in_use");
}

#[test]
fn a_public_key_rotates_by_itself_while_the_lane_runs() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let mut lane = Keys::new(&office.keys, false);
    let mut seals = || {
        let ready = lane.ready(Sealing::default(), today()).expect("a key");
        ready.key_id().to_string()
    };
    assert_eq!(seals(), "acq-1");
    let both = [
        acquirer("acq-1", -10, 100, ""),
        acquirer("acq-2", 0, 200, ""),
    ];
    assert_eq!(office.load_manifest(2, &both).code, 0);
    assert_eq!(seals(), "acq-2");
    let ran = office.ran(&["rotate", "--to", "acq-2"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_refused(
        &office.ran(&["rotate", "--to", "acq-1"]),
        72,
        "not \"acq-1\"",
    );
}
