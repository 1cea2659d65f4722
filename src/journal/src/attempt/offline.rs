//! Charges without the issuer.

use rusqlite::Transaction;
use sealpoint_sale::{AttemptId, SaleId};
use sealpoint_wire::lane::EmvResult;
use sealpoint_wire::{AdviceKind, Bytes, CardSummary, SealedCard};

use super::{
    AttemptState, CardKey, Learnt, MAX_APPROVAL_CODE, Way, emv_json, guard, step, storable,
};
use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::{advice, basket, clock, row};

/// A charge without the issuer, and what the acquirer must be told of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineCharge {
    /// How it came about.
    pub kind: AdviceKind,
    /// What may be stored of the card.
    pub card: CardSummary,
    /// The card data, sealed for this attempt.
    pub sealed: SealedCard,
    /// EMV data for the issuer (DE 55).
    pub de55: Bytes,
    /// EMV results for the record.
    pub emv: Option<EmvResult>,
    /// The card's own approval code (Y1 or Y3 in DE 39 makes none; most have none).
    pub approval_code: Option<String>,
}

impl Journal {
    /// INTENT → APPROVED, or SENT → APPROVED where no byte of the request had left this machine, with
    /// the advice for the acquirer and the sale's basket with the tender, in one commit. The advice
    /// waits until the sale is committed.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is neither, if the summary holds more of the card number than
    /// may be stored, if the basket is refused (see [`Journal::save_draft`]), or if it cannot be
    /// written.
    pub fn write_offline_approved(
        &mut self,
        attempt: AttemptId,
        charge: &OfflineCharge,
        draft: &str,
    ) -> Result<(), JournalError> {
        let (card, key) = (storable(&charge.card)?, CardKey::of(&charge.card));
        if let Some(code) = &charge.approval_code {
            row::bounded("approval code", code, MAX_APPROVAL_CODE)?;
        }
        let emv = charge.emv.as_ref().map(emv_json).transpose()?;
        let sealed = serde_json::to_string(&charge.sealed)
            .map_err(|_| JournalError::NotJson("sealed card"))?;
        let learnt = Learnt {
            way: Some(Way::Offline),
            card: Some(&card),
            approval_code: charge.approval_code.as_deref(),
            emv: emv.as_deref(),
            ..Learnt::default()
        };
        self.commit("write the approval without the issuer", |tx| {
            let stepped = step(tx, attempt, AttemptState::Approved, &learnt)?;
            guard::keep(tx, stepped.number, &key)?;
            let latest_ms = clock::latest(tx)?;
            advice::put(tx, stepped.number, charge, &sealed, latest_ms)?;
            basket::put_draft(tx, stepped.sale, draft)
        })
    }

    /// APPROVED → DECLINED for a charge without the issuer: nobody was asked, so its advice is erased
    /// and nothing is to be reversed. `draft` is the sale's basket without the tender.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is not such a charge or its sale is committed, if the basket is
    /// refused (see [`Journal::save_draft`]), or if it cannot be written.
    pub fn write_offline_undone(
        &mut self,
        attempt: AttemptId,
        why: &str,
        draft: Option<&str>,
    ) -> Result<(), JournalError> {
        self.erase("undo the charge without the issuer", |tx| {
            let sale = undo(tx, attempt, why)?;
            draft.map_or(Ok(()), |draft| basket::put_draft(tx, sale, draft))
        })
    }
}

/// Undoes a charge that nobody heard of, and erases its advice.
pub(crate) fn undo(tx: &Transaction<'_>, attempt: AttemptId, why: &str) -> Result<SaleId, Fault> {
    let learnt = Learnt {
        way: Some(Way::Offline),
        ..Learnt::why(why)
    };
    let stepped = step(tx, attempt, AttemptState::Declined, &learnt)?;
    advice::erase(tx, stepped.number)?;
    Ok(stepped.sale)
}
