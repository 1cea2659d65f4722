use crate::{Pan, SecretBytes, Track2, Track2Error};

/// PAN 4761739001010119, expiry 3012, service code 201, discretionary 1234, padding.
const TRACK: [u8; 14] = [
    0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0xD3, 0x01, 0x22, 0x01, 0x12, 0x3F,
];

#[test]
fn the_pan_is_found_before_the_separator() {
    let track = Track2::from_bcd(&TRACK).expect("track 2");
    let pan = Pan::from_digits(b"4761739001010119").expect("a PAN");
    assert!(track.pan().is_ok_and(|found| found.same_as(&pan)));
}

#[test]
fn bcd_goes_out_as_it_came_in() {
    let track = Track2::from_bcd(&TRACK).expect("track 2");
    let mut out = SecretBytes::with_bound(19);
    assert!(track.write_bcd(&mut out).is_ok());
    assert_eq!(out.expose(), TRACK);
    assert_eq!(track.packed_len(), TRACK.len());
}

#[test]
fn what_is_no_track_2_is_refused() {
    let refused = |bytes: &[u8]| Track2::from_bcd(bytes).err();
    assert_eq!(refused(&[]), Some(Track2Error::Malformed));
    assert_eq!(refused(&[0xFF]), Some(Track2Error::Malformed));
    assert_eq!(
        refused(&TRACK[..8]),
        Some(Track2Error::Malformed),
        "no separator"
    );
    assert_eq!(
        refused(&TRACK[..11]),
        Some(Track2Error::Malformed),
        "cut off"
    );
    assert_eq!(refused(&[0x11; 20]), Some(Track2Error::TooLong));
    assert_eq!(
        refused(&[0x11; 19]),
        Some(Track2Error::TooLong),
        "38 digits"
    );
    let mut two_separators = TRACK;
    two_separators[12] = 0xD1;
    assert_eq!(refused(&two_separators), Some(Track2Error::Malformed));
    let short_pan = [0x12, 0x3D, 0x30, 0x12, 0x20, 0x1F];
    assert!(matches!(refused(&short_pan), Some(Track2Error::Pan(_))));
}
