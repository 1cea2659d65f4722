//! Charges that the host is not asked for, or cannot be: what it must be told of them, and how much
//! they may be.

use super::card::{Card, approval, charge, play};
use crate::{
    ActionCodes, Charge, Decliner, Ending, TerminalData, TerminalType, Tvr, demo_profile, tag, tlv,
};

/// A terminal whose codes ask for nothing, and a card whose issuer asks for nothing.
fn lax() -> (TerminalData, Card) {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    let application = &mut terminal.applications[0];
    application.floor_limit_minor = 10_000;
    application.actions = ActionCodes {
        denial: Tvr::empty(),
        online: Tvr::empty(),
        default: Tvr::empty(),
    };
    let card = Card::good()
        .with(tag::IAC_ONLINE, "0000000000")
        .with(tag::IAC_DEFAULT, "0000000000");
    (terminal, card)
}

/// The charge of 12.34, with that much allowed without the host.
fn up_to(offline_up_to_minor: i64) -> Charge {
    Charge {
        offline_up_to_minor,
        ..charge()
    }
}

#[test]
fn of_an_approval_that_the_host_was_not_asked_for_there_is_all_that_it_must_be_told() {
    let (terminal, mut card) = lax();
    card.first = 0x40;
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    let advice = ran.advice.expect("what the host must be told");
    assert_eq!(advice.de55, ran.outcome.evidence.de55);
    assert_eq!(tlv::find(&advice.de55, tag::ARC), Ok(Some(&b"Y1"[..])));
    assert_eq!(tlv::find(&advice.de55, tag::CID), Ok(Some(&[0x40][..])));
    let shown = ran.outcome.evidence.truncated_pan.expect("a PAN");
    assert!(advice.card.pan.truncated() == shown && advice.truncated_pan == shown);
    assert!(advice.card.track2.is_some());
}

#[test]
fn any_other_outcome_has_nothing_of_the_card() {
    let (terminal, asking) = lax();
    let mut declining = asking.clone();
    declining.first = 0x00;
    let host = approval();
    for (card, host, ending) in [
        (&asking, None, Ending::ApprovedOffline),
        (&asking, Some(&host), Ending::Approved),
        (&declining, None, Ending::DeclinedOffline(Decliner::Card)),
    ] {
        let ran = play(&terminal, charge(), |command| card.answer(command), host);
        assert_eq!(ran.outcome.ending, ending);
        assert!(ran.advice.is_none(), "{ending:?}");
        assert_eq!(
            ran.request.is_some(),
            ending != Ending::DeclinedOffline(Decliner::Card)
        );
    }
}

#[test]
fn above_its_own_limit_a_charge_is_the_hosts_whatever_the_codes_say() {
    let (terminal, card) = lax();
    for (limit, first, second, ending) in [
        (i64::MAX, 0x40, 0x40, Ending::ApprovedOffline),
        (1_234, 0x40, 0x40, Ending::ApprovedOffline),
        (1_233, 0x80, 0x00, Ending::UnableToGoOnline),
        (0, 0x80, 0x00, Ending::UnableToGoOnline),
        (-1, 0x80, 0x00, Ending::UnableToGoOnline),
        (i64::MIN, 0x80, 0x00, Ending::UnableToGoOnline),
    ] {
        let ran = play(
            &terminal,
            up_to(limit),
            |command| card.answer(command),
            None,
        );
        assert_eq!(ran.outcome.ending, ending, "{limit}");
        let asked: Vec<u8> = ran
            .commands(0xAE)
            .iter()
            .map(|command| command[2])
            .collect();
        assert_eq!(asked, [first, second], "{limit}");
        let over = ran.tvr().contains(Tvr::OVER_FLOOR_LIMIT);
        assert_eq!(over, limit < 1_234, "{limit}");
    }
    let host = approval();
    let ran = play(
        &terminal,
        up_to(0),
        |command| card.answer(command),
        Some(&host),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

#[test]
fn the_card_hears_the_floor_limit_that_counts_for_this_charge() {
    let (mut terminal, card) = lax();
    let card = card.with(tag::CDOL1, "9F1B04 9505 9F3704");
    let heard = |terminal: &TerminalData, limit| {
        let host = approval();
        let ran = play(
            terminal,
            up_to(limit),
            |command| card.answer(command),
            Some(&host),
        );
        let command = ran.commands(0xAE)[0];
        u32::from_be_bytes([command[5], command[6], command[7], command[8]])
    };
    for (limit, floor) in [
        (i64::MAX, 10_000),
        (10_000, 10_000),
        (9_999, 10_000),
        (9_998, 9_999),
        (1, 2),
        (0, 0),
        (i64::MIN, 0),
    ] {
        assert_eq!(heard(&terminal, limit), floor, "{limit}");
    }
    // Where everything goes online, it is the one that was agreed.
    terminal.kind = TerminalType::AttendedOnlineOnly;
    assert_eq!(heard(&terminal, 0), 10_000);
}
