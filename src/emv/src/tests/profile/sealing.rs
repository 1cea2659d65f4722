use super::{BENCH, error};
use crate::{ProfileError, Sealing, SealingMethod, TerminalData, TokenPolicy};

/// What a bench profile with that table says.
fn sealing(table: &str) -> Sealing {
    let text = format!("{BENCH}\n{table}\n");
    TerminalData::from_toml(&text).expect("a profile").sealing
}

#[test]
fn without_a_table_card_data_is_sealed_to_a_public_key_and_no_token_leaves() {
    assert_eq!(sealing(""), sealing("[sealing]"));
    assert_eq!(
        sealing(""),
        Sealing {
            method: SealingMethod::Hpke,
            tokens: TokenPolicy::Off,
        }
    );
}

#[test]
fn each_method_and_policy_is_read() {
    for (word, method) in [
        ("\"hpke\"", SealingMethod::Hpke),
        ("\"aes_dukpt\"", SealingMethod::AesDukpt),
        ("\"tdes_dukpt\"\nlegacy = true", SealingMethod::TdesDukpt),
    ] {
        let table = format!("[sealing]\nmethod = {word}");
        assert_eq!(sealing(&table).method, method, "{word}");
    }
    for (word, tokens) in [
        ("off", TokenPolicy::Off),
        ("apart", TokenPolicy::Apart),
        ("beside_truncated_pan", TokenPolicy::BesideTruncatedPan),
    ] {
        let table = format!("[sealing]\ntokens = \"{word}\"");
        assert_eq!(sealing(&table).tokens, tokens, "{word}");
    }
}

#[test]
fn tdes_is_taken_only_where_it_is_said_to_be_a_legacy() {
    for legacy in ["", "legacy = false"] {
        let table = format!("[sealing]\nmethod = \"tdes_dukpt\"\n{legacy}");
        let refusal = error(&format!("{BENCH}\n{table}\n")).to_string();
        assert!(
            refusal.contains("`sealing.method` is for acquirers"),
            "{refusal}"
        );
        assert!(refusal.contains("`legacy = true`"), "{refusal}");
    }
}

#[test]
fn another_word_or_key_is_refused_with_its_name() {
    for (table, wrong) in [
        ("[sealing]\nmethod = \"rsa\"", "sealing.method"),
        ("[sealing]\nmethod = 1", "sealing.method"),
        ("[sealing]\ntokens = \"always\"", "sealing.tokens"),
        ("[sealing]\nlegacy = \"yes\"", "sealing.legacy"),
        ("[sealing]\nkey = \"x\"", "sealing.key"),
        ("[[sealing]]\nmethod = \"hpke\"", "sealing"),
    ] {
        let ProfileError::Value { key, remedy, .. } = error(&format!("{BENCH}\n{table}\n")) else {
            panic!("{table}: not about a value");
        };
        assert_eq!(key, wrong, "{table}");
        assert!(!remedy.is_empty());
    }
}
