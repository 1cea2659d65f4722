//! The hot list: only the retailer's, whole and in order; every card on it is found, and no other.

use proptest::prelude::*;
use sealpoint_wire::CardToken;

use super::signed::root;
use crate::signed::{self, BadSignature, Purpose};
use crate::{BadHotList, Day, HotList, MAX_HOT_CARDS};

const HEAD: &str = "hot list\nversion 7\nissued 2026-11-23\nkey token-2026\n";

fn tokens(count: usize) -> Vec<CardToken> {
    (0..count)
        .map(|number| {
            let mut bytes = [0x5A; 16];
            bytes[..8].copy_from_slice(&(3 * number as u64).to_be_bytes());
            CardToken::new(bytes)
        })
        .collect()
}

fn body(tokens: &[CardToken]) -> String {
    let lines: String = tokens.iter().map(|token| format!("{token}\n")).collect();
    format!("{HEAD}cards {}\n{lines}", tokens.len())
}

fn sign(body: &str) -> String {
    signed::sign(body, Purpose::HotList, &root()).expect("it can be signed")
}

fn read(body: &str) -> Result<HotList, BadHotList> {
    HotList::verify(&sign(body), root().public())
}

fn refused(body: &str) -> BadHotList {
    read(body).err().expect("no hot list")
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

#[test]
fn every_card_on_the_list_is_found_and_no_other() {
    let listed = tokens(1_000);
    let list = read(&body(&listed)).expect("a hot list");
    assert_eq!((list.version(), list.cards()), (7, 1_000));
    assert_eq!(list.key_id().as_str(), "token-2026");
    assert_eq!(list.issued(), day("2026-11-23"));
    assert!(listed.iter().all(|token| list.names(token)));
    for between in 0..1_000_u64 {
        let mut bytes = [0x5A; 16];
        bytes[..8].copy_from_slice(&(3 * between + 1).to_be_bytes());
        assert!(!list.names(&CardToken::new(bytes)));
    }
}

#[test]
fn a_list_of_nobody_and_the_longest_are_taken() {
    let nobody = read(&body(&[])).expect("an empty list");
    assert_eq!(nobody.cards(), 0);
    assert!(!nobody.names(&CardToken::new([0; 16])));

    let listed = tokens(MAX_HOT_CARDS);
    let list = read(&body(&listed)).expect("the longest list");
    assert!(list.names(&listed[MAX_HOT_CARDS - 1]));
    assert_eq!(
        refused(&body(&tokens(MAX_HOT_CARDS + 1))),
        BadHotList::TooMany
    );
}

#[test]
fn a_list_that_was_changed_or_signed_as_something_else_does_not_count() {
    let text = sign(&body(&tokens(3)));
    let verify = |text: &str| HotList::verify(text, root().public()).err();
    assert!(verify(&text).is_none());
    // The thief's card is struck off, or the version raised.
    for (from, to) in [
        ("version 7", "version 8"),
        ("issued 2026-11-23", "issued 2026-11-24"),
        ("cards 3", "cards 2"),
        ("0000000000000003", "0000000000000004"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        assert!(matches!(
            verify(&changed),
            Some(BadHotList::Signature(BadSignature::Wrong(_)))
        ));
    }
    let manifest = signed::sign(&body(&tokens(3)), Purpose::Manifest, &root()).expect("signed");
    assert!(matches!(
        verify(&manifest),
        Some(BadHotList::Signature(BadSignature::OtherPurpose { .. }))
    ));
    assert!(matches!(
        verify(&manifest.replace("-- manifest", "-- hot list")),
        Some(BadHotList::Signature(BadSignature::Wrong(_)))
    ));
}

#[test]
fn each_defect_is_named_with_its_line() {
    let good = body(&tokens(3));
    let with = |from: &str, to: &str| refused(&good.replacen(from, to, 1)).to_string();
    let again = "ask the retailer for the hot list again";
    let lines = [
        ("hot list", "hotlist", 1, "hot list"),
        ("version 7", "version 0", 2, "version "),
        ("version 7", "version +7", 2, "version "),
        ("version 7", "version 99999999999999999999", 2, "version "),
        ("issued 2026-11-23", "issued 23.11.2026", 3, "issued "),
        ("key token-2026", "key TOKEN", 4, "key "),
        ("key token-2026", "token-2026", 4, "key "),
        ("cards 3", "cards three", 5, "cards "),
        ("cards 3", "cards ", 5, "cards "),
    ];
    for (from, to, line, wanted) in lines {
        let said = with(from, to);
        assert_eq!(
            said,
            format!("line {line} is not `{wanted}`; {again}"),
            "{to}"
        );
    }
    assert_eq!(
        with("0000000000000003", "000000000000000g"),
        format!("line 7 is no card token; {again}")
    );
    assert_eq!(
        with("5A5A5A5A5A5A5A5A\n", "5A5A5A5A5A5A5A5A\r\n"),
        format!("line 6 is no card token; {again}")
    );
    assert_eq!(
        with("0000000000000003", "0000000000000000"),
        "line 7 is not above the line before; ask the retailer for a sorted hot list"
    );
    assert_eq!(
        with("0000000000000006", "0000000000000001"),
        "line 8 is not above the line before; ask the retailer for a sorted hot list"
    );
    assert_eq!(
        with("cards 3", "cards 4"),
        format!("it names 3 cards and says 4; {again}")
    );
    assert_eq!(
        with("cards 3", "cards 2"),
        format!("it names 3 cards and says 2; {again}")
    );
    assert_eq!(
        refused("hot list\n").to_string(),
        format!("line 2 is not `version `; {again}")
    );
}

#[test]
fn an_old_list_is_warned_of_from_the_seventh_day_on() {
    let list = read(&body(&tokens(1))).expect("a hot list");
    assert_eq!(list.age_warning(day("2026-11-23")), None);
    assert_eq!(list.age_warning(day("2026-11-29")), None);
    assert_eq!(
        list.age_warning(day("2026-01-01")),
        None,
        "a clock gone back"
    );
    assert_eq!(
        list.age_warning(day("2026-11-30")).as_deref(),
        Some(
            "The hot list is 7 days old and does not know the cards that were reported since. \
             Load a new one."
        )
    );
}

/// Made with Python's `datetime`.
#[test]
fn days_are_counted_by_the_calendar() {
    for (from, to, days) in [
        ("2026-11-23", "2026-11-23", 0),
        ("2026-11-30", "2026-12-01", 1),
        ("2026-12-31", "2027-01-01", 1),
        ("2024-02-28", "2024-03-01", 2),
        ("2026-02-28", "2026-03-01", 1),
        ("2000-02-28", "2000-03-01", 2),
        ("2100-02-28", "2100-03-01", 1),
        ("1970-01-01", "2026-11-23", 20_780),
        ("2026-11-23", "1999-12-31", -9_824),
    ] {
        assert_eq!(day(from).days_until(day(to)), days, "{from} to {to}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text: String, lines in "(hot list\n)?(version [0-9]{1,3}\n)?(issued 2026-11-2[0-9]\n)?(key a\n)?(cards [0-9]{1,6}\n)?([0-9A-F]{32}\n){0,3}") {
        prop_assert!(HotList::verify(&text, root().public()).is_err());
        if !lines.is_empty() {
            let _ = read(&lines);
        }
    }
}
