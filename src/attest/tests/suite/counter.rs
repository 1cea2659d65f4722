//! The roll-back counter: up, never down, over restarts, deletions and machines with a past.

use std::fs;

use sealpoint_attest::rollback::{self, INDEX, RollbackError};
use sealpoint_attest::tpm::{NvPublic, handle};

use crate::rig::{Machine, said};

/// What exists once a till was set up.
fn set_up(machine: &Machine) -> String {
    let state = machine.path("state");
    fs::write(&state, "").expect("written");
    state.display().to_string()
}

/// A counter of somebody else.
fn other_counter(index: u32) -> NvPublic {
    NvPublic {
        index,
        attributes: 0x1 << 4 | 1 << 1 | 1 << 17 | 1 << 18,
        policy: Vec::new(),
        size: 8,
    }
}

#[test]
fn an_image_that_is_older_than_the_counter_is_refused_and_newer_ones_are_not() {
    let machine = Machine::new();
    let (code, text) = said(&machine.attest(&["rollback", "check", "--index", "0"]));
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = said(&machine.attest(&["rollback", "raise", "--to", "3"]));
    assert_eq!(code, Some(0), "{text}");
    for (index, ends) in [("2", Some(4)), ("3", Some(0)), ("4", Some(0))] {
        let (code, text) = said(&machine.attest(&["rollback", "check", "--index", index]));
        assert_eq!(code, ends, "{index}: {text}");
    }
    let (_, text) = said(&machine.attest(&["rollback", "check", "--index", "2"]));
    assert_eq!(
        text,
        "This image is older than what this till has run: its roll-back index is 2, the TPM asks for 3 \
         or more. Install a newer image.\n"
    );
}

