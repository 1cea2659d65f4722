//! Tax that is included in the price.

use serde::{Deserialize, Serialize};

use crate::basket::Basket;

/// What one tax rate contributes to a sale. `net + tax = gross` always holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxShare {
    /// Rate in basis points: 1900 is 19 %.
    pub rate_bp: u32,
    /// Sum of the lines at this rate, minor units, tax included.
    pub gross_minor: i64,
    /// Without tax.
    pub net_minor: i64,
    /// The tax alone, rounded half up once per sale and rate.
    pub tax_minor: i64,
}

/// The tax shares of a basket, lowest rate first.
#[must_use]
pub fn shares(basket: &Basket) -> Vec<TaxShare> {
    let mut gross: std::collections::BTreeMap<u32, i64> = std::collections::BTreeMap::new();
    for line in basket.live() {
        // The basket's total is within bounds and no line is negative, so a part of it is too.
        *gross.entry(line.tax_bp).or_default() += line.total_minor;
    }
    gross
        .into_iter()
        .map(|(rate_bp, gross_minor)| share(rate_bp, gross_minor))
        .collect()
}

fn share(rate_bp: u32, gross_minor: i64) -> TaxShare {
    let divisor = i128::from(10_000 + rate_bp);
    let doubled = i128::from(gross_minor) * i128::from(rate_bp) * 2 + divisor;
    let tax_minor = i64::try_from(doubled.div_euclid(divisor * 2)).unwrap_or(gross_minor);
    TaxShare {
        rate_bp,
        gross_minor,
        net_minor: gross_minor - tax_minor,
        tax_minor,
    }
}
