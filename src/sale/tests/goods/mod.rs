//! Goods to ring up in tests.

use sealpoint_sale::{Item, Unit};

/// An item that is sold by the piece at 7 %.
pub fn piece(name: &str, price_minor: i64) -> Item {
    Item {
        sku: format!("SKU-{name}"),
        name: name.to_owned(),
        plu: "1".to_owned(),
        barcode: String::new(),
        category: "Goods".to_owned(),
        price_minor,
        unit: Unit::Each,
        tax_bp: 700,
        min_age: 0,
    }
}

/// An item that is sold by the kilogram at 7 %.
pub fn weighed(name: &str, price_minor: i64) -> Item {
    Item {
        unit: Unit::Kg,
        ..piece(name, price_minor)
    }
}
