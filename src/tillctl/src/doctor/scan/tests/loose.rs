//! What nobody named.

use super::*;

fn found(text: &str) -> Vec<(Form, String)> {
    let mut all = Vec::new();
    find(text.as_bytes(), 0, text.len(), true, &mut |hit| {
        all.push((hit.form, hit.shown));
    });
    all
}

#[test]
fn a_number_that_stands_alone_is_found_in_every_dress() {
    for text in [
        "{\"pan\":\"4761739001010119\"}",
        "pan=4761739001010119",
        "4761 7390 0101 0119 approved",
        "4761-7390-0101-0119",
        "a card of 378282246310005, declined",
        "2223003122003222",
    ] {
        let all = found(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        assert_eq!(all[0].0, Form::Possible, "{text}");
        assert!(
            all[0].1.contains("******") || all[0].1.contains("*****"),
            "{text}"
        );
    }
    for text in [
        ";4761739001010118=30122010000000000?",
        "track 4761739001010118D30122010000000000",
    ] {
        assert_eq!(found(text)[0].0, Form::Track, "{text}");
    }
}

#[test]
fn times_barcodes_hashes_and_truncated_numbers_are_left_alone() {
    for text in [
        "at 1763841234567890 µs",           // a time
        "4761739001010118",                 // a wrong check digit
        "sold 4006381333931",               // a barcode
        "2900000011014",                    // a barcode of this store
        "sha256 ab4761739001010119cd",      // in a word
        "0.4761739001010119",               // a fraction
        "47617390010101194761739001",       // too long
        "476173******0119",                 // truncated
        "0000000000000000 444444444444444", // filling
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn the_context_has_no_digit() {
    let mut context = String::new();
    let text = "sale 17 of card 4761739001010119 at 10:22\u{7}";
    find(text.as_bytes(), 0, text.len(), true, &mut |hit| {
        context = hit.context
    });
    assert_eq!(context, "sale ## of card [...] at ##:##.");
}
