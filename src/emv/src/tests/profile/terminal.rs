use super::{all_refused, error, refused, with};
use crate::{TerminalData, TerminalType};

fn accepted(text: &str) -> TerminalData {
    match TerminalData::from_toml(text) {
        Ok(terminal) => terminal,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn only_terminals_of_a_merchant_that_can_go_online_are_taken() {
    for code in [21, 22, 24, 25] {
        let unattended = code > 22;
        let text = with("type = 22", &format!("type = {code}"));
        let text = if unattended {
            // Nobody compares a signature there.
            text.replace("20F8C8", "20D8C8")
                .replace("37204080", "35204080")
        } else {
            text
        };
        assert_eq!(Some(accepted(&text).kind), TerminalType::from_code(code));
    }
    for code in ["0", "11", "23", "26", "34", "36", "99", "100", "-1"] {
        assert_eq!(
            refused("type = 22", &format!("type = {code}")).key,
            "terminal.type"
        );
    }
}

#[test]
fn identity_is_bounded() {
    all_refused(
        "terminal.country",
        &[
            ("country = 276", "country = 0", "out of range"),
            ("country = 276", "country = 1000", "out of range"),
            (
                "country = 276",
                "country = 99999999999999999999",
                "out of range",
            ),
        ],
    );
    all_refused(
        "terminal.serial",
        &[
            ("SEALBNCH", "SEALBNC", "too short"),
            ("SEALBNCH", "SEALBNCH9", "too long"),
            ("SEALBNCH", "SEAL BNC", "letters and digits"),
        ],
    );
    all_refused(
        "terminal.merchant_category",
        &[("5411", "54110", "out of range")],
    );
    all_refused(
        "terminal.merchant_id",
        &[
            ("BENCH0000001", "", "too short"),
            ("BENCH0000001", "BENCH00000000001", "too long"),
        ],
    );
    all_refused(
        "terminal.merchant_name",
        &[
            ("Demostadt", "Demöstadt", "printable ASCII"),
            ("Sealpoint Bench, Demostadt", "", "too short"),
            (
                "Sealpoint Bench",
                "A market with so very long a name",
                "too long",
            ),
        ],
    );
    all_refused(
        "terminal.acquirer",
        &[
            ("acquirer = 0", "acquirer = 100000000000", "out of range"),
            ("acquirer = 0", "acquirer = -1", "out of range"),
        ],
    );
    let padded = accepted(&with("acquirer = 0", "acquirer = 99999999999"));
    assert_eq!(padded.acquirer, 99_999_999_999);
    assert_eq!(&padded.merchant_id, b"BENCH0000001   ");
}

/// Book 4 Annex A2.
#[test]
fn a_capability_that_is_reserved_or_not_kept_is_refused() {
    let from = "capabilities = \"20F8C8\"";
    for (to, words) in [
        ("20F8", "too short"),
        ("20F8C8C8", "too long"),
        ("2XF8C8", "hexadecimal"),
        ("30F8C8", "reserved bits in byte 1"),
        ("00F8C8", "chips with contacts"),
        ("C0F8C8", "chips with contacts"),
        ("20FCC8", "biometric"),
        ("20F9C8", "reserved"),
        ("20F8E8", "keep cards"),
        ("20F8D8", "byte 3"),
        ("20F8CC", "elliptic curve"),
        ("20F880", "no dynamic data authentication"),
        ("20F800", "no dynamic data authentication"),
    ] {
        all_refused(
            "terminal.capabilities",
            &[(from, &format!("capabilities = \"{to}\""), words)],
        );
    }
    // What the merchant has beside this software may be claimed.
    let terminal = accepted(&with("20F8C8", "E0F848"));
    assert_eq!(terminal.capabilities, [0xE0, 0xF8, 0x48]);
}

#[test]
fn an_unattended_terminal_takes_no_signatures() {
    for kind in ["type = 24", "type = 25"] {
        let refusal = error(&with("type = 22", kind)).to_string();
        assert!(
            refusal.contains("`terminal.capabilities` claims signatures"),
            "{refusal}"
        );
    }
}

#[test]
fn an_online_terminal_may_do_without_data_authentication() {
    let text = with("type = 22", "type = 21").replace("20F8C8", "20F800");
    let text = text.replace("37204080", "36204080");
    assert_eq!(accepted(&text).capabilities[2], 0);
}

/// Book 4 Annex A3.
#[test]
fn additional_capabilities_are_checked_bit_by_bit() {
    let from = "additional_capabilities = \"F000F0F001\"";
    for (to, words) in [
        ("F000F0F0", "too short"),
        ("0000F0F001", "neither goods nor services nor cash"),
        ("9000F0F001", "cashback"),
        ("F001F0F001", "byte 2"),
        ("F000F8F001", "byte 3"),
        ("F000F0F801", "byte 4"),
        ("F000F07001", "no printer for the attendant"),
    ] {
        let to = format!("additional_capabilities = \"{to}\"");
        all_refused("terminal.additional_capabilities", &[(from, &to, words)]);
    }
}

#[test]
fn a_pin_may_be_bypassed_only_where_the_profile_says_so() {
    assert!(accepted(&with("pin_bypass = true", "pin_bypass = true")).pin_bypass);
    assert!(!accepted(&with("pin_bypass = true\n", "")).pin_bypass);
}
