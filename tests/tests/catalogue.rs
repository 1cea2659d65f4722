//! The demo catalogue keeps what its README promises, above all that no real
//! product is impersonated.

use std::collections::BTreeSet;
use std::path::Path;

const HEADER: &str = "sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age";
const CATEGORIES: &[&str] = &[
    "Produce",
    "Bakery",
    "Dairy",
    "Meat",
    "Fish",
    "Drinks",
    "Alcohol",
    "Pantry",
    "Snacks",
    "Frozen",
    "Household",
    "Care",
];

struct Item {
    sku: String,
    name: String,
    plu: String,
    barcode: String,
    category: String,
    price_minor: i64,
    weighed: bool,
    tax_bp: u16,
    min_age: u8,
}

fn items() -> Vec<Item> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/catalogue/demo.csv");
    let text = std::fs::read_to_string(path).expect("the demo catalogue is in the repository");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEADER));
    lines.map(item).collect()
}

fn item(line: &str) -> Item {
    // No field of the demo holds a comma or a quote, so this is all of CSV.
    let fields: Vec<&str> = line.split(',').collect();
    let [sku, name, plu, barcode, category, price, unit, tax, age] = fields[..] else {
        panic!("{line} has {} fields", fields.len());
    };
    assert!(["each", "kg"].contains(&unit), "{line}");
    Item {
        sku: sku.to_owned(),
        name: name.to_owned(),
        plu: plu.to_owned(),
        barcode: barcode.to_owned(),
        category: category.to_owned(),
        price_minor: price.parse().expect("a price is a whole number of cents"),
        weighed: unit == "kg",
        tax_bp: tax
            .parse()
            .expect("a tax rate is a whole number of basis points"),
        min_age: age.parse().expect("an age is a whole number of years"),
    }
}

/// GS1 General Specifications, section 7.9: the weighted sum of all digits is a
/// multiple of ten.
fn is_ean13(digits: &str) -> bool {
    let weighted = digits
        .bytes()
        .enumerate()
        .map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 });
    digits.len() == 13
        && digits.bytes().all(|b| b.is_ascii_digit())
        && weighted.sum::<u32>().is_multiple_of(10)
}

#[test]
fn there_are_several_hundred_items_and_each_key_is_unique() {
    let items = items();
    assert!(items.len() >= 600, "{}", items.len());
    for key in [
        |item: &Item| item.sku.clone(),
        |item: &Item| item.name.clone(),
        |item: &Item| item.plu.clone(),
    ] {
        let keys: BTreeSet<String> = items.iter().map(key).collect();
        assert_eq!(keys.len(), items.len());
    }
}

#[test]
fn every_barcode_is_valid_and_of_the_range_for_use_inside_a_shop() {
    let mut seen = BTreeSet::new();
    for item in items() {
        if item.weighed {
            assert_eq!(
                (item.barcode.as_str(), item.plu.len()),
                ("", 5),
                "{}",
                item.name
            );
        } else {
            assert!(
                is_ean13(&item.barcode) && item.barcode.starts_with("29"),
                "{}",
                item.name
            );
            assert!(
                seen.insert(item.barcode),
                "{} shares its barcode",
                item.name
            );
        }
    }
}

#[test]
fn no_plu_is_one_of_the_international_list() {
    for item in items() {
        let plu: u32 = item.plu.parse().expect("a PLU is a number");
        assert!(
            (1000..3000).contains(&plu) || (10_000..30_000).contains(&plu),
            "{}",
            item.name
        );
    }
}

#[test]
fn names_fit_a_tile_and_prices_make_sense() {
    for item in items() {
        assert!(
            (3..=40).contains(&item.name.chars().count()),
            "{}",
            item.name
        );
        assert!((10..=10_000).contains(&item.price_minor), "{}", item.name);
        assert!(
            CATEGORIES.contains(&item.category.as_str()),
            "{}",
            item.category
        );
    }
}

#[test]
fn tax_rates_and_ages_are_those_of_the_demo() {
    let items = items();
    for item in &items {
        assert!([700, 1900].contains(&item.tax_bp), "{}", item.name);
        assert!([0, 16, 18].contains(&item.min_age), "{}", item.name);
        assert_eq!(
            item.category == "Alcohol",
            item.min_age > 0,
            "{}",
            item.name
        );
    }
    for age in [16, 18] {
        assert!(
            items.iter().any(|item| item.min_age == age),
            "nobody is asked for {age}"
        );
    }
    for category in CATEGORIES {
        assert!(
            items
                .iter()
                .filter(|item| item.category == *category)
                .count()
                >= 20,
            "{category} fills no page"
        );
    }
}

#[test]
fn every_category_has_its_icon() {
    let icons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/icons");
    for category in CATEGORIES {
        let icon = icons.join(format!("category-{}.svg", category.to_lowercase()));
        assert!(icon.is_file(), "{category} has no icon");
    }
}
