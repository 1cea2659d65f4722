//! What is looked for.

use std::collections::BTreeSet;

use sealpoint_cardsim::profile;

use super::*;

#[test]
fn every_card_of_the_demo_is_looked_for() {
    let wanted = built_in().expect("numbers");
    let known: BTreeSet<&[u8]> = wanted
        .iter()
        .filter_map(|wanted| match wanted {
            Wanted::Card(pan) => Some(pan.expose()),
            Wanted::Bytes { .. } => None,
        })
        .collect();
    assert_eq!(known.len(), BUILT_IN.len(), "one is there twice");
    for card in profile::all() {
        assert!(
            known.contains(card.holder.pan.as_bytes()),
            "{} is not looked for",
            card.name
        );
    }
}

#[test]
fn a_file_adds_cards_keys_and_pin_blocks() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cards.txt");
    let text = "# ours\n\n4761 7390-0101 0119\nthe base key = 00112233445566778899AABBCCDDEEff\n";
    std::fs::write(&path, text).expect("a file");
    let mut wanted = Vec::new();
    read(&path, &mut wanted).expect("understood");
    let shown: Vec<String> = wanted.iter().map(Wanted::shown).collect();
    assert_eq!(shown, ["476173******0119", "the base key"]);
}

#[test]
fn a_line_that_is_neither_is_named_by_its_number_and_not_quoted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cards.txt");
    for line in [
        "12345",
        "47617390010101x9",
        "k = 0011",
        "k = zz",
        "= 0011223344556677",
    ] {
        std::fs::write(&path, format!("#\n{line}\n")).expect("a file");
        let fault = read(&path, &mut Vec::new())
            .expect_err("refused")
            .to_string();
        assert!(fault.contains("line 2"), "{fault}");
        assert!(
            !fault.contains("12345") && !fault.contains("47617"),
            "{fault}"
        );
    }
}
