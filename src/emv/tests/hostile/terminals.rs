//! The terminals: the demo's, two that may approve without the host, and one that may not although its
//! limits would let it.

use sealpoint_emv::TerminalData;
use toml::{Table, Value};

/// Minor units, with contacts and without.
pub const FLOOR_LIMIT: i64 = 10_000;

const DEMO: &str = include_str!("../../src/demo.toml");

pub struct Terminals(Vec<TerminalData>);

impl Terminals {
    pub fn new() -> Self {
        let demo = TerminalData::from_toml(DEMO).expect("the demo's profile is valid");
        Self(vec![
            demo,
            low_value(22, true),
            low_value(25, false),
            low_value(21, true),
        ])
    }

    pub fn pick(&self, number: usize) -> &TerminalData {
        &self.0[number % self.0.len()]
    }
}

/// A terminal that takes every CVM and has a floor limit, so that it approves small amounts by itself
/// unless its type is online only. Its action codes are the demo's: what was not authenticated goes
/// online.
fn low_value(kind: i64, attended: bool) -> TerminalData {
    let mut profile: Table = toml::from_str(DEMO).expect("the demo's profile is TOML");
    let terminal = table(&mut profile, "terminal");
    terminal.insert("type".into(), kind.into());
    let capabilities = if attended { "20F8C8" } else { "20D8C8" };
    terminal.insert("capabilities".into(), capabilities.into());
    terminal.insert("pin_bypass".into(), attended.into());
    terminal.insert("cardholder_choice".into(), attended.into());
    let Some(Value::Array(applications)) = profile.get_mut("application") else {
        panic!("the demo's profile has applications");
    };
    for application in applications {
        let Value::Table(application) = application else {
            panic!("an application is a table");
        };
        application.insert("floor_limit_minor".into(), FLOOR_LIMIT.into());
        if application.contains_key("contactless") {
            let contactless = table(application, "contactless");
            let ttq = if attended { "37204080" } else { "35204080" };
            contactless.insert("ttq".into(), ttq.into());
            contactless.insert("floor_limit_minor".into(), FLOOR_LIMIT.into());
        }
    }
    TerminalData::from_toml(&profile.to_string()).expect("the changed profile is valid")
}

fn table<'a>(of: &'a mut Table, key: &str) -> &'a mut Table {
    match of.get_mut(key) {
        Some(Value::Table(table)) => table,
        _ => panic!("the demo's profile has a table `{key}`"),
    }
}
