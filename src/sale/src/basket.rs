//! The basket: lines rung up for one customer.

use serde::{Deserialize, Serialize};

use crate::catalogue::Item;
use crate::money::{AmountTooLarge, MAX_MINOR, add_minor, price_of_grams};
use crate::quantity::{MAX_GRAMS, MAX_PIECES, Quantity, Unit};

/// At most this many lines in a basket, voided ones counted.
pub const MAX_LINES: usize = 500;
/// No tax rate is higher, basis points: 100 %.
pub const MAX_TAX_BP: u32 = 10_000;

/// One line of a basket. It keeps its own copy of the item: a price change never reaches a line
/// that was rung up before it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// 1 for the first line; a line keeps its number.
    pub no: u32,
    /// SKU of the item.
    pub sku: String,
    /// Name of the item.
    pub name: String,
    /// How much of it.
    pub quantity: Quantity,
    /// Price of one piece or one kilogram, minor units, tax included.
    pub unit_price_minor: i64,
    /// Price of the line, minor units, tax included.
    pub total_minor: i64,
    /// Tax rate in basis points.
    pub tax_bp: u32,
    /// Youngest buyer in years; 0 for anybody.
    pub min_age: u8,
    /// Taken back before the sale was paid. It stays in the sale as a trace and counts for nothing.
    pub voided: bool,
}

impl Line {
    fn is_in_bounds(&self) -> bool {
        let amount = |minor: i64| (0..=MAX_MINOR).contains(&minor);
        let quantity = match self.quantity {
            Quantity::Pieces(n) => Quantity::pieces(n),
            Quantity::Grams(g) => Quantity::grams(g),
        };
        quantity.is_some()
            && amount(self.unit_price_minor)
            && amount(self.total_minor)
            && self.tax_bp <= MAX_TAX_BP
    }
}

/// Why an item cannot be rung up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RingUpError {
    /// A weighed item without a weight.
    #[error("The item is sold by weight. Weigh it and type the kilograms first.")]
    WeightNeeded,
    /// A weight for an item sold by the piece.
    #[error("The item is sold by the piece. Type a whole number.")]
    PiecesNeeded,
    /// The basket holds [`MAX_LINES`] lines.
    #[error("The basket is full. Take the money for it, then go on with a new one.")]
    BasketFull,
    /// A line would hold more than [`MAX_PIECES`] pieces.
    #[error("A line holds at most {MAX_PIECES} pieces or {} kg.", MAX_GRAMS / 1000)]
    TooMany,
    /// The total would not fit an amount.
    #[error(transparent)]
    TooLarge(#[from] AmountTooLarge),
}

/// A line that is not there to void.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("There is no such line to void. Choose a line of the basket.")]
pub struct NoSuchLine;

/// Lines rung up for one customer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    lines: Vec<Line>,
}

impl Basket {
    /// Every line in the order rung up, voided ones among them.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether nothing was ever rung up.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lines that count.
    pub fn live(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.voided)
    }

    /// Rings up an item. The same item by the piece as on the last line adds to that line.
    ///
    /// # Errors
    /// [`RingUpError`]; the basket is then as it was.
    pub fn ring_up(&mut self, item: &Item, quantity: Quantity) -> Result<&Line, RingUpError> {
        let total_minor = line_total(item, quantity)?;
        add_minor(self.total_minor(), total_minor)?;
        if let Some(merged) = self.merge_into_last(item, quantity)? {
            let index = self.lines.len() - 1;
            self.lines[index] = merged;
            return Ok(&self.lines[index]);
        }
        if self.lines.len() >= MAX_LINES {
            return Err(RingUpError::BasketFull);
        }
        let no = u32::try_from(self.lines.len() + 1).map_err(|_| RingUpError::BasketFull)?;
        self.lines.push(Line {
            no,
            sku: item.sku.clone(),
            name: item.name.clone(),
            quantity,
            unit_price_minor: item.price_minor,
            total_minor,
            tax_bp: item.tax_bp,
            min_age: item.min_age,
            voided: false,
        });
        Ok(&self.lines[self.lines.len() - 1])
    }

    fn merge_into_last(
        &self,
        item: &Item,
        quantity: Quantity,
    ) -> Result<Option<Line>, RingUpError> {
        let Some(last) = self.lines.last() else {
            return Ok(None);
        };
        // A line that was rung up before a restart may come from an older catalogue.
        let same = !last.voided
            && last.sku == item.sku
            && last.unit_price_minor == item.price_minor
            && last.tax_bp == item.tax_bp
            && last.min_age == item.min_age;
        let (Quantity::Pieces(have), Quantity::Pieces(more), true) =
            (last.quantity, quantity, same)
        else {
            return Ok(None);
        };
        let quantity = have
            .checked_add(more)
            .and_then(Quantity::pieces)
            .ok_or(RingUpError::TooMany)?;
        let total_minor = line_total(item, quantity)?;
        Ok(Some(Line {
            quantity,
            total_minor,
            ..last.clone()
        }))
    }

    /// Voids a line. It stays as a trace.
    ///
    /// # Errors
    /// [`NoSuchLine`] if there is no live line with this number.
    pub fn void_line(&mut self, no: u32) -> Result<&Line, NoSuchLine> {
        let line = self
            .lines
            .iter_mut()
            .find(|l| l.no == no && !l.voided)
            .ok_or(NoSuchLine)?;
        line.voided = true;
        Ok(line)
    }

    /// Sum of the live lines, minor units.
    #[must_use]
    pub fn total_minor(&self) -> i64 {
        // Each ring-up checked the new sum, so this cannot leave the range.
        self.live().map(|line| line.total_minor).sum()
    }

    /// What a customer would count: pieces, and one for each weighed line.
    #[must_use]
    pub fn item_count(&self) -> u32 {
        self.live().map(|line| line.quantity.count()).sum()
    }

    /// Whether every sum over this basket fits its type: true for all that was rung up, to be asked
    /// of one that was read from text.
    #[must_use]
    pub fn is_in_bounds(&self) -> bool {
        self.lines.len() <= MAX_LINES
            && self.lines.iter().all(Line::is_in_bounds)
            && self.total_minor() <= MAX_MINOR
    }

    /// Highest minimum age among the live lines; 0 if anybody may buy them.
    #[must_use]
    pub fn min_age(&self) -> u8 {
        self.live().map(|line| line.min_age).max().unwrap_or(0)
    }
}

fn line_total(item: &Item, quantity: Quantity) -> Result<i64, RingUpError> {
    match (item.unit, quantity) {
        (Unit::Each, Quantity::Pieces(n)) => item
            .price_minor
            .checked_mul(i64::from(n))
            .filter(|total| *total <= MAX_MINOR)
            .ok_or(RingUpError::TooLarge(AmountTooLarge)),
        (Unit::Kg, Quantity::Grams(g)) => Ok(price_of_grams(item.price_minor, g)?),
        (Unit::Kg, Quantity::Pieces(_)) => Err(RingUpError::WeightNeeded),
        (Unit::Each, Quantity::Grams(_)) => Err(RingUpError::PiecesNeeded),
    }
}
