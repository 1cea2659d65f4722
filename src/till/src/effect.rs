//! What goes into the till besides actions, and what it asks its surroundings to do.

use sealpoint_sale::{AttemptId, Catalogue, Currency, Sale, SaleId};
use sealpoint_wire::lane::EmvResult;
use sealpoint_wire::{
    AuthoriseRequest, CardSummary, FromLane, FromUplink, Posture, TerminalId, ToLane,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::action::Action;
use crate::notice::Notice;
use crate::offline::{OfflineCharge, OfflineUsed};
use crate::view::{DemoView, TotalsView};

/// The moment at which something goes in. The till has no clock and no random source of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Local date and time with offset (RFC 3339), at least 19 characters.
    pub local: String,
    /// Two fresh UUIDs (version 7), for what this step has to name: a sale, and an attempt or record.
    pub fresh: [Uuid; 2],
}

/// What the till is set up with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the shop.
    pub store: String,
    /// Terminal id.
    pub terminal: TerminalId,
    /// Name of the cashier.
    pub cashier: String,
    /// `DEMO`, `TRAINING`, or empty when sales are real.
    pub mark: String,
    /// What stands above and below every receipt.
    pub letterhead: sealpoint_sale::receipt::Letterhead,
    /// What it sells in.
    pub currency: Currency,
    /// Whether a collector is configured.
    pub collector: bool,
    /// Tiles on one page.
    pub tiles_per_page: usize,
    /// How long to wait for a card to be inserted.
    pub insert_timeout_ms: u32,
    /// Records waiting for the collector at which the till stops taking cards; cash goes on.
    pub queue_card_limit: u64,
    /// Which charges are asked about when they come twice.
    pub duplicate_guard: DuplicateGuard,
    /// The demo's cards, when this is the demo.
    pub demo: Option<DemoView>,
    /// Whether the key of the till's data lies in a file beside the data.
    pub key_in_file: bool,
    /// Whether the link to the collector may agree on keys without post-quantum cryptography.
    pub classical: bool,
    /// How the till itself is protected.
    pub posture: Option<Posture>,
}

/// Which charges are asked about when the same card pays the same amount on this till within 90 s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateGuard {
    /// None.
    Off,
    /// Those of cards whose token leaves the card process.
    #[default]
    Token,
    /// Those of every card: without a token its label, application and truncated number count, which
    /// another card may share.
    Card,
}

/// What the journal still knew at the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Restored {
    /// The open basket, as [`Effect::SaveDraft`] wrote it.
    pub draft: Option<String>,
    /// Baskets put aside.
    pub parked: Vec<Parked>,
    /// Number that the next receipt takes.
    pub next_receipt_no: u64,
    /// Totals of the shift.
    pub totals: TotalsView,
    /// What waits for the collector.
    pub queue: QueueFigures,
    /// What was taken without the issuer and is not answered.
    pub offline: OfflineUsed,
    /// What a person has to settle.
    pub work_items: u32,
    /// Attempts that the crash left open and that are now being undone.
    pub reversing: u32,
    /// What they come to, minor units.
    pub reversing_minor: i64,
}

/// What waits for the collector, as the journal counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QueueFigures {
    /// Records that the collector has not acknowledged.
    pub count: u64,
    /// Sum of their sales, minor units.
    pub at_risk_minor: i64,
    /// When the oldest was committed, milliseconds since the Unix epoch.
    pub oldest_at_ms: Option<i64>,
    /// Records that the collector refused.
    pub held: u64,
}

/// How things stand, as the journal counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// What waits for the collector.
    pub queue: QueueFigures,
    /// Totals of the shift.
    pub totals: TotalsView,
    /// Attempts that are being undone.
    pub reversals_due: u32,
    /// What was taken without the issuer and is not answered.
    pub offline: OfflineUsed,
    /// What a person has to settle.
    pub work_items: u32,
}

/// What one card was charged without its issuer on one local day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CardUsed {
    /// Charges.
    pub count: u32,
    /// Their sum, minor units.
    pub amount_minor: i64,
}

/// A basket put aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parked {
    /// The sale.
    pub sale: SaleId,
    /// When, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// First item and how many more.
    pub title: String,
    /// The basket, as [`Effect::SaveDraft`] writes it.
    pub draft: String,
    /// What it comes to, minor units.
    pub(crate) total_minor: i64,
}

impl Parked {
    /// A basket put aside; what it comes to is read from the draft once, not for every view.
    #[must_use]
    pub fn new(sale: SaleId, at_ms: i64, title: String, draft: String) -> Self {
        let total_minor =
            crate::draft::Draft::from_json(&draft).map_or(0, |draft| draft.basket.total_minor());
        Self {
            sale,
            at_ms,
            title,
            draft,
            total_minor,
        }
    }
}

