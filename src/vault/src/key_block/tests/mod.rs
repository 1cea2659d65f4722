mod hostile;
mod others;
mod round_trip;
mod uses;

use std::sync::LazyLock;

use data_encoding::HEXUPPER;
use ring::rand::SystemRandom;
use sealpoint_secret::SecretBytes;
use serde::Deserialize;

use super::{
    Algorithm, Bindings, Header, KeyBlock, ModeOfUse, NotWrapped, OpenedKey, OptionalBlock,
    ProtectionKey, Usage, Version,
};

/// Key blocks that others made.
static OTHERS: LazyLock<Vec<Other>> = LazyLock::new(|| {
    let file: OthersFile = toml::from_str(include_str!("others.toml")).expect("the file is TOML");
    file.block
});

#[derive(Deserialize)]
struct OthersFile {
    block: Vec<Other>,
}

#[derive(Deserialize)]
struct Other {
    name: String,
    kbpk: String,
    key: String,
    text: String,
    check_value: Option<String>,
}

impl Other {
    fn block(&self) -> KeyBlock {
        KeyBlock::parse(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn other(name: &str) -> &'static Other {
    let found = OTHERS.iter().find(|other| other.name == name);
    found.unwrap_or_else(|| panic!("there is no key block {name}"))
}

fn secret(hex: &str) -> SecretBytes {
    let bytes = HEXUPPER.decode(hex.as_bytes());
    SecretBytes::from_slice(&bytes.expect("the tests' keys are hexadecimal"))
}

/// A protection key of the cipher that the version takes.
fn protection(version: Version, key: &SecretBytes) -> ProtectionKey<'_> {
    match version.cipher() {
        Algorithm::Aes => ProtectionKey::aes(key),
        _ => ProtectionKey::tdes(key),
    }
    .expect("the key is as long as keys of the cipher are")
}

/// A header of an initial AES DUKPT key with its id.
fn initial_key_header() -> Header {
    let mut header = Header::new(
        Version::D,
        Usage::INITIAL_DUKPT_KEY,
        Algorithm::Aes,
        ModeOfUse::DERIVE,
    );
    header.optional = vec![OptionalBlock::initial_key_id(&[
        0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56,
    ])];
    header
}

fn wrapped(header: Header, key: &SecretBytes, kbpk: &SecretBytes) -> Result<KeyBlock, NotWrapped> {
    let protection = protection(header.version, kbpk);
    KeyBlock::wrap(header, key, &protection, &SystemRandom::new())
}

/// Wraps a key and opens it again.
fn through(header: Header, key: &SecretBytes, kbpk: &SecretBytes) -> OpenedKey {
    let block = wrapped(header, key, kbpk).expect("the key can be wrapped");
    let protection = protection(block.header().version, kbpk);
    block
        .open(&protection, Bindings::Derivation)
        .expect("its own block opens")
}
