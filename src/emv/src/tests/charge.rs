//! What is charged, as card and host see it (EMV 4.4 Book 3 Annex A: 9F02, 9F03, 9C).

use super::card::{Card, approval, charge, hex, play};
use crate::{Charge, ChargeError, ChargeKind, Ending, Kernel, Tag, demo_profile, tag, tlv};

#[test]
fn every_kind_reaches_card_and_host() {
    for (kind, code, cashback_minor, other) in [
        (ChargeKind::Purchase, "00", 0, "000000000000"),
        (ChargeKind::Cash, "01", 0, "000000000000"),
        (ChargeKind::PurchaseWithCashback, "09", 234, "000000000234"),
        (ChargeKind::Refund, "20", 0, "000000000000"),
    ] {
        let charge = Charge {
            kind,
            cashback_minor,
            ..charge()
        };
        let card = Card::good().with(tag::CDOL1, "9C01 9F0206 9F0306 9F0404");
        let ran = play(
            &demo_profile(),
            charge,
            |command| card.answer(command),
            Some(&approval()),
        );
        assert_eq!(ran.outcome.ending, Ending::Approved, "{kind:?}");
        let binary = format!("{cashback_minor:08X}");
        let told = hex(&format!("{code} 000000001234 {other} {binary}"));
        assert_eq!(ran.commands(0xAE)[0][5..22], told, "{kind:?}");
        let de55 = ran.request.expect("the host was asked").de55;
        let value = |tag: Tag| tlv::find(&de55, tag).expect("TLV").map(<[u8]>::to_vec);
        assert_eq!(value(tag::KIND), Some(hex(code)));
        assert_eq!(value(tag::AMOUNT_OTHER), Some(hex(other)));
    }
}

#[test]
fn a_part_in_cash_belongs_to_one_kind_and_is_a_part() {
    let refused = |kind, cashback_minor| {
        let charge = Charge {
            kind,
            cashback_minor,
            ..charge()
        };
        Kernel::new(&demo_profile(), charge).err()
    };
    for (kind, cashback_minor) in [
        (ChargeKind::Purchase, 1),
        (ChargeKind::Refund, 1),
        (ChargeKind::Cash, 1_234),
        (ChargeKind::PurchaseWithCashback, 0),
        (ChargeKind::PurchaseWithCashback, -1),
        (ChargeKind::PurchaseWithCashback, 1_234),
    ] {
        let error = refused(kind, cashback_minor);
        assert_eq!(error, Some(ChargeError::Cashback), "{kind:?}");
    }
    assert_eq!(refused(ChargeKind::PurchaseWithCashback, 1_233), None);
}

#[test]
fn a_draw_is_from_1_to_99() {
    let refused = |random_draw| {
        let charge = Charge {
            random_draw,
            ..charge()
        };
        Kernel::new(&demo_profile(), charge).err()
    };
    assert_eq!(refused(0), Some(ChargeError::RandomDraw));
    assert_eq!(refused(100), Some(ChargeError::RandomDraw));
    assert_eq!((refused(1), refused(99)), (None, None));
}
