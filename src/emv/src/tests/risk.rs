//! Terminal risk management (EMV 4.4 Book 3 §10.6, Book 4 §6.3.5).

use super::card::{Card, Ran, Scene, approval, charge, hex, object, ok};
use crate::{Known, RandomSelection, Tag, TerminalData, TerminalType, Tsi, Tvr, demo_profile, tag};

const VELOCITY: Tvr = Tvr::LOWER_OFFLINE_LIMIT
    .union(Tvr::UPPER_OFFLINE_LIMIT)
    .union(Tvr::CARD_DATA_MISSING)
    .union(Tvr::NEW_CARD);

fn offline_terminal(floor_limit_minor: u32) -> TerminalData {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    terminal.applications[0].floor_limit_minor = floor_limit_minor;
    terminal
}

fn ran(terminal: &TerminalData, card: &Card, known: Known) -> Ran {
    Scene {
        known,
        ..Scene::at(terminal, Some(&approval()))
    }
    .play(|command| card.answer(command))
}

#[test]
fn the_floor_limit_is_compared_with_the_amount() {
    for (floor_limit, over) in [(0, true), (1_234, true), (1_235, false)] {
        let ran = ran(
            &offline_terminal(floor_limit),
            &Card::good(),
            Known::default(),
        );
        assert_eq!(
            ran.tvr().contains(Tvr::OVER_FLOOR_LIMIT),
            over,
            "{floor_limit}"
        );
        assert!(ran.evidence().tsi.contains(Tsi::TERMINAL_RISK));
    }
}

#[test]
fn a_split_sale_counts_as_one() {
    for (floor_limit, earlier_minor, over) in [
        (10_000, 0, false),
        (10_000, 8_765, false),
        (10_000, 8_766, true),
        (10_000, i64::MAX, true),
        (10_000, i64::MIN, false),
        (1_234, i64::MIN, true),
    ] {
        let known = Known {
            earlier_minor,
            on_exception_file: false,
        };
        let ran = ran(&offline_terminal(floor_limit), &Card::good(), known);
        assert_eq!(ran.tvr().contains(Tvr::OVER_FLOOR_LIMIT), over);
    }
}

#[test]
fn a_card_on_the_exception_file_is_marked() {
    let known = Known {
        earlier_minor: 0,
        on_exception_file: true,
    };
    let ran = ran(&demo_profile(), &Card::good(), known);
    assert!(ran.tvr().contains(Tvr::ON_EXCEPTION_FILE));
}

#[test]
fn the_merchant_may_force_a_charge_online() {
    let terminal = offline_terminal(10_000);
    let mut forced = charge();
    forced.forced_online = true;
    let ran = Scene {
        charge: forced,
        ..Scene::at(&terminal, Some(&approval()))
    }
    .play(|command| Card::good().answer(command));
    assert!(ran.tvr().contains(Tvr::FORCED_ONLINE));
    assert_eq!(ran.commands(0xAE)[0][2], 0x80);
}

#[test]
fn it_is_performed_though_the_card_does_not_ask_for_it() {
    let mut card = Card::good();
    card.options = ok(&object(tag::FORMAT_1, &hex("140008010100")));
    let ran = ran(&demo_profile(), &card, Known::default());
    assert!(ran.tvr().contains(Tvr::OVER_FLOOR_LIMIT));
    assert!(ran.evidence().tsi.contains(Tsi::TERMINAL_RISK));
}

/// Whether 12.34 is selected at a floor limit of 100.00.
fn selected(threshold_minor: u32, target: u8, max: u8, draw: u8) -> bool {
    let mut terminal = offline_terminal(10_000);
    terminal.applications[0].random = RandomSelection {
        threshold_minor,
        target_percent: target,
        max_target_percent: max,
    };
    let mut drawn = charge();
    drawn.random_draw = draw;
    let ran = Scene {
        charge: drawn,
        ..Scene::at(&terminal, Some(&approval()))
    }
    .play(|command| Card::good().answer(command));
    ran.tvr().contains(Tvr::RANDOMLY_ONLINE)
}

#[test]
fn below_the_threshold_the_target_share_is_selected() {
    assert!(selected(1_235, 20, 90, 20));
    assert!(!selected(1_235, 20, 90, 21));
    assert!(!selected(1_235, 0, 99, 1));
}

#[test]
fn from_the_threshold_on_the_share_grows_with_the_amount() {
    // At the threshold it is the target still.
    assert!(selected(1_234, 20, 90, 20));
    assert!(!selected(1_234, 20, 90, 21));
    // (1234 - 234) / (10000 - 234) of 70 percent are 7.17 percent more than 20.
    assert!(selected(234, 20, 90, 27));
    assert!(!selected(234, 20, 90, 28));
    // 1234 / 10000 of 99 percent are 12.2 percent.
    assert!(selected(0, 0, 99, 12));
    assert!(!selected(0, 0, 99, 13));
}

