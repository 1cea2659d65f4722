//! What sealing a card costs, beside the bare primitives of the same bytes.
//!
//! `cargo bench -p sealpoint-vault` prints a table for a note. Each row names its baseline and says
//! how often that fits into it; the ratio is the figure, the times are this machine's.

mod bare;
mod stopwatch;

use std::{
    fs::{self, File},
    hint::black_box,
    io::Write,
};

use data_encoding::BASE64;
use hpke::{Kem, Serializable, kem::XWing};
use sealpoint_secret::{Pan, SecretBytes, Track2};
use sealpoint_vault::{
    AcquirerKey, CardData, Durable, KeyStore, Registers, StorageKey, SystemRandom, seal,
    seal_dukpt,
    store::{STORE_FILE, Secret},
};
use sealpoint_wire::{
    AttemptId, Currency, KeyId, SealContext,
    seal::{DukptScheme, SealKind},
    status::KeySource,
};
use stopwatch::{Table, time};
use tempfile::TempDir;
use uuid::Uuid;

/// Bytes of the card below as they are sealed.
const PLAINTEXT: usize = 41;
/// When the first key is drawn, seconds since the Unix epoch. Time goes on by a second for each
/// key, so that the store finds nothing to wonder at.
const BEGIN_S: u64 = 1_800_000_000;

const SCHEMES: [(&str, DukptScheme, usize, usize); 4] = [
    ("AES-128 DUKPT", DukptScheme::Aes128, 16, 8),
    ("AES-192 DUKPT", DukptScheme::Aes192, 24, 8),
    ("AES-256 DUKPT", DukptScheme::Aes256, 32, 8),
    ("TDES DUKPT", DukptScheme::Tdes2, 16, 10),
];

fn main() {
    // `cargo test --benches` and `cargo nextest` only ask whether it runs.
    if std::env::args().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    let mut table = Table::new();
    hpke_rows(&mut table);
    for (name, scheme, key_len, id_len) in SCHEMES {
        dukpt_rows(&mut table, name, scheme, key_len, id_len);
    }
    table.print();
}

fn hpke_rows(table: &mut Table) {
    let (_, public) = XWing::derive_keypair(&[0x42; 32]);
    let public = public.to_bytes();
    let text = format!(
        "key_id = \"bench\"\nkem = \"x-wing\"\npublic = \"{}\"\n",
        BASE64.encode(&public)
    );
    let key = AcquirerKey::parse(&text).expect("a good key");
    let random = SystemRandom::new();
    let context = context();
    let sealing = time(card, |card| {
        black_box(seal(card, &context, &key, &random).expect("seals"));
    });
    let bare = bare::Hpke::to(&public);
    let aad = context.aad();
    let primitives = time(|| [0x11; PLAINTEXT], |text| bare.seal(&text, &aad));
    table.row("HPKE seal", sealing.fastest, bare::HPKE, primitives.fastest);
}

fn dukpt_rows(table: &mut Table, name: &str, scheme: DukptScheme, key_len: usize, id_len: usize) {
    let block = time(
        || [0x11; 16],
        |block| bare::one_block(scheme, &[0x42; 32][..key_len], block),
    );
    let mut registers = initial(scheme, key_len, id_len);
    let advancing = time(
        || (),
        |()| drop(black_box(registers.advance().expect("a key"))),
    );
    table.row(
        &format!("{name}: next key"),
        advancing.fastest,
        bare::BLOCK,
        block.fastest,
    );

    let mut keys = Keys::loaded(initial(scheme, key_len, id_len));
    let drawing = time(|| (), |()| drop(black_box(keys.draw())));
    let disk = Disk::new(keys.file_len());
    let writing = time(|| (), |()| disk.replace());
    table.row(
        &format!("{name}: next key, durable"),
        drawing.median,
        "a file of that size replaced, durable",
        writing.median,
    );

    let context = context();
    let sealing = time(
        || (card(), keys.draw()),
        |(card, key)| {
            black_box(seal_dukpt(card, &context, key).expect("seals"));
        },
    );
    let aad = context.aad();
    let primitives = time(
        || [0x11; PLAINTEXT.next_multiple_of(16)],
        |text| bare::cbc_and_cmac(scheme, &[0x42; 32][..key_len], text, &aad),
    );
    table.row(
        &format!("{name}: seal"),
        sealing.fastest,
        "CBC and CMAC of the same bytes",
        primitives.fastest,
    );
}

/// A key store on this machine's disk, with one key set.
struct Keys {
    folder: TempDir,
    store: KeyStore,
    id: KeyId,
    now_s: u64,
}

impl Keys {
    fn loaded(registers: Registers) -> Self {
        let folder = TempDir::new().expect("a folder");
        let storage = SecretBytes::from_slice(&[0x24; 32]);
        let storage = StorageKey::from_bytes(storage, KeySource::File).expect("32 bytes");
        let mut store = KeyStore::open(folder.path(), storage).expect("an empty store");
        let id: KeyId = "bench".parse().expect("a key id");
        store
            .add(&id, Secret::Dukpt(registers), "000000", BEGIN_S)
            .expect("room for one");
        Self {
            folder,
            store,
            id,
            now_s: BEGIN_S,
        }
    }

    fn draw(&mut self) -> Durable {
        self.now_s += 1;
        self.store.next_key(&self.id, self.now_s).expect("a key")
    }

    fn file_len(&self) -> u64 {
        let file = fs::metadata(self.folder.path().join(STORE_FILE));
        file.expect("a key store").len()
    }
}

/// A file that is replaced by another of the same size, durably.
struct Disk {
    folder: TempDir,
    bytes: Vec<u8>,
}

impl Disk {
    fn new(len: u64) -> Self {
        Self {
            folder: TempDir::new().expect("a folder"),
            bytes: vec![0x11; usize::try_from(len).expect("a small file")],
        }
    }

    fn replace(&self) {
        let (next, path) = (
            self.folder.path().join("next"),
            self.folder.path().join("it"),
        );
        let mut file = File::create(&next).expect("a file");
        file.write_all(&self.bytes).expect("writes");
        file.sync_all().expect("reaches the disk");
        fs::rename(next, path).expect("renames");
        let folder = File::open(self.folder.path()).expect("a folder");
        folder.sync_all().expect("reaches the disk");
    }
}

fn initial(scheme: DukptScheme, key_len: usize, id_len: usize) -> Registers {
    let key: Vec<u8> = (1..).take(key_len).collect();
    let id = [0xFF; 7].iter().chain(&[0; 3]).copied();
    let id: Vec<u8> = id.take(id_len).collect();
    Registers::from_initial_key(scheme, &SecretBytes::from_slice(&key), &id).expect("a good key")
}

fn card() -> CardData {
    let mut track2 = [0x11; 19];
    track2[..8].copy_from_slice(&[0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78]);
    track2[8] = 0xD3;
    track2[18] = 0x1F;
    CardData {
        pan: Pan::from_bcd(&[0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78]).expect("a PAN"),
        track2: Some(Track2::from_bcd(&track2).expect("track 2")),
        expiry: [0x30, 0x12, 0x31],
        sequence: Some(1),
    }
}

fn context() -> SealContext {
    SealContext {
        terminal: "BENCH001".parse().expect("a terminal id"),
        attempt: AttemptId::new(Uuid::from_u128(1)),
        key_id: "bench".parse().expect("a key id"),
        amount_minor: 1_234,
        currency: Currency::Eur,
        kind: SealKind::Authorisation,
    }
}
