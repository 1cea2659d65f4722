//! How cards, hosts and commands are written down: hexadecimal digits, data objects as
//! `6F[84:A0000000031010 A5[50:"VISA"]]`, and patterns of commands.

use std::collections::BTreeMap;

use data_encoding::HEXUPPER_PERMISSIVE;

use crate::objects;

/// Named pieces of notation: `$NAME` stands for its text.
pub type Macros = BTreeMap<String, String>;

/// Depth of macros in macros.
const MAX_DEPTH: usize = 4;

/// Bytes of hexadecimal digits, blanks between them or not.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split_whitespace().collect();
    HEXUPPER_PERMISSIVE
        .decode(digits.as_bytes())
        .map_err(|_| format!("`{text}` is not hexadecimal"))
}

/// Bytes of notation.
pub fn bytes(text: &str, macros: &Macros) -> Result<Vec<u8>, String> {
    let text = expand(text, macros, MAX_DEPTH)?;
    let mut rest = text.as_str();
    let bytes = items(&mut rest)?;
    match rest.is_empty() {
        true => Ok(bytes),
        false => Err(format!("`{rest}` closes what nothing opened in `{text}`")),
    }
}

fn expand(text: &str, macros: &Macros, depth: usize) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        let (name, then) = after.split_at(end);
        let meant = macros
            .get(name)
            .filter(|_| depth > 0)
            .ok_or_else(|| format!("`${name}` is not in cards.toml"))?;
        expanded.push_str(before);
        expanded.push_str(&expand(meant, macros, depth - 1)?);
        rest = then;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Everything up to the end or to a closing bracket.
fn items(rest: &mut &str) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(']') {
            return Ok(all);
        }
        if rest.starts_with('"') {
            all.extend(quoted(rest)?);
            continue;
        }
        let digits = word(rest)?;
        if let Some(after) = rest.strip_prefix('[') {
            *rest = after;
            let value = items(rest)?;
            *rest = rest
                .strip_prefix(']')
                .ok_or_else(|| "a bracket is not closed".to_owned())?;
            all.extend(objects::encode(&digits, &value));
        } else if let Some(after) = rest.strip_prefix(':') {
            *rest = after;
            let value = match after.chars().next() {
                Some('"') => quoted(rest)?,
                _ => word(rest)?,
            };
            all.extend(objects::encode(&digits, &value));
        } else {
            all.extend(digits);
        }
    }
}

fn quoted(rest: &mut &str) -> Result<Vec<u8>, String> {
    let (text, after) = rest[1..]
        .split_once('"')
        .ok_or_else(|| "a quotation mark is not closed".to_owned())?;
    *rest = after;
    Ok(text.as_bytes().to_vec())
}

/// One run of digits; it may be empty in front of `]` or a blank.
fn word(rest: &mut &str) -> Result<Vec<u8>, String> {
    let end = rest
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    if digits.is_empty() && !after.is_empty() && !after.starts_with([' ', ']', '\n']) {
        return Err(format!("`{after}` is neither digits nor an object"));
    }
    *rest = after;
    hex(digits)
}

/// Whether a command begins as the pattern says. `.` is any half of a byte; a `$` at the end asks for
/// the whole command.
pub fn fits(pattern: &str, command: &[u8]) -> bool {
    let pattern: String = pattern.split_whitespace().collect();
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern.as_str(), false),
    };
    let command = HEXUPPER_PERMISSIVE.encode(command);
    let long_enough = match whole {
        true => command.len() == pattern.len(),
        false => command.len() >= pattern.len(),
    };
    long_enough
        && pattern
            .chars()
            .zip(command.chars())
            .all(|(wanted, is)| wanted == '.' || wanted.eq_ignore_ascii_case(&is))
}
