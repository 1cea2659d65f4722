//! Issuer-to-card scripts (EMV 4.4 Book 3 §10.10, Book 4 Annex A5).

use super::card::{Card, Ran, charge, hex, pay_with, play};
use crate::{Ending, HostAnswer, HostDecision, ScriptResult, Tsi, Tvr, demo_profile, tag};

/// Application unblock and PIN change, as two commands of one script.
const BODY: &str = "9F180400000001 8604 84180000 8605 8424000100";

fn run(card: &Card, scripts: &str) -> Ran {
    let answer = HostAnswer::new(HostDecision::Approved, *b"00", &[], &hex(scripts));
    pay_with(card, Some(&answer.expect("a host answer")))
}

fn script(template: &str) -> String {
    format!("{template}{:02X}{BODY}", hex(BODY).len())
}

fn position(ran: &Ran, instruction: u8) -> Option<usize> {
    ran.sent
        .iter()
        .rposition(|command| command[1] == instruction)
}

const DONE: ScriptResult = ScriptResult {
    id: [0, 0, 0, 1],
    result: 0x20,
};

#[test]
fn script_71_runs_before_the_final_cryptogram_and_72_after() {
    let before = run(&Card::good(), &script("71"));
    assert!(position(&before, 0x24) < position(&before, 0xAE));
    let after = run(&Card::good(), &script("72"));
    assert!(position(&after, 0x18) > position(&after, 0xAE));
    for ran in [before, after] {
        assert_eq!(ran.outcome.ending, Ending::Approved);
        assert_eq!(ran.evidence().scripts, [DONE]);
        assert!(ran.evidence().tsi.contains(Tsi::SCRIPT));
    }
}

#[test]
fn a_failed_command_ends_its_script_and_is_numbered() {
    let mut card = Card::good();
    card.script = vec![0x6D, 0x00];
    let ran = run(&card, &format!("{}{}", script("71"), script("72")));
    let failed = ScriptResult {
        result: 0x11,
        ..DONE
    };
    assert_eq!(ran.evidence().scripts, [failed, failed]);
    assert!(
        ran.tvr()
            .contains(Tvr::SCRIPT_FAILED_BEFORE | Tvr::SCRIPT_FAILED_AFTER)
    );
    assert_eq!(ran.commands(0x24).len(), 0);
    assert_eq!(
        ran.outcome.ending,
        Ending::Approved,
        "a script changes no ending"
    );
}

#[test]
fn a_warning_is_no_failure() {
    let mut card = Card::good();
    card.script = vec![0x63, 0xC1];
    assert_eq!(run(&card, &script("72")).evidence().scripts, [DONE]);
}

#[test]
fn a_script_that_cannot_be_read_is_not_performed() {
    let ran = run(&Card::good(), "7103 860584");
    let not_performed = ScriptResult {
        id: [0; 4],
        result: 0x00,
    };
    assert_eq!(ran.evidence().scripts, [not_performed]);
    assert!(ran.tvr().contains(Tvr::SCRIPT_FAILED_BEFORE));
}

#[test]
fn a_script_that_breaks_off_is_told_by_its_name() {
    let ran = run(&Card::good(), "710A 9F180400000001 8605 84");
    let not_performed = ScriptResult {
        result: 0x00,
        ..DONE
    };
    assert_eq!(ran.evidence().scripts, [not_performed]);
    assert_eq!(ran.commands(0x18).len(), 0);
}

/// A command in a wrong tag is no command, and a script without one of its commands is another script.
#[test]
fn what_no_script_has_makes_it_unreadable() {
    for besides in ["DF0104 84180000", "8704 84180000", "8504 84180000"] {
        let length = 13 + hex(besides).len();
        let host = format!("72{length:02X} 9F180400000001 {besides} 8604 84180000");
        let ran = run(&Card::good(), &host);
        let not_performed = ScriptResult {
            result: 0x00,
            ..DONE
        };
        assert_eq!(ran.evidence().scripts, [not_performed], "{besides}");
        assert!(ran.tvr().contains(Tvr::SCRIPT_FAILED_AFTER));
        assert!(ran.evidence().tsi.contains(Tsi::SCRIPT));
        assert_eq!(ran.commands(0x18).len(), 0);
    }
}

#[test]
fn zeros_between_its_elements_are_no_elements() {
    let ran = run(&Card::good(), "720F 9F180400000001 00 8604 84180000 00");
    assert_eq!(ran.evidence().scripts, [DONE]);
}

