//! How much of an item: pieces or grams.

use core::fmt;

use serde::{Deserialize, Serialize};

/// At most this many pieces on one line.
pub const MAX_PIECES: u32 = 999;
/// At most this many grams on one line: 100 kg, more than a checkout's scale carries.
pub const MAX_GRAMS: u32 = 100_000;

/// How an item is sold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// By the piece; the price is for one.
    Each,
    /// By weight; the price is for one kilogram.
    Kg,
}

/// How much of an item is sold. Never zero, never negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Pieces, 1 to [`MAX_PIECES`].
    Pieces(u32),
    /// Grams, 1 to [`MAX_GRAMS`].
    Grams(u32),
}

impl Quantity {
    /// One piece.
    pub const ONE: Self = Self::Pieces(1);

    /// Reads what a cashier typed: a whole number is pieces, a number with a decimal point or
    /// comma (at most three decimals) is kilograms.
    ///
    /// # Errors
    /// [`BadQuantity`] for anything else, and for nothing, zero, negative or absurd amounts.
    pub fn parse(text: &str) -> Result<Self, BadQuantity> {
        let bad = || BadQuantity(text.chars().take(20).collect());
        let text = text.trim();
        let number = |s: &str| -> Option<u32> {
            (!s.is_empty() && s.len() <= 6 && s.bytes().all(|b| b.is_ascii_digit()))
                .then(|| s.parse().ok())
                .flatten()
        };
        match text.split_once(['.', ',']) {
            None => number(text).and_then(Self::pieces).ok_or_else(bad),
            Some((kilograms, decimals)) => {
                let whole = if kilograms.is_empty() {
                    Some(0)
                } else {
                    number(kilograms)
                };
                let grams = (decimals.len() <= 3)
                    .then(|| number(&format!("{decimals:0<3}")))
                    .flatten()
                    .filter(|_| !decimals.is_empty());
                whole
                    .zip(grams)
                    .and_then(|(kg, g)| kg.checked_mul(1000)?.checked_add(g))
                    .and_then(Self::grams)
                    .ok_or_else(bad)
            }
        }
    }

    /// That many pieces, within bounds.
    #[must_use]
    pub const fn pieces(pieces: u32) -> Option<Self> {
        if pieces >= 1 && pieces <= MAX_PIECES {
            Some(Self::Pieces(pieces))
        } else {
            None
        }
    }

    /// That many grams, within bounds.
    #[must_use]
    pub const fn grams(grams: u32) -> Option<Self> {
        if grams >= 1 && grams <= MAX_GRAMS {
            Some(Self::Grams(grams))
        } else {
            None
        }
    }

    /// How many things a customer would count: each piece, or one weighed bag.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Self::Pieces(n) => n,
            Self::Grams(_) => 1,
        }
    }
}

/// Prints `3` or `1.250 kg`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pieces(n) => write!(f, "{n}"),
            Self::Grams(g) => write!(f, "{}.{:03} kg", g / 1000, g % 1000),
        }
    }
}

/// Something that is no quantity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{0}\" is not a quantity. Use 1 to {MAX_PIECES} pieces, or kilograms such as 0.750.")]
pub struct BadQuantity(pub String);
