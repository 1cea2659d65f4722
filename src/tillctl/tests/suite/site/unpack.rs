//! The till, at each boot.

use std::{fs, path::Path};

use super::shop::Shop;
use crate::keys::office::assert_refused;

const FILES: [(&str, u32); 10] = [
    ("ca.pem", 0o644),
    ("catalogue.csv", 0o644),
    ("collector.nft", 0o644),
    ("hosts", 0o644),
    ("manifest.toml", 0o644),
    ("profile.toml", 0o644),
    ("till.env", 0o644),
    ("till.network", 0o644),
    ("till.toml", 0o644),
    ("usb.rules", 0o644),
];

#[test]
fn a_till_gets_its_files_with_the_rights_that_their_readers_need() {
    let shop = Shop::new();
    let bundle = shop.bundle("a.bundle");
    let ran = shop.unpack(&[&bundle]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let expected = FILES.map(|(name, mode)| (name.to_owned(), mode));
    assert_eq!(shop.names(), expected);
    for name in ["profile.toml", "manifest.toml", "ca.pem", "catalogue.csv"] {
        let given = fs::read_to_string(shop.office.file(name)).expect("there");
        assert_eq!(shop.unpacked(name), given, "{name} is as IT gave it");
    }
    assert_eq!(
        shop.unpacked("hosts"),
        "127.0.0.1 localhost\n::1 localhost\n10.9.0.10 collector.example\n"
    );
    let nft = shop.unpacked("collector.nft");
    let element = "add element inet sealpoint collector4 { 10.9.0.10 . 8443 }\n";
    assert!(nft.ends_with(element), "{nft}");
    let environment = shop.unpacked("till.env");
    for line in [
        "SEALPOINT_TERMINAL=\"T0000001\"",
        "SEALPOINT_COLLECTOR=\"https://collector.example:8443\"",
        "SEALPOINT_COLLECTOR_ADDRESS=\"10.9.0.10\"",
        "SEALPOINT_COLLECTOR_PORT=\"8443\"",
        "SEALPOINT_READER=\"pcsc\"",
        "SEALPOINT_DISPLAY=\"cage\"",
        "SEALPOINT_UPLINK_OPTIONS=\"\"",
        "TZ=\"Europe/Berlin\"",
    ] {
        assert!(
            environment.lines().any(|l| l == line),
            "{line}\n{environment}"
        );
    }
    assert!(
        shop.unpacked("till.network")
            .contains("Address=10.1.2.30/24\nGateway=10.1.2.1\n")
    );
    assert!(shop.unpacked("till.toml").contains("mode = \"production\""));
}

/// The till reads the same file in a test of its own.
#[test]
fn the_till_gets_the_configuration_that_it_understands() {
    let shop = Shop::new();
    assert_eq!(shop.unpack(&[&shop.bundle("a.bundle")]).code, 0);
    let folder = shop.at("run").display().to_string();
    let made = shop
        .unpacked("till.toml")
        .replace(&folder, "/run/sealpoint/site");
    assert_eq!(made, include_str!("till.toml"));
}

#[test]
fn what_was_changed_after_it_was_signed_is_refused_and_leaves_no_file() {
    let shop = Shop::new();
    let good = fs::read_to_string(shop.bundle("a.bundle")).expect("there");
    for (name, bad) in [
        ("address", good.replacen("10.9.0.10", "10.9.0.66", 1)),
        ("version", good.replacen("version = 7", "version = 8", 1)),
        (
            "file",
            good.replacen("-- manifest signed", "-- manifest  signed", 1),
        ),
        ("line ends", good.replace('\n', "\r\n")),
        (
            "purpose",
            good.replace("-- site signed", "-- release signed"),
        ),
        ("cut", good[..good.len() / 2].to_owned()),
        (
            "body alone",
            good.rsplit_once("-- site").expect("signed").0.to_owned(),
        ),
        ("behind", format!("{good}more\n")),
        ("binary", "\u{1}\u{2}".to_owned()),
    ] {
        assert_ne!(good, bad, "{name}");
        let bad = shop.office.write("bad.bundle", bad.as_bytes());
        let ran = shop.unpack(&[&bad]);
        assert_eq!(ran.code, 100, "{name}: {}{}", ran.out, ran.err);
        assert_eq!(shop.names(), [("refused.txt".to_owned(), 0o644)], "{name}");
        let told = shop.unpacked("refused.txt");
        assert!(
            told.starts_with("The site bundle in ") && told.ends_with(".\n"),
            "{told}"
        );
        assert!(!shop.at("floor").join("version").exists(), "{name}");
    }
    let bad = shop.office.write("bad.bundle", b"\xFF\xFEx");
    assert_refused(&shop.unpack(&[&bad]), 100, "it is not a text");
}

#[test]
fn a_bundle_of_another_root_is_refused() {
    let shop = Shop::new();
    let bundle = shop.bundle("a.bundle");
    shop.office.root("root-1");
    assert_refused(
        &shop.unpack(&[&bundle]),
        100,
        "the signature is not that of this text",
    );
}

#[test]
fn an_older_bundle_is_refused_for_ever_and_the_one_before_stays() {
    let shop = Shop::new();
    let (old, new) = (shop.version(7), {
        shop.with("10.9.0.10", "10.9.0.11");
        shop.version(8)
    });
    assert_eq!(shop.unpack(&[&old]).code, 0);
    assert!(shop.unpacked("till.env").contains("10.9.0.10"));
    let again = shop.unpack(&[&old]);
    assert_eq!(
        again.code, 0,
        "the same one, at the next boot: {}",
        again.err
    );
    assert_eq!(shop.unpack(&[&new]).code, 0);
    assert!(shop.unpacked("till.env").contains("10.9.0.11"));
    assert_refused(&shop.unpack(&[&old]), 101, "version 8 was accepted before");
    assert!(shop.unpacked("refused.txt").contains("it has version 7"));
    assert!(shop.unpacked("till.env").contains("10.9.0.11"));
    assert_eq!(shop.unpack(&[&new]).code, 0);
    assert!(!shop.at("run").join("refused.txt").exists());
    // What it remembers is no reason to forget when it cannot be read.
    fs::write(shop.at("floor").join("version"), "eight").expect("written");
    assert_refused(&shop.unpack(&[&old]), 73, "is damaged");
}

#[test]
fn a_machine_stays_the_till_that_it_was() {
    let shop = Shop::new();
    assert_eq!(shop.unpack(&[&shop.bundle("a.bundle")]).code, 0);
    let ran = shop.sign("b.bundle", &["--terminal", "T0000002"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let other = shop.office.file("b.bundle");
    assert_refused(&shop.unpack(&[&other]), 100, "and this one is T0000001");
}

#[test]
fn a_partition_of_zeros_says_that_there_is_no_site_yet() {
    let shop = Shop::new();
    let empty = shop.office.write("partition", &vec![0; 1 << 20]);
    let nowhere = shop.at("nothing");
    for places in [&[empty.as_path()][..], &[&nowhere], &[&empty, &nowhere]] {
        assert_refused(&shop.unpack(places), 102, "This till has no site yet");
        assert_eq!(shop.names(), [("refused.txt".to_owned(), 0o644)]);
    }
}

#[test]
fn the_first_place_that_holds_anything_counts_even_if_it_is_spoiled() {
    let shop = Shop::new();
    let bundle = shop.bundle("a.bundle");
    let empty = shop.office.write("partition", &vec![0; 1 << 20]);
    assert_eq!(shop.unpack(&[&empty, &bundle]).code, 0);
    let spoiled = shop.office.write("partition", b"spoiled");
    assert_refused(
        &shop.unpack(&[&spoiled, &bundle]),
        100,
        "partition is refused",
    );
    assert_refused(
        &shop.unpack(&[Path::new("/dev/null"), &bundle]),
        73,
        "neither a file",
    );
}

#[test]
fn a_code_is_for_the_owner_and_the_group_and_goes_with_its_bundle() {
    let shop = Shop::new();
    let ca = fs::read_to_string(shop.office.file("ca.pem")).expect("there");
    let code = super::sign::code_of(&ca);
    assert_eq!(shop.sign("a.bundle", &["--code", &code]).code, 0);
    assert_eq!(shop.unpack(&[&shop.office.file("a.bundle")]).code, 0);
    assert!(shop.names().contains(&("enrol.code".to_owned(), 0o640)));
    assert_eq!(shop.unpacked("enrol.code"), format!("{code}\n"));
    assert_eq!(shop.unpack(&[&shop.version(8)]).code, 0);
    assert!(!shop.at("run").join("enrol.code").exists());
}
