//! The till's surroundings: a clock, a journal, a lane and an uplink that say what a test says.

use sealpoint_sale::receipt::Letterhead;
use sealpoint_sale::{AttemptId, Catalogue, Currency};
use sealpoint_till::effect::{CardUsed, DuplicateGuard, Failed, Figures};
use sealpoint_till::view::{DemoView, Pane};
use sealpoint_till::{
    Action, Effect, Input, Level, Notice, NoticeCode, Restored, Settings, Stamp, Stock, Till, View,
};
use sealpoint_wire::lane::{CardPrompt, EmvResult, OfflineApproval, OutcomeKind};
use sealpoint_wire::{
    AuthoriseRequest, AuthoriseResult, Bytes, CardOutcome, CardSummary, FromLane, FromUplink,
    HostAnswer, HostDecision, HpkeSealed, LinkState, OfflinePolicy, ReaderState, SealedCard,
    TerminalId, ToLane,
};
use uuid::Uuid;

use crate::journal::Journal;

/// What the test shop sells.
const GOODS: &str = "sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age
MILK,Whole Milk,101,4006381333931,Dairy,109,each,700,0
OATS,Oat Flakes,102,96385074,Pantry,89,each,700,0
APPLES,Gala Apples,123,,Produce,299,kg,700,0
BEER,Pilsner,201,0036000291452,Drinks,89,each,1900,16
GIN,Dry Gin,202,,Drinks,1499,each,1900,18
BAG,Paper Bag,301,,Extras,0,each,1900,0
GOLD,Gold Bar,401,,Extras,999999999999,each,0,0
";

pub const MILK: &str = "4006381333931";
pub const OATS: &str = "96385074";
/// A scale's label: 0.750 kg of apples.
pub const APPLES_750_G: &str = "2100123007509";
/// A code that is read right and that nothing bears.
pub const NOBODYS: &str = "4012345678901";

pub struct World {
    pub till: Till,
    pub journal: Journal,
    pub now_ms: i64,
    pub local: String,
    /// What the lane was told.
    pub told_lane: Vec<ToLane>,
    /// What the host was asked.
    pub asked_host: Vec<AuthoriseRequest>,
    pub attempt: Option<AttemptId>,
    /// Up to which amount the newest attempt lets the card approve by itself.
    pub up_to_minor: Option<i64>,
    /// Whether the journal is asked for charges that were made before.
    pub remembers: bool,
    /// What the card has had without its issuer today.
    pub card_used: CardUsed,
    /// Whether the till's keys were destroyed.
    pub erased: bool,
    pub minted: u128,
}

pub fn settings() -> Settings {
    Settings {
        key_in_file: false,
        classical: false,
        posture: None,
        store: "Corner Shop".to_owned(),
        terminal: "T017".parse().expect("a name"),
        cashier: "Ada".to_owned(),
        mark: "TRAINING".to_owned(),
        letterhead: Letterhead::default(),
        currency: Currency::Eur,
        collector: true,
        tiles_per_page: 4,
        insert_timeout_ms: 30_000,
        queue_card_limit: 100,
        duplicate_guard: DuplicateGuard::Card,
        demo: Some(DemoView::default()),
    }
}

pub fn stock() -> Stock {
    let (catalogue, bad_rows) = Catalogue::parse(GOODS.as_bytes()).expect("a catalogue");
    assert_eq!(bad_rows, []);
    Stock {
        catalogue,
        bad_rows,
    }
}

/// A till in the morning: cards can be taken, nothing is rung up.
pub fn open() -> World {
    World::set_up_with(settings())
}

impl World {
    pub fn set_up_with(settings: Settings) -> Self {
        let restored = Restored {
            next_receipt_no: 1,
            ..Restored::default()
        };
        let mut world = Self::with(Till::new(settings, stock(), restored));
        world.cards_ready();
        world
    }

