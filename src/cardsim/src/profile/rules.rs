//! What a profile's values must be, beyond their type.

use std::ops::Range;

use super::{DELAY_MS_MAX, Profile, ProfileError, response_code};
use crate::tlv::Dol;

/// Checks every value; the first that makes no card is named.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    let application = &profile.application;
    let holder = &profile.holder;
    let rules: [(bool, &'static str, &'static str); 20] = [
        (
            (1..=40).contains(&profile.name.len()) && plain(&profile.name),
            "name",
            "1 to 40 lower-case letters, digits and hyphens",
        ),
        (
            profile
                .issuer_declines
                .as_deref()
                .is_none_or(|code| response_code(code).is_ok()),
            "issuer_declines",
            "a two-character response code such as \"51\"",
        ),
        (
            (5..=16).contains(&application.aid.0.len()),
            "application.aid",
            "5 to 16 bytes",
        ),
        (
            printable(&application.label, 1..17),
            "application.label",
            "1 to 16 printable characters",
        ),
        (
            (1..=15).contains(&application.priority),
            "application.priority",
            "1 to 15",
        ),
        (
            application.version.0.len() == 2,
            "application.version",
            "2 bytes",
        ),
        (
            Dol::parse(&application.pdol.0).is_ok(),
            "application.pdol",
            "tag and length pairs such as 9F1A02",
        ),
        (
            matches!(application.answer_format, 1 | 2),
            "application.answer_format",
            "1 or 2",
        ),
        (
            application.usage.0.len() == 2,
            "application.usage",
            "2 bytes",
        ),
        (
            matches!(application.cvm_rules.0.len(), 2..=40)
                && application.cvm_rules.0.len().is_multiple_of(2),
            "application.cvm_rules",
            "1 to 20 rules of 2 bytes",
        ),
        (
            [
                &application.iac_denial,
                &application.iac_online,
                &application.iac_default,
            ]
            .iter()
            .all(|code| code.0.len() == 5),
            "application.iac_denial, iac_online and iac_default",
            "5 bytes each",
        ),
        (
            printable(&holder.name, 2..27),
            "holder.name",
            "2 to 26 printable characters",
        ),
        (
            digits(&holder.pan, 13..20) && luhn(&holder.pan),
            "holder.pan",
            "13 to 19 digits with a valid check digit",
        ),
        (holder.psn <= 99, "holder.psn", "0 to 99"),
        (
            digits(&holder.service_code, 3..4),
            "holder.service_code",
            "3 digits",
        ),
        (
            digits(&holder.discretionary, 0..11),
            "holder.discretionary",
            "at most 10 digits",
        ),
        (
            holder.country.0.len() == 2 && holder.currency.0.len() == 2,
            "holder.country and holder.currency",
            "2 bytes each",
        ),
        (
            printable(&holder.language, 2..9) && holder.language.len().is_multiple_of(2),
            "holder.language",
            "1 to 4 two-letter codes",
        ),
        (
            holder.pin.as_deref().is_none_or(|pin| digits(pin, 4..13)),
            "holder.pin",
            "4 to 12 digits",
        ),
        (
            profile.behaviour.delay_ms <= DELAY_MS_MAX,
            "behaviour.delay_ms",
            "at most 10000",
        ),
    ];
    match rules.into_iter().find(|(holds, ..)| !holds) {
        Some((_, key, rule)) => Err(ProfileError::Invalid { key, rule }),
        None => Ok(()),
    }
}

fn digits(text: &str, lengths: Range<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn printable(text: &str, lengths: Range<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7F).contains(&byte))
}

fn plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// ISO/IEC 7812-1 Annex B: the check digit.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit @ 0..=4) => 2 * digit,
                (_, digit) => 2 * digit - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
