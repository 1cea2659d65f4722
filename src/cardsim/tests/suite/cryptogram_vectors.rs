//! Published vectors for Annex A1 of EMV Book 2.
//!
//! Sources: ISO/IEC 9797-1:2011 Annex B and ICAO Doc 9303 part 11 D.3 (MAC
//! algorithm 3); the `pyemv` project (github.com/knovichikhin/pyemv,
//! `tests/test_kd_hsm.py` and `tests/test_cvn_hsm.py`), whose values were made
//! with a hardware security module.

use sealpoint_cardsim::cryptogram::{
    Derivation, IccMasterKey, IssuerMasterKey, PanError, mac_algorithm_3,
};

/// The key of nearly all published vectors.
const IMK: [u8; 16] = [
    0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10,
];
const R: [u8; 8] = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56];

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(bytes)
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let decoded = data_encoding::HEXUPPER
        .decode(hex.as_bytes())
        .expect("hexadecimal");
    decoded.try_into().expect("the right length")
}

fn icc_master_key(pan: &str, psn: u8, derivation: Derivation) -> IccMasterKey {
    let key = IssuerMasterKey::new(&IMK).icc_master_key(pan, psn, derivation);
    key.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_mac_matches_iso_9797_1_annex_b_and_icao_9303() {
    assert_eq!(
        hex(&mac_algorithm_3(&IMK, b"Now is the time for all ")),
        "E9086230CA3BE796"
    );
    assert_eq!(
        hex(&mac_algorithm_3(&IMK, b"Now is the time for it")),
        "5A692CE64F404145"
    );
    let key = bytes("7962D9ECE03D1ACD4C76089DCE131543");
    let message = bytes::<32>("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2");
    assert_eq!(hex(&mac_algorithm_3(&key, &message)), "5F1448EEA8AD90A7");
}

#[test]
fn option_a_with_the_common_session_key_and_arpc_method_1() {
    let card = icc_master_key("12345678901234567", 45, Derivation::OptionA);
    let key = card.session_key_for(R);
    let data = bytes::<16>("0123456789ABCDEF0123456789ABCDEF");
    let arqc = key.application_cryptogram(&data);
    assert_eq!(hex(&arqc), "19C1FBC83EBDC0D5");
    assert_eq!(hex(&key.arpc_method_1(arqc, [0, 0])), "C3620580668E5B65");
}

#[test]
fn option_a_without_a_sequence_number() {
    let card = icc_master_key("12345678901234567", 0, Derivation::OptionA);
    let data = bytes::<16>("0123456789ABCDEF0123456789ABCDEF");
    assert_eq!(
        hex(&card.session_key_for(R).application_cryptogram(&data)),
        "8698A7319324FD93"
    );
}

#[test]
fn option_b_with_the_common_session_key_and_arpc_method_2() {
    let vectors = [
        ("1234567890123456", 0, "0CE77D211CB5459A", "8CD9AA5D"),
        ("12345678901234567", 45, "5760EE07B4FA65D1", "106B81D9"),
        ("12345678901234567", 0, "0BAA251EA8989442", "C1C41F3A"),
        ("123456789012345679", 0, "DC95BCE3EBBE0296", "ECCA0C4B"),
    ];
    for (pan, psn, cryptogram, arpc) in vectors {
        let key = icc_master_key(pan, psn, Derivation::OptionB).session_key_for(R);
        let data = bytes::<16>("0123456789ABCDEF0123456789ABCDEF");
        let arqc = key.application_cryptogram(&data);
        assert_eq!(hex(&arqc), cryptogram, "{psn}");
        assert_eq!(hex(&key.arpc_method_2(arqc, [0; 4], &[])), arpc, "{psn}");
    }
}

#[test]
fn option_b_takes_letters_when_the_hash_has_too_few_digits() {
    let card = icc_master_key("000000000000000005", 23, Derivation::OptionB);
    let key = card.session_key([0x00, 0x1C]);
    let data = bytes::<40>(
        "00000000400000000000000001248000048000012419110501\
         52BF45851800001C06011203A0B800"
            .replace(' ', "")
            .as_str(),
    );
    let arqc = key.application_cryptogram(&data);
    assert_eq!(hex(&arqc), "8CAD6F2489C640B1");
    let proprietary = bytes::<4>("12345678");
    assert_eq!(
        hex(&key.arpc_method_2(arqc, [0; 4], &proprietary)),
        "E39F1876"
    );
}

#[test]
fn what_is_not_a_pan_has_no_key() {
    let key = IssuerMasterKey::new(&IMK);
    for (pan, psn) in [
        ("", 0),
        ("12345678901234567890", 0),
        ("47617390x1010119", 0),
        ("4761", 100),
    ] {
        let error = key.icc_master_key(pan, psn, Derivation::OptionA).err();
        assert_eq!(error, Some(PanError));
    }
}
