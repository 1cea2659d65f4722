//! Money, basket, tax, tenders, receipt and catalogue: pure arithmetic, no I/O and no clock.

pub mod id;
pub mod money;

pub use id::{AttemptId, SaleId};
pub use money::{AmountTooLarge, Currency, MAX_MINOR, Money};
