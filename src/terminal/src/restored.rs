//! What the journal knows, in the core's words.

use sealpoint_journal::{AttemptState, CardKey, Journal, JournalError, QueueFigures, ShiftTotals};
use sealpoint_till::Input;
use sealpoint_till::effect::{self, CardUsed, Figures, LookUpCard, Parked, Restored};
use sealpoint_till::offline::OfflineUsed;
use sealpoint_till::view::TotalsView;

/// Where the journal left the till.
///
/// # Errors
/// The journal's error, if it cannot be read.
pub fn read(journal: &Journal) -> Result<Restored, JournalError> {
    let restored = journal.restored()?;
    let reversing: Vec<_> = restored
        .unresolved
        .iter()
        .filter(|row| row.state == AttemptState::ReversalDue)
        .collect();
    for row in &restored.unresolved {
        tracing::warn!(attempt = %row.attempt, amount_minor = row.amount_minor, why = %row.why, "restart");
    }
    Ok(Restored {
        draft: restored.draft.map(|draft| draft.body),
        parked: restored
            .parked
            .into_iter()
            .map(|p| Parked::new(p.id, p.parked_at_ms, p.title, p.body))
            .collect(),
        next_receipt_no: restored.next_receipt_no,
        totals: totals(restored.totals),
        queue: queue(journal.queue()?),
        offline: offline(journal)?,
        work_items: small(journal.work_count()?),
        reversing: small(reversing.len() as u64),
        reversing_minor: reversing.iter().map(|row| row.amount_minor).sum(),
    })
}

/// The queue and the totals as they are now.
///
/// # Errors
/// The journal's error, if it cannot be read.
pub fn figures(journal: &Journal) -> Result<Input, JournalError> {
    Ok(Input::Figures(Figures {
        queue: queue(journal.queue()?),
        totals: totals(journal.totals()?),
        reversals_due: small(journal.reversals_due()?.len() as u64),
        offline: offline(journal)?,
        work_items: small(journal.work_count()?),
    }))
}

/// What the journal knows of a card that is to be charged. What cannot be read is no reason to stop
/// a charge with the bank, and a reason to stop one without it.
pub fn card_known(journal: &Journal, asked: &LookUpCard) -> Input {
    let key = CardKey::of(&asked.card);
    let day = asked.local_time.get(..8).unwrap_or_default();
    let same = asked.since_ms.and_then(|since| {
        let same = journal.recent_charge(&key, asked.amount_minor, since);
        same.unwrap_or_else(|error| {
            tracing::error!(%error, "the same charge could not be looked for");
            None
        })
    });
    let used = match journal.offline_used(Some(&key), day) {
        Ok(used) => CardUsed {
            count: used.card_count,
            amount_minor: used.card_minor,
        },
        Err(error) => {
            tracing::error!(%error, "what the card had without its issuer could not be read");
            CardUsed {
                count: u32::MAX,
                amount_minor: i64::MAX,
            }
        }
    };
    Input::CardKnown {
        attempt: asked.attempt,
        charged_at_ms: same
            .filter(|same| same.attempt != asked.attempt)
            .map(|same| same.at_ms),
        used,
    }
}

fn offline(journal: &Journal) -> Result<OfflineUsed, JournalError> {
    let used = journal.offline_used(None, "")?;
    Ok(OfflineUsed {
        count: used.count,
        amount_minor: used.amount_minor,
        oldest_at_ms: used.oldest_at_ms,
    })
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn queue(figures: QueueFigures) -> effect::QueueFigures {
    effect::QueueFigures {
        count: figures.count,
        at_risk_minor: figures.at_risk_minor,
        oldest_at_ms: figures.oldest_at_ms,
        held: figures.held,
    }
}

const fn totals(totals: ShiftTotals) -> TotalsView {
    TotalsView {
        sales: totals.sales,
        voided: totals.voided,
        total_minor: totals.total_minor,
        cash_minor: totals.cash_minor,
        card_minor: totals.card_minor,
    }
}
