//! What is looked for: known test card numbers, and keys and PIN blocks that a file names.

use std::{
    fs::File,
    io::{Read, Take},
    path::Path,
};

use sealpoint_secret::{Pan, SecretBytes};

use crate::fault::Fault;

/// Bytes of a `--cards` file, at most.
const MAX_FILE: u64 = 256 * 1024;
/// Lines in it that name something, at most.
const MAX_LINES: usize = 1_000;
/// Bytes of a key or PIN block, at least: shorter ones stand anywhere by chance.
const SHORTEST_BYTES: usize = 8;
/// Bytes of a key or PIN block, at most.
const LONGEST_BYTES: usize = 64;

/// Test numbers of the schemes and of the demo's cards, without their check digit (ISO/IEC 7812-1
/// Annex B): this file is searched for card numbers too, and shall hold none.
const BUILT_IN: &[&str] = &[
    // Visa
    "411111111111111",
    "401288888888188",
    "400000000000000",
    "400005665566555",
    "422222222222",
    "426398264026929",
    "491748459589710",
    "476173900101001",
    "476173900101003",
    "476173900101004",
    "476173900101011",
    "476173900101012",
    "476173900101013",
    "476173900101014",
    "476173900101015",
    "476173900101201",
    "476173900101202",
    "476173900101203",
    "476173900101204",
    "476173900101205",
    "476173900101206",
    "476173900101207",
    "476173900101208",
    "476173900101209",
    "476173900101210",
    "476173900101211",
    "476173900101212",
    "476173900101213",
    "476173900101214",
    "476173900101215",
    "476173900101216",
    "476173900101217",
    "476173900101218",
    "476173900101219",
    "476173900101220",
    "476173900101221",
    "476173900101222",
    "476173900101223",
    "476173900101224",
    "476173900101225",
    "476173900101226",
    "476173900101227",
    "476173900101228",
    "476173900101229",
    "476173900101230",
    "476173900101231",
    "476173900101232",
    "476173900101233",
    // Mastercard and Maestro
    "555555555555444",
    "510510510510510",
    "520082828282821",
    "542523343010990",
    "222300312200322",
    "222300004840001",
    "222242000000111",
    "541333008900401",
    "541333008901001",
    "541333008902001",
    "541333008902002",
    "541333008902301",
    "541333008902302",
    "541333008902303",
    "541333008902304",
    "541333008902305",
    "541333008902306",
    "541333008902307",
    "541333008902308",
    "541333008902309",
    "541333008902310",
    "541333008902311",
    "541333008902312",
    "675964982643845",
    "679999890000020005",
    // American Express
    "37828224631000",
    "37144963539843",
    "37873449367100",
    "37425450001234",
    // Discover, Diners Club
    "601111111111111",
    "601100099013942",
    "601100040000000",
    "3056930902590",
    "3852000002323",
    "3622720627166",
    // JCB
    "353011133330000",
    "356600202036050",
    // UnionPay
    "620000000000000",
    "625094100652859",
    "621094888888000",
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
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    text.fill(|room| fill(file.take(MAX_FILE + 1), room))
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

fn fill(mut file: Take<File>, room: &mut [u8]) -> std::io::Result<usize> {
    let mut len = 0;
    while let Some(left) = room.get_mut(len..).filter(|left| !left.is_empty()) {
        match file.read(left)? {
            0 => break,
            read => len += read,
        }
    }
    Ok(len)
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
mod tests {
    use std::collections::BTreeSet;

    use sealpoint_cardsim::profile;

    use super::*;

    #[test]
    fn every_card_of_the_demo_is_looked_for() {
        let wanted = built_in().expect("numbers");
        let known: BTreeSet<&[u8]> = wanted
            .iter()
            .filter_map(|wanted| match wanted {
                Wanted::Card(pan) => Some(pan.expose()),
                Wanted::Bytes { .. } => None,
            })
            .collect();
        assert_eq!(known.len(), BUILT_IN.len(), "one is there twice");
        for card in profile::all() {
            assert!(
                known.contains(card.holder.pan.as_bytes()),
                "{} is not looked for",
                card.name
            );
        }
    }

    #[test]
    fn a_file_adds_cards_keys_and_pin_blocks() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cards.txt");
        let text =
            "# ours\n\n4761 7390-0101 0119\nthe base key = 00112233445566778899AABBCCDDEEff\n";
        std::fs::write(&path, text).expect("a file");
        let mut wanted = Vec::new();
        read(&path, &mut wanted).expect("understood");
        let shown: Vec<String> = wanted.iter().map(Wanted::shown).collect();
        assert_eq!(shown, ["476173******0119", "the base key"]);
    }

    #[test]
    fn a_line_that_is_neither_is_named_by_its_number_and_not_quoted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cards.txt");
        for line in [
            "12345",
            "47617390010101x9",
            "k = 0011",
            "k = zz",
            "= 0011223344556677",
        ] {
            std::fs::write(&path, format!("#\n{line}\n")).expect("a file");
            let fault = read(&path, &mut Vec::new())
                .expect_err("refused")
                .to_string();
            assert!(fault.contains("line 2"), "{fault}");
            assert!(
                !fault.contains("12345") && !fault.contains("47617"),
                "{fault}"
            );
        }
    }
}
