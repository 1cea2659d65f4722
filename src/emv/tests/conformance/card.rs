//! The other side of the contacts: a card that is its answers, or a simulated one that signs.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use sealpoint_cardsim::{Card as Simulated, IssuerKeys, Profile, profile};
use serde::Deserialize;

use crate::{
    dialogue::{Answers, Dialogue},
    notation::{self, Macros},
    objects::{self, Edit},
};

/// Prefix of the name of a simulated card.
const SIMULATED: &str = "sim:";

/// The cards that dialogues begin with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cards {
    macros: Macros,
    card: BTreeMap<String, Base>,
}

/// A card that is its answers.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Base {
    atr: String,
    /// The record to which new elements go: the pattern of its command.
    home: String,
    answers: BTreeMap<String, Answers>,
}

fn cards() -> &'static Cards {
    static CARDS: OnceLock<Cards> = OnceLock::new();
    CARDS.get_or_init(|| toml::from_str(include_str!("cards.toml")).expect("cards.toml is valid"))
}

/// The named pieces of notation.
pub fn macros() -> &'static Macros {
    &cards().macros
}

/// What comes of a command.
pub struct Reaction {
    /// What happens first: `removed`, `cancel` or `tick:MILLISECONDS`.
    pub event: Option<String>,
    pub answer: Vec<u8>,
}

/// A pattern, its answers, and how often it was asked.
struct Line {
    pattern: String,
    answers: Vec<String>,
    asked: usize,
}

/// The card of one dialogue.
pub struct Card {
    pub atr: Vec<u8>,
    /// What the dialogue says, longest pattern first.
    own: Vec<Line>,
    base: Vec<Line>,
    simulated: Option<Simulated>,
    edits: Vec<(Vec<u8>, Edit, bool)>,
    /// Where elements go that the card has not.
    home: Option<String>,
}

impl Card {
    /// The card that a dialogue names, with what it changes.
    pub fn of(dialogue: &Dialogue) -> Result<Self, String> {
        let mut card = match dialogue.card.strip_prefix(SIMULATED) {
            Some(name) => simulated(name, &dialogue.profile)?,
            None => scripted(&dialogue.card)?,
        };
        card.own = lines(&dialogue.answers);
        for (tag, what) in &dialogue.elements {
            card.edits.push((notation::hex(tag)?, edit(what)?, false));
        }
        card.settle()?;
        if let Some(atr) = &dialogue.atr {
            card.atr = notation::hex(atr)?;
        }
        Ok(card)
    }

    /// Decides which new elements go to the card's home record.
    fn settle(&mut self) -> Result<(), String> {
        if self.home.is_none() {
            return Ok(());
        }
        for (tag, what, new) in &mut self.edits {
            let answers = self.base.iter().chain(&self.own);
            let mut found = false;
            for text in answers.flat_map(|line| &line.answers) {
                let (_, text) = event(text);
                found |= split(&notation::bytes(text, macros())?)
                    .is_some_and(|(data, _)| objects::edit(data, tag, what).is_some());
            }
            *new = !found;
        }
        Ok(())
    }

    /// Answers a command.
    pub fn answer(&mut self, command: &[u8]) -> Result<Reaction, String> {
        let line = self
            .own
            .iter_mut()
            .chain(&mut self.base)
            .find(|line| notation::fits(&line.pattern, command));
        let (event, raw, pattern) = match (line, &mut self.simulated) {
            (Some(line), simulated) => {
                let place = line.asked.min(line.answers.len().saturating_sub(1));
                line.asked += 1;
                let text = line.answers.get(place).ok_or("a list of no answers")?;
                let (event, text) = event(text);
                // The real answer, as far as the card must go on from there.
                let real = simulated.as_mut().map(|card| card.apdu(command));
                let raw = match (text.trim(), real) {
                    ("=", Some(real)) => real,
                    (text, _) => notation::bytes(text, macros())?,
                };
                (event.map(str::to_owned), raw, line.pattern.clone())
            }
            (None, Some(simulated)) => (None, simulated.apdu(command), String::new()),
            (None, None) => return Err(format!("nothing answers {:02X?}", &command[..4])),
        };
        Ok(Reaction {
            event,
            answer: self.edited(raw, &pattern),
        })
    }