#[test]
fn a_threshold_at_the_floor_limit_or_above_has_no_bias() {
    assert!(!selected(10_000, 5, 99, 6));
    assert!(!selected(u32::MAX, 5, 99, 6));
}

#[test]
fn an_online_only_terminal_and_a_charge_over_the_limit_select_nothing() {
    let all = RandomSelection {
        threshold_minor: 0,
        target_percent: 99,
        max_target_percent: 99,
    };
    let mut online_only = demo_profile();
    online_only.applications[0].floor_limit_minor = 10_000;
    for mut terminal in [online_only, offline_terminal(1_234)] {
        terminal.applications[0].random = all;
        let ran = ran(&terminal, &Card::good(), Known::default());
        assert!(!ran.tvr().contains(Tvr::RANDOMLY_ONLINE));
    }
}

/// What velocity checking finds with limits of 3 and 5, and how many GET DATA it takes.
fn velocity(atc: Option<&str>, last_online: Option<&str>) -> (Tvr, usize) {
    let mut card = Card::good()
        .with(tag::LOWER_OFFLINE_LIMIT, "03")
        .with(tag::UPPER_OFFLINE_LIMIT, "05");
    let counters: [(Tag, Option<&str>); 2] = [(tag::ATC, atc), (tag::LAST_ONLINE_ATC, last_online)];
    for (tag, value) in counters {
        if let Some(value) = value {
            card.counters.push((tag, hex(value)));
        }
    }
    let ran = ran(&demo_profile(), &card, Known::default());
    (ran.tvr() & VELOCITY, ran.commands(0xCA).len())
}

#[test]
fn offline_charges_in_a_row_are_counted_against_both_limits() {
    let lower = Tvr::LOWER_OFFLINE_LIMIT;
    let both = lower | Tvr::UPPER_OFFLINE_LIMIT;
    for (atc, found) in [
        ("0011", Tvr::empty()),
        ("0013", Tvr::empty()),
        ("0014", lower),
        ("0015", lower),
        ("0016", both),
        ("FFFF", both),
    ] {
        assert_eq!(velocity(Some(atc), Some("0010")), (found, 2), "{atc}");
    }
}

#[test]
fn counters_that_are_missing_or_contradict_each_other_exceed_both_limits() {
    let both = Tvr::LOWER_OFFLINE_LIMIT | Tvr::UPPER_OFFLINE_LIMIT;
    for (atc, last_online) in [(Some("0010"), "0010"), (Some("000F"), "0010")] {
        assert_eq!(velocity(atc, Some(last_online)), (both, 2));
    }
    let missing = both | Tvr::CARD_DATA_MISSING;
    for (atc, last_online) in [
        (None, None),
        (Some("0011"), None),
        (None, Some("0010")),
        (Some("11"), Some("0010")),
        (Some("0011"), Some("001000")),
    ] {
        assert_eq!(velocity(atc, last_online), (missing, 2));
    }
}

#[test]
fn a_card_that_was_never_online_is_new() {
    let new = Tvr::NEW_CARD;
    let both = Tvr::LOWER_OFFLINE_LIMIT | Tvr::UPPER_OFFLINE_LIMIT;
    assert_eq!(velocity(Some("0001"), Some("0000")).0, new);
    assert_eq!(velocity(Some("0009"), Some("0000")).0, new | both);
    let missing = Tvr::CARD_DATA_MISSING;
    assert_eq!(velocity(None, Some("0000")).0, new | both | missing);
}

#[test]
fn without_both_limits_the_counters_are_not_asked_for() {
    for card in [
        Card::good(),
        Card::good().with(tag::LOWER_OFFLINE_LIMIT, "03"),
        Card::good().with(tag::UPPER_OFFLINE_LIMIT, "05"),
    ] {
        let ran = ran(&demo_profile(), &card, Known::default());
        assert!(ran.commands(0xCA).is_empty());
        assert_eq!(ran.tvr() & VELOCITY, Tvr::empty());
    }
}

#[test]
fn the_counters_are_asked_for_by_their_tags() {
    let card = Card::good()
        .with(tag::LOWER_OFFLINE_LIMIT, "03")
        .with(tag::UPPER_OFFLINE_LIMIT, "05");
    let ran = ran(&demo_profile(), &card, Known::default());
    assert_eq!(ran.commands(0xCA), [hex("80CA9F3600"), hex("80CA9F1300")]);
}
