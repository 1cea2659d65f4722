//! The retailer's side, for a machine without a network: root keys, signatures, key blocks.

use std::path::Path;

use data_encoding::HEXUPPER_PERMISSIVE;
use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    CheckValue, Erasure, HotList, KeyBlock, KeyKind, Manifest, ProtectionKey, SystemRandom,
    key_block::{Algorithm, Header, HmacHash, ModeOfUse, OptionalBlock, Usage, Version},
    signed::{self, MAX_ROOT_FILE, PRIVATE_ROOT_FILE, Purpose, ROOT_FILE, RootPrivateKey},
};
use sealpoint_wire::{KeyId, TerminalId, seal::DukptScheme};

use super::{
    args::Entry,
    ceremony,
    folder::{make, secret_of, text_of},
    held::because,
    report::{Done, KeyNamed, Now},
};
use crate::fault::Fault;

/// Which key to wrap.
pub struct Wanted {
    /// Its name, for the block's label.
    pub id: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// What a DUKPT key's serial numbers begin with, hexadecimal.
    pub initial_key_id: Option<String>,
}

/// Makes a root key pair: two files in `out`.
pub fn root(id: KeyId, out: Option<&Path>) -> Result<Done, Fault> {
    let out = out.unwrap_or(Path::new("."));
    let (private, public) = (out.join(PRIVATE_ROOT_FILE), out.join(ROOT_FILE));
    let pair =
        RootPrivateKey::generate(id, &SystemRandom::new()).map_err(|bad| because("", &bad))?;
    make(&private, pair.to_toml().expose())?;
    make(&public, pair.public().to_toml().as_bytes())?;
    let done = format!("The root key \"{}\" is made.", pair.public().id());
    Ok(Done::new("root_made", done)
        .and(format!(
            "{private:?} is secret: who has it says which keys every till uses. Keep it on a machine \
             without a network."
        ))
        .and(format!(
            "{public:?} is for every till. Its fingerprint is {}.",
            pair.public().fingerprint()
        )))
}

/// Signs a manifest or a hot list.
pub fn sign(file: &Path, root: &Path, hot_list: bool, out: Option<&Path>) -> Result<Done, Fault> {
    let purpose = if hot_list {
        Purpose::HotList
    } else {
        Purpose::Manifest
    };
    let body = text_of(file, purpose.max_len())?;
    let private = private_root(root)?;
    if !hot_list {
        // What no till would take is not worth a signature.
        Manifest::parse(&body).map_err(|bad| {
            Fault::refused(
                format!("{file:?} is no manifest: {bad}."),
                "Correct it, and sign it again.",
            )
        })?;
    }
    let text = signed::sign(&body, purpose, &private)
        .map_err(|bad| because(&format!("{file:?} is not signed: "), &bad))?;
    if hot_list {
        HotList::verify(&text, private.public())
            .map_err(|bad| because(&format!("{file:?} is no hot list: "), &bad))?;
    }
    let done = format!(
        "The {} is signed by \"{}\".",
        purpose.name(),
        private.public().id()
    );
    given(Done::new("signed", done), text, out)
}

/// Signs the order that a till destroys its keys.
pub fn erase_order(terminal: TerminalId, root: &Path, out: Option<&Path>) -> Result<Done, Fault> {
    let private = private_root(root)?;
    let order = Erasure::new(terminal, Now::read()?.day, &SystemRandom::new())
        .map_err(|bad| because("", &bad))?;
    let text = signed::sign(&order.to_string(), Purpose::Erasure, &private)
        .map_err(|bad| because("The order is not signed: ", &bad))?;
    let done = format!(
        "The order {} to erase the keys of {} is signed by \"{}\".",
        order.id(),
        order.terminal(),
        private.public().id()
    );
    let done = Done::new("erase_ordered", done).and(
        "Who has it can put that till out of service for as long as it trusts this root: give it to \
         the collector, and keep it like a key.",
    );
    given(done, text, out)
}

/// The root's private key.
pub fn private_root(path: &Path) -> Result<RootPrivateKey, Fault> {
    let text = secret_of(path, MAX_ROOT_FILE)?;
    let text = str::from_utf8(text.expose()).map_err(|_| {
        Fault::refused(
            format!("{path:?} is not a text."),
            "Name the root's private key.",
        )
    })?;
    RootPrivateKey::parse(text).map_err(|bad| {
        Fault::refused(
            format!("{path:?} is no private root key: {bad}."),
            format!("Name the file {PRIVATE_ROOT_FILE} that `tillctl keys root` made."),
        )
    })
}

