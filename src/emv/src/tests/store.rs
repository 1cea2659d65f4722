use sealpoint_secret::Pan;

use super::card::{Card, approval, hex, pay, reach};
use crate::{
    Output, Tag, demo_profile,
    store::{Store, shows},
    tag,
};

#[test]
fn account_data_goes_to_the_card_alone() {
    for tag in tag::ACCOUNT_DATA {
        let mut store = Store::default();
        store.learn(tag, &hex("4761739001010119")).expect("room");
        assert!(store.public(tag).is_none(), "{tag}");
        assert!(store.for_card(tag).is_some(), "{tag}");
    }
}

#[test]
fn what_is_unknown_or_empty_is_not_kept() {
    let mut store = Store::default();
    for tag in (0xDF01..=0xDFFF).map(Tag).chain([tag::LANGUAGE]) {
        assert_eq!(store.learn(tag, &[]), Ok(()));
        assert_eq!(store.for_card(tag), None, "{tag}");
    }
    for _ in 0..2 {
        assert_eq!(store.learn(Tag(0xDF01), &[1]), Ok(()));
        assert_eq!(store.for_card(Tag(0xDF01)), None);
    }
}

/// Plays a charge and gives what the kernel's store holds of these elements while the host is asked.
fn held_while_the_host_is_asked(card: &Card, tags: &[Tag]) -> Vec<bool> {
    let online = |output: &Output| matches!(output, Output::GoOnline(_));
    let kernel = reach(&demo_profile(), card, &approval(), online);
    let held = |tag: &Tag| kernel.dialogue.store.for_card(*tag).is_some();
    tags.iter().map(held).collect()
}

#[test]
fn once_the_account_is_out_to_be_sealed_the_kernel_holds_it_no_more() {
    let tags = [tag::PAN, tag::TRACK2, tag::CARDHOLDER_NAME, tag::CDOL2];
    let held = held_while_the_host_is_asked(&Card::good(), &tags);
    assert_eq!(held, [false, false, false, true]);
}

#[test]
fn what_cdol2_asks_for_stays_until_the_card_has_it() {
    let card = Card::good().with(tag::CDOL2, "8A02 5A08");
    let held = held_while_the_host_is_asked(&card, &[tag::PAN, tag::TRACK2]);
    assert_eq!(held, [true, false]);
    let second = pay(&card).commands(0xAE)[1].to_vec();
    assert!(second.ends_with(&hex("3030 4761739001010119 00")));
}

#[test]
fn once_it_is_over_the_kernel_holds_nothing_of_the_card() {
    let card = Card::good();
    let over = |output: &Output| matches!(output, Output::Done(_));
    let kernel = reach(&demo_profile(), &card, &approval(), over);
    for (tag, _) in card.elements {
        assert!(kernel.dialogue.store.for_card(tag).is_none(), "{tag}");
    }
}

#[test]
fn a_truncated_pan_is_found_without_its_hidden_digits() {
    let pan = Pan::from_digits(b"4761739001010119").expect("a PAN");
    let shown = pan.truncated();
    for data in [
        "4761739001010119",
        "0476173900101011 90",
        "34373631373339303031303130313139",
    ] {
        assert!(shows(&shown, &hex(data)), "{data}");
    }
    for data in ["", "476173", "4761739001010118", "476173A001010119"] {
        assert!(!shows(&shown, &hex(data)), "{data}");
    }
    let short = Pan::from_digits(b"4761739001011")
        .expect("a PAN")
        .truncated();
    assert!(
        !shows(&short, &hex("4761739001011F")),
        "four digits say nothing"
    );
}
