mod content;
mod copies;
mod erase;
mod kills;
mod plug;
mod storage_key;
mod trouble;

use std::path::Path;

use sealpoint_secret::SecretBytes;
use sealpoint_wire::{KeyId, seal::DukptScheme, status::KeySource};
use tempfile::TempDir;

use super::{KeyStore, Secret, StorageKey};
use crate::Registers;

/// 2026-11-23, noon.
const NOW_S: u64 = 1_795_435_200;

fn id(name: &str) -> KeyId {
    name.parse().expect("a key id")
}

fn storage() -> StorageKey {
    storage_of(7)
}

fn storage_of(byte: u8) -> StorageKey {
    StorageKey::from_bytes(SecretBytes::from_slice(&[byte; 32]), KeySource::File).expect("32 bytes")
}

/// An AES-128 key set whose initial key id ends with that byte.
fn aes(last: u8) -> Secret {
    let key = SecretBytes::from_slice(&[0x42; 16]);
    let ik = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, last];
    Secret::Dukpt(
        Registers::from_initial_key(DukptScheme::Aes128, &key, &ik).expect("an initial key"),
    )
}

/// A TDES key set.
fn tdes() -> Secret {
    let key = SecretBytes::from_slice(&[
        0x6A, 0xC2, 0x92, 0xFA, 0xA1, 0x31, 0x5B, 0x4D, 0x85, 0x8A, 0xB3, 0xA3, 0xD7, 0xD5, 0x93,
        0x3A,
    ]);
    let ksn = [0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x10, 0xE0, 0x00, 0x00];
    Secret::Dukpt(
        Registers::from_initial_key(DukptScheme::Tdes2, &key, &ksn).expect("an initial key"),
    )
}

fn open(folder: &Path) -> KeyStore {
    KeyStore::open(folder, storage()).expect("the store opens")
}

/// A folder whose store holds an AES and a TDES key set.
fn loaded() -> (TempDir, KeyStore) {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(folder.path());
    store
        .add(&id("aes"), aes(0x56), "AABBCC", NOW_S)
        .expect("added");
    store
        .add(&id("tdes"), tdes(), "DDEEFF", NOW_S)
        .expect("added");
    (folder, store)
}

/// The serial number of the next key, as a number of its counter's bits.
fn draw(store: &mut KeyStore, name: &str, now_s: u64) -> u32 {
    let key = store.next_key(&id(name), now_s).expect("a key");
    counter(key.ksn())
}

/// The counter at the end of a key serial number: all 32 bits of AES, 21 of TDES.
fn counter(ksn: &[u8]) -> u32 {
    let last = ksn.last_chunk().expect("a serial number is longer");
    let number = u32::from_be_bytes(*last);
    if ksn.len() == 12 {
        number
    } else {
        number & 0x1F_FFFF
    }
}
