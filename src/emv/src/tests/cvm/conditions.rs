//! When a rule applies (Book 3 Annex C3, table 44).

use super::{NO_CVM, NOTHING, card, terminal, verify};
use crate::{
    Charge, ChargeKind, Ending, Fault, PinPad, TerminalType, tag,
    tests::card::{Card, charge, pay},
};

/// Whether a rule with this condition is performed.
fn applies(condition: u8, charge: Charge, kind: TerminalType) -> bool {
    let mut terminal = terminal(NO_CVM);
    terminal.kind = kind;
    let card = card(&format!("1F{condition:02X}")).with(tag::APPLICATION_CURRENCY, "0978");
    let verified = verify(
        &terminal,
        charge,
        PinPad::NONE,
        |command| card.answer(command),
        |_| panic!("no PIN"),
    );
    match verified.results() {
        [0x1F, performed, 0x02] => {
            assert_eq!(performed, condition);
            true
        }
        NOTHING => false,
        other => panic!("{other:02X?}"),
    }
}

fn of(kind: ChargeKind) -> Charge {
    let cashback_minor = match kind {
        ChargeKind::PurchaseWithCashback => 500,
        _ => 0,
    };
    Charge {
        kind,
        cashback_minor,
        ..charge()
    }
}

#[test]
fn conditions_on_the_kind_of_charge() {
    use ChargeKind::{Cash, Purchase, PurchaseWithCashback, Refund};
    let (attended, unattended) = (TerminalType::Attended, TerminalType::Unattended);
    for (kind, terminal, holding) in [
        (Purchase, attended, [0x00, 0x02, 0x03].as_slice()),
        (Purchase, unattended, &[0x00, 0x02, 0x03]),
        (Refund, attended, &[0x00, 0x02, 0x03]),
        (PurchaseWithCashback, attended, &[0x00, 0x03, 0x05]),
        (PurchaseWithCashback, unattended, &[0x00, 0x03, 0x05]),
        (Cash, attended, &[0x00, 0x03, 0x04]),
        (Cash, unattended, &[0x00, 0x01, 0x03]),
        (
            Cash,
            TerminalType::UnattendedOnlineOnly,
            &[0x00, 0x01, 0x03],
        ),
        (Cash, TerminalType::AttendedOnlineOnly, &[0x00, 0x03, 0x04]),
    ] {
        for condition in 0x00..=0x05 {
            assert_eq!(
                applies(condition, of(kind), terminal),
                holding.contains(&condition),
                "{kind:?} {terminal:?} {condition:02X}"
            );
        }
    }
}

#[test]
fn conditions_on_the_amount_leave_out_the_amount_itself() {
    // X is 10.00, Y is 50.00.
    for (amount_minor, holding) in [
        (999, [0x06, 0x08].as_slice()),
        (1_000, &[0x08]),
        (1_001, &[0x07, 0x08]),
        (4_999, &[0x07, 0x08]),
        (5_000, &[0x07]),
        (5_001, &[0x07, 0x09]),
        (5_000_000_000, &[0x07, 0x09]),
    ] {
        for condition in 0x06..=0x09 {
            let charge = Charge {
                amount_minor,
                ..charge()
            };
            assert_eq!(
                applies(condition, charge, TerminalType::Attended),
                holding.contains(&condition),
                "{amount_minor} {condition:02X}"
            );
        }
    }
}

#[test]
fn an_amount_in_another_currency_is_not_compared() {
    for condition in 0x06..=0x09 {
        let charge = Charge {
            currency: 840,
            amount_minor: 2_000,
            ..charge()
        };
        assert!(!applies(condition, charge, TerminalType::Attended));
        // Nor where the card does not name its own.
        let without = pay(&card(&format!("1F{condition:02X}")));
        assert_eq!(without.evidence().cvm_results, NOTHING);
    }
}

#[test]
fn reserved_conditions_never_hold() {
    for condition in [0x0A, 0x7F, 0x80, 0xFF] {
        assert!(!applies(condition, charge(), TerminalType::Attended));
    }
}

#[test]
fn a_currency_that_is_none_is_a_fault() {
    let card: Card = card("1F06").with(tag::APPLICATION_CURRENCY, "09");
    let fault = Fault::Erroneous(tag::APPLICATION_CURRENCY);
    assert_eq!(pay(&card).outcome.ending, Ending::Terminated(fault));
}
