use super::card::hex;
use crate::{DolError, dol::build, store::Store, tag};

fn built(dol: &str) -> Result<Vec<u8>, DolError> {
    let mut store = Store::default();
    store.set(tag::AMOUNT, &hex("000000001234"));
    store.set(tag::UNPREDICTABLE, &hex("DEADBEEF"));
    store
        .learn(tag::PAN, &hex("4761739001010119"))
        .expect("room");
    build(&hex(dol), &store).map(|values| values.expose().to_vec())
}

#[test]
fn values_stand_in_the_order_of_the_list() {
    assert_eq!(built("9F3704 9F0206"), Ok(hex("DEADBEEF 000000001234")));
}

#[test]
fn numbers_keep_their_right_end() {
    assert_eq!(built("9F0202"), Ok(hex("1234")));
    assert_eq!(built("9F0208"), Ok(hex("0000000000001234")));
}

#[test]
fn compressed_numbers_keep_their_left_end_and_are_padded_with_f() {
    assert_eq!(built("5A03"), Ok(hex("476173")));
    assert_eq!(built("5A0A"), Ok(hex("4761739001010119FFFF")));
}

#[test]
fn everything_else_keeps_its_left_end_and_is_padded_with_zeros() {
    assert_eq!(built("9F3702"), Ok(hex("DEAD")));
    assert_eq!(built("9F3706"), Ok(hex("DEADBEEF0000")));
}

#[test]
fn what_is_unknown_or_a_template_is_zeros() {
    assert_eq!(built("9F7F02 7003"), Ok(hex("0000 000000")));
    assert_eq!(built("9F2002"), Ok(hex("0000")), "no value, so no F either");
}

#[test]
fn a_list_may_ask_for_252_bytes_and_no_more() {
    assert_eq!(built("9F37FC").map(|values| values.len()), Ok(252));
    assert_eq!(built("9F37FD"), Err(DolError::TooLong));
    assert_eq!(built("9F37FC 9A01"), Err(DolError::TooLong));
}

#[test]
fn a_list_that_is_cut_off_is_malformed() {
    assert_eq!(built("9F37"), Err(DolError::Malformed));
    assert_eq!(built("9F"), Err(DolError::Malformed));
}
