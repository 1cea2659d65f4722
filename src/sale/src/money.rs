//! Money: integer minor units with a currency. No float, no wrap.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// The largest amount that any field of a sale may hold, in minor units: DE 4 of ISO 8583 and
/// EMV tag 9F02 carry twelve digits.
pub const MAX_MINOR: i64 = 999_999_999_999;

/// A currency that the till can sell in (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Currency {
    /// Euro, 978, two decimals.
    Eur,
    /// Pound sterling, 826, two decimals.
    Gbp,
    /// Swiss franc, 756, two decimals.
    Chf,
    /// US dollar, 840, two decimals.
    Usd,
    /// Yen, 392, no decimals.
    Jpy,
}

impl Currency {
    const ALL: [Self; 5] = [Self::Eur, Self::Gbp, Self::Chf, Self::Usd, Self::Jpy];

    /// ISO 4217 alphabetic code.
    #[must_use]
    pub const fn alpha(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Chf => "CHF",
            Self::Usd => "USD",
            Self::Jpy => "JPY",
        }
    }

    /// ISO 4217 numeric code, as EMV tag 5F2A and ISO 8583 DE 49 carry it.
    #[must_use]
    pub const fn numeric(self) -> u16 {
        match self {
            Self::Eur => 978,
            Self::Gbp => 826,
            Self::Chf => 756,
            Self::Usd => 840,
            Self::Jpy => 392,
        }
    }

    /// Number of decimals (EMV tag 5F36).
    #[must_use]
    pub const fn exponent(self) -> u8 {
        match self {
            Self::Jpy => 0,
            _ => 2,
        }
    }

    /// The currency with this ISO 4217 numeric code, if the till can sell in it.
    #[must_use]
    pub fn from_numeric(numeric: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.numeric() == numeric)
    }
}

/// A currency code that the till does not know.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a currency this till can sell in. Use EUR, GBP, CHF, USD or JPY.")]
pub struct UnknownCurrency(String);

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|c| c.alpha() == s)
            .ok_or_else(|| UnknownCurrency(s.chars().take(8).collect()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<Currency> for String {
    fn from(c: Currency) -> Self {
        c.alpha().to_owned()
    }
}

/// An amount of money, `amount_minor` minor units of `currency`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Money {
    /// Minor units (cents for EUR); negative for money going out.
    pub amount_minor: i64,
    /// The currency that the minor units belong to.
    pub currency: Currency,
}

impl Money {
    /// An amount of `amount_minor` minor units.
    #[must_use]
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }
}

/// Prints the amount with the currency's decimals and a point, without a currency mark: `-12.05`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let digits = self.amount_minor.unsigned_abs();
        let text = match self.currency.exponent() {
            0 => format!("{sign}{digits}"),
            _ => format!("{sign}{}.{:02}", digits / 100, digits % 100),
        };
        f.pad(&text)
    }
}

/// Adds two amounts of minor units, refusing to leave the range a sale can hold.
///
/// # Errors
/// [`AmountTooLarge`] when the sum is outside ±[`MAX_MINOR`].
pub fn add_minor(a: i64, b: i64) -> Result<i64, AmountTooLarge> {
    match a.checked_add(b) {
        Some(sum) if (-MAX_MINOR..=MAX_MINOR).contains(&sum) => Ok(sum),
        _ => Err(AmountTooLarge),
    }
}

/// An amount that no field of a sale can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The amount is larger than a sale can hold. Split it into several sales.")]
pub struct AmountTooLarge;

/// `units * price`, with `units` in thousandths where the price is per thousand (grams against a
/// price per kilogram); rounds half up, the way a scale's price label does.
pub(crate) fn price_of_grams(price_minor_per_kg: i64, grams: u32) -> Result<i64, AmountTooLarge> {
    let exact = i128::from(price_minor_per_kg) * i128::from(grams);
    let rounded = (exact + 500).div_euclid(1000);
    i64::try_from(rounded)
        .ok()
        .filter(|m| m.abs() <= MAX_MINOR)
        .ok_or(AmountTooLarge)
}
