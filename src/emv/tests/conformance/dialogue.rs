//! A dialogue as it is written down; README.md says what each key means.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One file of dialogues.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub dialogue: Vec<Dialogue>,
}

/// One charge, and what must come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    pub name: String,
    pub book: String,
    #[serde(default)]
    pub terminal: toml::Table,
    #[serde(default)]
    pub charge: ChargeData,
    #[serde(default = "visa")]
    pub card: String,
    /// What a simulated card is to have otherwise.
    #[serde(default)]
    pub profile: toml::Table,
    pub atr: Option<String>,
    #[serde(default)]
    pub contactless: bool,
    #[serde(default)]
    pub elements: BTreeMap<String, String>,
    #[serde(default)]
    pub answers: BTreeMap<String, Answers>,
    #[serde(default)]
    pub pad: Vec<PadAbility>,
    #[serde(default)]
    pub pins: Vec<String>,
    #[serde(default)]
    pub known: KnownData,
    /// What the cardholder takes of the applications offered, counted from 0; -1 for none.
    #[serde(default)]
    pub choices: Vec<i64>,
    #[serde(default)]
    pub host: Host,
    pub expect: Expect,
}

/// Answers to one command, in turn; the last one stays.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum Answers {
    Always(String),
    InTurn(Vec<String>),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ChargeData {
    pub amount: Option<i64>,
    pub cashback: Option<i64>,
    pub currency: Option<u16>,
    pub kind: Option<String>,
    pub date: Option<String>,
    pub draw: Option<u8>,
    #[serde(default)]
    pub forced_online: bool,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum PadAbility {
    Plaintext,
    Enciphered,
    Online,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct KnownData {
    #[serde(default)]
    pub earlier: i64,
    #[serde(default)]
    pub exception_file: bool,
}

/// What the host does when it is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    pub says: HostSays,
    #[serde(default = "approved")]
    pub arc: String,
    /// Issuer authentication data (tag 91).
    #[serde(default)]
    pub authentication: String,
    /// Script templates.
    #[serde(default)]
    pub scripts: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub enum HostSays {
    Approve,
    Decline,
    Refer,
    /// It cannot be reached.
    Nothing,
    /// It is asked and never answers.
    Silence,
    /// The cashier gives up while it is asked.
    Cancel,
    /// The card is pulled out while it is asked.
    CardRemoved,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            says: HostSays::Approve,
            arc: approved(),
            authentication: String::new(),
            scripts: String::new(),
        }
    }
}

/// What must come of it; what is left out is not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub ending: String,
    pub tvr: Option<String>,
    pub tsi: Option<String>,
    pub cvm: Option<String>,
    pub cryptogram: Option<String>,
    pub online: Option<bool>,
    pub signature: Option<bool>,
    pub advice: Option<bool>,
    pub reversal: Option<bool>,
    pub label: Option<String>,
    pub apdus: Option<u16>,
    /// As many commands at most: for what is bounded, and the books do not say by what.
    pub at_most: Option<u16>,
    /// All commands, in their order.
    pub commands: Option<Vec<String>>,
    /// Commands that there must be, in this order, others between them or not.
    #[serde(default)]
    pub sends: Vec<String>,
    /// Commands that there must not be.
    #[serde(default)]
    pub never: Vec<String>,
    pub last: Option<String>,
    /// Labels that the cardholder is offered, each time.
    pub offered: Option<Vec<Vec<String>>>,
    /// PINs that are asked for, with the tries that are left.
    pub pins: Option<Vec<String>>,
    /// DE 55 at the end: value, or `-` for absent.
    #[serde(default)]
    pub de55: BTreeMap<String, String>,
    /// The same, as the host is asked.
    #[serde(default)]
    pub request: BTreeMap<String, String>,
}

fn visa() -> String {
    "visa".to_owned()
}

fn approved() -> String {
    "00".to_owned()
}