/// Everything that can happen to a till.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// The cashier did something.
    Action(Action),
    /// Time went by; sent several times a second.
    Tick,
    /// The lane said something.
    Lane(FromLane),
    /// The lane process ended.
    LaneDown,
    /// The uplink said something.
    Uplink(FromUplink),
    /// The uplink process ended.
    UplinkDown,
    /// INTENT is durable and the lane reads the card.
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// Its trace number.
        stan: u32,
    },
    /// An effect could not be carried out; nothing was changed by it.
    Failed {
        /// Which.
        what: Failed,
        /// What happened and what to do, one sentence each.
        why: String,
    },
    /// The sale is durable with everything that belongs to it.
    Committed {
        /// The sale.
        sale: SaleId,
    },
    /// The queue, the totals or what is owed changed.
    Figures(Figures),
    /// What the journal knows of a card.
    CardKnown {
        /// The attempt that it was read for.
        attempt: AttemptId,
        /// When it was charged the same amount before, milliseconds since the Unix epoch, if that was
        /// asked for and is so.
        charged_at_ms: Option<i64>,
        /// What it was charged without its issuer on this day.
        used: CardUsed,
    },
    /// A receipt was found.
    ReceiptFound {
        /// Its number.
        receipt_no: u64,
        /// Its text.
        text: String,
    },
    /// The demo's cards changed.
    Demo(DemoView),
    /// The surroundings have something to say to the cashier.
    Say(Notice),
}

/// Which effect could not be carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// [`Effect::SaveDraft`], [`Effect::Park`] or [`Effect::Recall`].
    Draft,
    /// [`Effect::StartAttempt`].
    Attempt,
    /// [`Effect::Send`].
    Send,
    /// [`Effect::Approve`], [`Effect::ApproveOffline`], [`Effect::UndoOffline`],
    /// [`Effect::Decline`] or [`Effect::Reverse`].
    Settle,
    /// [`Effect::Commit`].
    Commit,
    /// The queue for the collector is full.
    QueueFull,
    /// [`Effect::FindReceipt`]: there is none.
    NoReceipt,
}

/// What the till asks its surroundings to do, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Make the open basket durable, so that a crash loses nothing.
    SaveDraft(String),
    /// Put the open basket aside, in one commit.
    Park(Parked),
    /// Make a parked basket the open one, in one commit.
    Recall(SaleId),
    /// Write INTENT with a fresh trace number; only then ask the lane to read the card.
    StartAttempt(StartAttempt),
    /// Look up what the journal knows of the card.
    LookUpCard(Box<LookUpCard>),
    /// Write SENT; only then ask the host.
    Send(Box<AuthoriseRequest>),
    /// Tell the lane.
    ToLane(ToLane),
    /// Write APPROVED together with the basket that now holds the tender.
    Approve {
        /// The attempt.
        attempt: AttemptId,
        /// What the issuer approved, minor units: what was asked for, or a part.
        amount_minor: i64,
        /// Authorisation code of the issuer.
        approval_code: String,
        /// EMV results, for the record of the attempt.
        emv: Option<EmvResult>,
        /// The open basket.
        draft: String,
    },
    /// Write APPROVED with the advice that is owed for it, together with the basket.
    ApproveOffline(Box<OfflineCharge>),
    /// Write that a charge without the issuer is undone: nobody was told of it.
    UndoOffline {
        /// The attempt.
        attempt: AttemptId,
        /// Why, for the log.
        why: String,
        /// The open basket, without the tender, if one is open.
        draft: Option<String>,
    },
    /// Write DECLINED: nothing to undo.
    Decline {
        /// The attempt.
        attempt: AttemptId,
        /// Why, for the log.
        why: String,
    },
    /// Write REVERSAL_DUE; only then ask the uplink to undo it.
    Reverse {
        /// The attempt.
        attempt: AttemptId,
        /// Why, for the log.
        why: String,
        /// The open basket, without the tender, if one is open.
        draft: Option<String>,
    },
    /// Write the sale and everything that belongs to it in one commit; then print and open the drawer.
    Commit(Box<Commit>),
    /// Look a receipt up: the last one, or that with this number.
    FindReceipt(Option<u64>),
    /// Write a receipt to files.
    SaveReceipt(u64),
    /// Take the till out of service: its keys are destroyed, so what it holds goes too.
    Erase,
    /// Demo only: move a card.
    Demo(Option<String>),
}

/// A card to look up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookUpCard {
    /// The attempt that it was read for.
    pub attempt: AttemptId,
    /// What may be stored of the card.
    pub card: CardSummary,
    /// What it is to be charged.
    pub amount_minor: i64,
    /// The same charge since then is asked for, if it is, milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// `YYYYMMDDhhmmss` of the charge, for its day.
    pub local_time: String,
}

/// A card attempt about to start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartAttempt {
    /// Minted for it.
    pub attempt: AttemptId,
    /// The sale that it pays for.
    pub sale: SaleId,
    /// Minor units.
    pub amount_minor: i64,
    /// Their currency.
    pub currency: Currency,
    /// `YYYYMMDDhhmmss`.
    pub local_time: String,
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How long to wait for a card.
    pub insert_timeout_ms: u32,
    /// Up to this amount card and terminal may approve by themselves, minor units.
    pub offline_up_to_minor: i64,
}

/// Everything that one sale writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// The sale, paid or voided.
    pub sale: Sale,
    /// True if it was paid, false if it was voided.
    pub paid: bool,
    /// Minted for its outbox row.
    pub record: Uuid,
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Its receipt.
    pub receipt: String,
    /// Card attempts that paid for it, or that must be undone if it was voided.
    pub attempts: Vec<AttemptId>,
}

/// The catalogue with what could not be read of it.
#[derive(Debug, Default)]
pub struct Stock {
    /// What can be sold.
    pub catalogue: Catalogue,
    /// Rows left out.
    pub bad_rows: Vec<sealpoint_sale::catalogue::BadRow>,
}
