//! Carrying out the core's effects. The dangerous ones take a proof of the write before them.

use sealpoint_journal::{Intent, JournalError, Parked, SaleCommit};
use sealpoint_sale::SaleId;
use sealpoint_till::effect::{Commit, Failed, StartAttempt};
use sealpoint_till::{Effect, Input, NoticeCode};
use sealpoint_wire::{AuthoriseRequest, FromUplink, RecordId, RecordKind};

use crate::demo;
use crate::engine::Engine;
use crate::restored;

impl Engine {
    /// Carries out one effect; what it gives goes back into the core.
    pub(crate) fn effect(&mut self, effect: Effect) -> Vec<Input> {
        match effect {
            Effect::SaveDraft(draft) => match open_sale(&draft) {
                Some(sale) => failed(Failed::Draft, self.journal().save_draft(sale, &draft)),
                None => vec![],
            },
            Effect::Park(parked) => {
                let parked = Parked {
                    id: parked.sale,
                    parked_at_ms: parked.at_ms,
                    title: parked.title,
                    body: parked.draft,
                };
                failed(Failed::Draft, self.journal().park(&parked))
            }
            Effect::Recall(sale) => failed(Failed::Draft, self.journal().recall(sale).map(drop)),
            Effect::StartAttempt(start) => self.start_attempt(&start),
            Effect::LookUpCard(asked) => vec![restored::card_known(self.journal(), &asked)],
            Effect::Send(request) => self.send(*request),
            Effect::ToLane(message) => {
                self.lane.tell(&message);
                vec![]
            }
            Effect::Approve {
                attempt,
                amount_minor,
                approval_code,
                emv,
                draft,
            } => {
                let written = self.journal().write_approved(
                    attempt,
                    Some(amount_minor),
                    &approval_code,
                    emv.as_ref(),
                    &draft,
                );
                failed(Failed::Settle, written)
            }
            Effect::ApproveOffline(charge) => {
                let taken = sealpoint_journal::OfflineCharge {
                    kind: charge.kind,
                    card: charge.card,
                    sealed: charge.sealed,
                    de55: charge.de55,
                    emv: charge.emv,
                    approval_code: None,
                };
                let written =
                    self.journal()
                        .write_offline_approved(charge.attempt, &taken, &charge.draft);
                self.figures();
                failed(Failed::Settle, written)
            }
            Effect::UndoOffline {
                attempt,
                why,
                draft,
            } => {
                let written = self
                    .journal()
                    .write_offline_undone(attempt, &why, draft.as_deref());
                self.figures();
                failed(Failed::Settle, written)
            }
            Effect::Erase => {
                self.erase();
                vec![]
            }
            Effect::Decline { attempt, why } => {
                failed(Failed::Settle, self.journal().write_declined(attempt, &why))
            }
            Effect::Reverse {
                attempt,
                why,
                draft,
            } => {
                let written = self
                    .journal()
                    .write_reversal_due(attempt, &why, draft.as_deref());
                self.figures();
                self.pump();
                failed(Failed::Settle, written)
            }
            Effect::Commit(commit) => self.commit(*commit),
            Effect::FindReceipt(receipt_no) => self.find_receipt(receipt_no),
            Effect::SaveReceipt(receipt_no) => self.save_receipt(receipt_no),
            Effect::Demo(insert) => {
                if let Some(control) = self.demo_control.clone() {
                    match demo::ask(&control, insert.as_deref()) {
                        Ok(view) => return vec![Input::Demo(view)],
                        Err(why) => self.say(NoticeCode::DemoCardFailed, vec![why]),
                    }
                }
                vec![]
            }
        }
    }

    /// INTENT on the disk, then the card.
    fn start_attempt(&mut self, start: &StartAttempt) -> Vec<Input> {
        let intent = Intent {
            attempt: start.attempt,
            sale: start.sale,
            amount_minor: start.amount_minor,
            currency: start.currency,
            local_time: start.local_time.clone(),
            at_ms: start.at_ms,
        };
        let (journal, lane, _) = self.split();
        match journal.write_intent(&intent) {
            Ok(proof) => {
                let stan = proof.stan();
                lane.read_card(proof, start.insert_timeout_ms, start.offline_up_to_minor);
                vec![Input::AttemptStarted {
                    attempt: start.attempt,
                    stan,
                }]
            }
            Err(error) => failed(Failed::Attempt, Err(error)),
        }
    }