    pub fn with(till: Till) -> Self {
        Self {
            till,
            journal: Journal::default(),
            now_ms: 1_700_000_000_000,
            local: "2026-11-22T19:38:41+01:00".to_owned(),
            told_lane: vec![],
            asked_host: vec![],
            attempt: None,
            up_to_minor: None,
            remembers: false,
            card_used: CardUsed::default(),
            erased: false,
            minted: 0,
        }
    }

    fn stamp(&mut self) -> Stamp {
        self.minted += 2;
        Stamp {
            now_ms: self.now_ms,
            local: self.local.clone(),
            fresh: [
                Uuid::from_u128(self.minted),
                Uuid::from_u128(self.minted + 1),
            ],
        }
    }

    /// Puts an input in, carries out what comes of it, and gives the screen after it.
    pub fn input(&mut self, input: Input) -> View {
        let stamp = self.stamp();
        for effect in self.till.step(input, &stamp) {
            self.carry_out(effect);
        }
        self.view()
    }

    /// The screen; it must add up and it must serialise, always.
    pub fn view(&mut self) -> View {
        let stamp = self.stamp();
        let view = self.till.view(&stamp, None);
        let paid: i64 = view.tenders.iter().map(|t| t.paid_minor).sum();
        assert_eq!(paid + view.due_minor, view.basket.total_minor);
        let text = serde_json::to_string(&view).expect("a view serialises");
        let back: View = serde_json::from_str(&text).expect("and is read back");
        assert_eq!(back, view);
        view
    }

    fn carry_out(&mut self, effect: Effect) {
        if let Err(what) = self.journal.write(&effect) {
            let why = "The disk is full. Call support.".to_owned();
            self.input(Input::Failed { what, why });
            return;
        }
        match effect {
            Effect::StartAttempt(start) => {
                self.up_to_minor = Some(start.offline_up_to_minor);
                self.attempt = Some(start.attempt);
                self.input(Input::AttemptStarted {
                    attempt: start.attempt,
                    stan: 42,
                });
            }
            Effect::LookUpCard(asked) => {
                let charged_at_ms = asked.since_ms.and_then(|since| {
                    self.journal
                        .charged(asked.attempt, asked.amount_minor, since)
                });
                self.input(Input::CardKnown {
                    attempt: asked.attempt,
                    charged_at_ms: charged_at_ms.filter(|_| self.remembers),
                    used: self.card_used,
                });
            }
            Effect::ApproveOffline(_) => {
                self.figures();
            }
            Effect::Erase => self.erased = true,
            Effect::Send(request) => self.asked_host.push(*request),
            Effect::ToLane(message) => self.told_lane.push(message),
            Effect::Commit(commit) => {
                self.input(Input::Committed {
                    sale: commit.sale.id,
                });
            }
            Effect::FindReceipt(receipt_no) => {
                let mut commits = self.journal.commits.iter().rev();
                let found = commits.find(|c| receipt_no.is_none_or(|no| c.sale.receipt_no == no));
                let input = match found {
                    Some(commit) => Input::ReceiptFound {
                        receipt_no: commit.sale.receipt_no,
                        text: commit.receipt.clone(),
                    },
                    None => Input::Failed {
                        what: Failed::NoReceipt,
                        why: String::new(),
                    },
                };
                self.input(input);
            }
            Effect::SaveReceipt(no) => {
                let saved = Notice::new(NoticeCode::ReceiptSaved, vec![format!("{no}.txt")]);
                self.input(Input::Say(saved));
            }
            _ => {}
        }
    }

    pub fn till_terminal(&self) -> TerminalId {
        settings().terminal
    }

    /// Tells the till what its journal counts.
    pub fn figures(&mut self) -> View {
        let offline = self.journal.offline();
        self.input(Input::Figures(Figures {
            offline,
            ..Figures::default()
        }))
    }

    /// The card process tells what the retailer's manifest allows without the issuer.
    pub fn policy(&mut self, policy: OfflinePolicy) -> View {
        self.lane(FromLane::SetUp {
            cannot_charge: None,
            warnings: vec![],
            offline: Some(policy),
        })
    }

