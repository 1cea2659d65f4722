//! Finds what could be a card number: 13 to 19 digits that pass the Luhn check
//! (ISO/IEC 7812-1) and begin as a payment card does.

/// Where well-known test numbers may stand, and why.
const TEST_CARDS: &[(&str, &str)] = &[
    (
        "src/cardsim/",
        "virtual cards have the public test numbers of the schemes",
    ),
    (
        "src/hostsim/",
        "the issuer of those cards declines some by number",
    ),
    (
        "tests/",
        "end to end tests look for these numbers where they must not be",
    ),
    (
        "/tests/",
        "a room's tests parse, seal and hide test numbers",
    ),
];

const SHORTEST: usize = 13;
const LONGEST: usize = 19;

/// Whether the file is one of those that hold test cards.
pub fn may_hold_test_cards(path: &str) -> bool {
    TEST_CARDS
        .iter()
        .any(|(part, _)| path.starts_with(part) || (part.starts_with('/') && path.contains(part)))
}

/// Every possible card number in a line, written in one piece, in groups, or at
/// the head of track 2 data.
pub fn in_line(line: &str) -> Vec<String> {
    let joined = join_groups(line);
    let mut found = Vec::new();
    let mut before = ' ';
    let mut rest = joined.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        before = rest[..start].chars().next_back().unwrap_or(before);
        let run = &rest[start..];
        let length = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
        let (digits, after) = (&run[..length], run[length..].chars().next().unwrap_or(' '));
        // A digit run inside a word is a hash or a name; track 2 goes on with D.
        let alone = !before.is_alphanumeric()
            && before != '.'
            && (!after.is_alphanumeric() || after == 'D');
        if alone && could_be_card(digits) {
            found.push(digits.to_owned());
        }
        before = digits.chars().next_back().unwrap_or(' ');
        rest = &rest[start + length..];
    }
    found
}

/// Takes the single blank or hyphen out between groups of four or more digits.
fn join_groups(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    let digits = |range: std::ops::Range<usize>| {
        characters
            .get(range)
            .is_some_and(|group| group.iter().all(char::is_ascii_digit))
    };
    let joint = |at: usize| {
        matches!(characters[at], ' ' | '-')
            && at >= 4
            && digits(at - 4..at)
            && digits(at + 1..at + 4)
    };
    (0..characters.len())
        .filter(|at| !joint(*at))
        .map(|at| characters[at])
        .collect()
}

/// Right length, a first digit or range that card schemes use, a valid check digit.
fn could_be_card(digits: &str) -> bool {
    let second_range = digits.len() == 16 && ("2221".."2721").contains(&&digits[..4]);
    let in_range = matches!(digits.as_bytes().first(), Some(b'3'..=b'6')) || second_range;
    let repeated = digits
        .bytes()
        .all(|digit| Some(&digit) == digits.as_bytes().first());
    (SHORTEST..=LONGEST).contains(&digits.len()) && in_range && !repeated && passes_luhn(digits)
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') << (place % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn card_numbers_are_found_in_every_dress() {
    for line in [
        "pan = \"4761739001010119\"",
        "4761 7390 0101 0119",
        "4761-7390-0101-0119",
        "track2 = 4761739001010119D30122010",
        ";4761739001010119=3012",
        "2223000048400011",
    ] {
        assert_eq!(in_line(line).len(), 1, "{line}");
    }
}

#[test]
fn other_numbers_are_left_alone() {
    for line in [
        "4761739001010118",            // wrong check digit
        "1763841234567890",            // a time in microseconds
        "2900000011014",               // an in-store barcode
        "sha256:ab4761739001010119cd", // part of a hash
        "0.4761739001010119",          // a fraction
        "47617390010101194761739001",  // too long
    ] {
        assert_eq!(in_line(line), Vec::<String>::new(), "{line}");
    }
}
