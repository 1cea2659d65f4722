//! A journal in memory that keeps the real one's rules, and can be told to fail. A step that the
//! real one would refuse for the till's own fault is a panic: the till broke a rule.

use std::collections::{BTreeMap, BTreeSet};

use sealpoint_sale::{AttemptId, SaleId, Tender};
use sealpoint_till::Effect;
use sealpoint_till::draft::Draft;
use sealpoint_till::effect::{Commit, Failed, Parked, StartAttempt};
use sealpoint_till::offline::OfflineUsed;

/// Where an attempt stands on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Intent,
    Sent,
    Approved,
    Declined,
    ReversalDue,
    Committed,
}

#[derive(Clone, Debug)]
pub struct Written {
    pub sale: SaleId,
    pub amount_minor: i64,
    pub state: State,
    pub at_ms: i64,
    /// Approved without the issuer: nobody is told before the sale is committed.
    pub offline: bool,
}

#[derive(Default)]
pub struct Journal {
    /// The kinds of write that fail now.
    pub failing: Vec<Failed>,
    pub draft: Option<Draft>,
    pub parked: Vec<Parked>,
    pub attempts: BTreeMap<AttemptId, Written>,
    pub commits: Vec<Commit>,
    /// Attempts whose end the disk refused, until it takes it.
    owed: BTreeSet<AttemptId>,
}

impl Journal {
    fn fails(&self, what: Failed) -> Result<(), Failed> {
        if self.failing.contains(&what) {
            Err(what)
        } else {
            Ok(())
        }
    }

    fn is_unresolved(&self) -> bool {
        let open = |w: &Written| matches!(w.state, State::Intent | State::Sent);
        self.attempts.values().any(open)
    }

    fn put_draft(&mut self, text: &str) {
        let draft = Draft::from_json(text).expect("the till writes baskets that it can read");
        if let Some(open) = &self.draft {
            assert_eq!(open.sale, draft.sale, "another sale is open");
        }
        assert!(!self.is_committed(draft.sale), "the sale is over");
        self.draft = Some(draft);
    }

    fn is_committed(&self, sale: SaleId) -> bool {
        self.commits.iter().any(|c| c.sale.id == sale)
    }

    fn step(&mut self, attempt: AttemptId, from: &[State], to: State) {
        let written = self.attempts.get_mut(&attempt).expect("it was started");
        assert!(
            from.contains(&written.state),
            "{:?} to {to:?}",
            written.state
        );
        written.state = to;
    }

    /// When the same amount was charged since then, by another attempt than this.
    pub fn charged(&self, attempt: AttemptId, amount_minor: i64, since_ms: i64) -> Option<i64> {
        let stands = |w: &Written| {
            let state = matches!(w.state, State::Sent | State::Approved | State::Committed);
            state && w.amount_minor == amount_minor && w.at_ms >= since_ms
        };
        let same = self.attempts.iter().filter(|(id, _)| **id != attempt);
        same.filter(|(_, w)| stands(w)).map(|(_, w)| w.at_ms).max()
    }

    /// What was taken without the issuer and is not answered: nothing ever is, here.
    pub fn offline(&self) -> OfflineUsed {
        let taken = || {
            let stands =
                |w: &&Written| w.offline && matches!(w.state, State::Approved | State::Committed);
            self.attempts.values().filter(stands)
        };
        OfflineUsed {
            count: u32::try_from(taken().count()).expect("few"),
            amount_minor: taken().map(|w| w.amount_minor).sum(),
            oldest_at_ms: taken().map(|w| w.at_ms).min(),
        }
    }

    /// Carries out an effect that writes.
    pub fn write(&mut self, effect: &Effect) -> Result<(), Failed> {
        let written = self.try_to_write(effect);
        if let Effect::Approve { attempt, .. }
        | Effect::Decline { attempt, .. }
        | Effect::UndoOffline { attempt, .. }
        | Effect::Reverse { attempt, .. } = effect
        {
            match written {
                Ok(()) => self.owed.remove(attempt),
                Err(_) => self.owed.insert(*attempt),
            };
        }
        written
    }

