//! Published vectors of whole cryptogram versions: cryptogram, answer, script MAC, new PIN.
//!
//! Source: the `pyemv` project (github.com/knovichikhin/pyemv, `tests/test_cvn_hsm.py`), whose
//! values were made with a hardware security module.

use std::sync::Arc;

use sealpoint_cardsim::cryptogram::{
    AcElements, CardKeys, ChargeKeys, CryptogramVersion, IssuerMasterKey, Messaging,
};
use sealpoint_cardsim::script::{Script, ScriptCommand};
use zeroize::Zeroizing;

/// The issuer's keys for cryptograms, MACs and secrets.
const KEYS: [&str; 3] = [
    "0123456789ABCDEFFEDCBA9876543210",
    "FEDCBA98765432100123456789ABCDEF",
    "89ABCDEF0123456776543210FEDCBA98",
];
const PAN: &str = "1234567890123456";
const ATC: [u8; 2] = [0x00, 0x1C];

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(bytes)
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let decoded = data_encoding::HEXUPPER.decode(hex.as_bytes());
    let decoded = decoded.expect("hexadecimal");
    decoded.try_into().expect("the right length")
}

fn keys(version: CryptogramVersion) -> ChargeKeys {
    let [ac, mac, enc] = KEYS.map(|key| {
        let key = IssuerMasterKey::new(&bytes(key));
        key.icc_master_key(PAN, 0, version.derivation())
            .expect("a PAN")
    });
    ChargeKeys::new(Arc::new(CardKeys { ac, mac, enc }), ATC)
}

fn visa() -> AcElements {
    AcElements {
        amount: bytes("000000004000"),
        amount_other: [0; 6],
        country: bytes("0124"),
        tvr: bytes("8000048000"),
        currency: bytes("0124"),
        date: bytes("191105"),
        kind: [0x01],
        unpredictable_number: bytes("52BF4585"),
        aip: bytes("1800"),
        atc: ATC,
    }
}

fn mastercard() -> AcElements {
    AcElements {
        amount: bytes("000000009999"),
        tvr: bytes("8000000000"),
        date: bytes("209906"),
        kind: [0x00],
        unpredictable_number: bytes("ABCDEF12"),
        ..visa()
    }
}

struct Vector {
    iad: &'static str,
    elements: AcElements,
    cryptogram: &'static str,
    command: ScriptCommand,
    apdu: &'static str,
    pin_change: &'static str,
}

fn check(version: CryptogramVersion, vector: &Vector) -> (ChargeKeys, [u8; 8]) {
    let iad = data_encoding::HEXUPPER.decode(vector.iad.as_bytes());
    let iad = iad.expect("hexadecimal");
    assert_eq!(
        CryptogramVersion::from_issuer_application_data(&iad),
        Ok(version)
    );
    let keys = keys(version);
    let arqc = version.cryptogram(&keys, &vector.elements, &iad);
    assert_eq!(hex(&arqc), vector.cryptogram);
    assert!(version.verify(&keys, &vector.elements, &iad, &arqc));
    assert!(!version.verify(&keys, &vector.elements, &iad, &arqc[..7]));

    let messaging = Messaging::new(&keys, version, arqc);
    assert_eq!(hex(&vector.command.apdu(&messaging, 0)), vector.apdu);
    let change = ScriptCommand::PinChange(Zeroizing::new("9999".into()));
    assert_eq!(hex(&change.apdu(&messaging, 0)), vector.pin_change);
    let enciphered = messaging.encipher_pin(0, "9999");
    let plain = messaging.decipher_pin(0, &enciphered).expect("a PIN");
    assert_eq!(*plain, "9999");
    (keys, arqc)
}

#[test]
fn visa_10() {
    let vector = Vector {
        iad: "06010A03A06010",
        elements: visa(),
        cryptogram: "29CCA15AE665FA2E",
        command: ScriptCommand::ApplicationUnblock,
        apdu: "8418000008DB56BA60087CEFD3",
        pin_change: "8424000218BB221AF527377A2811D2B6EBC396A9391A965A5CB2CE62DA",
    };
    let version = CryptogramVersion::Visa10;
    let (keys, arqc) = check(version, &vector);
    let answer = version.issuer_authentication_data(&keys, arqc, *b"00", true);
    assert_eq!(hex(&answer), "28993816AFAE4AEB3030");
}

#[test]
fn visa_18() {
    let vector = Vector {
        iad: "06011203A0B800",
        elements: visa(),
        cryptogram: "7A788EA6B8A3E733",
        command: ScriptCommand::ApplicationUnblock,
        apdu: "841800000804EDE90BC24CC35E",
        pin_change: "8424000218BB221AF527377A2811D2B6EBC396A9391A22B480EF312F40",
    };
    let version = CryptogramVersion::Visa18;
    let (keys, arqc) = check(version, &vector);
    let answer = version.issuer_authentication_data(&keys, arqc, *b"51", false);
    assert_eq!(hex(&answer), "9AF514C100000000");
    assert_eq!(
        version.check_issuer_authentication(&keys, arqc, &answer),
        Some(false)
    );
}

