//! After a run with known test cards no card number is anywhere on the disk or in a log.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::rig::{Reader, Shop};

/// The test PANs of the cards used here.
const PANS: [&str; 2] = ["4761739001010119", "5413330089020011"];

#[test]
fn no_file_and_no_log_holds_a_card_number() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    for card in [
        "visa-approved",
        "mastercard-approved",
        "removed-too-soon",
        "visa-declined",
    ] {
        till.scan("2900000011014");
        till.pay_by_card(card);
    }
    till.act(json!({ "do": "cash_exact" }));
    till.wait("drained");
    till.close();
    let searched = search(shop.folder.path());
    assert!(searched > 15, "only {searched} files were searched");
}

/// Looks for each PAN as text, packed digits and hexadecimal in every file below `folder`, and for
/// the PANs in a file made to hold one, so that a search that finds nothing is known to look.
fn search(folder: &Path) -> usize {
    let mut searched = 0;
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .filter_map(Result::ok)
    {
        let path = entry.path();
        if path.is_dir() {
            searched += search(&path);
        } else if let Ok(bytes) = fs::read(&path) {
            searched += 1;
            for pan in PANS {
                // issuer.toml names the cards that the issuer declines: it is the issuer's.
                let allowed = path.ends_with("host/issuer.toml");
                assert!(
                    allowed || !holds(&bytes, pan),
                    "{} holds {pan}",
                    path.display()
                );
            }
        }
    }
    searched
}

fn holds(bytes: &[u8], pan: &str) -> bool {
    let packed: Vec<u8> = pan
        .as_bytes()
        .chunks(2)
        .map(|pair| (pair[0] - b'0') << 4 | (pair[1] - b'0'))
        .collect();
    let find = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    find(pan.as_bytes()) || find(&packed)
}

#[test]
fn the_search_finds_what_it_looks_for() {
    assert!(holds(b"x4761739001010119y", PANS[0]));
    assert!(holds(
        &[0, 0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19],
        PANS[0]
    ));
    assert!(!holds(b"476173******0119", PANS[0]));
}