/// §10.10: what 128 bytes can hold must run.
#[test]
fn a_script_of_128_bytes_runs_whole() {
    let commands = "8604 84180000".repeat(21);
    let ran = run(&Card::good(), &format!("72 7E {commands}"));
    assert_eq!(ran.commands(0x18).len(), 21);
    assert_eq!(ran.evidence().scripts[0].result, 0x20);
}

#[test]
fn a_script_without_a_name_has_zeros() {
    let done = ScriptResult { id: [0; 4], ..DONE };
    for script in ["7206 8604 84180000", "7209 9F1800 8604 84180000"] {
        assert_eq!(run(&Card::good(), script).evidence().scripts, [done]);
    }
}

/// Book 3 §6.3.2: header alone, Le, Lc with its data, and both.
#[test]
fn a_command_that_is_none_fails_its_script() {
    for none in ["8418", "8418000002AA", "841800000002", "8418000001AABBCC"] {
        let length = hex(none).len();
        let script = format!("71{:02X} 86{length:02X} {none}", length + 2);
        let ran = run(&Card::good(), &script);
        assert_eq!(ran.evidence().scripts[0].result, 0x11, "{none}");
        assert_eq!(ran.commands(0x18).len(), 0, "{none}");
    }
    for one in ["84180000", "8418000000", "8418000001AA", "8418000001AA00"] {
        let length = hex(one).len();
        let script = format!("71{:02X} 86{length:02X} {one}", length + 2);
        let ran = run(&Card::good(), &script);
        assert_eq!(ran.commands(0x18), [hex(one)], "{one}");
    }
}

#[test]
fn a_failed_script_does_not_stop_the_next() {
    let mut card = Card::good();
    card.script = vec![0x69, 0x85];
    let second = "7213 9F180400000002 8604 84160000 8604 84180000";
    let ran = run(&card, &format!("{} {second}", script("72")));
    let results: Vec<_> = ran
        .evidence()
        .scripts
        .iter()
        .map(|one| one.result)
        .collect();
    assert_eq!(results, [0x11, 0x11]);
    assert_eq!(ran.commands(0x16).len(), 1);
}

#[test]
fn the_failed_command_is_numbered_up_to_fifteen() {
    let commands = "8604 84160000".repeat(16);
    let length = hex(&commands).len();
    let host = format!("72{length:02X} {commands}");
    for (failing, result) in [(1, 0x11), (14, 0x1E), (15, 0x1F), (16, 0x1F)] {
        let card = Card::good();
        let answer = HostAnswer::new(HostDecision::Approved, *b"00", &[], &hex(&host));
        let mut sent = 0;
        let ran = play(
            &demo_profile(),
            charge(),
            |command| {
                sent += usize::from(command[1] == 0x16);
                match command[1] {
                    0x16 if sent == failing => vec![0x69, 0x85],
                    _ => card.answer(command),
                }
            },
            Some(&answer.expect("a host answer")),
        );
        assert_eq!(ran.evidence().scripts[0].result, result, "{failing}");
    }
}

#[test]
fn scripts_run_after_a_decline_too() {
    let answer = HostAnswer::new(HostDecision::Declined, *b"05", &[], &hex(&script("72")));
    let ran = pay_with(&Card::good(), Some(&answer.expect("a host answer")));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
    assert_eq!(ran.evidence().scripts, [DONE]);
}

/// §10.10: a failure before the final cryptogram is told to the card that makes it.
#[test]
fn the_card_learns_that_its_script_failed() {
    let mut card = Card::good().with(tag::CDOL2, "8A02 9505");
    card.script = vec![0x69, 0x85];
    let ran = run(&card, &script("71"));
    assert_eq!(ran.commands(0xAE)[1][11] & 0x20, 0x20);
}

#[test]
fn the_results_are_in_the_final_de_55() {
    let ran = run(&Card::good(), &script("72"));
    assert!(ran.evidence().de55.ends_with(&hex("9F5B05 20 00000001")));
}

/// DE 55 has 255 bytes at most.
#[test]
fn what_became_of_every_script_fits_into_de_55() {
    let mut card = Card::good();
    card.aid = hex("A0000000031010 010203040506070809");
    card.iad = vec![0xAA; 32];
    let all = [script("71").repeat(9), script("72").repeat(9)].concat();
    let ran = run(&card, &all);
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(ran.evidence().scripts, [DONE; 14]);
    let failed = Tvr::SCRIPT_FAILED_BEFORE | Tvr::SCRIPT_FAILED_AFTER;
    assert!(ran.tvr().contains(failed), "the others");
    assert!(
        ran.evidence().de55.len() <= 255,
        "{}",
        ran.evidence().de55.len()
    );
}
