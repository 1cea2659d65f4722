use crate::{Key, KeyLengthError, PinBlock, hidden::Hidden};

#[test]
fn a_key_is_filled_in_place() {
    let key = Key::<16>::filled(|bytes| bytes[15] = 7);
    assert_eq!(key.expose()[15], 7);
}

#[test]
fn a_failed_fill_gives_no_key() {
    let failed = Key::<16>::try_filled(|bytes| {
        bytes.fill(1);
        Err("no randomness")
    });
    assert_eq!(failed.err(), Some("no randomness"));
}

#[test]
fn a_key_of_another_length_is_refused() {
    assert_eq!(
        Key::<16>::from_slice(&[0; 8]).err(),
        Some(KeyLengthError {
            expected: 16,
            offered: 8
        })
    );
}

#[test]
fn keys_are_compared_whole() {
    let key = |last| Key::<8>::filled(|bytes| bytes[7] = last);
    assert!(key(1).same_as(&key(1)));
    assert!(!key(1).same_as(&key(2)));
}

#[test]
fn a_pin_block_has_8_or_16_bytes() {
    assert!(PinBlock::from_slice(&[0; 8]).is_ok_and(|block| block.expose().len() == 8));
    assert!(PinBlock::from_slice(&[0; 16]).is_ok_and(|block| block.expose().len() == 16));
    assert!(PinBlock::from_slice(&[0; 12]).is_err());
}

#[test]
fn every_secret_is_wiped_on_drop() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<Hidden<16>>();
    wiped::<crate::SecretBytes>();
}
