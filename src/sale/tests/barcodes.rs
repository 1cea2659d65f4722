//! What a scanner sends: trade items, scales' labels, and misreads.

use proptest::prelude::*;
use sealpoint_sale::Quantity;
use sealpoint_sale::barcode::{BadBarcode, Barcode, has_valid_check_digit, read};

fn with_check_digit(digits: &str) -> String {
    (0..10)
        .map(|check| format!("{digits}{check}"))
        .find(|code| has_valid_check_digit(code))
        .expect("one of ten digits is right")
}

#[test]
fn trade_items_are_looked_up_as_they_stand() {
    for code in ["4006381333931", "96385074", "10012345678902"] {
        assert_eq!(read(code), Ok(Barcode::Item(code.to_owned())), "{code}");
    }
    assert_eq!(
        read(" 4006381333931\r\n"),
        Ok(Barcode::Item("4006381333931".to_owned()))
    );
}

#[test]
fn upc_a_is_an_ean_13_with_a_leading_zero() {
    let upc = Barcode::Item("0036000291452".to_owned());
    assert_eq!(read("036000291452"), Ok(upc.clone()));
    assert_eq!(read("0036000291452"), Ok(upc));
}

#[test]
fn a_scales_label_holds_plu_and_weight() {
    let label = with_check_digit("210012300750");
    assert_eq!(
        read(&label),
        Ok(Barcode::Weighed {
            plu: "123".to_owned(),
            quantity: Quantity::Grams(750)
        })
    );
    let heaviest = with_check_digit("211100199999");
    assert_eq!(
        read(&heaviest),
        Ok(Barcode::Weighed {
            plu: "11001".to_owned(),
            quantity: Quantity::Grams(99_999)
        })
    );
}

#[test]
fn a_scales_label_without_weight_sells_nothing() {
    assert_eq!(
        read(&with_check_digit("210012300000")),
        Err(BadBarcode::NoWeight)
    );
}

#[test]
fn a_misread_is_told_from_an_unknown_item() {
    for code in [
        "",
        "4006381333932",
        "400638133393",
        "40063813339310",
        "4006381333931X",
        "٤٠٠٦٣٨١٣٣٣٩٣١",
        "https://example.invalid",
        "-400638133393",
        "000000000000000000",
    ] {
        assert_eq!(read(code), Err(BadBarcode::Misread), "{code}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(code in "\\PC{0,40}") {
        let _ = read(&code);
    }

    #[test]
    fn one_wrong_digit_is_noticed(digits in "[0-9]{12}", place in 0_usize..13, off in 1_u8..10) {
        let mut code = with_check_digit(&digits).into_bytes();
        code[place] = b'0' + (code[place] - b'0' + off) % 10;
        let code = String::from_utf8(code).expect("digits");
        prop_assert_eq!(read(&code), Err(BadBarcode::Misread));
    }
}