    pub fn act(&mut self, action: Action) -> View {
        self.input(Input::Action(action))
    }

    pub fn scan(&mut self, code: &str) -> View {
        self.act(Action::Scan {
            code: code.to_owned(),
        })
    }

    pub fn tap(&mut self, sku: &str) -> View {
        self.act(Action::Add {
            sku: sku.to_owned(),
            quantity: None,
        })
    }

    pub fn cash(&mut self, given_minor: i64) -> View {
        self.act(Action::Cash {
            given_minor: Some(given_minor),
        })
    }

    pub fn yes(&mut self) -> View {
        self.act(Action::Answer { yes: true })
    }

    pub fn no(&mut self) -> View {
        self.act(Action::Answer { yes: false })
    }

    /// One key, pressed at a person's pace.
    pub fn key(&mut self, key: &str) -> View {
        self.now_ms += 150;
        self.key_at_once(key, false, false)
    }

    pub fn alt(&mut self, key: &str) -> View {
        self.key_at_once(key, true, false)
    }

    pub fn control(&mut self, key: &str) -> View {
        self.key_at_once(key, false, true)
    }

    fn key_at_once(&mut self, key: &str, alt: bool, control: bool) -> View {
        self.act(Action::Key {
            key: key.to_owned(),
            alt,
            control,
        })
    }

    /// Characters, typed at a person's pace.
    pub fn types(&mut self, text: &str) -> View {
        for c in text.chars() {
            self.key(&c.to_string());
        }
        self.view()
    }

    /// A keyboard wedge scanner reads a code: its keys come 8 ms apart.
    pub fn wedge(&mut self, code: &str) -> View {
        self.now_ms += 500;
        for c in code.chars() {
            self.now_ms += 8;
            self.key_at_once(&c.to_string(), false, false);
        }
        self.now_ms += 8;
        self.key_at_once("Enter", false, false)
    }

    pub fn passes(&mut self, ms: i64) -> View {
        self.now_ms += ms;
        self.input(Input::Tick)
    }

    pub fn cards_ready(&mut self) {
        self.lane(FromLane::Hello {
            version: 1,
            cannot_charge: None,
            posture: None,
        });
        self.lane(FromLane::Reader {
            state: ReaderState::Ready {
                name: "Reader".to_owned(),
            },
        });
        self.link(LinkState::Up);
    }

    pub fn link(&mut self, state: LinkState) -> View {
        self.input(Input::Uplink(FromUplink::Link { state }))
    }

    pub fn link_down(&mut self) -> View {
        self.link(LinkState::Down {
            why: "The collector does not answer.".to_owned(),
        })
    }

    pub fn lane(&mut self, message: FromLane) -> View {
        self.input(Input::Lane(message))
    }

    /// Presses Card and gives the attempt that came of it.
    pub fn press_card(&mut self) -> AttemptId {
        let before = self.attempt;
        let view = self.act(Action::Card { amount_minor: None });
        assert_eq!(view.pane, Pane::Card, "{:?}", view.notice);
        assert_ne!(self.attempt, before);
        self.attempt.expect("started")
    }

    pub fn attempt(&self) -> AttemptId {
        self.attempt.expect("an attempt was started")
    }

    pub fn prompt(&mut self, prompt: CardPrompt) -> View {
        let attempt = self.attempt();
        self.lane(FromLane::Prompt { attempt, prompt })
    }

    /// The card was read and asks for its issuer.
    pub fn online(&mut self) -> View {
        self.prompt(CardPrompt::Reading);
        self.online_for(self.attempt())
    }

    pub fn online_for(&mut self, attempt: AttemptId) -> View {
        self.lane(FromLane::Online {
            attempt,
            card: visa(),
            sealed: sealed(),
            de55: Bytes::default(),
        })
    }

