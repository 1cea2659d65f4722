//! The keyboard: characters and chords as QEMU's key codes, as a scanner or a hand would send them.

use serde_json::{Value, json};

/// Keys that are held down together, such as `ctrl-alt-delete`.
#[derive(Clone)]
pub struct Chord(Vec<&'static str>);

impl Chord {
    /// The keys by QEMU's names (`qapi/ui.json`, QKeyCode), the last one last.
    pub fn of(keys: &[&'static str]) -> Self {
        Self(keys.to_vec())
    }

    /// The keys that give a character on a keyboard of the United States.
    pub fn letter(letter: char) -> Self {
        Self(vec![key_for(letter)])
    }

    /// Going down, in turn.
    pub fn down(&self) -> Vec<Value> {
        self.0.iter().map(|key| event(key, true)).collect()
    }

    /// Coming up, the last first.
    pub fn up(&self) -> Vec<Value> {
        self.0.iter().rev().map(|key| event(key, false)).collect()
    }

    /// Its name, for a log.
    pub fn name(&self) -> String {
        self.0.join("+")
    }
}

fn event(key: &str, down: bool) -> Value {
    let key = json!({ "type": "qcode", "data": key });
    json!({ "type": "key", "data": { "key": key, "down": down } })
}

fn key_for(letter: char) -> &'static str {
    const KEYS: &[(char, &str)] = &[
        ('0', "0"),
        ('1', "1"),
        ('2', "2"),
        ('3', "3"),
        ('4', "4"),
        ('5', "5"),
        ('6', "6"),
        ('7', "7"),
        ('8', "8"),
        ('9', "9"),
        ('\n', "ret"),
    ];
    KEYS.iter()
        .find_map(|(has, key)| (*has == letter).then_some(*key))
        .unwrap_or_else(|| panic!("no key is known for {letter:?}"))
}
