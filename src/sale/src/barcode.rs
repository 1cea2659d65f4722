//! What a scanned code means (GS1 General Specifications).

use crate::quantity::{MAX_GRAMS, Quantity};

/// Prefix of this shop's weight-embedded codes, from the GS1 range for internal use.
const WEIGHED_PREFIX: &str = "21";

/// A scanned code, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Barcode {
    /// A trade item: look it up as it stands.
    Item(String),
    /// A scale's label: `21`, five digits of PLU, five of grams, check digit.
    Weighed {
        /// PLU of the weighed item, without leading zeros.
        plu: String,
        /// Its weight.
        quantity: Quantity,
    },
}

/// Why a scanned code means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadBarcode {
    /// Wrong check digit or length: the scanner misread, or something else was scanned.
    Misread,
    /// A scale's label without weight.
    NoWeight,
}

/// Understands the digits that a scanner sent. White space around them is dropped.
///
/// # Errors
/// [`BadBarcode`] if no till could sell by it.
pub fn read(code: &str) -> Result<Barcode, BadBarcode> {
    let code = code.trim();
    if !has_valid_check_digit(code) {
        return Err(BadBarcode::Misread);
    }
    let weighed = (code.len() == 13)
        .then(|| code.strip_prefix(WEIGHED_PREFIX))
        .flatten();
    let Some(rest) = weighed else {
        // A scanner set to UPC-A sends 12 digits for what an EAN-13 reader sends with a leading 0.
        return Ok(Barcode::Item(if code.len() == 12 {
            format!("0{code}")
        } else {
            code.to_owned()
        }));
    };
    let (plu, grams) = (&rest[..5], &rest[5..10]);
    let grams: u32 = grams.parse().map_err(|_| BadBarcode::Misread)?;
    let quantity = Quantity::grams(grams.min(MAX_GRAMS)).ok_or(BadBarcode::NoWeight)?;
    Ok(Barcode::Weighed {
        plu: plu.trim_start_matches('0').to_owned(),
        quantity,
    })
}

/// Whether this is 8, 12, 13 or 14 digits with a right modulo 10 check digit (section 7.9).
#[must_use]
pub fn has_valid_check_digit(code: &str) -> bool {
    if !matches!(code.len(), 8 | 12 | 13 | 14) || !code.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = code
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 })
        .sum();
    sum.is_multiple_of(10)
}
