//! What the journal knows, in the core's words.

use sealpoint_journal::{AttemptState, Journal, JournalError, QueueFigures, ShiftTotals};
use sealpoint_till::Input;
use sealpoint_till::effect::{self, Parked, Restored};
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
        reversing: u32::try_from(reversing.len()).unwrap_or(u32::MAX),
        reversing_minor: reversing.iter().map(|row| row.amount_minor).sum(),
    })
}

/// The queue and the totals as they are now.
///
/// # Errors
/// The journal's error, if it cannot be read.
pub fn figures(journal: &Journal) -> Result<Input, JournalError> {
    Ok(Input::Figures {
        queue: queue(journal.queue()?),
        totals: totals(journal.totals()?),
        reversals_due: u32::try_from(journal.reversals_due()?.len()).unwrap_or(u32::MAX),
    })
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
