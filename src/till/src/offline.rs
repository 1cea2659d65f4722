//! Charges without the issuer: what the retailer's policy leaves, and what a card's own word is
//! worth.
//!
//! A limit counts what was taken and not yet answered by the acquirer, as the journal has it. The
//! policy is signed; without one every limit is 0. A charge counts only once its advice is on the
//! disk with the basket that it pays.

use sealpoint_sale::{CardTender, Unconfirmed};
use sealpoint_wire::lane::EmvResult;
use sealpoint_wire::{
    AdviceKind, AttemptId, Bytes, CardSummary, LinkState, OfflinePolicy, SealedCard,
};

use crate::effect::CardUsed;
use crate::notice::{Notice, NoticeCode};
use crate::till::Till;
use crate::view::OfflineView;

const MS_PER_HOUR: i64 = 3_600_000;

/// What was taken without the issuer and is not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OfflineUsed {
    /// Charges.
    pub count: u32,
    /// Their sum, minor units.
    pub amount_minor: i64,
    /// When the oldest was taken, milliseconds since the Unix epoch.
    pub oldest_at_ms: Option<i64>,
}

/// A charge without the issuer, for the journal: APPROVED with its advice, in one commit with the
/// basket that holds the tender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineCharge {
    /// The attempt.
    pub attempt: AttemptId,
    /// How it came about.
    pub kind: AdviceKind,
    /// What may be stored of the card.
    pub card: CardSummary,
    /// The card data, sealed.
    pub sealed: SealedCard,
    /// EMV data for the acquirer.
    pub de55: Bytes,
    /// EMV results, for the record of the attempt.
    pub emv: Option<EmvResult>,
    /// The open basket.
    pub draft: String,
}

impl Till {
    /// Whether the bank can be asked now, as far as the till knows.
    pub(crate) fn can_ask(&self) -> bool {
        matches!(self.link, LinkState::Up | LinkState::Connecting)
    }

    /// Why no charge of `amount_minor` may be made without the issuer. `card` is what the same card
    /// has on this day, once the card is known.
    pub(crate) fn offline_obstacle(
        &self,
        amount_minor: i64,
        card: Option<CardUsed>,
        now_ms: i64,
    ) -> Option<Notice> {
        let say = |code, args| Some(Notice::new(code, args));
        let Some(policy) = self.policy() else {
            return say(NoticeCode::LinkNeeded, vec![]);
        };
        let used = &self.offline_used;
        let sum = |a: i64, b: i64| a.saturating_add(b);
        if is_too_old(policy, used, now_ms) {
            return say(
                NoticeCode::OfflineTooLong,
                vec![policy.max_hours.to_string()],
            );
        }
        if amount_minor > policy.per_sale_minor {
            return say(
                NoticeCode::OfflineSaleLimit,
                vec![self.money(policy.per_sale_minor)],
            );
        }
        if used.count >= policy.max_records
            || sum(used.amount_minor, amount_minor) > policy.per_till_minor
        {
            return say(NoticeCode::OfflineTillLimit, vec![]);
        }
        let over = card.is_some_and(|card| {
            card.count >= policy.per_card_day_count
                || sum(card.amount_minor, amount_minor) > policy.per_card_day_minor
        });
        if over {
            return say(NoticeCode::OfflineCardLimit, vec![]);
        }
        None
    }

    /// Up to which amount card and terminal may approve the next charge by themselves: nothing while
    /// the bank can be asked.
    pub(crate) fn offline_up_to_minor(&self, amount_minor: i64, now_ms: i64) -> i64 {
        if self.can_ask() || self.offline_obstacle(amount_minor, None, now_ms).is_some() {
            return 0;
        }
        self.policy().map_or(0, |policy| policy.per_sale_minor)
    }

    /// Whether the retailer takes the risk of a charge that the card wanted its issuer for.
    pub(crate) fn may_defer(&self) -> bool {
        self.policy().is_some_and(|policy| policy.deferred)
    }

    /// The policy, if it is one for what this till sells in.
    fn policy(&self) -> Option<&OfflinePolicy> {
        self.offline
            .as_ref()
            .filter(|policy| policy.currency == self.settings.currency)
    }

    /// What is left, for the screen.
    pub(crate) fn offline_view(&self, now_ms: i64) -> Option<OfflineView> {
        let policy = self.policy()?;
        let used = &self.offline_used;
        let too_old = is_too_old(policy, used, now_ms);
        let left_count = policy.max_records.saturating_sub(used.count);
        let left_minor = policy
            .per_till_minor
            .saturating_sub(used.amount_minor)
            .max(0);
        let full = too_old || left_count == 0;
        Some(OfflineView {
            per_sale_minor: policy.per_sale_minor.min(left_minor).max(0),
            left_minor: if full { 0 } else { left_minor },
            left_count: if too_old { 0 } else { left_count },
            left_ms: used.oldest_at_ms.map(|oldest| {
                oldest
                    .saturating_add(life_ms(policy))
                    .saturating_sub(now_ms)
                    .max(0)
            }),
            deferred: policy.deferred,
            taken_count: used.count,
            taken_minor: used.amount_minor,
        })
    }
}

fn life_ms(policy: &OfflinePolicy) -> i64 {
    i64::from(policy.max_hours).saturating_mul(MS_PER_HOUR)
}

/// Whether the oldest charge has waited for longer than the policy allows any to.
fn is_too_old(policy: &OfflinePolicy, used: &OfflineUsed, now_ms: i64) -> bool {
    policy.max_hours == 0
        || used
            .oldest_at_ms
            .is_some_and(|oldest| now_ms.saturating_sub(oldest) >= life_ms(policy))
}

/// The tender's word for how the charge came about.
pub(crate) const fn unconfirmed(kind: AdviceKind) -> Unconfirmed {
    match kind {
        AdviceKind::OfflineApproved => Unconfirmed::OfflineApproved,
        AdviceKind::Deferred => Unconfirmed::Deferred,
    }
}

/// A charge without the issuer, before the journal has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// How it came about.
    pub kind: AdviceKind,
    /// What may be stored of the card.
    pub card: CardSummary,
    /// The card data, sealed.
    pub sealed: SealedCard,
    /// EMV data for the acquirer.
    pub de55: Bytes,
    /// What it pays.
    pub tender: CardTender,
}
