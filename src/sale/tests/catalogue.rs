//! The catalogue: a bad row is left out and named, and the good ones still sell.

use std::path::Path;

use sealpoint_sale::barcode::{self, Barcode};
use sealpoint_sale::{Basket, Catalogue, Quantity, Unit};

fn read(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("is there")
}

fn bad(name: &str) -> Vec<u8> {
    read(&format!("tests/bad-catalogues/{name}.csv"))
}

/// The one row left out, by line and reason; the good rows around it must sell.
fn left_out(name: &str) -> (u64, String) {
    let (catalogue, bad_rows) = Catalogue::parse(&bad(name)).expect("has a header");
    for (sku, quantity) in [("GOOD-1", Quantity::ONE), ("GOOD-2", Quantity::Grams(500))] {
        let item = catalogue
            .by_sku(sku)
            .unwrap_or_else(|| panic!("{name}: {sku}"));
        Basket::default().ring_up(item, quantity).expect("sells");
    }
    assert_eq!(catalogue.items().len(), 2, "{name}");
    let [row] = bad_rows.as_slice() else {
        panic!("{name}: {bad_rows:?}")
    };
    let said = row.to_string();
    assert!(said.contains("Correct the line"), "{said}");
    assert!(
        said.chars().count() < 200 && !said.contains(char::is_control),
        "{said}"
    );
    (row.line, row.why.clone())
}

#[test]
fn each_defect_is_named_with_its_line() {
    for (name, reason) in [
        (
            "duplicate-barcode",
            "barcode \"4006381333931\" stands twice",
        ),
        ("duplicate-sku", "sku \"GOOD-1\" stands twice"),
        ("duplicate-plu", "plu \"101\" stands twice"),
        (
            "price-not-a-number",
            "price_minor \"2.99\" is no amount in cents",
        ),
        (
            "price-negative",
            "price_minor \"-299\" is no amount in cents",
        ),
        (
            "price-beyond-any-sale",
            "price_minor \"1000000000000\" is no amount in cents",
        ),
        ("unit-unknown", "unit \"dozen\" is neither each nor kg"),
        (
            "tax-over-100-percent",
            "tax_bp \"10001\" is no rate from 0 to 10000",
        ),
        ("age-of-300", "min_age \"300\" is no age"),
        ("name-empty", "sku and name must be given"),
        ("name-of-81-characters", "at most 80 characters"),
        ("name-of-two-lines", "one line of plain text"),
        ("name-with-printer-command", "one line of plain text"),
        ("plu-of-letters", "plu \"RYE\" is not 1 to 6 digits"),
        ("plu-of-7-digits", "plu \"2000001\" is not 1 to 6 digits"),
        (
            "barcode-misprinted",
            "barcode \"4006381333932\" has a wrong check digit",
        ),
        ("short-row", "it has too few fields"),
        ("comma-in-name", "price_minor \"Bakery\" is no amount"),
        ("not-utf8", "is not UTF-8 text"),
    ] {
        let (line, why) = left_out(name);
        assert_eq!(line, 3, "{name}");
        assert!(why.contains(reason), "{name}: {why}");
    }
}

#[test]
fn what_is_no_catalogue_is_refused_as_a_whole() {
    for name in ["no-header", "semicolons", "empty", "only-zero-bytes"] {
        let refused = Catalogue::parse(&bad(name)).expect_err(name).to_string();
        assert!(refused.contains("has no header line"), "{refused}");
    }
}

#[test]
fn a_catalogue_saved_by_a_spreadsheet_is_read() {
    let saved = String::from_utf8(read("../../assets/catalogue/demo.csv")).expect("UTF-8");
    let saved = format!("\u{feff}{}", saved.replace('\n', "\r\n"));
    let (catalogue, bad_rows) = Catalogue::parse(saved.as_bytes()).expect("is one");
    assert!(bad_rows.is_empty() && catalogue.items().len() >= 600);
}

#[test]
fn a_quote_that_is_never_closed_loses_nothing_above_it() {
    let text = String::from_utf8(bad("short-row")).expect("UTF-8");
    let text = text.replace("BAD-1,Rye Bread,201", "BAD-1,\"Rye Bread,201");
    let (catalogue, bad_rows) = Catalogue::parse(text.as_bytes()).expect("has a header");
    assert!(catalogue.by_sku("GOOD-1").is_some());
    assert_eq!(bad_rows.len(), 1);
    assert_eq!(bad_rows[0].line, 3);
}

#[test]
fn every_item_of_the_demo_is_found_by_every_way() {
    let (catalogue, bad_rows) =
        Catalogue::parse(&read("../../assets/catalogue/demo.csv")).expect("is one");
    assert_eq!(bad_rows, []);
    assert!(
        catalogue.items().len() >= 600,
        "{}",
        catalogue.items().len()
    );
    for item in catalogue.items() {
        assert_eq!(catalogue.by_sku(&item.sku), Some(item));
        assert_eq!(catalogue.by_plu(&item.plu), Some(item));
        assert!(catalogue.categories().contains(&item.category));
        let found = catalogue.search(&item.name, usize::MAX);
        assert!(found.contains(&item), "{}", item.name);
        if item.barcode.is_empty() {
            assert_eq!(item.unit, Unit::Kg, "{} cannot be scanned", item.name);
            continue;
        }
        let Ok(Barcode::Item(scanned)) = barcode::read(&item.barcode) else {
            panic!("{} reads as no item", item.barcode);
        };
        let by_scan = catalogue
            .by_barcode(&scanned)
            .or_else(|| catalogue.by_barcode(scanned.strip_prefix('0')?));
        assert_eq!(by_scan, Some(item));
    }
}

#[test]
fn search_puts_names_that_begin_so_first_and_finds_words_anywhere() {
    let text = b"sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age
A,Oat Milk,101,,Dairy,199,each,700,0
B,Milk Chocolate,102,4006381333931,Sweets,99,each,700,0
C,W\xc3\x9cRSTCHEN,103,,Meat,399,each,700,0\n";
    let (catalogue, bad_rows) = Catalogue::parse(text).expect("is one");
    assert_eq!(bad_rows, []);
    let skus = |query: &str| -> Vec<String> {
        let found = catalogue.search(query, 10);
        found.iter().map(|item| item.sku.clone()).collect()
    };
    assert_eq!(skus("milk"), ["B", "A"]);
    assert_eq!(skus(" MILK oat "), ["A"]);
    assert_eq!(skus("würst"), ["C"]);
    assert_eq!(skus("103"), ["C"]);
    assert_eq!(skus("4006"), ["B"]);
    assert!(skus("").is_empty() && skus("   ").is_empty() && skus("tofu").is_empty());
    assert_eq!(catalogue.search("milk", 1).len(), 1);
}
