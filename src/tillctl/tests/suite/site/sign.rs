//! IT's desk.

use std::fs;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use sealpoint_tls::{certificate::KeyHash, code::EnrolmentCode};

use super::shop::{Shop, certificate};
use crate::{
    bench::tillctl,
    keys::office::{acquirer, assert_refused, text},
};

/// A code of the collector that has this CA.
pub fn code_of(ca: &str) -> String {
    let der = CertificateDer::from_pem_slice(ca.as_bytes()).expect("PEM");
    let hash = KeyHash::of_certificate(&der).expect("a key");
    let code = EnrolmentCode::generate(&hash).expect("random bytes");
    code.text().to_string()
}

#[test]
fn the_documented_example_is_signed_and_shown_without_its_secret() {
    let shop = Shop::new();
    let ca = fs::read_to_string(shop.office.file("ca.pem")).expect("there");
    let code = code_of(&ca);
    let ran = shop.sign("a.bundle", &["--code", &code]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let trust = shop.office.file("retailer.pub.toml");
    let bundle = shop.office.file("a.bundle");
    let show = |more: &[&str]| {
        let command = ["site", "show", text(&bundle), "--trust", text(&trust)];
        let ran = tillctl(&[&command[..], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(!ran.out.contains(&code), "the code was shown");
        ran
    };
    let page = show(&[]).out;
    for part in ["Market 12", "T0000001", "collector.example at 10.9.0.10"] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
    let json = show(&["--json"]).json();
    assert_eq!(json["site_version"], 7);
    assert_eq!(json["has_enrol_code"], true);
    assert_eq!(json["usb"]["devices"][0], "04b8:0e15");
}

#[test]
fn nothing_of_a_bundle_is_shown_before_its_signature_is_checked() {
    let shop = Shop::new();
    let bundle = shop.bundle("a.bundle");
    shop.office.root("root-2");
    let trust = shop.office.file("retailer.pub.toml");
    let ran = tillctl(&["site", "show", text(&bundle), "--trust", text(&trust)]);
    assert_refused(&ran, 100, "it was signed by \"root-1\"");
}

#[test]
fn one_site_toml_serves_a_whole_shop() {
    let shop = Shop::new();
    shop.with("id = \"T0000001\"", "#");
    assert_refused(&shop.sign("no.bundle", &[]), 100, "names no terminal");
    for (id, address) in [("T0000002", "10.1.2.32/24"), ("T0000003", "10.1.2.33/24")] {
        let out = format!("{id}.bundle");
        let ran = shop.sign(&out, &["--terminal", id, "--address", address]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let another = Shop::new();
        fs::copy(
            shop.office.file("retailer.pub.toml"),
            another.office.file("retailer.pub.toml"),
        )
        .expect("copied");
        let ran = another.unpack(&[&shop.office.file(&out)]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(another.unpacked("till.env").contains(id));
        assert!(another.unpacked("till.network").contains(address));
    }
}

/// What no till would take is met at the desk, with what is wrong.
#[test]
fn a_mistake_is_met_at_the_desk_and_not_in_the_shop() {
    for (from, to, told) in [
        ("version = 7", "version = 0", "versions begin at 1"),
        ("version = 7", "version = -7", "line 1"),
        ("store = ", "shop = ", "line 2: unknown field"),
        ("\"Market 12\"", "\"Market\\n12\"", "line 2"),
        ("\"10.1.2.30/24\"", "\"10.1.2.30\"", "such as 10.1.2.30/24"),
        (
            "\"10.1.2.30/24\"",
            "\"dhcp\"",
            "`gateway` goes with a fixed",
        ),
        ("\"10.1.2.1\"", "\"fd00::1\"", "of the same family"),
        ("\"10.9.0.10\"", "\"fd00::10\"", "both IPv4 or both IPv6"),
        ("\"10.9.0.10\"", "\"collector\"", "asks no DNS"),
        ("\"10.9.0.10\"", "\"0.0.0.0\"", "asks no DNS"),
        (
            "\"collector.example\"",
            "\"Collector Example\"",
            "host name",
        ),
        ("port = 8443", "port = 0", "1 to 65535"),
        ("port = 8443", "port = 70000", "1 to 65535"),
        ("\"EUR\"", "\"DEM\"", "DEM"),
        (
            "reader = \"pcsc\"",
            "reader = \"virtual:/x\"",
            "card reader",
        ),
        ("insert_timeout_s = 60", "insert_timeout_s = 1", "5 to 300"),
        ("scale = 1.0", "scale = 9.0", "0.5 to 4.0"),
        ("\"Europe/Berlin\"", "\"Europe/Nowhere\"", "no time zone"),
        ("\"04b8:0e15\"", "\"04b8:*\"", "lsusb"),
        (
            "\"Thank you.\"",
            "\"0123456789 0123456789 0123456789 0123456789\"",
            "42",
        ),
        ("\"ca.pem\"", "\"../ca.pem\"", "its name alone"),
        ("\"cage\"", "\"x11\"", "x11"),
    ] {
        let shop = Shop::new();
        shop.with(from, to);
        assert_refused(&shop.sign("a.bundle", &[]), 100, told);
        assert!(!shop.office.file("a.bundle").exists(), "{to}");
    }
}

#[test]
fn each_file_is_checked_as_the_till_would() {
    let manifest_of_another = Shop::new();
    let other = manifest_of_another
        .office
        .manifest(2, "", &[acquirer("acq-9", -1, 9, "")]);
    let other = fs::read(other).expect("there");
    let server = certificate(false);
    for (name, content, told) in [
        ("profile.toml", &b"[terminal]\ntype = 99\n"[..], "terminal"),
        ("manifest.toml", b"version = 1\n", "manifest would not be taken"),
        ("manifest.toml", &other, "manifest would not be taken"),
        ("ca.pem", b"no certificate", "0 certificates"),
        ("ca.pem", server.as_bytes(), "no certification authority"),
        ("catalogue.csv", b"sku,name\n1,x\n", "no header line"),
        (
            "catalogue.csv",
            b"sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age\n1,A,,,C,much,piece,700,\n",
            "line 2",
        ),
    ] {
        let shop = Shop::new();
        shop.office.write(name, content);
        assert_refused(&shop.sign("a.bundle", &[]), 100, told);
    }
    let shop = Shop::new();
    fs::remove_file(shop.office.file("ca.pem")).expect("it was there");
    assert_refused(&shop.sign("a.bundle", &[]), 73, "ca.pem");
}

#[test]
fn an_enrolment_code_of_another_collector_is_refused() {
    let shop = Shop::new();
    let ran = shop.sign("a.bundle", &["--code", &code_of(&certificate(true))]);
    assert_refused(&ran, 100, "another CA");
    let ran = shop.sign("a.bundle", &["--code", "9F3C7-0WZ2K"]);
    assert_refused(&ran, 100, "eight groups of five");
}

#[test]
fn a_bundle_is_never_written_over_another_file() {
    let shop = Shop::new();
    let bundle = shop.bundle("a.bundle");
    let before = fs::read(&bundle).expect("there");
    assert_refused(&shop.sign("a.bundle", &[]), 73, "is there already");
    assert_eq!(fs::read(&bundle).expect("there"), before);
}
