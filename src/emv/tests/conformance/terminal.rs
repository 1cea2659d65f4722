//! The terminal of a dialogue: a profile of terminals.toml, with what the dialogue changes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use sealpoint_emv::TerminalData;
use toml::{Table, Value};

use crate::card::merge;

fn terminals() -> &'static BTreeMap<String, Table> {
    static TERMINALS: OnceLock<BTreeMap<String, Table>> = OnceLock::new();
    TERMINALS.get_or_init(|| {
        toml::from_str(include_str!("terminals.toml")).expect("terminals.toml is valid")
    })
}

/// The terminal that these changes make. `base` names the profile; `application` goes to each of its
/// applications, `only` keeps those with these AIDs; `capk` and `revoked` take the place of its
/// tables; `capk_expires` goes to each key; every other key goes to `[terminal]`.
pub fn of(changes: &Table) -> Result<TerminalData, String> {
    let base = changes
        .get("base")
        .map_or(Some("offline"), Value::as_str)
        .ok_or("`base` is a name")?;
    let mut profile = terminals()
        .get(base)
        .ok_or_else(|| format!("no terminal `{base}` in terminals.toml"))?
        .clone();
    for (key, value) in changes {
        match (key.as_str(), value) {
            ("base", _) => {}
            ("application", Value::Table(over)) => {
                for application in applications(&mut profile)? {
                    if let Value::Table(application) = application {
                        merge(application, over);
                    }
                }
            }
            ("without", Value::Array(keys)) => {
                for application in applications(&mut profile)? {
                    if let Value::Table(application) = application {
                        for key in keys.iter().filter_map(Value::as_str) {
                            application.remove(key);
                        }
                    }
                }
            }
            ("only", Value::Array(aids)) => keep(&mut profile, aids)?,
            ("also", Value::Array(more)) => applications(&mut profile)?.extend(more.clone()),
            ("capk_expires", date) => {
                if let Some(Value::Array(keys)) = profile.get_mut("capk") {
                    for key in keys.iter_mut().filter_map(Value::as_table_mut) {
                        key.insert("expires".to_owned(), date.clone());
                    }
                }
            }
            ("capk" | "revoked", value) => {
                profile.insert(key.clone(), value.clone());
            }
            (_, value) => {
                if let Some(Value::Table(terminal)) = profile.get_mut("terminal") {
                    terminal.insert(key.clone(), value.clone());
                }
            }
        }
    }
    TerminalData::from_toml(&profile.to_string()).map_err(|error| error.to_string())
}

/// Keeps the applications with these AIDs, and the keys of their schemes.
fn keep(profile: &mut Table, aids: &[Value]) -> Result<(), String> {
    applications(profile)?
        .retain(|application| application.get("aid").is_some_and(|aid| aids.contains(aid)));
    if let Some(Value::Array(keys)) = profile.get_mut("capk") {
        keys.retain(|key| {
            let scheme = key.get("rid").and_then(Value::as_str).unwrap_or_default();
            let mut aids = aids.iter().filter_map(Value::as_str);
            aids.any(|aid| aid.starts_with(scheme))
        });
    }
    Ok(())
}

fn applications(profile: &mut Table) -> Result<&mut Vec<Value>, String> {
    match profile.get_mut("application") {
        Some(Value::Array(applications)) => Ok(applications),
        _ => Err("the terminal has no applications".to_owned()),
    }
}