    pub fn host(&mut self, result: AuthoriseResult) -> View {
        let attempt = self.attempt();
        self.host_on(attempt, result)
    }

    pub fn host_on(&mut self, attempt: AttemptId, result: AuthoriseResult) -> View {
        self.input(Input::Uplink(FromUplink::Authorised { attempt, result }))
    }

    pub fn outcome(&mut self, kind: OutcomeKind) -> View {
        let attempt = self.attempt();
        self.outcome_of(attempt, kind)
    }

    pub fn outcome_of(&mut self, attempt: AttemptId, kind: OutcomeKind) -> View {
        let outcome = CardOutcome {
            kind,
            card: Some(visa()),
            emv: Some(EmvResult {
                ac: "1F2E3D4C5B6A7988".to_owned(),
                ..EmvResult::default()
            }),
            why: None,
            advice: (kind == OutcomeKind::ApprovedOffline).then(|| {
                Box::new(OfflineApproval {
                    sealed: sealed(),
                    de55: Bytes::default(),
                })
            }),
        };
        self.lane(FromLane::Outcome { attempt, outcome })
    }

    /// A whole approved card, from Card pressed to its outcome.
    pub fn card_approved(&mut self) -> View {
        self.press_card();
        self.online();
        self.host(approved());
        self.outcome(OutcomeKind::Approved)
    }
}

fn sealed() -> SealedCard {
    SealedCard::Hpke(HpkeSealed {
        kem: 0x647A,
        kdf: 1,
        aead: 2,
        key_id: "demo-1".parse().expect("a name"),
        enc: Bytes::default(),
        ciphertext: Bytes::default(),
    })
}

fn visa() -> CardSummary {
    CardSummary {
        label: "VISA CREDIT".to_owned(),
        aid: "A0000000031010".to_owned(),
        truncated_pan: "476173******0010".to_owned(),
        last4: "0010".to_owned(),
        token: None,
    }
}

fn answered(decision: HostDecision, code: &str, approval: Option<&str>) -> AuthoriseResult {
    AuthoriseResult::Answered {
        answer: HostAnswer {
            decision,
            response_code: code.to_owned(),
            approval_code: approval.map(str::to_owned),
            issuer_authentication: Bytes::default(),
            scripts: Bytes::default(),
            approved_minor: None,
        },
    }
}

pub fn approved() -> AuthoriseResult {
    answered(HostDecision::Approved, "00", Some("A1B2C3"))
}

/// The issuer approves less than was asked for.
pub fn approved_part(minor: i64) -> AuthoriseResult {
    match answered(HostDecision::PartlyApproved, "10", Some("A1B2C3")) {
        AuthoriseResult::Answered { answer } => AuthoriseResult::Answered {
            answer: HostAnswer {
                approved_minor: Some(minor),
                ..answer
            },
        },
        other => other,
    }
}

pub fn declined() -> AuthoriseResult {
    answered(HostDecision::Declined, "51", None)
}

pub fn not_sent() -> AuthoriseResult {
    AuthoriseResult::NotSent {
        why: "no route".to_owned(),
    }
}

pub fn unknown() -> AuthoriseResult {
    AuthoriseResult::Unknown {
        why: "the answer did not come".to_owned(),
    }
}

/// The code in the bar.
pub fn said(view: &View) -> Option<NoticeCode> {
    view.notice.as_ref().map(|n| n.code)
}

/// The sentence in the bar.
pub fn text(view: &View) -> &str {
    view.notice.as_ref().map_or("", |n| n.text.as_str())
}

/// Whether the bar shows an error.
pub fn is_error(view: &View) -> bool {
    view.notice
        .as_ref()
        .is_some_and(|n| n.level == Level::Error)
}

/// Names of the lines that count.
pub fn live(view: &View) -> Vec<&str> {
    let lines = view.basket.lines.iter().filter(|l| !l.voided);
    lines.map(|l| l.name.as_str()).collect()
}