    fn try_to_write(&mut self, effect: &Effect) -> Result<(), Failed> {
        match effect {
            Effect::SaveDraft(text) => {
                self.fails(Failed::Draft)?;
                self.put_draft(text);
            }
            Effect::Park(parked) => {
                self.fails(Failed::Draft)?;
                if self.is_unresolved() {
                    return Err(Failed::Draft);
                }
                if let Some(open) = self.draft.take() {
                    assert_eq!(open.sale, parked.sale);
                }
                self.parked.push(parked.clone());
            }
            Effect::Recall(sale) => {
                self.fails(Failed::Draft)?;
                assert!(self.draft.is_none(), "another sale is open");
                let place = self.parked.iter().position(|p| p.sale == *sale);
                let parked = self.parked.remove(place.expect("it was parked"));
                self.put_draft(&parked.draft);
            }
            Effect::StartAttempt(start) => self.start(start)?,
            Effect::Send(request) => {
                self.fails(Failed::Send)?;
                let intent = &self.attempts[&request.attempt];
                assert_eq!(intent.amount_minor, request.amount_minor);
                assert_eq!(intent.sale, request.sale);
                self.step(request.attempt, &[State::Intent], State::Sent);
            }
            Effect::ApproveOffline(charge) => {
                self.fails(Failed::Settle)?;
                let from = &[State::Intent, State::Sent];
                self.step(charge.attempt, from, State::Approved);
                self.put_draft(&charge.draft);
                assert!(self.holds_tender_of(charge.attempt));
                if let Some(written) = self.attempts.get_mut(&charge.attempt) {
                    written.offline = true;
                }
            }
            Effect::Approve {
                attempt,
                draft,
                amount_minor,
                ..
            } => {
                self.fails(Failed::Settle)?;
                self.step(*attempt, &[State::Sent], State::Approved);
                if let Some(written) = self.attempts.get_mut(attempt) {
                    assert!((1..=written.amount_minor).contains(amount_minor));
                    written.amount_minor = *amount_minor;
                }
                self.put_draft(draft);
                assert!(
                    self.holds_tender_of(*attempt),
                    "approved and not in the basket"
                );
            }
            Effect::Decline { attempt, .. } => {
                self.fails(Failed::Settle)?;
                self.step(*attempt, &[State::Intent, State::Sent], State::Declined);
            }
            Effect::UndoOffline { attempt, draft, .. } => {
                self.fails(Failed::Settle)?;
                assert!(self.attempts[attempt].offline, "the bank was asked");
                self.step(*attempt, &[State::Approved], State::Declined);
                if let Some(draft) = draft {
                    self.put_draft(draft);
                }
                assert!(!self.holds_tender_of(*attempt));
            }
            Effect::Reverse { attempt, draft, .. } => {
                self.fails(Failed::Settle)?;
                assert!(!self.attempts[attempt].offline, "nobody was told of it");
                self.step(
                    *attempt,
                    &[State::Sent, State::Approved],
                    State::ReversalDue,
                );
                if let Some(draft) = draft {
                    self.put_draft(draft);
                }
                assert!(
                    !self.holds_tender_of(*attempt),
                    "undone and still in the basket"
                );
            }
            Effect::Commit(commit) => self.commit(commit)?,
            _ => {}
        }
        Ok(())
    }

    fn holds_tender_of(&self, attempt: AttemptId) -> bool {
        let of = |tender: &Tender| matches!(tender, Tender::Card(c) if c.attempt == attempt);
        self.draft
            .as_ref()
            .is_some_and(|d| d.tenders.iter().any(of))
    }

    fn start(&mut self, start: &StartAttempt) -> Result<(), Failed> {
        self.fails(Failed::Attempt)?;
        assert!(!self.is_unresolved(), "one attempt at a time");
        let draft = self.draft.as_ref().expect("a basket is open");
        assert_eq!(draft.sale, start.sale);
        assert!((1..=draft.due_minor()).contains(&start.amount_minor));
        assert_eq!(start.local_time.len(), 14);
        let intent = Written {
            sale: start.sale,
            amount_minor: start.amount_minor,
            state: State::Intent,
            at_ms: start.at_ms,
            offline: false,
        };
        assert!(self.attempts.insert(start.attempt, intent).is_none());
        Ok(())
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), Failed> {
        self.fails(Failed::QueueFull)?;
        self.fails(Failed::Commit)?;
        let sale = &commit.sale;
        assert!(!self.is_committed(sale.id), "committed twice");
        assert_eq!(sale.receipt_no, self.commits.len() as u64 + 1);
        if self.is_unresolved() {
            return Err(Failed::Commit);
        }
        let paid: i64 = sale.tenders.iter().map(Tender::paid_minor).sum();
        if commit.paid {
            assert_eq!(paid, sale.total_minor, "paid exactly");
            assert!(
                !sale.tenders.is_empty(),
                "only a voided sale has no tenders"
            );
        } else {
            assert!(sale.tenders.is_empty());
        }
        let approved = |w: &Written| w.sale == sale.id && w.state == State::Approved;
        let charged = self.attempts.iter().filter(|(_, w)| approved(w));
        let charged: BTreeSet<AttemptId> = charged.map(|(attempt, _)| *attempt).collect();
        let named: BTreeSet<AttemptId> = commit.attempts.iter().copied().collect();
        if charged.difference(&named).any(|a| self.owed.contains(a)) {
            return Err(Failed::Commit);
        }
        assert_eq!(
            (&named, named.len()),
            (&charged, commit.attempts.len()),
            "the sale names exactly the charges that pay for it"
        );
        for attempt in charged {
            if let Some(written) = self.attempts.get_mut(&attempt) {
                written.state = match (commit.paid, written.offline) {
                    (true, _) => State::Committed,
                    (false, true) => State::Declined,
                    (false, false) => State::ReversalDue,
                };
            }
        }
        self.draft = None;
        self.commits.push(commit.clone());
        Ok(())
    }
}
