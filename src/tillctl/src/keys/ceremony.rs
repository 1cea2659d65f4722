//! `tillctl keys ceremony`: a key from components that two to four people enter, so that none of
//! them knows anything of it (split knowledge and dual control, ISO 11568, X9.24-2).

use jiff::Zoned;
use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    CheckValue, KeyKind,
    components::{self, Component},
    key_block::Algorithm,
    store::Secret,
};
use sealpoint_wire::KeyId;

use super::{
    args::{self, Options},
    block,
    entry::Entry,
    folder::KeysFolder,
    held::{Held, because, compare, find, store_fault},
    report::{Attended, Done, KeyNamed, Now},
};
use crate::fault::Fault;

/// Characters of the longest line with a component: 64 bytes in hexadecimal, dashes between groups
/// of four, a blank and a check value.
const MAX_LINE: usize = 180;
/// Characters of the longest name and of an answer.
const MAX_ANSWER: usize = 320;
/// How often somebody may mistype a component.
const MAX_TRIES: usize = 5;
/// Bytes of the longest component.
const MAX_COMPONENT: usize = 64;

/// Makes a key and puts it into the store.
pub fn ceremony(options: &Options, id: &KeyId, how: &args::Entry) -> Result<Done, Fault> {
    let now = Now::read()?;
    let held = Held::read(KeysFolder::to_fill(&options.keys)?)?;
    let key = held.expected(options, id)?;
    let kind = key.map_or(KeyKind::KeyBlockProtection, |key| key.kind);
    let algorithm = match kind {
        KeyKind::KeyBlockProtection if how.tdes => Algorithm::Tdes,
        KeyKind::KeyBlockProtection => Algorithm::Aes,
        KeyKind::Token => Algorithm::Hmac,
        KeyKind::XWing | KeyKind::Dukpt(_) => {
            return Err(Fault::refused(
                format!("Keys of the kind {kind} are not made from components."),
                "A DUKPT key comes in a key block, an acquirer's public key in the manifest: \
                 `tillctl keys load`.",
            ));
        }
    };
    if let Some(key) = key {
        block::check(key, kind, &now)?;
    }
    let mut store = held.store(options, true)?;
    let loaded = store.list().map_err(|error| store_fault(&error))?;
    if find(&loaded, id).is_some() {
        return Err(Fault::refused(
            format!("A key \"{id}\" is loaded already."),
            format!("If it is to be replaced, destroy it first: `tillctl keys destroy {id}`."),
        ));
    }
    let (made, persons) = combined(algorithm, how, &format!("the key \"{id}\""))?;
    let check_value = CheckValue::of(algorithm, &made).map_err(|error| because("", &error))?;
    if let Some(key) = key {
        compare(key, &check_value)?;
    }
    let secret = match kind {
        KeyKind::Token => Secret::Token(made),
        _ => Secret::KeyBlockProtection(made),
    };
    let check_value = check_value.to_string();
    store
        .add(id, secret, &check_value, now.unix_s)
        .map_err(|error| store_fault(&error))?;
    let compared = match key.and_then(|key| key.check_value()) {
        Some(_) => "Its check value is the manifest's.",
        None => {
            "All of you: compare its check value with the one on your papers. If it differs, destroy the key."
        }
    };
    let done = format!("The key \"{id}\" is made of {} components.", persons.len());
    Ok(Done::new("key_made", done)
        .and(compared)
        .and_all(key.is_none().then(|| block::UNMANAGED.to_owned()))
        .with_key(KeyNamed {
            id: id.to_string(),
            kind: kind.to_string(),
            check_value: Some(check_value),
        })
        .by(persons))
}

