//! The table `[terminal]`.

use super::{
    capabilities,
    error::ProfileError,
    section::{Entry, Section},
};
use crate::terminal::{Sealing, TerminalData, TerminalType};

pub(super) const KEYS: [&str; 11] = [
    "type",
    "country",
    "capabilities",
    "additional_capabilities",
    "serial",
    "merchant_category",
    "merchant_id",
    "merchant_name",
    "acquirer",
    "cardholder_choice",
    "pin_bypass",
];

/// Largest acquirer identifier: eleven digits (tag 9F01).
const MAX_ACQUIRER: i64 = 99_999_999_999;

const TYPE: &str = "write 21, 22, 24 or 25: a merchant's terminal that can go online";
const SERIAL: &str = "write 8 letters or digits";

/// The terminal, without its applications and keys.
pub(super) fn read(top: &Section<'_>) -> Result<TerminalData, ProfileError> {
    let table = top
        .entry("terminal", "write a table [terminal]")?
        .table(&KEYS)?;
    let kind = kind(&table.entry("type", TYPE)?)?;
    let capabilities = table.entry(
        "capabilities",
        "write 6 hexadecimal digits (Book 4 Annex A2)",
    )?;
    let more_capabilities = table.entry(
        "additional_capabilities",
        "write 10 hexadecimal digits (Book 4 Annex A3)",
    )?;
    let country = table.entry(
        "country",
        "write the ISO 3166-1 number of the country, 1 to 999",
    )?;
    let category = table.entry(
        "merchant_category",
        "write the ISO 18245 number of the trade, up to 9999",
    )?;
    let merchant_id = table.entry("merchant_id", "write 1 to 15 printable ASCII characters")?;
    let merchant_name = table.entry("merchant_name", "write 1 to 40 printable ASCII characters")?;
    let acquirer = table.entry("acquirer", "write a number of up to 11 digits")?;
    let choice = table.entry("cardholder_choice", "write true or false")?;
    let bypass = table.optional("pin_bypass", "write true or false");
    Ok(TerminalData {
        kind,
        capabilities: capabilities::read(&capabilities, kind)?,
        more_capabilities: capabilities::read_more(&more_capabilities, &capabilities)?,
        country: country.number(1..=999)?,
        serial: serial(&table.entry("serial", SERIAL)?)?,
        merchant_category: category.number(0..=9999)?,
        merchant_id: padded(merchant_id.printable(1..=15)?),
        merchant_name: merchant_name.printable(1..=40)?.to_owned(),
        acquirer: acquirer.number(0..=MAX_ACQUIRER)?.unsigned_abs(),
        cardholder_choice: choice.flag()?,
        pin_bypass: bypass.map_or(Ok(false), |bypass| bypass.flag())?,
        applications: Vec::new(),
        keys: Vec::new(),
        revoked: Vec::new(),
        sealing: Sealing::default(),
    })
}

fn kind(entry: &Entry<'_>) -> Result<TerminalType, ProfileError> {
    let code = entry.number(0..=99)?;
    TerminalType::from_code(code)
        .ok_or_else(|| entry.wrong("is no terminal that this software can be", TYPE))
}

/// Format `an 8` (Book 3 §4.3): no blanks.
fn serial(entry: &Entry<'_>) -> Result<[u8; 8], ProfileError> {
    let text = entry.printable(8..=8)?;
    entry.check(
        text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "has other characters than letters and digits",
        SERIAL,
    )?;
    Ok(padded(text))
}

/// The text and blanks behind it; it is not longer than `N`.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [b' '; N];
    for (into, byte) in padded.iter_mut().zip(text.bytes()) {
        *into = byte;
    }
    padded
}
