use super::{BENCH, all_refused, error, with};
use crate::{Capk, ProfileError, Revoked, TerminalData};

const CHECK: &str = "64D474DE6B8A25708DDE13F1C27C5DCF73E46E07";

/// A `[[capk]]` table of a key, with the check value that fits it.
fn table(key: &Capk) -> String {
    let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
    format!(
        "[[capk]]\nrid = \"{}\"\nindex = \"{:02X}\"\nmodulus = \"{}\"\nexponent = {}\nexpires = 2030-01-31\ncheck_value = \"{}\"\n",
        hex(&key.rid),
        key.index,
        hex(&key.modulus),
        key.exponent,
        hex(&key.check_value()),
    )
}

fn key(index: u8, modulus: Vec<u8>, exponent: u32) -> Capk {
    Capk {
        rid: [0xA0, 0, 0, 0, 3],
        index,
        modulus,
        exponent,
        expires: [0x30, 0x01, 0x31],
    }
}

/// Which key of the profile is wrong with that key at its end; none if nothing is.
fn fault(key: &Capk) -> Option<String> {
    match TerminalData::from_toml(&format!("{BENCH}{}", table(key))) {
        Ok(terminal) => {
            assert_eq!(terminal.keys.last(), Some(key));
            None
        }
        Err(ProfileError::Value { key, .. }) => Some(key),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_schemes_keys_are_read() {
    let bench = TerminalData::from_toml(BENCH).expect("a profile");
    let found: Vec<_> = bench
        .keys
        .iter()
        .map(|key| {
            (
                key.rid[4],
                key.index,
                key.modulus.len(),
                key.exponent,
                key.expires,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (3, 0xE1, 176, 3, [0x35, 0x12, 0x31]),
            (4, 0xE2, 248, 65_537, [0x35, 0x12, 0x31]),
        ]
    );
}

/// Book 2 §11.2.2: whoever typed a key wrong is told before a card is.
#[test]
fn a_key_that_does_not_fit_its_check_value_is_refused() {
    let key = "capk[1].check_value";
    let wrong = ("64D474DE", "64D474DF", "is not that of this key");
    all_refused(key, &[wrong]);
    for (from, to) in [
        ("AD8A9A4A", "AD8A9A4B"),
        ("index = \"E1\"", "index = \"E3\""),
        ("exponent = 3", "exponent = 65537"),
    ] {
        let ProfileError::Value { key: named, .. } = error(&with(from, to)) else {
            panic!("{to}: not about a value");
        };
        assert_eq!(named, key, "{to}");
    }
    all_refused(
        key,
        &[
            (CHECK, "64D474DE", "too short"),
            (CHECK, "none", "hexadecimal"),
        ],
    );
    let refusal = error(&with("64D474DE", "64D474DF")).to_string();
    assert!(
        !refusal.contains(CHECK),
        "the right value is not for copying"
    );
}

#[test]
fn a_modulus_has_64_to_248_bytes_and_is_odd() {
    let last = |length: usize, last: u8| {
        let mut modulus = vec![0xC5; length];
        modulus[length - 1] = last;
        key(7, modulus, 3)
    };
    assert_eq!(fault(&last(64, 1)), None);
    assert_eq!(fault(&last(248, 0xFF)), None);
    let refused = Some("capk[3].modulus".to_owned());
    assert_eq!(fault(&last(63, 1)), refused);
    assert_eq!(fault(&last(249, 1)), refused);
    assert_eq!(fault(&last(128, 2)), refused, "even");
    let mut zeros = last(128, 1);
    zeros.modulus[0] = 0;
    assert_eq!(fault(&zeros), refused, "zeros before it");
}

#[test]
fn an_exponent_is_3_or_65537() {
    let with_exponent = |exponent| key(7, vec![0xC5; 128], exponent);
    for exponent in [3, 65_537] {
        assert_eq!(fault(&with_exponent(exponent)), None);
    }
    for exponent in [0, 1, 2, 17, 65_536, u32::MAX] {
        assert_eq!(
            fault(&with_exponent(exponent)),
            Some("capk[3].exponent".to_owned())
        );
    }
}

#[test]
fn a_key_is_for_a_scheme_that_is_accepted_and_is_there_once() {
    let mut foreign = key(7, vec![0xC5; 128], 3);
    foreign.rid[4] = 0x65;
    assert_eq!(fault(&foreign), Some("capk[3].rid".to_owned()));
    assert_eq!(
        fault(&key(0xE1, vec![0xC5; 128], 3)),
        Some("capk[3].index".to_owned())
    );
    let mut other_scheme = key(0xE1, vec![0xC5; 128], 3);
    other_scheme.rid[4] = 4;
    assert_eq!(fault(&other_scheme), None);
}

#[test]
fn there_are_at_most_96_keys() {
    let many = |count: u8| {
        let tables: String = (0..count)
            .map(|index| table(&key(index, vec![0xC5; 64], 3)))
            .collect();
        TerminalData::from_toml(&format!("{BENCH}{tables}"))
    };
    assert_eq!(many(94).map(|terminal| terminal.keys.len()), Ok(96));
    assert!(many(95).is_err());
}

#[test]
fn the_last_day_is_a_day_of_the_years_that_two_digits_can_name() {
    for (day, bytes) in [
        ("2049-12-31", [0x49, 0x12, 0x31]),
        ("\"2028-02-29\"", [0x28, 0x02, 0x29]),
    ] {
        let text = with("expires = 2035-12-31", &format!("expires = {day}"));
        let terminal = TerminalData::from_toml(&text).expect("a profile");
        assert_eq!(terminal.keys[0].expires, bytes);
    }
    for day in [
        "2050-01-01",
        "1999-12-31",
        "\"soon\"",
        "\"2035-13-01\"",
        "2035-12-31T00:00:00",
        "12:00:00",
        "\"20351231\"",
    ] {
        all_refused(
            "capk[1].expires",
            &[(
                "expires = 2035-12-31",
                &format!("expires = {day}"),
                "no day",
            )],
        );
    }
}

/// A till does not stop at midnight: data authentication fails with it, and the action codes decide.
#[test]
fn an_expired_key_is_kept() {
    let text = with("expires = 2035-12-31", "expires = 2009-12-31");
    let terminal = TerminalData::from_toml(&text).expect("a profile");
    assert_eq!(terminal.keys[0].expires, [0x09, 0x12, 0x31]);
}

#[test]
fn revoked_certificates_are_read_and_bounded() {
    let revoked = |count: usize| -> String {
        (0..count)
            .map(|serial| {
                format!(
                    "[[revoked]]\nrid = \"A000000003\"\nindex = \"E1\"\nserial = \"{serial:06X}\"\n"
                )
            })
            .collect()
    };
    let terminal = TerminalData::from_toml(&format!("{BENCH}{}", revoked(512))).expect("a profile");
    assert_eq!(terminal.revoked.len(), 512);
    assert_eq!(
        terminal.revoked[258],
        Revoked {
            rid: [0xA0, 0, 0, 0, 3],
            index: 0xE1,
            serial: [0, 1, 2],
        }
    );
    let key = |text: &str| match error(&format!("{BENCH}{text}")) {
        ProfileError::Value { key, .. } => key,
        other => panic!("{other}"),
    };
    assert_eq!(key(&revoked(513)), "revoked");
    assert_eq!(
        key(&format!("{}{}", revoked(1), revoked(1))),
        "revoked[2].serial"
    );
    assert_eq!(
        key(&revoked(1).replace("000000\"", "0000\"")),
        "revoked[1].serial"
    );
    assert_eq!(key(&revoked(1).replace("E1", "E")), "revoked[1].index");
}
