//! A terminal's profile as TOML, and the check that makes [`TerminalData`] of it.

use data_encoding::HEXUPPER_PERMISSIVE;
use serde::Deserialize;
use thiserror::Error;

use crate::{
    aid::Aid,
    terminal::{ActionCodes, Application, RandomSelection, TerminalData, TerminalType},
    verification::Tvr,
};

/// Applications that a profile may have.
const MAX_APPLICATIONS: usize = 32;
/// Characters of the merchant's name and location.
const MAX_MERCHANT_NAME: usize = 40;
/// Characters of the name of an application.
const MAX_NAME: usize = 16;
/// Largest acquirer identifier: eleven digits.
const MAX_ACQUIRER: u64 = 99_999_999_999;
/// CVMs that this kernel performs: signature and no CVM required (9F33 byte 2, Book 4 Annex A2).
const CVM_CAPABILITIES: u8 = 0x28;
/// Chip with contacts (9F33 byte 1).
const CONTACT_CHIP: u8 = 0x20;

/// Why a profile cannot be used: which key, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ProfileError {
    /// It is not TOML, or has a key too many, too few or of a wrong type.
    #[error("the terminal profile cannot be read; correct it: {0}")]
    Toml(String),
    /// A value that cannot be.
    #[error("the terminal profile has a wrong `{key}`; {remedy}")]
    Value {
        /// The key, with its table: `application[1].aid`.
        key: String,
        /// What to write instead, or why not.
        remedy: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    terminal: TerminalTable,
    #[serde(rename = "application")]
    applications: Vec<ApplicationTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TerminalTable {
    #[serde(rename = "type")]
    kind: u8,
    country: u16,
    capabilities: String,
    additional_capabilities: String,
    serial: String,
    merchant_category: u16,
    merchant_id: String,
    merchant_name: String,
    acquirer: u64,
    cardholder_choice: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationTable {
    aid: String,
    name: String,
    partial: bool,
    version: String,
    floor_limit_minor: u32,
    tac_denial: String,
    tac_online: String,
    tac_default: String,
}

/// The demo's terminal: attended, online only, German, for Visa, Mastercard and Maestro test cards.
#[must_use]
pub fn demo_profile() -> TerminalData {
    TerminalData::from_toml(include_str!("demo.toml"))
        .expect("the demo profile is part of the program and a test reads it")
}

impl TerminalData {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// [`ProfileError`] names the key that is wrong and what to write instead.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let profile: Profile =
            toml::from_str(text).map_err(|error| ProfileError::Toml(error.to_string()))?;
        profile.checked()
    }
}

impl Profile {
    fn checked(self) -> Result<TerminalData, ProfileError> {
        let terminal = self.terminal;
        let kind = TerminalType::from_code(terminal.kind).ok_or_else(|| {
            wrong(
                "terminal.type",
                "write 21, 22, 24 or 25: a merchant's terminal that can go online",
            )
        })?;
        let capabilities = hex::<3>("terminal.capabilities", &terminal.capabilities)?;
        check(
            capabilities[0] & CONTACT_CHIP != 0,
            "terminal.capabilities",
            "set 20 in byte 1: it reads chips with contacts",
        )?;
        check(
            capabilities[1] & !CVM_CAPABILITIES == 0,
            "terminal.capabilities",
            "write only 20 (signature) and 08 (no CVM) in byte 2: PIN is not performed",
        )?;
        check(
            capabilities[2] == 0,
            "terminal.capabilities",
            "write 00 in byte 3: offline data authentication is not performed",
        )?;
        check(
            (1..=999).contains(&terminal.country),
            "terminal.country",
            "write the ISO 3166-1 number of the country, 1 to 999",
        )?;
        check(
            terminal.merchant_category <= 9999,
            "terminal.merchant_category",
            "write a number of up to four digits",
        )?;
        check(
            terminal.acquirer <= MAX_ACQUIRER,
            "terminal.acquirer",
            "write a number of up to eleven digits",
        )?;
        check(
            terminal.merchant_name.len() <= MAX_MERCHANT_NAME && printable(&terminal.merchant_name),
            "terminal.merchant_name",
            "write at most 40 printable ASCII characters",
        )?;
        check(
            (1..=MAX_APPLICATIONS).contains(&self.applications.len()),
            "application",
            "write 1 to 32 [[application]] tables",
        )?;
        Ok(TerminalData {
            kind,
            capabilities,
            more_capabilities: hex(
                "terminal.additional_capabilities",
                &terminal.additional_capabilities,
            )?,
            country: terminal.country,
            serial: padded(
                "terminal.serial",
                &terminal.serial,
                "write at most 8 printable ASCII characters",
            )?,
            merchant_category: terminal.merchant_category,
            merchant_id: padded(
                "terminal.merchant_id",
                &terminal.merchant_id,
                "write at most 15 printable ASCII characters",
            )?,
            merchant_name: terminal.merchant_name,
            acquirer: terminal.acquirer,
            cardholder_choice: terminal.cardholder_choice,
            pin_bypass: false,
            applications: applications(self.applications)?,
            keys: Vec::new(),
            revoked: Vec::new(),
        })
    }
}

fn applications(tables: Vec<ApplicationTable>) -> Result<Vec<Application>, ProfileError> {
    let mut applications: Vec<Application> = Vec::with_capacity(tables.len());
    for (place, table) in tables.into_iter().enumerate() {
        let application = table.checked(place)?;
        check(
            applications
                .iter()
                .all(|known| known.aid != application.aid),
            &key(place, "aid"),
            "write each AID once",
        )?;
        applications.push(application);
    }
    Ok(applications)
}

impl ApplicationTable {
    fn checked(self, place: usize) -> Result<Application, ProfileError> {
        let aid_key = key(place, "aid");
        let aid = HEXUPPER_PERMISSIVE
            .decode(self.aid.as_bytes())
            .ok()
            .and_then(|bytes| Aid::from_slice(&bytes).ok())
            .ok_or_else(|| wrong(&aid_key, "write 10 to 32 hexadecimal digits"))?;
        check(
            (1..=MAX_NAME).contains(&self.name.len()) && printable(&self.name),
            &key(place, "name"),
            "write 1 to 16 printable ASCII characters",
        )?;
        Ok(Application {
            aid,
            name: self.name,
            partial: self.partial,
            version: hex(&key(place, "version"), &self.version)?,
            floor_limit_minor: self.floor_limit_minor,
            random: RandomSelection::default(),
            default_ddol: Vec::new(),
            default_tdol: Vec::new(),
            contactless: None,
            actions: ActionCodes {
                denial: Tvr::from_bytes(hex(&key(place, "tac_denial"), &self.tac_denial)?),
                online: Tvr::from_bytes(hex(&key(place, "tac_online"), &self.tac_online)?),
                default: Tvr::from_bytes(hex(&key(place, "tac_default"), &self.tac_default)?),
            },
        })
    }
}

fn key(place: usize, name: &str) -> String {
    format!("application[{}].{name}", place + 1)
}

fn wrong(key: &str, remedy: &'static str) -> ProfileError {
    ProfileError::Value {
        key: key.to_owned(),
        remedy,
    }
}

fn check(holds: bool, key: &str, remedy: &'static str) -> Result<(), ProfileError> {
    if holds {
        Ok(())
    } else {
        Err(wrong(key, remedy))
    }
}

fn hex<const N: usize>(key: &str, text: &str) -> Result<[u8; N], ProfileError> {
    let remedy = match N {
        2 => "write 4 hexadecimal digits",
        3 => "write 6 hexadecimal digits",
        _ => "write 10 hexadecimal digits",
    };
    HEXUPPER_PERMISSIVE
        .decode(text.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| wrong(key, remedy))
}

fn padded<const N: usize>(
    key: &str,
    text: &str,
    remedy: &'static str,
) -> Result<[u8; N], ProfileError> {
    check(
        !text.is_empty() && text.len() <= N && printable(text),
        key,
        remedy,
    )?;
    let mut padded = [b' '; N];
    padded[..text.len()].copy_from_slice(text.as_bytes());
    Ok(padded)
}

fn printable(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
}
