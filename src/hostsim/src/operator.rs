//! What an operator of the simulated acquirer does by hand.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use data_encoding::HEXUPPER;
use sealpoint_acquirer::Profile;
use sealpoint_acquirer::profile::MAX_PROFILE;
use sealpoint_hostsim::base_key::{self, BaseKeys};
use sealpoint_hostsim::batch;
use sealpoint_hostsim::cipher::{Algorithm, CipherKey};
use sealpoint_hostsim::key_file::HostKey;
use sealpoint_hostsim::server::LEDGER_FILE;
use sealpoint_hostsim::{dukpt, key_block, opening};
use sealpoint_wire::seal::{DukptScheme, SealKind};
use sealpoint_wire::{AuthoriseRequest, KeyId, SealContext};
use zeroize::Zeroizing;

/// A key of 32 bytes in hexadecimal, and the end of its line.
const MAX_KEY_TEXT: u64 = 2 * 32 + 2;
/// An authorisation as JSON has about 3,000 bytes.
const MAX_REQUEST: u64 = 64 * 1024;
/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

type Done = Result<(), Box<dyn Error>>;

#[derive(Args)]
pub(super) struct Bdk {
    /// The host's folder
    #[arg(long)]
    dir: PathBuf,
    /// What the key set is called in the till's manifest
    #[arg(long)]
    key_id: KeyId,
    /// Which derivation
    #[arg(long)]
    scheme: Scheme,
    /// A file with the key in hexadecimal; a new key is drawn if not given
    #[arg(long)]
    bdk_file: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct KeyBlock {
    /// The host's folder
    #[arg(long)]
    dir: PathBuf,
    /// The key set
    #[arg(long)]
    key_id: KeyId,
    /// A file with the till's key-block protection key in hexadecimal
    #[arg(long)]
    kbpk_file: PathBuf,
    /// What kind of key that is: AES makes a block of version D, TDES one of version B
    #[arg(long, default_value = "aes")]
    kbpk: Protection,
    /// Name of the initial key, hexadecimal; a new one is drawn if not given. Never load a key twice
    #[arg(long)]
    initial_key_id: Option<String>,
    /// The file to write the block to; it must not exist
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub(super) struct Batch {
    /// The host's folder
    #[arg(long)]
    dir: PathBuf,
    /// The ledger; ledger.ndjson in the host's folder if not given
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// What was captured on this day alone, YYYY-MM-DD in UTC
    #[arg(long, value_parser = day)]
    day: Option<i64>,
    /// The file to write; standard output if not given
    #[arg(long)]
    batch_file: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Open {
    /// The host's folder
    #[arg(long)]
    dir: PathBuf,
    /// A file with the authorisation as JSON, as a till sends it
    request: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scheme {
    Aes128,
    Aes192,
    Aes256,
    Tdes2,
}

#[derive(Clone, Copy, ValueEnum)]
enum Protection {
    Aes,
    Tdes,
}

impl From<Scheme> for DukptScheme {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Aes128 => Self::Aes128,
            Scheme::Aes192 => Self::Aes192,
            Scheme::Aes256 => Self::Aes256,
            Scheme::Tdes2 => Self::Tdes2,
        }
    }
}

pub(super) fn add_base_key(bdk: Bdk) -> Done {
    let key = bdk.bdk_file.as_deref().map(key_text).transpose()?;
    base_key::add(&bdk.dir, &bdk.key_id, bdk.scheme.into(), key)?;
    writeln!(io::stdout(), "{}", bdk.key_id)?;
    Ok(())
}

/// Writes the block, and says what the till's manifest needs to know of the key.
pub(super) fn make_key_block(asked: &KeyBlock) -> Done {
    let keys = BaseKeys::load(&asked.dir)?;
    let set = keys
        .set(&asked.key_id)
        .ok_or_else(|| format!("there is no key set {}; add it with `bdk`", asked.key_id))?;
    let id = match &asked.initial_key_id {
        Some(hex) => HEXUPPER
            .decode(hex.as_bytes())
            .ok()
            .filter(|id| id.starts_with(set.prefix()))
            .ok_or("the initial key id does not belong to the key set; leave it away")?,
        None => set.new_initial_key_id()?,
    };
    let key = dukpt::initial_key(set.scheme(), set.key(), &id)
        .ok_or("the initial key id has another length; leave it away")?;
    let protection = protection_key(asked)?;
    let block = key_block::wrap(&key, &id, &protection)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&asked.out)
        .map_err(|error| format!("{:?} cannot be written ({error})", asked.out))?;
    writeln!(file, "{block}").and_then(|()| file.sync_all())?;
    writeln!(
        io::stdout(),
        "initial_key_id = \"{}\"\ncheck_value = \"{}\"",
        HEXUPPER.encode(&id),
        key_block::check_value(&key)
    )?;
    Ok(())
}

/// Writes what a settlement would pay.
pub(super) fn write_batch(asked: &Batch) -> Done {
    let in_folder = || asked.dir.join(LEDGER_FILE);
    let ledger = asked.ledger.clone().unwrap_or_else(in_folder);
    let text = batch::csv(&batch::of_ledger(&ledger, asked.day)?);
    match &asked.batch_file {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| format!("{path:?} cannot be written ({error})"))?,
        None => io::stdout().write_all(text.as_bytes())?,
    }
    Ok(())
}