/// Puts a key into a key block, under a protection key that is entered in components.
pub fn wrap(wanted: &Wanted, entry: &Entry, out: Option<&Path>) -> Result<Done, Fault> {
    let cipher = if entry.tdes {
        Algorithm::Tdes
    } else {
        Algorithm::Aes
    };
    let (mut header, algorithm) = header(wanted, cipher)?;
    let (protection, _) = ceremony::combined(cipher, entry, "the key block protection key")?;
    let (key, persons) =
        ceremony::combined(algorithm, entry, &format!("the key \"{}\"", wanted.id))?;
    if let KeyKind::Dukpt(scheme) = wanted.kind {
        fits(scheme, &key)?;
    }
    let check_value = CheckValue::of(algorithm, &key).map_err(|error| because("", &error))?;
    let label = OptionalBlock::new("LB", wanted.id.as_str());
    header
        .optional
        .push(label.map_err(|bad| because("The label ", &bad))?);
    let protection = match cipher {
        Algorithm::Aes => ProtectionKey::aes(&protection),
        _ => ProtectionKey::tdes(&protection),
    };
    let protection = protection.map_err(|bad| because("", &bad))?;
    let block = KeyBlock::wrap(header, &key, &protection, &SystemRandom::new())
        .map_err(|bad| because("", &bad))?;
    let done = Done::new(
        "wrapped",
        format!("The key \"{}\" is in a key block.", wanted.id),
    );
    let done = done.by(persons).with_key(KeyNamed {
        id: wanted.id.to_string(),
        kind: wanted.kind.to_string(),
        check_value: Some(check_value.to_string()),
    });
    given(done, format!("{}\n", block.as_str()), out)
}

/// What a key block says of such a key (X9.143:2022), and which cipher the key is for.
fn header(wanted: &Wanted, cipher: Algorithm) -> Result<(Header, Algorithm), Fault> {
    let version = match cipher {
        Algorithm::Aes => Version::D,
        _ => Version::B,
    };
    let id = wanted.initial_key_id.as_deref();
    match wanted.kind {
        KeyKind::Token if id.is_none() => {
            let mode = ModeOfUse::GENERATE_AND_VERIFY;
            let mut header = Header::new(version, Usage::HMAC, Algorithm::Hmac, mode);
            header.optional.push(OptionalBlock::hash(HmacHash::SHA_256));
            Ok((header, Algorithm::Hmac))
        }
        KeyKind::Dukpt(scheme) => {
            let id = id.unwrap_or_default();
            let bytes = HEXUPPER_PERMISSIVE
                .decode(id.as_bytes())
                .unwrap_or_default();
            let wrong = || {
                Fault::misused(format!(
                    "`--initial-key-id` must be {} hexadecimal digits for a key of the kind {}.",
                    2 * if scheme == DukptScheme::Tdes2 { 10 } else { 8 },
                    wanted.kind
                ))
            };
            let (algorithm, named) = if scheme == DukptScheme::Tdes2 {
                let ksn: [u8; 10] = bytes.try_into().map_err(|_| wrong())?;
                (Algorithm::Tdes, OptionalBlock::key_serial_number(&ksn))
            } else {
                let id: [u8; 8] = bytes.try_into().map_err(|_| wrong())?;
                (Algorithm::Aes, OptionalBlock::initial_key_id(&id))
            };
            let usage = Usage::INITIAL_DUKPT_KEY;
            let mut header = Header::new(version, usage, algorithm, ModeOfUse::DERIVE);
            header.optional.push(named);
            Ok((header, algorithm))
        }
        KeyKind::Token => Err(Fault::misused("`--initial-key-id` is for DUKPT keys.")),
        KeyKind::XWing | KeyKind::KeyBlockProtection => Err(Fault::misused(format!(
            "Keys of the kind {} do not travel in key blocks here.",
            wanted.kind
        ))),
    }
}

/// Refuses a key of another length than the scheme's.
fn fits(scheme: DukptScheme, key: &SecretBytes) -> Result<(), Fault> {
    let len = match scheme {
        DukptScheme::Aes128 | DukptScheme::Tdes2 => 16,
        DukptScheme::Aes192 => 24,
        DukptScheme::Aes256 => 32,
    };
    if key.len() == len {
        return Ok(());
    }
    Err(Fault::refused(
        format!(
            "The key has {} bytes, and a key of that kind has {len}.",
            key.len()
        ),
        "Enter the right components.",
    ))
}

/// To a file, or to standard output.
fn given(done: Done, text: String, out: Option<&Path>) -> Result<Done, Fault> {
    match out {
        None => Ok(done.with_text(text)),
        Some(path) => {
            make(path, text.as_bytes())?;
            Ok(done.and(format!("It is in {path:?}.")))
        }
    }
}
