//! Terminal action analysis (EMV 4.4 Book 3 §10.7).

use super::card::{Card, approval, charge, pay, play};
use crate::{
    Charge, ChargeKind, Decliner, Ending, Fault, TerminalData, TerminalType, Tvr, demo_profile, tag,
};

fn at(terminal: &TerminalData, card: &Card) -> (Ending, u8) {
    let ran = play(
        terminal,
        charge(),
        |command| card.answer(command),
        Some(&approval()),
    );
    (ran.outcome.ending, ran.commands(0xAE)[0][2])
}

#[test]
fn the_issuer_may_deny() {
    let card = Card::good()
        .with(tag::EXPIRY, "260101")
        .with(tag::IAC_DENIAL, "0040000000");
    let ran = pay(&card);
    let denied = Decliner::Terminal(Tvr::EXPIRED);
    assert_eq!(ran.outcome.ending, Ending::DeclinedOffline(denied));
    assert!(ran.request.is_none(), "the host was not asked");
    assert!(ran.outcome.ending.to_string().contains("expired"));
}

#[test]
fn a_card_that_asks_is_told_that_the_terminal_declined() {
    let asking = |card: Card| card.with(tag::CDOL1, "8A02");
    let denied = Card::good().with(tag::EXPIRY, "260101");
    let ran = pay(&asking(denied.with(tag::IAC_DENIAL, "0040000000")));
    assert_eq!(ran.commands(0xAE)[0][5..7], *b"Z1");
    let ran = pay(&asking(Card::good()));
    assert_eq!(ran.commands(0xAE)[0][5..7], [0, 0]);
}

#[test]
fn the_acquirer_may_deny() {
    let mut terminal = demo_profile();
    terminal.applications[0].actions.denial = Tvr::ODA_NOT_PERFORMED;
    let denied = Decliner::Terminal(Tvr::ODA_NOT_PERFORMED);
    assert_eq!(
        at(&terminal, &Card::good()),
        (Ending::DeclinedOffline(denied), 0x00)
    );
}

#[test]
fn an_expired_card_that_nobody_denies_is_for_the_host_to_judge() {
    let ran = pay(&Card::good().with(tag::EXPIRY, "260101"));
    assert!(ran.request.is_some());
    assert!(ran.tvr().contains(Tvr::EXPIRED));
}

#[test]
fn the_terminal_asks_for_what_the_codes_say() {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    terminal.applications[0].actions.online = Tvr::empty();
    let quiet = Card::good().with(tag::IAC_ONLINE, "0000000000");
    let asking = Card::good().with(tag::IAC_ONLINE, "8000000000");
    let silent = Card::good().without(tag::IAC_ONLINE);
    for (card, asked) in [(&quiet, 0x40), (&asking, 0x80), (&silent, 0x80)] {
        assert_eq!(at(&terminal, card).1, asked);
    }
    terminal.applications[0].actions.online = Tvr::OVER_FLOOR_LIMIT;
    assert_eq!(at(&terminal, &quiet).1, 0x80, "the acquirer wants it");
    for kind in [
        TerminalType::AttendedOnlineOnly,
        TerminalType::UnattendedOnlineOnly,
    ] {
        terminal.kind = kind;
        terminal.applications[0].actions.online = Tvr::empty();
        assert_eq!(at(&terminal, &quiet).1, 0x80, "an online-only terminal");
    }
}

#[test]
fn money_back_is_never_approved_without_the_host() {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    terminal.applications[0].actions.online = Tvr::empty();
    terminal.applications[0].actions.default = Tvr::empty();
    let quiet = Card::good()
        .with(tag::IAC_ONLINE, "0000000000")
        .with(tag::IAC_DEFAULT, "0000000000");
    let host = approval();
    for (kind, host, asked, ending) in [
        (ChargeKind::Purchase, None, 0x40, Ending::ApprovedOffline),
        (ChargeKind::Refund, Some(&host), 0x80, Ending::Approved),
        (ChargeKind::Refund, None, 0x80, Ending::UnableToGoOnline),
    ] {
        let refund = Charge { kind, ..charge() };
        let mut card = quiet.clone();
        if kind == ChargeKind::Purchase {
            card.first = 0x40;
        }
        let ran = play(&terminal, refund, |command| card.answer(command), host);
        assert_eq!(ran.outcome.ending, ending, "{kind:?}");
        assert_eq!(ran.commands(0xAE)[0][2], asked, "{kind:?}");
    }
}

#[test]
fn a_card_may_ask_for_the_host_where_the_terminal_would_approve() {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Unattended;
    terminal.applications[0].actions.online = Tvr::empty();
    let card = Card::good().with(tag::IAC_ONLINE, "0000000000");
    assert_eq!(at(&terminal, &card), (Ending::Approved, 0x40));
}

#[test]
fn denial_comes_before_everything() {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    let application = &mut terminal.applications[0];
    application.actions.denial = Tvr::OVER_FLOOR_LIMIT;
    application.actions.online = Tvr::OVER_FLOOR_LIMIT;
    let denied = Decliner::Terminal(Tvr::OVER_FLOOR_LIMIT);
    assert_eq!(
        at(&terminal, &Card::good()),
        (Ending::DeclinedOffline(denied), 0x00)
    );
}

#[test]
fn a_code_of_a_wrong_length_ends_the_charge() {
    for code in [tag::IAC_DENIAL, tag::IAC_ONLINE] {
        let ran = pay(&Card::good().with(code, "00000000"));
        assert_eq!(
            ran.outcome.ending,
            Ending::Terminated(Fault::Erroneous(code))
        );
    }
}

#[test]
fn an_issuer_who_says_nothing_denies_nothing() {
    let card = Card::good()
        .without(tag::IAC_DENIAL)
        .without(tag::IAC_ONLINE)
        .without(tag::IAC_DEFAULT);
    assert_eq!(at(&demo_profile(), &card), (Ending::Approved, 0x80));
}
