//! Processing restrictions (Book C-3 §5.5).

use crate::{
    charge::ChargeKind,
    contactless::{
        c3::{C3, Course},
        qualifiers::Ctq,
    },
    dialogue::Dialogue,
    fault::Fault,
    generate_ac::AcType,
    restrictions, tag,
    verification::Tvr,
};

/// Application usage control (Book 3 Annex C2): valid for domestic cash, byte 1.
const DOMESTIC_CASH: u16 = 0x8000;
/// Valid for international cash, byte 1.
const INTERNATIONAL_CASH: u16 = 0x4000;
/// Domestic cashback allowed, byte 2.
const DOMESTIC_CASHBACK: u16 = 0x0080;
/// International cashback allowed, byte 2.
const INTERNATIONAL_CASHBACK: u16 = 0x0040;

impl C3 {
    /// Expiry of what the card approved by itself, and whether it is meant for cash. The exception
    /// file (§5.5.1.2) has been asked before.
    pub(super) fn restrict(&mut self, dialogue: &Dialogue, kind: AcType) -> Result<Course, Fault> {
        if kind == AcType::Tc && has_expired(dialogue)? {
            if self.card_wants(Ctq::ONLINE_IF_EXPIRED) {
                self.online = true;
            } else {
                self.decline |= Tvr::EXPIRED;
            }
        }
        let (domestic, international, switch) = match dialogue.charge.kind {
            ChargeKind::Cash => (DOMESTIC_CASH, INTERNATIONAL_CASH, Ctq::SWITCH_FOR_CASH),
            ChargeKind::PurchaseWithCashback => (
                DOMESTIC_CASHBACK,
                INTERNATIONAL_CASHBACK,
                Ctq::SWITCH_FOR_CASHBACK,
            ),
            ChargeKind::Purchase | ChargeKind::Refund => return Ok(Course::Stay),
        };
        if is_allowed(dialogue, domestic, international)? {
            return Ok(Course::Stay);
        }
        if self.switches(switch) {
            return Ok(Course::Switch);
        }
        self.decline |= Tvr::SERVICE_NOT_ALLOWED;
        Ok(Course::Stay)
    }
}

/// §5.5.1.1. A card that approves by itself and names no date in its signed records counts as
/// expired.
fn has_expired(dialogue: &Dialogue) -> Result<bool, Fault> {
    let expiry: Option<[u8; 3]> = dialogue.store.optional(tag::EXPIRY)?;
    Ok(expiry.is_none_or(|expiry| restrictions::order(expiry, dialogue.charge.date).is_lt()))
}

/// §5.5.1.3 and §5.5.1.4: without usage control or the issuer's country nothing is allowed.
fn is_allowed(dialogue: &Dialogue, domestic: u16, international: u16) -> Result<bool, Fault> {
    let store = &dialogue.store;
    let usage: Option<[u8; 2]> = store.optional(tag::USAGE_CONTROL)?;
    let issuer: Option<[u8; 2]> = store.optional(tag::ISSUER_COUNTRY)?;
    let Some((usage, issuer)) = usage.zip(issuer) else {
        return Ok(false);
    };
    let needed = if store.optional(tag::COUNTRY)? == Some(issuer) {
        domestic
    } else {
        international
    };
    Ok(u16::from_be_bytes(usage) & needed != 0)
}