#[test]
fn the_counter_survives_a_restart_and_never_goes_down() {
    let mut machine = Machine::new();
    machine.attest(&["rollback", "check", "--index", "0"]);
    machine.attest(&["rollback", "raise", "--to", "5"]);
    machine.switch_on();
    let (code, text) = said(&machine.attest(&["rollback", "raise", "--to", "2"]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("below 5 are refused"), "{text}");
    let (code, _) = said(&machine.attest(&["rollback", "check", "--index", "4"]));
    assert_eq!(code, Some(4));
}

#[test]
fn a_till_that_was_set_up_and_lost_its_counter_is_refused() {
    let machine = Machine::new();
    let state = set_up(&machine);
    let fresh = machine.path("no-state-yet").display().to_string();
    let check = |state: &str| {
        said(&machine.attest(&["rollback", "check", "--index", "7", "--state", state]))
    };
    assert_eq!(check(&fresh).0, Some(0), "a till's first start");
    assert_eq!(check(&state).0, Some(0), "the next one");
    machine
        .tpm()
        .nv_undefine(handle::OWNER, INDEX)
        .expect("the owner may");
    let (code, text) = check(&state);
    assert_eq!(code, Some(4));
    assert!(text.contains("holds no roll-back counter"), "{text}");
}

/// Deleting it and making it again gives a counter above the old one's value.
#[test]
fn a_counter_that_is_made_again_starts_above_all_that_the_tpm_ever_counted() {
    let machine = Machine::new();
    let mut tpm = machine.tpm();
    rollback::check(&mut tpm, 0, false).expect("made");
    rollback::raise(&mut tpm, 40).expect("raised");
    let value = |tpm: &mut sealpoint_attest::tpm::Tpm| {
        let bytes = tpm.nv_read(INDEX, 8).expect("read");
        u64::from_be_bytes(bytes.try_into().expect("8 bytes"))
    };
    let before = value(&mut tpm);
    tpm.nv_undefine(handle::OWNER, INDEX)
        .expect("the owner may");
    tpm.nv_define(handle::OWNER, &other_counter(INDEX))
        .expect("made");
    tpm.nv_increment(handle::OWNER, INDEX).expect("raised");
    assert!(value(&mut tpm) > before);
    // And it is not taken for ours.
    let error = rollback::check(&mut tpm, 100, false).expect_err("refused");
    assert!(matches!(error, RollbackError::Foreign), "{error}");
}

#[test]
fn a_machine_that_had_another_life_begins_at_nothing_all_the_same() {
    let machine = Machine::new();
    let mut tpm = machine.tpm();
    tpm.nv_define(handle::OWNER, &other_counter(0x0180_0001))
        .expect("made");
    for _ in 0..25 {
        tpm.nv_increment(handle::OWNER, 0x0180_0001)
            .expect("raised");
    }
    assert_eq!(rollback::check(&mut tpm, 0, false).expect("may run"), 0);
    assert_eq!(rollback::raise(&mut tpm, 2).expect("raised"), 2);
    assert!(rollback::check(&mut tpm, 1, true).is_err());
    rollback::check(&mut tpm, 2, true).expect("may run");
}

/// One that can be written as anybody likes, under our mark.
#[test]
fn what_is_no_counter_is_not_taken_for_one() {
    let machine = Machine::new();
    let mut tpm = machine.tpm();
    rollback::check(&mut tpm, 0, false).expect("made");
    rollback::raise(&mut tpm, 9).expect("raised");
    let ours = tpm.nv_public(INDEX).expect("read").expect("there");
    tpm.nv_undefine(handle::OWNER, INDEX)
        .expect("the owner may");
    // TPM_NT_ORDINARY in place of TPM_NT_COUNTER.
    let ordinary = NvPublic {
        attributes: ours.attributes & !(1 << 29) & !(0x1 << 4),
        ..ours
    };
    tpm.nv_define(handle::OWNER, &ordinary).expect("made");
    let error = rollback::check(&mut tpm, 1, false).expect_err("refused");
    assert!(matches!(error, RollbackError::Foreign), "{error}");
}

/// A power cut between the two: the index is there and was never written.
#[test]
fn a_counter_whose_making_was_broken_off_is_made_again() {
    let machine = Machine::new();
    let mut tpm = machine.tpm();
    rollback::check(&mut tpm, 0, false).expect("made");
    let ours = tpm.nv_public(INDEX).expect("read").expect("there");
    tpm.nv_undefine(handle::OWNER, INDEX)
        .expect("the owner may");
    let unwritten = NvPublic {
        attributes: ours.attributes & !(1 << 29),
        ..ours
    };
    tpm.nv_define(handle::OWNER, &unwritten).expect("made");
    assert!(rollback::check(&mut tpm, 3, true).is_err(), "it was set up");
    assert_eq!(rollback::check(&mut tpm, 3, false).expect("may run"), 0);
    assert_eq!(rollback::raise(&mut tpm, 3).expect("raised"), 3);
}

#[test]
fn the_counter_is_not_worn_out_by_a_slip() {
    let machine = Machine::new();
    machine.attest(&["rollback", "check", "--index", "0"]);
    let (code, text) = said(&machine.attest(&["rollback", "raise", "--to", "1001"]));
    assert_eq!(code, Some(1));
    assert!(text.contains("more than 1000 further"), "{text}");
    let (_, text) = said(&machine.attest(&["rollback", "show"]));
    assert!(text.contains("below 0 are refused"), "{text}");
}

#[test]
fn an_image_says_its_index_in_its_own_file() {
    let machine = Machine::new();
    let image = machine.path("image.toml");
    let file = image.display().to_string();
    fs::write(&image, "version = \"1.2.0\"\nrollback_index = 6\n").expect("written");
    let check = || said(&machine.attest(&["rollback", "check", "--image", &file])).0;
    assert_eq!(check(), Some(0));
    let raised = said(&machine.attest(&["rollback", "raise", "--image", &file]));
    assert_eq!(raised.0, Some(0), "{}", raised.1);
    fs::write(&image, "version = \"1.1.9\"\nrollback_index = 5\n").expect("written");
    assert_eq!(check(), Some(4));
    fs::write(&image, "version = \"1.1.9\"\n").expect("written");
    assert_eq!(check(), Some(1), "no index is not index nothing");
}

#[test]
fn a_machine_without_a_tpm_says_so_and_goes_on_only_where_that_is_expected() {
    let mut machine = Machine::new();
    machine.switch_off();
    let words = ["rollback", "check", "--index", "9"];
    let (code, text) = said(&machine.attest(&words));
    assert_eq!(code, Some(5));
    assert!(text.contains("This machine has no TPM"), "{text}");
    let expected = [&words[..], &["--without-tpm-ok"]].concat();
    let (code, text) = said(&machine.attest(&expected));
    assert_eq!(code, Some(0));
    assert!(text.contains("nothing keeps an older image"), "{text}");
}
