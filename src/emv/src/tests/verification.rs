use crate::{Tsi, Tvr};

#[test]
fn tvr_bits_stand_where_annex_c5_puts_them() {
    assert_eq!(Tvr::ODA_NOT_PERFORMED.to_string(), "8000000000");
    assert_eq!(Tvr::EXPIRED.to_string(), "0040000000");
    assert_eq!(Tvr::CVM_FAILED.to_string(), "0000800000");
    assert_eq!(Tvr::OVER_FLOOR_LIMIT.to_string(), "0000008000");
    assert_eq!(Tvr::SCRIPT_FAILED_AFTER.to_string(), "0000000010");
}

#[test]
fn tvr_bytes_go_in_and_out_with_reserved_bits() {
    let bytes = [0xFC, 0x50, 0xAC, 0xA0, 0x0F];
    assert_eq!(Tvr::from_bytes(bytes).to_bytes(), bytes);
}

#[test]
fn tsi_bits_stand_where_annex_c6_puts_them() {
    assert_eq!(
        (Tsi::CVM | Tsi::CARD_RISK | Tsi::TERMINAL_RISK).to_string(),
        "6800"
    );
}
