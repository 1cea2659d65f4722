//! The catalogue: what is sold, found by barcode, PLU, name and category.

use std::collections::HashMap;

use serde::Deserialize;

use crate::basket::MAX_TAX_BP;
use crate::money::MAX_MINOR;
use crate::quantity::Unit;

/// At most this many items in a catalogue.
pub const MAX_ITEMS: usize = 500_000;
/// At most this many characters in an item's name.
pub const MAX_NAME: usize = 80;

/// One thing that is sold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The shop's key for it, unique.
    pub sku: String,
    /// As on the tile and the receipt.
    pub name: String,
    /// What a cashier can type for it, unique.
    pub plu: String,
    /// EAN-13, EAN-8 or UPC-A; empty for weighed items.
    pub barcode: String,
    /// The category that its tile stands under.
    pub category: String,
    /// Price of one piece or one kilogram, minor units, tax included.
    pub price_minor: i64,
    /// Piece or kilogram.
    pub unit: Unit,
    /// Tax rate in basis points: 1900 is 19 %.
    pub tax_bp: u32,
    /// Youngest buyer in years; 0 for anybody.
    pub min_age: u8,
}

#[derive(Deserialize)]
struct Row {
    sku: String,
    name: String,
    plu: String,
    barcode: String,
    category: String,
    price_minor: String,
    unit: String,
    tax_bp: String,
    min_age: String,
}

/// A catalogue row that was left out, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "Line {line} of the catalogue was left out: {why}. Correct the line and start the till again."
)]
pub struct BadRow {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// A file that is no catalogue at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "The catalogue has no header line \"sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age\". Check that the file is a catalogue in CSV."
)]
pub struct NotACatalogue;

/// Items and the ways to find them.
#[derive(Default, Debug)]
pub struct Catalogue {
    items: Vec<Item>,
    lowercase_names: Vec<String>,
    by_sku: HashMap<String, usize>,
    by_plu: HashMap<String, usize>,
    by_barcode: HashMap<String, usize>,
    categories: Vec<String>,
}

