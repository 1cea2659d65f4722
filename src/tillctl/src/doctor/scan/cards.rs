//! What is looked for: known test card numbers, and keys and PIN blocks that a file names.

use std::path::Path;

use sealpoint_secret::{Pan, SecretBytes};

use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// Bytes of a `--cards` file, at most.
const MAX_FILE: u64 = 256 * 1024;
/// Lines in it that name something, at most.
const MAX_LINES: usize = 1_000;
/// Bytes of a key or PIN block, at least: shorter ones stand anywhere by chance.
const SHORTEST_BYTES: usize = 8;
/// Bytes of a key or PIN block, at most.
const LONGEST_BYTES: usize = 64;

/// Test numbers of the schemes and of the demo's cards, without their check digit (ISO/IEC 7812-1
/// Annex B) and with a line after the issuer's six: this file is searched for card numbers too, and
/// shall hold none.
const BUILT_IN: &[&str] = &[
    // Visa
    "411111_111111111",
    "401288_888888188",
    "400000_000000000",
    "400005_665566555",
    "422222_222222",
    "426398_264026929",
    "491748_459589710",
    "476173_900101001",
    "476173_900101003",
    "476173_900101004",
    "476173_900101011",
    "476173_900101012",
    "476173_900101013",
    "476173_900101014",
    "476173_900101015",
    "476173_900101201",
    "476173_900101202",
    "476173_900101203",
    "476173_900101204",
    "476173_900101205",
    "476173_900101206",
    "476173_900101207",
    "476173_900101208",
    "476173_900101209",
    "476173_900101210",
    "476173_900101211",
    "476173_900101212",
    "476173_900101213",
    "476173_900101214",
    "476173_900101215",
    "476173_900101216",
    "476173_900101217",
    "476173_900101218",
    "476173_900101219",
    "476173_900101220",
    "476173_900101221",
    "476173_900101222",
    "476173_900101223",
    "476173_900101224",
    "476173_900101225",
    "476173_900101226",
    "476173_900101227",
    "476173_900101228",
    "476173_900101229",
    "476173_900101230",
    "476173_900101231",
    "476173_900101232",
    "476173_900101233",
    "476173_900101234",
    // Mastercard and Maestro
    "555555_555555444",
    "510510_510510510",
    "520082_828282821",
    "542523_343010990",
    "222300_312200322",
    "222300_004840001",
    "222242_000000111",
    "541333_008900401",
    "541333_008901001",
    "541333_008902001",
    "541333_008902002",
    "541333_008902301",
    "541333_008902302",
    "541333_008902303",
    "541333_008902304",
    "541333_008902305",
    "541333_008902306",
    "541333_008902307",
    "541333_008902308",
    "541333_008902309",
    "541333_008902310",
    "541333_008902311",
    "541333_008902312",
    "541333_008902313",
    "675964_982643845",
    "679999_890000020005",
    // American Express
    "378282_24631000",
    "371449_63539843",
    "378734_49367100",
    "374254_50001234",
    // Discover, Diners Club
    "601111_111111111",
    "601100_099013942",
    "601100_040000000",
    "305693_0902590",
    "385200_0002323",
    "362272_0627166",
    // JCB
    "353011_133330000",
    "356600_202036050",
    // UnionPay
    "620000_000000000",
    "625094_100652859",
    "621094_888888000",
];

/// Something to look for.
pub enum Wanted {
    /// A card number.
    Card(Pan),
    /// A key or an enciphered PIN block.
    Bytes {
        /// How the file calls it; shown instead of it.
        name: String,
        /// The bytes.
        bytes: SecretBytes,
    },
}

impl Wanted {
    /// How a report names it: of a card at most the first six and last four digits.
    pub fn shown(&self) -> String {
        match self {
            Self::Card(pan) => pan.truncated().as_str().to_owned(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }
}

/// The numbers that every run looks for.
pub fn built_in() -> Result<Vec<Wanted>, Fault> {
    BUILT_IN.iter().map(|digits| completed(digits)).collect()
}

/// The card whose number is `digits` and their check digit.
fn completed(digits: &str) -> Result<Wanted, Fault> {
    let digits = digits.replace('_', "");
    let mut whole = SecretBytes::with_bound(digits.len() + 1);
    for check in b'0'..=b'9' {
        whole.clear();
        // It has room for exactly that.
        let fits = whole.append(digits.as_bytes()).and(whole.append(&[check]));
        match Pan::from_digits(whole.expose()) {
            Ok(pan) if fits.is_ok() && pan.luhn_holds() => return Ok(Wanted::Card(pan)),
            _ => {}
        }
    }
    Err(Fault::misused(
        "A built-in test number cannot be completed.",
    ))
}

/// Adds what a file names: a card number a line, with or without blanks and hyphens, or
/// `NAME = HEX` for a key or PIN block. Empty lines and lines that begin with `#` do not count.
pub fn read(path: &Path, wanted: &mut Vec<Wanted>) -> Result<(), Fault> {
    let wrong = |why: String| {
        Fault::misused(format!(
            "The file of cards {} cannot be used: {why}.",
            path.display()
        ))
    };
    let mut text = SecretBytes::with_bound(usize::try_from(MAX_FILE + 1).unwrap_or(usize::MAX));
    let file = plain_file::open(path, Links::Followed).map_err(|error| wrong(error.to_string()))?;
    text.fill_from(file)
        .map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > MAX_FILE {
        return Err(wrong(format!("it has more than {MAX_FILE} bytes")));
    }
    let text = std::str::from_utf8(text.expose()).map_err(|_| wrong("it is no text".to_owned()))?;
    let before = wanted.len();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let one = match line.split_once('=') {
            Some((name, hex)) => named_bytes(name.trim(), hex.trim()),
            None => card(line),
        };
        wanted.push(one.ok_or_else(|| {
            wrong(format!(
                "line {} is neither a card number of 13 to 19 digits nor NAME = HEX with 8 to 64 \
                 bytes",
                at + 1
            ))
        })?);
        if wanted.len() - before > MAX_LINES {
            return Err(wrong(format!("it names more than {MAX_LINES} things")));
        }
    }
    Ok(())
}

fn card(line: &str) -> Option<Wanted> {
    let mut digits = SecretBytes::with_bound(line.len());
    for byte in line.bytes().filter(|byte| !b" -".contains(byte)) {
        digits.append(&[byte]).ok()?;
    }
    (13..=19).contains(&digits.len()).then_some(())?;
    Pan::from_digits(digits.expose()).ok().map(Wanted::Card)
}

fn named_bytes(name: &str, hex: &str) -> Option<Wanted> {
    let mut bytes = SecretBytes::with_bound(hex.len() / 2);
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    for pair in hex.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        let byte = u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok()?;
        bytes.append(&[byte]).ok()?;
    }
    let shown = !name.is_empty() && name.len() <= 40 && !name.contains(char::is_control);
    let long = (SHORTEST_BYTES..=LONGEST_BYTES).contains(&bytes.len());
    (shown && long).then(|| Wanted::Bytes {
        name: name.to_owned(),
        bytes,
    })
}

#[cfg(test)]
#[path = "tests/cards.rs"]
mod tests;
