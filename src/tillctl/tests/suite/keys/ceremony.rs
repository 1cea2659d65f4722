//! A key from components: nobody knows it, and nobody can do it alone.

use super::office::{
    INITIAL, KBPK, KBPK_CHECK, ONE, ONE_CHECK, Office, PEOPLE, THREE, THREE_CHECK, TWO,
    assert_refused, assert_silent, dukpt, key, own, protection,
};

const CEREMONY: [&str; 3] = ["ceremony", "--id", "kbpk-1"];

fn fed(office: &Office, lines: &[&str]) -> crate::bench::Ran {
    office.fed(&[&CEREMONY[..], &PEOPLE].concat(), &lines.join("\n"))
}

#[test]
fn two_people_make_a_key_and_compare_its_check_value() {
    let office = Office::managed(&[protection()]);
    let arguments = [&CEREMONY[..], &PEOPLE, &["--json"]].concat();
    let ran = office.fed(&arguments, &format!("{ONE} {ONE_CHECK}\n{TWO}\n"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = ran.json();
    assert_eq!(report["done"], "key_made");
    assert_eq!(report["key"]["check_value"], KBPK_CHECK);
    let names: Vec<_> = report["persons"]
        .as_array()
        .expect("persons")
        .iter()
        .map(|person| person["name"].clone())
        .collect();
    assert_eq!(names, ["Anna Berg, manager", "Ben Roth, IT"]);
    assert_silent(&ran, &[ONE, TWO, KBPK]);
    assert_eq!(office.of("kbpk-1", "check_value"), KBPK_CHECK);
    assert_eq!(office.of("kbpk-1", "state"), "in_use");
    // In no file of the folder, neither as bytes nor written.
    for secret in [ONE, TWO, KBPK] {
        let bytes = data_encoding::HEXUPPER
            .decode(secret.as_bytes())
            .expect("hex");
        for (name, content) in office.files() {
            for part in [&bytes[..8], &bytes[24..], &secret.as_bytes()[..16]] {
                let found = content.windows(part.len()).any(|window| window == part);
                assert!(!found, "{name} holds a part of a secret");
            }
        }
    }
}

#[test]
fn three_components_in_any_order_and_writing_make_one_key() {
    let lower = ONE.to_lowercase();
    let grouped: Vec<&str> = (0..16).map(|n| &TWO[4 * n..4 * n + 4]).collect();
    let grouped = grouped.join("-");
    for lines in [[&lower, THREE, &grouped], [THREE, &grouped, ONE]] {
        let office = Office::managed(&[protection()]);
        let third = ["--person", "Cleo Falk, security"];
        let arguments = [&CEREMONY[..], &PEOPLE, &third].concat();
        let ran = office.fed(&arguments, &lines.join("\r\n"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(office.of("kbpk-1", "check_value"), THREE_CHECK);
    }
}

#[test]
fn the_same_component_twice_is_refused() {
    let office = Office::managed(&[protection()]);
    let before = office.files();
    let ran = fed(&office, &[ONE, ONE]);
    assert_refused(&ran, 72, "are the same");
    assert_silent(&ran, &[ONE]);
    // Nor may the same person enter two.
    let twice = ["--person", "Anna Berg, manager", "--person", "ANNA BERG"];
    let ran = office.fed(&[&CEREMONY[..], &twice].concat(), &[ONE, TWO].join("\n"));
    assert_refused(&ran, 72, "named twice");
    let alone = ["--person", "Anna Berg"];
    let ran = office.fed(&[&CEREMONY[..], &alone].concat(), ONE);
    assert_refused(&ran, 2, "One person alone");
    let ran = office.fed(&CEREMONY, &[ONE, TWO].join("\n"));
    assert_refused(&ran, 2, "--person");
    // What the store left behind is a storage key and nothing else.
    let names = |files: Vec<(String, Vec<u8>)>| -> Vec<String> {
        files.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(office.files()), names(before));
    assert_eq!(office.of("kbpk-1", "loaded"), false);
}

#[test]
fn what_was_mistyped_is_found_and_not_repeated() {
    let zeros = "0".repeat(64);
    for (lines, part) in [
        (
            vec![format!("{ONE} 0000000000"), TWO.to_owned()],
            "check value",
        ),
        (vec![ONE[..62].to_owned(), TWO.to_owned()], "bytes"),
        (
            vec![ONE[..63].to_owned(), TWO.to_owned()],
            "middle of a byte",
        ),
        (
            vec![format!("{}G", &ONE[..63]), TWO.to_owned()],
            "not hexadecimal",
        ),
        (
            vec![format!("{ONE} {TWO}"), TWO.to_owned()],
            "no check value",
        ),
        (vec![format!("{ONE} x"), TWO.to_owned()], "no check value"),
        (vec![ONE.to_owned(), TWO[..32].to_owned()], "not as long"),
        (vec![ONE.to_owned(), zeros], "zeros"),
        (vec![ONE.to_owned(), " ".to_owned()], "is empty"),
        (vec![ONE.to_owned()], "input ended"),
        (vec![ONE.repeat(3), TWO.to_owned()], "more than 180"),
        (vec![ONE.repeat(2) + "00", TWO.to_owned()], "too long"),
    ] {
        let office = Office::managed(&[protection()]);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let ran = fed(&office, &lines);
        assert_refused(&ran, 72, part);
        assert_silent(&ran, &[ONE, TWO]);
        assert_eq!(office.of("kbpk-1", "loaded"), false, "{part}");
    }
}

#[test]
fn a_key_with_another_check_value_than_the_manifests_is_refused() {
    let stated = |value: &str| {
        let more = format!("check_value = \"{value}\"");
        key("kbpk-1", "key_block_protection", -1, 100, &more)
    };
    let office = Office::managed(&[stated("3A7F7DDE33")]);
    let ran = fed(&office, &[ONE, TWO]);
    assert_refused(&ran, 72, "the manifest says 3A7F7DDE33");
    assert_eq!(office.of("kbpk-1", "loaded"), false);
    for value in [KBPK_CHECK, &KBPK_CHECK[..6]] {
        let office = Office::managed(&[stated(value)]);
        let ran = fed(&office, &[ONE, TWO]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
}

#[test]
fn only_keys_that_the_manifest_names_and_allows_are_made() {
    let kind = "key_block_protection";
    for (keys, part) in [
        (vec![own("other", kind, -1, 10)], "names no key"),
        (vec![own("kbpk-1", kind, -10, -1)], "was valid until"),
        (
            vec![own("kbpk-1", "dukpt_aes128", -1, 10)],
            "not made from components",
        ),
    ] {
        let office = Office::managed(&keys);
        assert_refused(&fed(&office, &[ONE, TWO]), 72, part);
    }
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    assert_refused(&fed(&office, &[ONE, TWO]), 72, "loaded already");
    // In production a till must have a manifest.
    let bare = Office::new();
    let arguments = [&CEREMONY[..], &PEOPLE, &["--production"]].concat();
    let ran = bare.fed(&arguments, &[ONE, TWO].join("\n"));
    assert_refused(&ran, 72, "retailer's root key");
}

#[test]
fn a_token_key_can_be_made_so_too() {
    // HMAC-SHA-256 of nothing under the key of components one and two, by another implementation.
    let more = "check_value = \"CCF4855FE7\"";
    let office = Office::managed(&[key("tok-1", "token", -1, 100, more)]);
    let arguments = [&["ceremony", "--id", "tok-1"][..], &PEOPLE].concat();
    let ran = office.fed(&arguments, &[ONE, TWO].join("\n"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(office.of("tok-1", "state"), "in_use");
    assert_silent(&ran, &[ONE, TWO, KBPK, INITIAL]);
}
