//! What a cashier does: taps, keys, scans. The lines that `till --stdio` reads.

use serde::Deserialize;

use crate::view::Theme;

/// At most this many characters in any text of an action.
pub const MAX_TEXT: usize = 200;

/// A text from outside, cut to what the till will look at and repeat. Characters that show nothing
/// or turn the rest of a line around are left out, so that no text can make another unreadable.
pub(crate) fn short(text: &str) -> String {
    text.chars()
        .filter(|c| is_shown(*c))
        .take(MAX_TEXT)
        .collect()
}

/// Whether a character shows something by itself (not the bidirectional controls of Unicode UAX 9,
/// nor the other invisible format characters of its General Punctuation block).
pub(crate) fn is_shown(c: char) -> bool {
    let invisible = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{061C}' | '\u{FEFF}');
    !c.is_control() && !invisible
}

/// One thing that the cashier, a customer or an integrator does.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum Action {
    /// A barcode was scanned.
    Scan {
        /// The digits as the scanner sent them.
        code: String,
    },
    /// A key was pressed. A burst of keys that ends in Enter is a scan, whatever has the attention.
    Key {
        /// The character, or the key's name: `Enter`, `Escape`, `Backspace`, `Delete`, `F1`..`F12`,
        /// `Up`, `Down`, `Left`, `Right`, `PageUp`, `PageDown`, `Tab`.
        key: String,
        /// Whether Alt was held.
        #[serde(default)]
        alt: bool,
        /// Whether Control was held.
        #[serde(default)]
        control: bool,
    },
    /// A tile or a search result was tapped.
    Add {
        /// SKU of the item.
        sku: String,
        /// Quantity as typed; else the multiplier; else one.
        #[serde(default)]
        quantity: Option<String>,
    },
    /// A PLU was typed.
    Plu {
        /// The digits.
        plu: String,
        /// Quantity as typed; else the multiplier; else one.
        #[serde(default)]
        quantity: Option<String>,
    },
    /// The next item takes this quantity: `3`, or kilograms such as `0.750`.
    Quantity {
        /// As typed; empty takes the multiplier back.
        quantity: String,
    },
    /// Search by name, PLU or barcode; empty ends the search.
    Search {
        /// As typed.
        query: String,
    },
    /// Show one category's tiles, or all.
    Category {
        /// Its name.
        #[serde(default)]
        name: Option<String>,
    },
    /// Show another page of tiles.
    Page {
        /// From 0.
        page: usize,
    },
    /// Look a price up without selling.
    PriceCheck {
        /// Barcode or PLU; if empty, what was typed.
        #[serde(default)]
        code: String,
    },
    /// Select a line for Void.
    Select {
        /// Number of the line.
        line: u32,
    },
    /// Void a line: the given one, else the selected, else the last.
    VoidLine {
        /// Number of the line.
        #[serde(default)]
        line: Option<u32>,
    },
    /// Ask whether to void the whole sale.
    VoidSale,
    /// Put the basket aside, or show what was put aside if there is no basket.
    Park,
    /// Take a basket back.
    Recall {
        /// Its sale.
        sale: String,
    },
    /// Show the amount due and the ways to pay it.
    Total,
    /// Take cash.
    Cash {
        /// What the customer gave, minor units; if absent, what was typed at the amount due; else show
        /// that.
        #[serde(default)]
        given_minor: Option<i64>,
    },
    /// Take exactly what is due in cash.
    CashExact,
    /// Charge a card.
    Card {
        /// How much, minor units; if absent, what was typed at the amount due; else all of it.
        #[serde(default)]
        amount_minor: Option<i64>,
    },
    /// Take the application of the card that its holder chose.
    Choose {
        /// Its place among the choices, from 0.
        index: u8,
    },
    /// Give up on the card.
    CancelCard,
    /// Answer the question on screen.
    Answer {
        /// True for the button that goes on.
        yes: bool,
    },
    /// Go back; never destroys anything.
    Back,
    /// Ready for the next customer.
    Next,
    /// Show the receipt: the last one, or that with this number.
    Receipt {
        /// Receipt number.
        #[serde(default)]
        receipt_no: Option<u64>,
    },
    /// Write the receipt shown to files, as text and PDF.
    SaveReceipt,
    /// Say the next of [`crate::View::warnings`] in the bar.
    Warnings,
    /// The cashier has read the bar.
    Dismiss,
    /// Show the keys.
    Help,
    /// Change the colours; without a name, the next ones.
    Theme {
        /// The colours.
        #[serde(default)]
        theme: Option<Theme>,
    },
    /// Demo only: insert a card, or remove it.
    Demo {
        /// Name of the card; absent removes the inserted one.
        #[serde(default)]
        insert: Option<String>,
    },
    /// Nothing: show the view again.
    View,
}
