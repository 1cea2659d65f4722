//! The tables `[[capk]]` and `[[revoked]]`.

use super::{
    error::ProfileError,
    section::{Entry, Section},
};
use crate::{
    oda::{Capk, Revoked},
    terminal::Application,
};

pub(super) const KEYS: [&str; 6] = [
    "rid",
    "index",
    "modulus",
    "exponent",
    "expires",
    "check_value",
];
pub(super) const REVOKED_KEYS: [&str; 3] = ["rid", "index", "serial"];

/// Keys that a profile may have. A scheme uses six at most (Book 2 §11.2.2).
const MAX_KEYS: usize = 96;
/// Revoked certificates that a profile may have.
const MAX_REVOKED: usize = 512;
/// Bytes of a modulus: what one answer of a card can carry (Book 2 Annex D1.1), and what is too
/// short to be worth anything.
const MODULUS: core::ops::RangeInclusive<usize> = 64..=248;
/// Bytes of a SHA-1.
const CHECK_VALUE: usize = 20;

const RID: &str = "write 10 hexadecimal digits: the first five bytes of the scheme's AIDs";
const INDEX: &str = "write 2 hexadecimal digits in quotation marks";
const EXPONENT: &str = "write 3 or 65537";
const MODULUS_FORM: &str =
    "write the modulus, 64 to 248 bytes in hexadecimal digits, without zeros before it";

/// The schemes' public keys. An expired one is no error: it is kept and never used, so that a
/// profile does not stop a till at midnight.
pub(super) fn read_all(
    top: &Section<'_>,
    applications: &[Application],
) -> Result<Vec<Capk>, ProfileError> {
    let tables = top.tables("capk", MAX_KEYS, &KEYS, "write at most 96 tables [[capk]]")?;
    let mut keys: Vec<Capk> = Vec::with_capacity(tables.len());
    for table in tables {
        let key = read(&table)?;
        table.entry("rid", RID)?.check(
            applications.iter().any(|one| key.is_for(&one.aid)),
            "is the scheme of no application here",
            "write an [[application]] of this scheme, or take the key away",
        )?;
        table.entry("index", INDEX)?.check(
            keys.iter()
                .all(|one| (one.rid, one.index) != (key.rid, key.index)),
            "is there already for this scheme",
            "write each key once",
        )?;
        keys.push(key);
    }
    Ok(keys)
}

fn read(table: &Section<'_>) -> Result<Capk, ProfileError> {
    let index = table.entry("index", INDEX)?;
    let expires = table.entry(
        "expires",
        "write the last day of the key: 2031-12-31, up to 2049",
    )?;
    let [index] = index.hex()?;
    let key = Capk {
        rid: table.entry("rid", RID)?.hex()?,
        index,
        modulus: modulus(&table.entry("modulus", MODULUS_FORM)?)?,
        exponent: exponent(&table.entry("exponent", EXPONENT)?)?,
        expires: expires.day()?,
    };
    let form = "write the SHA-1 that the scheme publishes with the key, 40 hexadecimal digits";
    let check_value = table.entry("check_value", form)?;
    let published: [u8; CHECK_VALUE] = check_value.hex()?;
    // The right value is not said: it would invite to copy it here and trust a mistyped key.
    check_value.check(
        published == key.check_value(),
        "is not that of this key",
        "compare `rid`, `index`, `modulus` and `exponent` with what the scheme publishes, and correct what differs",
    )?;
    Ok(key)
}

fn modulus(entry: &Entry<'_>) -> Result<Vec<u8>, ProfileError> {
    let modulus = entry.hex_bytes(MODULUS)?;
    entry.check(
        modulus.first().is_some_and(|first| *first != 0),
        "begins with zeros",
        MODULUS_FORM,
    )?;
    entry.check(
        modulus.last().is_some_and(|last| last % 2 == 1),
        "is even, so it is no product of two primes",
        MODULUS_FORM,
    )?;
    Ok(modulus)
}

fn exponent(entry: &Entry<'_>) -> Result<u32, ProfileError> {
    let exponent = entry.number(0..=u32::MAX)?;
    entry.check(
        matches!(exponent, 3 | 65_537),
        "is no exponent of a scheme's key",
        EXPONENT,
    )?;
    Ok(exponent)
}

/// Issuer certificates that a scheme has revoked (Book 2 §5.1.3).
pub(super) fn read_revoked(top: &Section<'_>) -> Result<Vec<Revoked>, ProfileError> {
    let form = "write at most 512 tables [[revoked]]";
    let tables = top.tables("revoked", MAX_REVOKED, &REVOKED_KEYS, form)?;
    let mut list: Vec<Revoked> = Vec::with_capacity(tables.len());
    for table in tables {
        let [index] = table.entry("index", INDEX)?.hex()?;
        let serial = table.entry("serial", "write 6 hexadecimal digits")?;
        let revoked = Revoked {
            rid: table.entry("rid", RID)?.hex()?,
            index,
            serial: serial.hex()?,
        };
        serial.check(
            !list.contains(&revoked),
            "is there already",
            "write each certificate once",
        )?;
        list.push(revoked);
    }
    Ok(list)
}
