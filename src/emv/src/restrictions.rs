//! Processing restrictions (EMV 4.4 Book 3 §10.4).

use core::cmp::Ordering;

use crate::{
    charge::{ChargeKind, is_date},
    dialogue::Dialogue,
    fault::Fault,
    tag,
    verification::Tvr,
};

// Application usage control (Annex C2): each use at home and abroad.

/// Valid for cash.
const CASH: (u16, u16) = (0x8000, 0x4000);
/// Valid for goods.
const GOODS: (u16, u16) = (0x2000, 0x1000);
/// Valid for services.
const SERVICES: (u16, u16) = (0x0800, 0x0400);
/// Valid at terminals other than ATMs.
const NOT_ATM: u16 = 0x0100;
/// Cash back allowed.
const CASHBACK: (u16, u16) = (0x0080, 0x0040);

/// Additional terminal capabilities, byte 1 (Book 4 Annex A3): goods.
const SELLS_GOODS: u8 = 0x40;
/// Additional terminal capabilities, byte 1: services.
const SELLS_SERVICES: u8 = 0x20;
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

/// §10.4.2: what for, at home or abroad. No terminal of this kernel is an ATM (Book 4 Annex A1).
fn usage(dialogue: &Dialogue) -> Result<Tvr, Fault> {
    let Some(usage) = dialogue.store.optional::<2>(tag::USAGE_CONTROL)? else {
        return Ok(Tvr::empty());
    };
    let usage = u16::from_be_bytes(usage);
    let mut allowed = usage & NOT_ATM != 0;
    // Without the issuer's country nothing tells home from abroad (§10.4.2).
    let issuer: Option<[u8; 2]> = dialogue.store.optional(tag::ISSUER_COUNTRY)?;
    if let Some(issuer) = issuer {
        let at_home = Some(issuer) == dialogue.store.optional(tag::COUNTRY)?;
        allowed &= uses(dialogue).into_iter().all(|(home, abroad)| {
            let one_of = if at_home { home } else { abroad };
            usage & one_of != 0
        });
    }
    Ok(when(!allowed, Tvr::SERVICE_NOT_ALLOWED))
}

/// What the charge needs at home and abroad (table 36, Annex C2): one bit of each.
fn uses(dialogue: &Dialogue) -> Vec<(u16, u16)> {
    match dialogue.charge.kind {
        ChargeKind::Purchase => vec![purchase(dialogue)],
        ChargeKind::PurchaseWithCashback => vec![purchase(dialogue), CASHBACK],
        ChargeKind::Cash => vec![CASH],
        // No use of table 36 is a refund.
        ChargeKind::Refund => Vec::new(),
    }
}

/// No charge says whether it is for goods or for services, so that a card for either will do where
/// both are sold.
fn purchase(dialogue: &Dialogue) -> (u16, u16) {
    match dialogue.terminal.more_capabilities[0] & (SELLS_GOODS | SELLS_SERVICES) {
        SELLS_GOODS => GOODS,
        SELLS_SERVICES => SERVICES,
        _ => (GOODS.0 | SERVICES.0, GOODS.1 | SERVICES.1),
    }
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
