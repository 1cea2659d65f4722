use crate::{Pan, PanError, Scheme, SecretBytes, log_safe};

fn pan(digits: &str) -> Pan {
    Pan::from_digits(digits.as_bytes()).expect("test digits are a PAN")
}

#[test]
fn a_pan_is_read_from_bcd_with_and_without_padding() {
    let even = Pan::from_bcd(&[0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19]).expect("a PAN");
    assert_eq!(even.expose(), b"4761739001010119");
    let odd = Pan::from_bcd(&[0x37, 0x42, 0x45, 0x45, 0x54, 0x00, 0x12, 0x6F]).expect("a PAN");
    assert_eq!(odd.digits(), 15);
    let padded = Pan::from_bcd(&[0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0xFF, 0xFF]);
    assert!(padded.is_ok_and(|padded| padded.same_as(&even)));
}

#[test]
fn what_is_no_pan_is_refused() {
    let refused = |bytes: &[u8]| Pan::from_bcd(bytes).err();
    assert_eq!(refused(&[]), Some(PanError::Length));
    assert_eq!(refused(&[0x47, 0x61]), Some(PanError::Length));
    assert_eq!(refused(&[0x11; 10]), Some(PanError::Length), "20 digits");
    assert_eq!(refused(&[0x11; 11]), Some(PanError::Length));
    assert_eq!(
        refused(&[0x11, 0x1A, 0x11, 0x11, 0x11]),
        Some(PanError::NotDigits)
    );
    assert_eq!(
        refused(&[0x11, 0xF1, 0x11, 0x11, 0x11]),
        Some(PanError::NotDigits),
        "a digit after the padding"
    );
    assert_eq!(
        Pan::from_digits(b"4761 7390").err(),
        Some(PanError::NotDigits)
    );
}

#[test]
fn bcd_goes_out_as_it_came_in() {
    for bytes in [
        &[0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19][..],
        &[0x37, 0x42, 0x45, 0x45, 0x54, 0x00, 0x12, 0x6F][..],
    ] {
        let mut out = SecretBytes::with_bound(10);
        let pan = Pan::from_bcd(bytes).expect("a PAN");
        assert!(pan.write_bcd(&mut out).is_ok());
        assert_eq!(out.expose(), bytes);
    }
}

#[test]
fn at_most_first_six_and_last_four_are_shown() {
    let shown = |digits| pan(digits).truncated().to_string();
    assert_eq!(shown("4761739001010119"), "476173******0119");
    assert_eq!(shown("374245455400126"), "374245*****0126");
    assert_eq!(shown("6799998900000060018"), "679999*********0018");
    assert_eq!(shown("4222222222222"), "*********2222", "too short for six");
    assert_eq!(shown("12345678"), "****5678");
    assert_eq!(pan("4761739001010119").truncated().last4(), "0119");
}

#[test]
fn a_truncated_pan_may_be_logged() {
    let truncated = pan("4761739001010119").truncated();
    assert_eq!(log_safe(&truncated).to_string(), "476173******0119");
}

#[test]
fn the_scheme_is_a_hint_from_the_first_digits() {
    let scheme = |digits| pan(digits).truncated().scheme();
    assert_eq!(scheme("4761739001010119"), Some(Scheme::Visa));
    assert_eq!(scheme("5413330089020011"), Some(Scheme::Mastercard));
    assert_eq!(scheme("2223000010005780"), Some(Scheme::Mastercard));
    assert_eq!(scheme("6799998900000060018"), Some(Scheme::Maestro));
    assert_eq!(scheme("374245455400126"), Some(Scheme::AmericanExpress));
    assert_eq!(scheme("6200000000000005"), Some(Scheme::UnionPay));
    assert_eq!(scheme("4222222222222"), None, "its first digits are hidden");
}

#[test]
fn luhn_holds_for_test_cards_and_fails_for_a_wrong_digit() {
    assert!(pan("4761739001010119").luhn_holds());
    assert!(pan("374245455400126").luhn_holds());
    assert!(!pan("4761739001010118").luhn_holds());
}