/// Has a key entered in components; the key, and who entered them.
pub fn combined(
    algorithm: Algorithm,
    how: &args::Entry,
    what: &str,
) -> Result<(SecretBytes, Vec<Attended>), Fault> {
    let entry = Entry::new();
    let mut names: Vec<String> = Vec::with_capacity(how.components);
    let mut persons = Vec::with_capacity(how.components);
    let mut parts = Vec::with_capacity(how.components);
    for number in 1..=how.components {
        entry.clear();
        entry.tell(&format!(
            "Component {number} of {} of {what}.",
            how.components
        ));
        names.push(person(&entry, how.persons.get(number - 1))?);
        args::all_differ(&names)?;
        let name = names.last().map(String::as_str).unwrap_or_default();
        parts.push(component(&entry, algorithm, number, name)?);
        persons.push(Attended {
            name: name.to_owned(),
            at: Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        });
        // Nobody sees what the one before saw.
        entry.clear();
    }
    let key = components::combine(algorithm, &parts).map_err(|bad| because("", &bad))?;
    Ok((key, persons))
}

/// Who enters the next component.
fn person(entry: &Entry, named: Option<&String>) -> Result<String, Fault> {
    match named {
        Some(name) => {
            entry.tell(&format!("It is entered by {name}. The others look away."));
            Ok(name.clone())
        }
        None if entry.is_terminal() => {
            args::person(&entry.line("Name and role of who enters it: ", MAX_ANSWER)?)
        }
        None => Err(Fault::misused(
            "Without a terminal, who enters the components is said with `--person`, once for each.",
        )),
    }
}

/// One component, and the check value that was given with it.
fn component(
    entry: &Entry,
    algorithm: Algorithm,
    number: usize,
    name: &str,
) -> Result<Component, Fault> {
    for _ in 0..MAX_TRIES {
        let line = entry.secret("The component (it is not shown): ", MAX_LINE)?;
        let read = understood(&line, number).and_then(|component| {
            let found = CheckValue::of(algorithm, &component.value);
            let found = found.map_err(|error| because("", &error))?;
            Ok((component, found))
        });
        drop(line);
        match read {
            Ok((component, _)) if !entry.is_terminal() => return Ok(component),
            Ok((component, found)) => {
                let asked = format!(
                    "{name}, its check value is {found}. Is that the one on your paper? (yes/no) "
                );
                if matches!(entry.line(&asked, MAX_ANSWER)?.as_str(), "yes" | "y") {
                    return Ok(component);
                }
                entry.tell("Then enter it again.");
            }
            Err(fault) if !entry.is_terminal() => return Err(fault),
            Err(fault) => entry.tell(&fault.to_string()),
        }
    }
    Err(Fault::refused(
        format!(
            "Component {number} was not entered right in {MAX_TRIES} tries; nothing was changed."
        ),
        "Find the right paper, and begin again.",
    ))
}

/// A component from its line: hexadecimal digits, dashes between them as anybody likes, and behind a
/// blank its check value.
fn understood(line: &SecretBytes, number: usize) -> Result<Component, Fault> {
    let bad = |what: &str| {
        Fault::refused(
            format!("Component {number} {what}."),
            "Enter its hexadecimal digits, an even number of them, with nothing between them but \
             dashes; a check value may stand behind a blank.",
        )
    };
    let line = line.expose().trim_ascii();
    let end = line.iter().position(u8::is_ascii_whitespace);
    let (digits, rest) = line.split_at(end.unwrap_or(line.len()));
    let check_value = match rest.trim_ascii() {
        [] => None,
        rest => {
            let value = str::from_utf8(rest).ok().and_then(|text| text.parse().ok());
            Some(value.ok_or_else(|| bad("has something behind it that is no check value"))?)
        }
    };
    let mut value = SecretBytes::with_bound(MAX_COMPONENT);
    value.fill(|room| {
        let mut half = None;
        let mut len = 0;
        for byte in digits.iter().filter(|byte| **byte != b'-') {
            let nibble = (*byte as char).to_digit(16);
            let nibble = nibble.and_then(|nibble| u8::try_from(nibble).ok());
            let nibble = nibble.ok_or_else(|| bad("is not hexadecimal"))?;
            match half.take() {
                None => half = Some(nibble),
                Some(high) => {
                    *room.get_mut(len).ok_or_else(|| bad("is too long"))? = high << 4 | nibble;
                    len += 1;
                }
            }
        }
        match half {
            None if len > 0 => Ok(len),
            None => Err(bad("is empty")),
            Some(_) => Err(bad("ends in the middle of a byte")),
        }
    })?;
    Ok(Component { value, check_value })
}
