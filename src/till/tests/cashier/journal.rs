//! A journal in memory that keeps the real one's rules, and can be told to fail. A step that the
//! real one would refuse for the till's own fault is a panic: the till broke a rule.

use std::collections::BTreeMap;

use sealpoint_sale::{AttemptId, SaleId, Tender};
use sealpoint_till::Effect;
use sealpoint_till::draft::Draft;
use sealpoint_till::effect::{Commit, Failed, Parked, StartAttempt};

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
}

#[derive(Default)]
pub struct Journal {
    /// The kinds of write that fail now.
    pub failing: Vec<Failed>,
    pub draft: Option<Draft>,
    pub parked: Vec<Parked>,
    pub attempts: BTreeMap<AttemptId, Written>,
    pub commits: Vec<Commit>,
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

    /// Carries out an effect that writes.
    pub fn write(&mut self, effect: &Effect) -> Result<(), Failed> {
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
            Effect::Approve { attempt, draft, .. } => {
                self.fails(Failed::Settle)?;
                self.step(*attempt, &[State::Sent], State::Approved);
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
            Effect::Reverse { attempt, draft, .. } => {
                self.fails(Failed::Settle)?;
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
        let of_sale = self.attempts.iter_mut().filter(|(_, w)| w.sale == sale.id);
        let mut charged = vec![];
        for (attempt, written) in of_sale.filter(|(_, w)| w.state == State::Approved) {
            charged.push(*attempt);
            written.state = if commit.paid {
                State::Committed
            } else {
                State::ReversalDue
            };
        }
        let mut named = commit.attempts.clone();
        named.sort_unstable();
        assert_eq!(
            named, charged,
            "the sale names exactly the charges that pay for it"
        );
        self.draft = None;
        self.commits.push(commit.clone());
        Ok(())
    }
}
