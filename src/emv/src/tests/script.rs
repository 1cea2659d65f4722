use super::card::{Card, Ran, hex, pay_with};
use crate::{Ending, HostAnswer, HostDecision, ScriptResult, Tsi, Tvr};

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
fn a_command_that_is_none_fails_its_script() {
    let ran = run(&Card::good(), "7104 86028418");
    assert_eq!(ran.evidence().scripts[0].result, 0x11);
}

#[test]
fn the_results_are_in_the_final_de_55() {
    let ran = run(&Card::good(), &script("72"));
    assert!(ran.evidence().de55.ends_with(&hex("9F5B05 20 00000001")));
}
