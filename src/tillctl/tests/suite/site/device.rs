//! A bundle, raw, in a partition: here a file of its size.

use std::fs;

use super::shop::Shop;
use crate::{
    bench::{Ran, tillctl},
    keys::office::{assert_refused, text},
};

const SIZE: usize = 1 << 20;

fn write(shop: &Shop, bundle: &str, device: &str) -> Ran {
    let (bundle, device) = (shop.office.file(bundle), shop.office.file(device));
    tillctl(&["site", "write", text(&bundle), "--to", text(&device)])
}

#[test]
fn a_bundle_in_a_partition_is_read_back_and_replaced_by_a_shorter_one() {
    let shop = Shop::new();
    let device = shop.office.write("device", &vec![0; SIZE]);
    shop.version(7);
    let ran = write(&shop, "7.bundle", "device");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(shop.unpack(&[&device]).code, 0);
    shop.with("catalogue = \"catalogue.csv\"", "");
    shop.version(8);
    assert_eq!(write(&shop, "8.bundle", "device").code, 0);
    let ran = shop.unpack(&[&device]);
    assert!(ran.out.contains("version 8"), "{}{}", ran.out, ran.err);
    assert!(!shop.at("run").join("catalogue.csv").exists());
    let (raw, text) = (
        fs::read(&device).expect("there"),
        fs::read(shop.office.file("8.bundle")).expect("there"),
    );
    assert_eq!(raw.len(), SIZE);
    let (head, rest) = raw.split_at(text.len());
    assert_eq!(head, text);
    assert!(rest.iter().all(|byte| *byte == 0), "zero bytes to the end");
}

#[test]
fn what_holds_anything_else_or_does_not_fit_is_left_alone() {
    let shop = Shop::new();
    let bundle = shop.bundle("a.bundle");
    let len = fs::read(&bundle).expect("there").len();
    // ext4's magic number is far from the beginning, a GPT's copy at the very end.
    let mut ext = vec![0; SIZE];
    ext[1080..1082].copy_from_slice(&[0x53, 0xEF]);
    let mut gpt = vec![0; SIZE];
    gpt[SIZE - 512..SIZE - 504].copy_from_slice(b"EFI PART");
    let mut behind = fs::read(&bundle).expect("there");
    behind.resize(SIZE, 0);
    behind[SIZE - 1] = 1;
    for (content, told) in [
        (ext, "a file system or a partition table"),
        (gpt, "a file system or a partition table"),
        (behind, "a file system or a partition table"),
        (b"a letter to my love".repeat(1 << 16), "no bundle"),
        (vec![0; len], "with its end needs"),
        (Vec::new(), "with its end needs"),
    ] {
        let device = shop.office.write("device", &content);
        assert_refused(&write(&shop, "a.bundle", "device"), 103, told);
        assert_eq!(fs::read(device).expect("there"), content);
    }
    let disk = shop.office.file("device");
    let file = fs::File::create(&disk).expect("made");
    file.set_len(65 << 20).expect("sparse");
    assert_refused(&write(&shop, "a.bundle", "device"), 103, "16777216");
    assert_refused(
        &write(&shop, "site.toml", "device"),
        100,
        "it is no site bundle",
    );
    assert_refused(&write(&shop, "a.bundle", "nothing"), 73, "nothing");
}
