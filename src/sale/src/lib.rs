//! Money, basket, tax, tenders, receipt and catalogue: pure arithmetic, no I/O and no clock.

pub mod barcode;
pub mod basket;
pub mod catalogue;
pub mod id;
pub mod money;
pub mod quantity;
pub mod receipt;
pub mod sale;
pub mod tax;
pub mod tender;

pub use basket::{Basket, Line, RingUpError};
pub use catalogue::{Catalogue, Item};
pub use id::{AttemptId, SaleId};
pub use money::{AmountTooLarge, Currency, MAX_MINOR, Money};
pub use quantity::{Quantity, Unit};
pub use sale::{Sale, SaleHead};
pub use tax::TaxShare;
pub use tender::{CardTender, Tender, TenderError, Unconfirmed};