/// The vectors' answers are with the ARC 0010, in binary.
fn mchip(version: CryptogramVersion, vector: &Vector, arpc: &str) {
    let (keys, arqc) = check(version, vector);
    let answer = version.issuer_authentication_data(&keys, arqc, [0x00, 0x10], true);
    assert_eq!(hex(&answer), format!("{arpc}0010"));
    let answer = version.issuer_authentication_data(&keys, arqc, *b"00", true);
    assert_eq!(
        version.check_issuer_authentication(&keys, arqc, &answer),
        Some(true)
    );
    assert_eq!(
        version.check_issuer_authentication(&keys, arqc, &answer[..9]),
        None
    );
}

#[test]
fn mchip_16() {
    let vector = Vector {
        iad: "0110A00003220000000000000000000000FF",
        elements: mastercard(),
        cryptogram: "24CCF3DEE3158C70",
        command: ScriptCommand::PinUnblock,
        apdu: "8424000008ED0AB162BAB1DE61",
        pin_change: "842400021000859B8FE53F316DEB4B64C36BF88E39",
    };
    mchip(CryptogramVersion::MChip16, &vector, "73F6BBF389A6586C");
}

#[test]
fn mchip_17() {
    let vector = Vector {
        iad: "0111A00003220000000000000000000322FF",
        elements: mastercard(),
        cryptogram: "EAE8A620A75648D8",
        command: ScriptCommand::PinUnblock,
        apdu: "84240000084D1858456CD0F22A",
        pin_change: "84240002108661C474E4940A4378390C64CB96756E",
    };
    mchip(CryptogramVersion::MChip17, &vector, "29CF11FBDB9CA650");
}

#[test]
fn mchip_20() {
    let vector = Vector {
        iad: "0114A00003220000000000000000000000FF",
        elements: mastercard(),
        cryptogram: "CD29615D6452E70E",
        command: ScriptCommand::PinUnblock,
        apdu: "842400000801C0F0DFBF6AA230",
        pin_change: "84240002107647E71F85AA6A35AE4B4E838666773D",
    };
    mchip(CryptogramVersion::MChip20, &vector, "DFD0956606B68D64");
}

#[test]
fn mchip_21() {
    let vector = Vector {
        iad: "0115A00003220000000000000000000322FF",
        elements: mastercard(),
        cryptogram: "C30E54BE496CF5E5",
        command: ScriptCommand::PinUnblock,
        apdu: "84240000085E89E990C51CEE94",
        pin_change: "8424000210D9F5896BE8E283C682264E1D32DF1D51",
    };
    mchip(CryptogramVersion::MChip21, &vector, "4F51F9CC63CE8B3C");
}

#[test]
fn with_each_command_mchip_counts_the_cryptogram_up_and_visa_does_not() {
    let header = [0x84, 0x24, 0, 0, 8];
    let arqc = bytes("CD29615D6452E70E");
    let next = bytes("CD29615D6452E70F");
    for (version, counts) in [
        (CryptogramVersion::MChip20, true),
        (CryptogramVersion::Visa18, false),
    ] {
        let keys = keys(version);
        let second = Messaging::new(&keys, version, arqc).mac(1, header, &[]);
        let counted = Messaging::new(&keys, version, next).mac(0, header, &[]);
        assert_eq!(second == counted, counts);
    }
}

#[test]
fn words_become_a_template_with_identifier_and_commands() {
    let keys = keys(CryptogramVersion::MChip20);
    let arqc = bytes("CD29615D6452E70E");
    let messaging = Messaging::new(&keys, CryptogramVersion::MChip20, arqc);
    let script: Script = "72 pin-unblock".parse().expect("a script");
    assert_eq!(
        hex(&script.template(&messaging, [4, 0, 0, 0], 0)),
        "72169F180404000000860D842400000801C0F0DFBF6AA230"
    );
    for wrong in [
        "",
        "72",
        "73 pin-unblock",
        "72 pin-change 12",
        "72 put-data 9F58",
        "71 update-record 0 1 70",
        "72 pin-unblock,",
    ] {
        assert!(wrong.parse::<Script>().is_err(), "{wrong}");
    }
}

#[test]
fn unknown_issuer_application_data_name_no_version() {
    for iad in [
        &[][..],
        &[0x06, 1, 0x0B, 3, 0, 0, 0],
        &[0; 18],
        &[0x06, 1, 0x12],
    ] {
        assert!(CryptogramVersion::from_issuer_application_data(iad).is_err());
    }
}
