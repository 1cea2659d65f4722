//! The keys are this TPM's, and what the program gives over its socket is what the verifier needs.

use std::io::Write;

use sealpoint_wire::Bytes;
use sealpoint_wire::attest::{Credential, FromAttester, Identity, PCRS, ToAttester};

use crate::rig::Machine;

fn identity(machine: &Machine) -> Identity {
    match machine.ask(&ToAttester::Identity) {
        FromAttester::Identity { identity } => identity,
        other => panic!("{other:?}"),
    }
}

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes::try_from(bytes.to_vec()).expect("short")
}

#[test]
fn the_keys_are_the_same_after_a_restart_and_another_machines_are_others() {
    let mut machine = Machine::new();
    let first = identity(&machine);
    machine.switch_on();
    assert_eq!(identity(&machine), first);
    let other = identity(&Machine::new());
    assert_ne!(other.attestation_key, first.attestation_key);
    assert_ne!(other.endorsement_key, first.endorsement_key);
}

#[test]
fn the_keys_leave_no_room_taken_behind() {
    let machine = Machine::new();
    // A TPM in software has room for three keys at a time.
    for _ in 0..6 {
        identity(&machine);
    }
}

#[test]
fn a_quote_holds_the_nonce_and_a_value_for_each_register() {
    let machine = Machine::new();
    let nonce = [7; 32];
    let asked = ToAttester::Quote {
        nonce: bytes(&nonce),
    };
    let FromAttester::Quote { quote } = machine.ask(&asked) else {
        panic!("no quote");
    };
    let pcrs: Vec<u8> = quote.pcrs.iter().map(|value| value.pcr).collect();
    assert_eq!(pcrs, PCRS);
    let attest = quote.attest.as_slice();
    assert!(attest.windows(32).any(|part| part == nonce));
}

#[test]
fn a_nonce_of_another_length_and_a_credential_for_nobody_are_refused_in_a_sentence() {
    let machine = Machine::new();
    let short = ToAttester::Quote {
        nonce: bytes(&[7; 31]),
    };
    let foreign = ToAttester::Activate {
        credential: Credential {
            blob: bytes(&[0; 68]),
            secret: bytes(&[0; 68]),
        },
    };
    let refusal = |asked: &ToAttester| match machine.ask(asked) {
        FromAttester::Failed { why } => why,
        other => panic!("{other:?}"),
    };
    for asked in [short, foreign] {
        let why = refusal(&asked);
        assert!(why.ends_with('.'), "{why}");
        // More often than a TPM in software has room for keys and policies.
        for _ in 0..5 {
            assert_eq!(refusal(&asked), why);
        }
    }
    // And the TPM has room as before.
    identity(&machine);
}

#[test]
fn what_is_no_request_gets_no_answer() {
    let machine = Machine::new();
    for bytes in [
        &b"\0\0\0\x02{}"[..],
        &b"\xff\xff\xff\xff"[..],
        // Larger than a request may be.
        &b"\0\x10\0\0"[..],
    ] {
        let answer = machine.converse(|stream| {
            stream.write_all(bytes)?;
            stream.shutdown(std::net::Shutdown::Write)
        });
        assert!(matches!(answer, Ok(None) | Err(_)), "{answer:?}");
    }
}

#[test]
fn a_machine_without_a_tpm_says_so() {
    let mut machine = Machine::new();
    machine.switch_off();
    let answer = machine.ask(&ToAttester::Identity);
    assert!(matches!(answer, FromAttester::NoTpm { .. }), "{answer:?}");
}
