//! A retailer who signs manifests and hot lists, and gives a lane its secret keys.

use std::{fs, path::Path};

use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    HOT_LIST_FILE, KeyStore, MANIFEST_FILE, Registers, StorageKey, SystemRandom,
    signed::{self, Purpose, ROOT_FILE, RootPrivateKey},
    store::Secret,
};
use sealpoint_wire::{KeyId, seal::DukptScheme};

use crate::host::KEY_FILE;

/// Days around every day that a test can run on.
pub const LONG: (&str, &str) = ("2020-01-01", "2099-12-31");
/// Something before the store was loaded with, seconds since the Unix epoch.
const LOADED_AT_S: u64 = 1_795_435_200;

pub struct Retailer {
    root: RootPrivateKey,
}

impl Retailer {
    /// A retailer whom the lane in that folder trusts.
    pub fn of(folder: &Path) -> Self {
        let retailer = Self::stranger();
        let text = retailer.root.public().to_toml();
        fs::write(folder.join(ROOT_FILE), text).expect("written");
        retailer
    }

    /// One whom nobody trusts, under the same name.
    pub fn stranger() -> Self {
        let root = RootPrivateKey::generate(key_id("root-1"), &SystemRandom::new());
        Self {
            root: root.expect("random bytes"),
        }
    }

    /// Puts a signed manifest with these keys into the folder.
    pub fn manifest(&self, folder: &Path, version: u64, keys: &[String]) {
        let keys = keys.concat();
        let body = format!("version = {version}\nissued = \"2026-11-23\"\n{keys}");
        let text = signed::sign(&body, Purpose::Manifest, &self.root).expect("signed");
        replace(folder, MANIFEST_FILE, &text);
    }

    /// A signed order to erase the keys of that terminal.
    pub fn erase_order(&self, terminal: &str) -> String {
        let body = format!(
            "erase order\nterminal {terminal}\nissued 2026-11-23\n\
             id 0A58DE0C10F5BC1EC0A9F2A2C4E4D6B1\n"
        );
        signed::sign(&body, Purpose::Erasure, &self.root).expect("signed")
    }

    /// Puts a signed hot list of these tokens into the folder.
    pub fn hot_list(&self, folder: &Path, version: u64, issued: &str, tokens: &[String]) {
        let mut sorted = tokens.to_vec();
        sorted.sort();
        let body = format!(
            "hot list\nversion {version}\nissued {issued}\nkey token-1\ncards {}\n{}\n",
            sorted.len(),
            sorted.join("\n")
        );
        let text = signed::sign(&body, Purpose::HotList, &self.root).expect("signed");
        replace(folder, HOT_LIST_FILE, &text);
    }
}

/// Replaces a file whole, as `tillctl` does.
fn replace(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join("next"), text).expect("written");
    fs::rename(folder.join("next"), folder.join(name)).expect("renamed");
}

pub fn key_id(name: &str) -> KeyId {
    name.parse().expect("a key id")
}

/// A key of a manifest, with other lines.
pub fn key(id: &str, kind: &str, days: (&str, &str), more: &str) -> String {
    let (from, until) = days;
    format!(
        "[[key]]\nid = \"{id}\"\nkind = \"{kind}\"\nvalid_from = \"{from}\"\n\
         valid_until = \"{until}\"\n{more}\n"
    )
}

/// What a manifest allows without the issuer: so much for one charge, in that currency.
pub fn offline(currency: &str, per_sale_minor: i64) -> String {
    format!(
        "[offline]\ncurrency = \"{currency}\"\nper_sale_minor = {per_sale_minor}\n\
         per_till_minor = 100000\nper_card_day_minor = 10000\nper_card_day_count = 3\n\
         max_records = 50\nmax_hours = 24\ndeferred = false\n\n"
    )
}

/// The acquirer's public key under that name, as the folder's key file has it.
pub fn public(folder: &Path, id: &str, days: (&str, &str), more: &str) -> String {
    let text = fs::read_to_string(folder.join(KEY_FILE)).expect("read");
    let line = text.lines().find(|line| line.starts_with("public = "));
    let line = line.expect("the key file has a public key");
    key(id, "x_wing", days, &format!("{line}\n{more}"))
}

/// The store that the lane of that folder has, in a demo.
pub fn store(folder: &Path) -> KeyStore {
    let key = StorageKey::find_or_make(folder, None, false).expect("a storage key");
    KeyStore::open(folder, key).expect("the store opens")
}

/// Loads an AES-128 initial key of its own for that name.
pub fn load_aes(folder: &Path, name: &str) {
    let ik = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, name.len() as u8];
    load_dukpt(folder, name, DukptScheme::Aes128, &ik);
}

/// Loads a TDES initial key.
pub fn load_tdes(folder: &Path, name: &str) {
    let ksn = [0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x10, 0xE0, 0x00, 0x00];
    load_dukpt(folder, name, DukptScheme::Tdes2, &ksn);
}

fn load_dukpt(folder: &Path, name: &str, scheme: DukptScheme, id: &[u8]) {
    let bytes: Vec<u8> = (0..16).map(|byte| byte * 9 + 3).collect();
    let registers =
        Registers::from_initial_key(scheme, &SecretBytes::from_slice(&bytes), id).expect("a key");
    store(folder)
        .add(
            &key_id(name),
            Secret::Dukpt(registers),
            "0A0B0C0D0E",
            LOADED_AT_S,
        )
        .expect("loaded");
}

/// Loads the retailer's token key, 32 times that byte.
pub fn load_token(folder: &Path, name: &str, byte: u8) {
    let secret = Secret::Token(SecretBytes::from_slice(&[byte; 32]));
    store(folder)
        .add(&key_id(name), secret, "0102030405", LOADED_AT_S)
        .expect("loaded");
}
