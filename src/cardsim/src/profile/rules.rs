//! What a profile's values must be, beyond their type.

use std::ops::Range;

use super::{
    Application, Authentication, DELAY_MS_MAX, Holder, Interface, Profile, ProfileError, Scheme,
    response_code,
};
use crate::oda::Chain;
use crate::script::Script;
use crate::tlv::Dol;

/// Whether it holds, for which key, and what the key must be.
type Rule = (bool, &'static str, &'static str);

/// Checks every value; the first that makes no card is named.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    let mut rules = card(profile);
    rules.extend(application(&profile.application, profile.interface));
    rules.extend(holder(&profile.holder));
    if let Some(second) = &profile.second {
        rules.extend(application(&second.application, profile.interface));
        rules.extend(holder(&second.holder));
    }
    match rules.into_iter().find(|(holds, ..)| !holds) {
        Some((_, key, rule)) => Err(ProfileError::Invalid { key, rule }),
        None => Ok(()),
    }
}

fn card(profile: &Profile) -> Vec<Rule> {
    vec![
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
            profile
                .issuer_sends
                .iter()
                .all(|text| text.parse::<Script>().is_ok()),
            "issuer_sends",
            "a list of scripts such as \"72 pin-unblock\"",
        ),
        (
            profile.behaviour.delay_ms <= DELAY_MS_MAX,
            "behaviour.delay_ms",
            "at most 10000",
        ),
        (
            profile.counters.last_online_atc <= profile.counters.atc,
            "counters.last_online_atc",
            "at most counters.atc",
        ),
        (
            profile.counters.wrong_pins <= crate::card::PIN_TRIES,
            "counters.wrong_pins",
            "at most 3",
        ),
    ]
}

fn application(application: &Application, interface: Interface) -> Vec<Rule> {
    let rid = &Chain::of(application.scheme).authority.rid;
    vec![
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
            application.cvm_rules.0.len() <= 40 && application.cvm_rules.0.len().is_multiple_of(2),
            "application.cvm_rules",
            "at most 20 rules of 2 bytes",
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
            application.version().is_visa() == (application.scheme == Scheme::Visa),
            "application.cryptogram",
            "one of the scheme's",
        ),
        (
            application.authentication == Authentication::None
                || application.aid.0.starts_with(rid),
            "application.authentication",
            "\"none\" for an AID that isn't the scheme's",
        ),
        (
            !application.pin_key || application.authentication != Authentication::None,
            "application.pin_key",
            "false without certificates for it (authentication)",
        ),
        (
            application.contactless.as_ref().is_none_or(|side| {
                side.qualifiers.0.len() == 2
                    && side
                        .refuses
                        .as_ref()
                        .is_none_or(|status| status.0.len() == 2)
                    && side.form_factor.0.len() <= 4
            }),
            "application.contactless",
            "qualifiers of 2 bytes, a form factor of at most 4 and a status word of 2",
        ),
        (
            interface == Interface::Contact || application.contactless.is_some(),
            "application.contactless",
            "there on a card that is tapped",
        ),
    ]
}

fn holder(holder: &Holder) -> Vec<Rule> {
    vec![
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
    ]
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
