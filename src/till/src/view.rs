//! What a cashier sees: the whole truth of the screen as data.
//!
//! The window draws it and `till --stdio` prints it, one JSON object a line; neither knows more.
//! Every amount is in minor units of [`View::currency`].

use serde::{Deserialize, Serialize};

use sealpoint_sale::{Currency, TaxShare};
use sealpoint_wire::lane::CardPrompt;
use sealpoint_wire::{LinkState, ReaderState};

use crate::notice::Notice;

/// Version of this format. Fields are added without a new version; none is renamed or removed.
pub const VIEW_VERSION: u16 = 1;

/// Everything on the screen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View {
    /// [`VIEW_VERSION`].
    pub version: u16,
    /// Counts views; a later one replaces an earlier one.
    pub number: u64,
    /// The `id` of the action that this view answers, if it answers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Name of the shop.
    pub store: String,
    /// Terminal id.
    pub terminal: String,
    /// Name of the cashier.
    pub cashier: String,
    /// `DEMO`, `TRAINING`, or empty when sales are real.
    pub mark: String,
    /// Local date and time with offset (RFC 3339).
    pub clock: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// Light, dark or high contrast.
    pub theme: Theme,
    /// The link to the collector.
    pub link: LinkState,
    /// What waits for the collector.
    pub queue: QueueView,
    /// The card reader.
    pub reader: ReaderState,
    /// What the right pane shows.
    pub pane: Pane,
    /// The bar across the screen, while there is something to say.
    pub notice: Option<Notice>,
    /// What was rung up.
    pub basket: BasketView,
    /// What is still due after the tenders so far.
    pub due_minor: i64,
    /// Tenders taken so far.
    pub tenders: Vec<TenderView>,
    /// Digits typed so far, as the cashier sees them.
    pub entry: String,
    /// Quantity that the next item takes, if one was set: `3` or `0.750 kg`.
    pub multiplier: Option<String>,
    /// The tiles and the search.
    pub shelf: ShelfView,
    /// Amounts to tender with one tap; the first is exact.
    pub quick_cash: Vec<i64>,
    /// The card being charged.
    pub card: Option<CardView>,
    /// Why no card can be charged now: what happened and what to do.
    pub card_unavailable: Option<Notice>,
    /// The sale just paid.
    pub paid: Option<PaidView>,
    /// The receipt shown.
    pub receipt: Option<ReceiptView>,
    /// Baskets put aside.
    pub parked: Vec<ParkedView>,
    /// What the cashier is asked.
    pub question: Option<Question>,
    /// Totals since the shift began.
    pub totals: TotalsView,
    /// Card attempts that the till is undoing by itself.
    pub reversals_due: u32,
    /// What cards may still be charged without their bank, if the retailer allows any of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<OfflineView>,
    /// What a person has to settle: charges without the bank that it then declined, and the like.
    #[serde(default)]
    pub work_items: u32,
    /// What is less safe than in a shop, for as long as it is so; the gravest first.
    #[serde(default)]
    pub warnings: Vec<Notice>,
    /// The demo's cards, when this is the demo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoView>,
}

/// Colours of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// Black, yellow, white.
    Contrast,
}

/// What the right pane shows. The basket stays beside it in each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    /// Ringing up: tiles, search, keypad.
    Ring,
    /// Taking money.
    Tender,
    /// A card is being charged.
    Card,
    /// The sale is paid: change and receipt.
    Paid,
    /// A receipt.
    Receipt,
    /// Baskets put aside.
    Parked,
    /// A question, see [`View::question`].
    Question,
    /// The keys.
    Help,
    /// The till cannot sell; the notice says why and what to do.
    Blocked,
}

/// What waits for the collector.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct QueueView {
    /// Records that the collector has not acknowledged.
    pub count: u64,
    /// Sum of their sales, minor units: what would be lost with this till.
    pub at_risk_minor: i64,
    /// Age of the oldest, milliseconds.
    pub oldest_ms: Option<i64>,
    /// Records that the collector refused: somebody must look at them.
    pub held: u64,
}

/// What cards may still be charged without their bank.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfflineView {
    /// One charge, minor units.
    pub per_sale_minor: i64,
    /// All of them together, minor units.
    pub left_minor: i64,
    /// How many more.
    pub left_count: u32,
    /// How long from now, milliseconds; none while nothing was taken.
    pub left_ms: Option<i64>,
    /// Whether also cards that want their bank are taken.
    pub deferred: bool,
    /// How many were taken that the bank has not answered.
    pub taken_count: u32,
    /// Their sum, minor units.
    pub taken_minor: i64,
}

