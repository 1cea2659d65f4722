//! Advices: charges that a till took without the issuer, each told to the acquirer until it answers.
//!
//! What is sealed is not stored: the till keeps it and offers it again. The row says whether it was
//! sent before, so that it goes as a repeat, and which advice of a terminal is with the acquirer, so
//! that they arrive in their order.

use sealpoint_wire::{AdviceRequest, AttemptId, HostAnswer, HostDecision};

use super::attempts::{hash_of, standing};
use super::sql::values;
use super::{Asked, Database, Row, StoreError};

/// What is to be done with an advice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Advise {
    /// It is SENT now, and the caller sends it.
    Send {
        /// It was sent before.
        repeat: bool,
    },
    /// The acquirer answered it before; this is the answer.
    Answered(HostAnswer),
    /// It, or another one of the same terminal, is with the acquirer at this moment.
    UnderWay,
    /// The attempt is reversed, or is to be.
    Reversed,
    /// The same attempt was asked or advised with another content.
    Differs,
}

impl Database {
    /// What is known of this advice; changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn advice(&mut self, request: &AdviceRequest, now_ms: i64) -> Result<Advise, StoreError> {
        let row = self.row(
            "SELECT request_hash, state, answer, in_flight_until_ms > ?2, advised > 0, never_seen
             FROM attempt WHERE attempt = ?1",
            values![request.attempt.as_bytes(), now_ms],
        )?;
        let Some(row) = row else {
            return Ok(Advise::Send { repeat: false });
        };
        if row
            .bytes_or_none(0)?
            .is_some_and(|hash| hash != hash_of(request))
        {
            return Ok(Advise::Differs);
        }
        Ok(match standing(&row, 1)? {
            Asked::Answered(answer) => Advise::Answered(answer),
            Asked::UnderWay => Advise::UnderWay,
            // Nobody asked the acquirer for it and nobody will: the charge is the card's own.
            Asked::Reversed if row.flag(5)? => Advise::Send { repeat: false },
            Asked::Reversed => Advise::Reversed,
            Asked::Unknown | Asked::New | Asked::Differs => Advise::Send {
                repeat: row.flag(4)?,
            },
        })
    }

    /// Marks an advice as SENT, in flight until `until_ms`. [`Advise::Send`] is the leave to send
    /// it, given to one at a time.
    ///
    /// # Errors
    /// [`StoreError`]; the advice must not be sent then.
    pub fn begin_advice(
        &mut self,
        request: &AdviceRequest,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Advise, StoreError> {
        let known = self.advice(request, now_ms)?;
        if !matches!(known, Advise::Send { .. }) {
            return Ok(known);
        }
        let other = self.row(
            "SELECT 1 FROM attempt
             WHERE state = 'SENT' AND terminal = ?1 AND advice IS NOT NULL
                   AND in_flight_until_ms > ?2 LIMIT 1",
            values![request.terminal.as_str(), now_ms],
        )?;
        if other.is_some() {
            return Ok(Advise::UnderWay);
        }
        self.execute(
            "INSERT INTO attempt (attempt, terminal, stan, local_time, amount_minor, currency,
                                  request_hash, state, sale, advice, advised, in_flight_until_ms,
                                  begun_ms, changed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'SENT', ?8, ?9, 1, ?10, ?11, ?11)
             ON CONFLICT (attempt) DO UPDATE
             SET state = 'SENT', request_hash = excluded.request_hash, sale = excluded.sale,
                 advice = excluded.advice, advised = attempt.advised + 1, never_seen = 0,
                 in_flight_until_ms = excluded.in_flight_until_ms,
                 changed_ms = excluded.changed_ms",
            values![
                request.attempt.as_bytes(),
                request.terminal.as_str(),
                request.stan,
                request.local_time.as_str(),
                request.amount_minor,
                request.currency.alpha(),
                &hash_of(request),
                request.sale.as_bytes(),
                request.kind.word(),
                until_ms,
                now_ms,
            ],
        )?;
        Ok(known)
    }

    /// Opens work for a person: goods are gone, and the issuer does not pay, or pays a part. `row` holds
    /// terminal, the advice's kind, amount and currency.
    pub(super) fn unpaid_advice(
        &mut self,
        row: &Row,
        attempt: AttemptId,
        answer: &HostAnswer,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let kind = row.text_or_none(1)?.unwrap_or_default();
        let part = match answer.decision {
            HostDecision::Approved => return Ok(()),
            HostDecision::PartlyApproved => answer.approved_minor.unwrap_or_default(),
            HostDecision::Declined => 0,
        };
        let left_minor = row.int(2)?.saturating_sub(part);
        let how = match part {
            0 => "does not pay",
            _ => "pays a part of",
        };
        let what = format!(
            "advice_declined: the issuer {how} a charge that was taken without it ({kind}, response \
             code {}). Ask the customer for another tender, or write it off.",
            answer.response_code
        );
        let subject = format!("attempt {attempt}");
        let left = Some((left_minor, row.text(3)?));
        self.open_work(row.text(0)?, &subject, &what, left, now_ms)
    }
}