    /// SENT on the disk, then the host.
    fn send(&mut self, request: AuthoriseRequest) -> Vec<Input> {
        let (journal, _, uplink) = self.split();
        match journal.write_sent(request.attempt, &request.card) {
            Ok(proof) => {
                let attempt = request.attempt;
                match uplink.authorise(proof, request, journal) {
                    Some(result) => {
                        vec![Input::Uplink(FromUplink::Authorised { attempt, result })]
                    }
                    None => vec![],
                }
            }
            Err(error) => failed(Failed::Send, Err(error)),
        }
    }

    /// The sale and everything that belongs to it on the disk, then paper and drawer.
    fn commit(&mut self, commit: Commit) -> Vec<Input> {
        let Ok(body) = serde_json::to_string(&commit.sale) else {
            return vec![];
        };
        let sale = commit.sale.id;
        let row = SaleCommit {
            record_id: RecordId::new(commit.record),
            sale,
            kind: if commit.paid {
                RecordKind::Sale
            } else {
                RecordKind::VoidedSale
            },
            at_ms: commit.at_ms,
            body,
            receipt_no: commit.sale.receipt_no,
            receipt_text: commit.receipt,
            total_minor: commit.sale.total_minor,
            cash_minor: commit.sale.cash_minor(),
            card_minor: commit.sale.card_minor(),
            attempts: commit.attempts,
            cashier: commit.sale.cashier.clone(),
        };
        match self.journal().commit_sale(&row) {
            Ok(proof) => {
                self.input(Input::Committed { sale });
                if let Err(why) = self.printer.print(&proof, &row.receipt_text) {
                    self.say(NoticeCode::ReceiptNotSaved, vec![why]);
                }
                self.figures();
                self.pump();
                vec![]
            }
            Err(error @ JournalError::OutboxFull { .. }) => failed(Failed::QueueFull, Err(error)),
            Err(error) => failed(Failed::Commit, Err(error)),
        }
    }

    fn find_receipt(&mut self, receipt_no: Option<u64>) -> Vec<Input> {
        let found = match receipt_no {
            Some(receipt_no) => self.journal().receipt(receipt_no),
            None => self.journal().last_receipt(),
        };
        match found {
            Ok(Some(receipt)) => {
                let (receipt_no, text) = (receipt.receipt_no, receipt.text);
                vec![Input::ReceiptFound { receipt_no, text }]
            }
            Ok(None) => vec![Input::Failed {
                what: Failed::NoReceipt,
                why: String::new(),
            }],
            Err(error) => failed(Failed::Draft, Err(error)),
        }
    }

    fn save_receipt(&mut self, receipt_no: u64) -> Vec<Input> {
        let saved = match self.journal().receipt(receipt_no) {
            Ok(Some(receipt)) => self.printer.save(receipt.receipt_no, &receipt.text),
            Ok(None) => {
                return vec![Input::Failed {
                    what: Failed::NoReceipt,
                    why: String::new(),
                }];
            }
            Err(error) => Err(error.to_string()),
        };
        match saved {
            Ok(path) => self.say(NoticeCode::ReceiptSaved, vec![path]),
            Err(why) => self.say(NoticeCode::ReceiptNotSaved, vec![why]),
        }
        vec![]
    }
}

fn failed(what: Failed, written: Result<(), JournalError>) -> Vec<Input> {
    match written {
        Ok(()) => vec![],
        Err(error) => {
            tracing::error!(%error, ?what, "not written");
            vec![Input::Failed {
                what,
                why: error.to_string(),
            }]
        }
    }
}

fn open_sale(draft: &str) -> Option<SaleId> {
    sealpoint_till::draft::Draft::from_json(draft).map(|draft| draft.sale)
}