/// The day in days since the Unix epoch.
fn day(text: &str) -> Result<i64, String> {
    batch::day(text).ok_or_else(|| "a day is YYYY-MM-DD".to_owned())
}

/// Reads an acquirer profile.
pub(super) fn profile(path: &Path) -> Result<Profile, Box<dyn Error>> {
    let bound = u64::try_from(MAX_PROFILE)?;
    Ok(Profile::from_toml(&read(path, bound)?)?)
}

/// Shows at most the first six and last four digits, never more.
pub(super) fn open_card(asked: &Open) -> Done {
    let text = read(&asked.request, MAX_REQUEST)?;
    let request: AuthoriseRequest = serde_json::from_str(&text)
        .map_err(|error| format!("{:?} is no authorisation ({error})", asked.request))?;
    let context = SealContext {
        terminal: request.terminal,
        attempt: request.attempt,
        key_id: request.sealed.key_id().clone(),
        amount_minor: request.amount_minor,
        currency: request.currency,
        kind: SealKind::Authorisation,
    };
    let (key, base_keys) = (HostKey::load(&asked.dir)?, BaseKeys::load(&asked.dir)?);
    let card = opening::open(&request.sealed, &context, &key, &base_keys)?;
    writeln!(io::stdout(), "{}", card.truncated_pan())?;
    Ok(())
}

fn protection_key(asked: &KeyBlock) -> Result<CipherKey, Box<dyn Error>> {
    let text = key_text(&asked.kbpk_file)?;
    let bytes = HEXUPPER.decode(text.as_bytes()).map(Zeroizing::new);
    let algorithms: &[Algorithm] = match asked.kbpk {
        Protection::Aes => &[Algorithm::Aes128, Algorithm::Aes192, Algorithm::Aes256],
        Protection::Tdes => &[Algorithm::Tdes2, Algorithm::Tdes3],
    };
    let bytes = bytes.map_err(|_| format!("{:?} is no key in hexadecimal", asked.kbpk_file))?;
    let of_that_length = |algorithm: &&Algorithm| algorithm.key_len() == bytes.len();
    let algorithm = *algorithms
        .iter()
        .find(of_that_length)
        .ok_or("the key-block protection key has another length; say which kind it is")?;
    Ok(
        CipherKey::new(algorithm, bytes)
            .ok_or("the key-block protection key has another length")?,
    )
}

/// A key in hexadecimal, in upper case, from a file that is its owner's alone.
fn key_text(path: &Path) -> Result<Zeroizing<String>, Box<dyn Error>> {
    let text = read(path, MAX_KEY_TEXT)?;
    if std::fs::metadata(path)?.permissions().mode() & OTHERS != 0 {
        return Err(format!("{path:?} can be read by others; run `chmod 600` on it").into());
    }
    Ok(Zeroizing::new(text.trim().to_ascii_uppercase()))
}

fn read(path: &Path, bound: u64) -> Result<Zeroizing<String>, Box<dyn Error>> {
    let capacity = usize::try_from(bound).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    let read = File::open(path).and_then(|file| file.take(bound + 1).read_to_string(&mut text));
    match read {
        Ok(len) if len as u64 <= bound => Ok(text),
        Ok(_) => Err(format!("{path:?} is too long; give another file").into()),
        Err(error) => Err(format!("{path:?} cannot be read ({error})").into()),
    }
}
