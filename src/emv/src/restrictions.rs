//! Processing restrictions (EMV 4.4 Book 3 §10.4).

use core::cmp::Ordering;

use crate::{
    charge::{ChargeKind, is_date},
    dialogue::Dialogue,
    fault::Fault,
    tag,
    verification::Tvr,
};

/// Application usage control, byte 1 (Annex C2): valid for domestic goods.
const DOMESTIC_GOODS: u8 = 0x20;
/// Valid for international goods.
const INTERNATIONAL_GOODS: u8 = 0x10;
/// Valid at terminals other than ATMs.
const NOT_ATM: u8 = 0x01;
/// First BCD year of the twentieth century (Book 4 §6.7.3).
const CENTURY_PIVOT: u8 = 0x50;

/// Sets the TVR bits for versions, usage and dates.
pub(crate) fn check(dialogue: &mut Dialogue) -> Result<(), Fault> {
    let mut found = Tvr::empty();
    found |= version(dialogue)?;
    found |= usage(dialogue)?;
    found |= dates(dialogue)?;
    dialogue.tvr |= found;
    Ok(())
}

/// §10.4.1: a card that gives no version is assumed to be compatible.
fn version(dialogue: &Dialogue) -> Result<Tvr, Fault> {
    let card: Option<[u8; 2]> = dialogue.store.optional(tag::VERSION_CARD)?;
    let terminal = dialogue.store.optional(tag::VERSION_TERMINAL)?;
    Ok(when(
        card.is_some() && card != terminal,
        Tvr::VERSIONS_DIFFER,
    ))
}

/// §10.4.2: at a shop, for goods, at home or abroad.
fn usage(dialogue: &Dialogue) -> Result<Tvr, Fault> {
    let Some([usage, _]) = dialogue.store.optional::<2>(tag::USAGE_CONTROL)? else {
        return Ok(Tvr::empty());
    };
    let issuer: Option<[u8; 2]> = dialogue.store.optional(tag::ISSUER_COUNTRY)?;
    let here = dialogue.store.optional(tag::COUNTRY)?;
    let goods = match (dialogue.charge.kind, issuer) {
        (ChargeKind::Purchase, Some(_)) if issuer == here => DOMESTIC_GOODS,
        (ChargeKind::Purchase, Some(_)) => INTERNATIONAL_GOODS,
        (ChargeKind::Purchase, None) => 0,
        (ChargeKind::PurchaseWithCashback | ChargeKind::Cash | ChargeKind::Refund, _) => 0,
    };
    let needed = NOT_ATM | goods;
    Ok(when(usage & needed != needed, Tvr::SERVICE_NOT_ALLOWED))
}

/// §10.4.3: valid from the effective date to the expiration date, both included.
fn dates(dialogue: &Dialogue) -> Result<Tvr, Fault> {
    let today = dialogue.charge.date;
    let mut found = Tvr::empty();
    if let Some(effective) = dialogue.store.optional(tag::EFFECTIVE)? {
        if !is_date(effective) {
            return Err(Fault::Erroneous(tag::EFFECTIVE));
        }
        found |= when(order(effective, today).is_gt(), Tvr::NOT_YET_EFFECTIVE);
    }
    let expiry = dialogue.store.mandatory(tag::EXPIRY)?;
    found |= when(order(expiry, today).is_lt(), Tvr::EXPIRED);
    Ok(found)
}

/// Orders BCD dates. As BCD digits order as bytes do, only the century needs thought.
pub(crate) fn order(a: [u8; 3], b: [u8; 3]) -> Ordering {
    let with_century = |date: [u8; 3]| (date[0] < CENTURY_PIVOT, date);
    with_century(a).cmp(&with_century(b))
}

fn when(holds: bool, bit: Tvr) -> Tvr {
    if holds { bit } else { Tvr::empty() }
}