impl Catalogue {
    /// Reads a CSV file with a header. A bad row is left out and told; the rest can be sold.
    ///
    /// # Errors
    /// [`NotACatalogue`] if the header is missing or wrong.
    pub fn parse(csv_text: &[u8]) -> Result<(Self, Vec<BadRow>), NotACatalogue> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(csv_text);
        let header = reader.byte_headers().map_err(|_| NotACatalogue)?.clone();
        let expected = [
            "sku",
            "name",
            "plu",
            "barcode",
            "category",
            "price_minor",
            "unit",
            "tax_bp",
            "min_age",
        ];
        if !expected
            .iter()
            .all(|name| header.iter().any(|h| h == name.as_bytes()))
        {
            return Err(NotACatalogue);
        }
        let mut catalogue = Self::default();
        let mut bad = Vec::new();
        for (index, row) in reader.byte_records().enumerate() {
            let line = row
                .as_ref()
                .ok()
                .and_then(csv::ByteRecord::position)
                .map_or(index as u64 + 2, csv::Position::line);
            let added = row
                .map_err(|_| "it is not CSV".to_owned())
                .and_then(|r| {
                    r.deserialize::<Row>(Some(&header))
                        .map_err(|_| "it has too few fields or is not UTF-8 text".to_owned())
                })
                .and_then(|r| catalogue.check(r))
                .and_then(|item| catalogue.add(item));
            if let Err(why) = added {
                bad.push(BadRow { line, why });
            }
        }
        Ok((catalogue, bad))
    }

    fn check(&self, row: Row) -> Result<Item, String> {
        let shown = |text: &str| text.chars().take(30).collect::<String>();
        let price_minor = row
            .price_minor
            .parse()
            .ok()
            .filter(|p| (0..=MAX_MINOR).contains(p))
            .ok_or_else(|| {
                format!(
                    "price_minor \"{}\" is no amount in cents",
                    shown(&row.price_minor)
                )
            })?;
        let unit = match row.unit.as_str() {
            "each" => Unit::Each,
            "kg" => Unit::Kg,
            other => return Err(format!("unit \"{}\" is neither each nor kg", shown(other))),
        };
        let tax_bp = row
            .tax_bp
            .parse()
            .ok()
            .filter(|bp| *bp <= MAX_TAX_BP)
            .ok_or_else(|| {
                format!(
                    "tax_bp \"{}\" is no rate from 0 to {MAX_TAX_BP}",
                    shown(&row.tax_bp)
                )
            })?;
        let min_age = row
            .min_age
            .parse()
            .ok()
            .filter(|age| *age <= 99)
            .ok_or_else(|| format!("min_age \"{}\" is no age", shown(&row.min_age)))?;
        if row.sku.is_empty() || row.name.trim().is_empty() || row.name.chars().count() > MAX_NAME {
            return Err(format!(
                "sku and name must be given, the name in at most {MAX_NAME} characters"
            ));
        }
        if [&row.sku, &row.name, &row.category]
            .iter()
            .any(|text| text.chars().any(char::is_control))
        {
            return Err("sku, name and category must each be one line of plain text".to_owned());
        }
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if row.plu.is_empty() || row.plu.len() > 6 || !digits(&row.plu) {
            return Err(format!("plu \"{}\" is not 1 to 6 digits", shown(&row.plu)));
        }
        if !row.barcode.is_empty() && !crate::barcode::has_valid_check_digit(&row.barcode) {
            return Err(format!(
                "barcode \"{}\" has a wrong check digit or length",
                shown(&row.barcode)
            ));
        }
        Ok(Item {
            sku: row.sku,
            name: row.name.trim().to_owned(),
            plu: row.plu,
            barcode: row.barcode,
            category: row.category,
            price_minor,
            unit,
            tax_bp,
            min_age,
        })
    }

    fn add(&mut self, item: Item) -> Result<(), String> {
        let index = self.items.len();
        if index >= MAX_ITEMS {
            return Err(format!("a catalogue holds at most {MAX_ITEMS} items"));
        }
        if self.by_sku.contains_key(&item.sku) {
            return Err(format!("sku \"{}\" stands twice", item.sku));
        }
        if self.by_plu.contains_key(&item.plu) {
            return Err(format!("plu \"{}\" stands twice", item.plu));
        }
        if self.by_barcode.contains_key(&item.barcode) {
            return Err(format!("barcode \"{}\" stands twice", item.barcode));
        }
        self.by_sku.insert(item.sku.clone(), index);
        self.by_plu.insert(item.plu.clone(), index);
        if !item.barcode.is_empty() {
            self.by_barcode.insert(item.barcode.clone(), index);
        }
        if !self.categories.contains(&item.category) {
            self.categories.push(item.category.clone());
        }
        self.lowercase_names.push(item.name.to_lowercase());
        self.items.push(item);
        Ok(())
    }

    /// Every item, in the file's order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Categories in the order of their first item.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// The item with this SKU.
    #[must_use]
    pub fn by_sku(&self, sku: &str) -> Option<&Item> {
        self.by_sku.get(sku).and_then(|i| self.items.get(*i))
    }

    /// The item with this PLU.
    #[must_use]
    pub fn by_plu(&self, plu: &str) -> Option<&Item> {
        self.by_plu.get(plu).and_then(|i| self.items.get(*i))
    }

    /// The item with this barcode.
    #[must_use]
    pub fn by_barcode(&self, barcode: &str) -> Option<&Item> {
        self.by_barcode
            .get(barcode)
            .and_then(|i| self.items.get(*i))
    }

    /// Items of one category, or all, in the file's order.
    pub fn in_category<'a>(&'a self, category: Option<&'a str>) -> impl Iterator<Item = &'a Item> {
        self.items
            .iter()
            .filter(move |item| category.is_none_or(|c| item.category == c))
    }

    /// Items whose name holds every word of `query`, or whose PLU or barcode starts with it; those
    /// whose name starts with it come first. At most `most` items; none for an empty query.
    #[must_use]
    pub fn search(&self, query: &str, most: usize) -> Vec<&Item> {
        let query = query.trim().to_lowercase();
        if query.is_empty() {
            return Vec::new();
        }
        let words: Vec<&str> = query.split_whitespace().collect();
        let digits = query.bytes().all(|b| b.is_ascii_digit());
        let mut first = Vec::new();
        let mut then = Vec::new();
        for (item, name) in self.items.iter().zip(&self.lowercase_names) {
            let by_number =
                digits && (item.plu.starts_with(&query) || item.barcode.starts_with(&query));
            if name.starts_with(&query) || by_number {
                first.push(item);
                if first.len() >= most {
                    break;
                }
            } else if then.len() < most && words.iter().all(|w| name.contains(w)) {
                then.push(item);
            }
        }
        first.extend(then);
        first.truncate(most);
        first
    }
}