    fn edited(&mut self, raw: Vec<u8>, pattern: &str) -> Vec<u8> {
        let Some((data, status)) = split(&raw) else {
            return raw;
        };
        let mut data = data.to_vec();
        for (tag, what, new) in &mut self.edits {
            let at_home = self.home.as_deref() == Some(pattern);
            let edited = match (&*new, &*what) {
                (true, Edit::Value(value)) if at_home => objects::add(&data, tag, value),
                (true, _) => None,
                (false, what) => objects::edit(&data, tag, what),
            };
            if let Some(edited) = edited {
                data = edited;
            }
        }
        [&data[..], status].concat()
    }

    /// What the dialogue says and nobody asked for.
    pub fn unasked(&self) -> Vec<&str> {
        let unasked = self.own.iter().filter(|line| line.asked == 0);
        unasked.map(|line| line.pattern.as_str()).collect()
    }
}

fn scripted(name: &str) -> Result<Card, String> {
    let base = cards()
        .card
        .get(name)
        .ok_or_else(|| format!("no card `{name}` in cards.toml"))?;
    Ok(Card {
        atr: notation::hex(&base.atr)?,
        own: Vec::new(),
        base: lines(&base.answers),
        simulated: None,
        edits: Vec::new(),
        home: Some(base.home.clone()),
    })
}

/// A card of `sealpoint-cardsim`, with the keys of an issuer that lives as long as the test.
fn simulated(name: &str, changes: &toml::Table) -> Result<Card, String> {
    static ISSUER: OnceLock<IssuerKeys> = OnceLock::new();
    let issuer = ISSUER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        IssuerKeys::create(&folder.path().join("issuer.toml")).expect("an issuer")
    });
    let shipped = profile::all();
    let found = shipped.into_iter().find(|profile| profile.name == name);
    let mut profile: Profile = found.ok_or_else(|| format!("no simulated card `{name}`"))?;
    if !changes.is_empty() {
        profile = changed(name, changes)?;
    }
    let mut card = Simulated::new(&profile, issuer).map_err(|error| error.to_string())?;
    Ok(Card {
        atr: card.power_on(),
        own: Vec::new(),
        base: Vec::new(),
        simulated: Some(card),
        edits: Vec::new(),
        home: None,
    })
}

fn changed(name: &str, changes: &toml::Table) -> Result<Profile, String> {
    let path = format!(
        "{}/../cardsim/profiles/{name}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{name}.toml: {error}"))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| error.to_string())?;
    merge(&mut table, changes);
    Profile::parse(&table.to_string()).map_err(|error| error.to_string())
}

/// Lays one table over another.
pub fn merge(table: &mut toml::Table, over: &toml::Table) {
    for (key, value) in over {
        match (table.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

fn lines(answers: &BTreeMap<String, Answers>) -> Vec<Line> {
    let mut lines: Vec<Line> = answers
        .iter()
        .map(|(pattern, answers)| Line {
            pattern: pattern.split_whitespace().collect(),
            answers: match answers {
                Answers::Always(answer) => vec![answer.clone()],
                Answers::InTurn(answers) => answers.clone(),
            },
            asked: 0,
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.pattern.len()));
    lines
}

/// Takes `@event` off an answer.
fn event(text: &str) -> (Option<&str>, &str) {
    match text.strip_prefix('@') {
        Some(text) => {
            let (event, rest) = text.split_once(' ').unwrap_or((text, ""));
            (Some(event), rest)
        }
        None => (None, text),
    }
}

/// `-` is gone, `twice` is there twice, `xor:PLACE:BITS` is garbled, anything else is its value.
fn edit(what: &str) -> Result<Edit, String> {
    if let Some(rest) = what.strip_prefix("xor:") {
        let (place, bits) = rest.split_once(':').ok_or("write xor:PLACE:BITS")?;
        let bits = notation::hex(bits)?;
        let place = place.parse().map_err(|_| "the place is a number")?;
        return Ok(Edit::Flipped(place, bits.first().copied().unwrap_or(1)));
    }
    Ok(match what {
        "-" => Edit::Gone,
        "twice" => Edit::Twice,
        value => Edit::Value(notation::bytes(value, macros())?),
    })
}

fn split(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    (raw.len() > 2).then(|| raw.split_at(raw.len() - 2))
}
