//! The card process as the till hears it, and the cards that customers bring.

use sealpoint_sale::AttemptId;
use sealpoint_wire::lane::{
    CardOutcome, CardSummary, EmvResult, OfflineApproval, OutcomeKind, ReadCard,
};
use sealpoint_wire::seal::{DukptScheme, DukptSealed};
use sealpoint_wire::{
    Bytes, Currency, FromLane, HostDecision, OfflinePolicy, ReaderState, SealedCard, ToLane,
    WIRE_VERSION,
};

use crate::dice::Dice;

/// What the lane will say, and after how many milliseconds.
pub type Soon = Vec<(u64, FromLane)>;

/// A lane with at most one card at a time.
#[derive(Default)]
pub struct Cards {
    open: Option<(ReadCard, CardSummary)>,
}

/// What this retailer allows without the issuer.
pub const fn policy(deferred: bool) -> OfflinePolicy {
    OfflinePolicy {
        currency: Currency::Eur,
        per_sale_minor: 2_000,
        per_till_minor: 10_000,
        per_card_day_minor: 6_000,
        per_card_day_count: 6,
        max_records: 8,
        max_hours: 24,
        deferred,
    }
}

impl Cards {
    /// What a lane says when it starts.
    pub fn hello(offline: Option<OfflinePolicy>) -> Soon {
        let hello = FromLane::Hello {
            version: WIRE_VERSION,
            cannot_charge: None,
            posture: None,
        };
        let set_up = FromLane::SetUp {
            cannot_charge: None,
            warnings: vec![],
            offline,
        };
        let name = "reader".to_owned();
        let state = ReaderState::Ready { name };
        vec![(0, hello), (0, set_up), (0, FromLane::Reader { state })]
    }

    pub fn told(&mut self, message: ToLane, dice: &mut Dice) -> Soon {
        match message {
            ToLane::Read(read) => self.read(read, dice),
            ToLane::Host { attempt, answer } => {
                let kind = match dice.between(0, 99) {
                    _ if answer.decision == HostDecision::Declined => OutcomeKind::DeclinedByHost,
                    0..80 => OutcomeKind::Approved,
                    80..88 => OutcomeKind::CardRemoved,
                    88..96 => OutcomeKind::DeclinedByCard,
                    // It hangs.
                    _ => return vec![],
                };
                self.ends(attempt, kind, dice.between(10, 1_500))
            }
            ToLane::UnableToGoOnline { attempt } => {
                let may = self.open.as_ref().is_some_and(|(read, _)| approves(read));
                let kind = if may && dice.percent(50) {
                    OutcomeKind::ApprovedOffline
                } else {
                    OutcomeKind::UnableToGoOnline
                };
                self.ends(attempt, kind, dice.between(10, 800))
            }
            ToLane::Cancel { attempt } => {
                self.ends(attempt, OutcomeKind::Cancelled, dice.between(10, 300))
            }
            ToLane::Chosen { .. } | ToLane::Erase { .. } => vec![],
        }
    }

    fn read(&mut self, read: ReadCard, dice: &mut Dice) -> Soon {
        let card = card(dice.between(1, 3));
        let attempt = read.attempt;
        let may = approves(&read);
        self.open = Some((read, card.clone()));
        let after = dice.between(200, 3_000);
        match dice.between(0, 99) {
            0..3 => self.ends(attempt, OutcomeKind::NoCard, 30_000),
            3..6 => self.ends(attempt, OutcomeKind::CardRemoved, after),
            6..9 => self.ends(attempt, OutcomeKind::DeclinedByCard, after),
            // It hangs.
            9 => vec![],
            10..60 if may => self.ends(attempt, OutcomeKind::ApprovedOffline, after),
            _ => vec![(
                after,
                FromLane::Online {
                    attempt,
                    card,
                    sealed: sealed(),
                    de55: emv_data(),
                },
            )],
        }
    }

    fn ends(&mut self, attempt: AttemptId, kind: OutcomeKind, after: u64) -> Soon {
        let Some((_, card)) = self.open.take_if(|(read, _)| read.attempt == attempt) else {
            return vec![];
        };
        let advice = (kind == OutcomeKind::ApprovedOffline).then(|| {
            Box::new(OfflineApproval {
                sealed: sealed(),
                de55: emv_data(),
            })
        });
        let outcome = CardOutcome {
            kind,
            card: Some(card),
            emv: Some(EmvResult::default()),
            why: None,
            advice,
        };
        vec![(after, FromLane::Outcome { attempt, outcome })]
    }
}

fn approves(read: &ReadCard) -> bool {
    read.offline_up_to_minor >= read.amount_minor
}

fn card(number: u64) -> CardSummary {
    CardSummary {
        label: "VISA CREDIT".to_owned(),
        aid: "A0000000031010".to_owned(),
        truncated_pan: format!("476173******000{number}"),
        last4: format!("000{number}"),
        token: None,
    }
}

/// Nobody opens it here.
fn sealed() -> SealedCard {
    SealedCard::Dukpt(DukptSealed {
        scheme: DukptScheme::Aes128,
        key_id: "sim".parse().expect("a name fit for a key"),
        ksn: bytes(12),
        ciphertext: bytes(32),
        mac: bytes(16),
    })
}

/// A counter (9F36), and no more.
fn emv_data() -> Bytes {
    Bytes::try_from(vec![0x9F, 0x36, 0x02, 0x00, 0x01]).expect("short")
}

fn bytes(len: usize) -> Bytes {
    Bytes::try_from(vec![7; len]).expect("short")
}