/// What was rung up.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BasketView {
    /// The sale, once something was rung up.
    pub sale: Option<String>,
    /// Lines in the order rung up.
    pub lines: Vec<LineView>,
    /// Number of the line that Void acts on.
    pub selected: Option<u32>,
    /// Number of the line rung up last, for the hero.
    pub last: Option<u32>,
    /// What a customer would count.
    pub items: u32,
    /// Sum, minor units, tax included.
    pub total_minor: i64,
    /// Tax in it, by rate.
    pub tax: Vec<TaxShare>,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LineView {
    /// Number of the line.
    pub no: u32,
    /// SKU of the item.
    pub sku: String,
    /// Name of the item.
    pub name: String,
    /// `3` or `1.250 kg`.
    pub quantity: String,
    /// True when the quantity is worth showing: more than one piece, or a weight.
    pub multiple: bool,
    /// Price of one piece or kilogram.
    pub unit_price_minor: i64,
    /// Price of the line.
    pub total_minor: i64,
    /// Youngest buyer; 0 for anybody.
    pub min_age: u8,
    /// Taken back; shown struck through.
    pub voided: bool,
}

/// One tender taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TenderView {
    /// `cash` or `card`.
    pub kind: String,
    /// Label and last four digits of a card, empty for cash.
    pub label: String,
    /// What it pays.
    pub paid_minor: i64,
}

/// Tiles, categories and search.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ShelfView {
    /// Every category.
    pub categories: Vec<String>,
    /// The chosen one; none is all.
    pub category: Option<String>,
    /// True while typing goes to the search.
    pub searching: bool,
    /// What was typed into the search.
    pub query: String,
    /// Items to show, this page of them.
    pub tiles: Vec<TileView>,
    /// Which of them Enter takes, while searching.
    pub highlighted: usize,
    /// This page, from 0.
    pub page: usize,
    /// Pages, at least 1.
    pub pages: usize,
}

/// One item on the shelf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TileView {
    /// SKU, for the action that rings it up.
    pub sku: String,
    /// Name.
    pub name: String,
    /// PLU.
    pub plu: String,
    /// Category, for the icon.
    pub category: String,
    /// Price of one piece or kilogram.
    pub price_minor: i64,
    /// True when the price is for a kilogram.
    pub by_weight: bool,
    /// Youngest buyer; 0 for anybody.
    pub min_age: u8,
}

/// A card being charged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CardView {
    /// What it is charged, as the card and the host see it.
    pub amount_minor: i64,
    /// What the cardholder should do.
    pub prompt: CardPrompt,
    /// Label and last four digits, once known.
    pub label: String,
    /// Applications of the card to choose from, as its holder knows them; empty when there is
    /// nothing to choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// How long the present wait may last, milliseconds.
    pub wait_ms: u32,
    /// How much of it is left, milliseconds.
    pub left_ms: u32,
    /// True while Cancel is safe.
    pub can_cancel: bool,
}

/// The sale just paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaidView {
    /// The sale.
    pub sale: String,
    /// Receipt number.
    pub receipt_no: u64,
    /// What it came to.
    pub total_minor: i64,
    /// What the customer gets back.
    pub change_minor: i64,
}

/// A receipt on screen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiptView {
    /// Receipt number.
    pub receipt_no: u64,
    /// Its text, [`sealpoint_sale::receipt::WIDTH`] characters a line.
    pub text: String,
}

/// A basket put aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ParkedView {
    /// The sale, for the action that recalls it.
    pub sale: String,
    /// First item and how many more.
    pub title: String,
    /// What it comes to.
    pub total_minor: i64,
    /// How long ago, milliseconds.
    pub age_ms: i64,
}

/// What the cashier is asked before the till goes on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Question {
    /// Is the customer old enough?
    Age {
        /// Youngest buyer in years.
        min_age: u8,
        /// Last birthday that is old enough, `YYYY-MM-DD`.
        born_on_or_before: String,
        /// Names of the items it is about.
        items: Vec<String>,
    },
    /// Really void the sale?
    VoidSale {
        /// What would be voided, minor units.
        total_minor: i64,
        /// Cash to hand back, minor units.
        cash_back_minor: i64,
        /// Charges that will be undone, minor units.
        card_back_minor: i64,
    },
    /// Really charge the same card the same amount again?
    ChargeTwice {
        /// The amount, minor units.
        amount_minor: i64,
        /// Label and last four digits.
        label: String,
        /// How long ago it was charged, milliseconds.
        ago_ms: i64,
    },
    /// Keep what the bank approved, which is less than was asked for? No undoes it.
    PartApproval {
        /// What was asked for, minor units.
        asked_minor: i64,
        /// What the bank approved, minor units.
        approved_minor: i64,
        /// What stays due with it, minor units.
        left_minor: i64,
    },
}

/// Totals since the shift began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TotalsView {
    /// Paid sales.
    pub sales: u64,
    /// Voided sales.
    pub voided: u64,
    /// Sum of the paid sales.
    pub total_minor: i64,
    /// Of that in cash, after change.
    pub cash_minor: i64,
    /// Of that by card.
    pub card_minor: i64,
}

/// The demo's panel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DemoView {
    /// Cards to insert.
    pub cards: Vec<DemoCard>,
    /// Name of the inserted one.
    pub inserted: Option<String>,
}

/// A card of the demo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DemoCard {
    /// Name, for the action that inserts it.
    pub name: String,
    /// What the button says.
    pub title: String,
}
