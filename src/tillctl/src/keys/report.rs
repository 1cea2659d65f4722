//! What people and programs are told.

use jiff::Zoned;
use sealpoint_vault::Day;
use serde::Serialize;

use crate::fault::Fault;

/// Version of the JSON objects.
pub const VERSION: u8 = 1;

/// What a command did.
#[derive(Serialize)]
pub struct Done {
    version: u8,
    exit_code: u8,
    /// What was done, a word for programs.
    done: &'static str,
    /// The key that it was done with.
    key: Option<KeyNamed>,
    /// Who took part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    persons: Vec<Attended>,
    /// Sentences for people.
    said: Vec<String>,
    /// What was made, where it was not written to a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// A key, never its value.
#[derive(Serialize)]
pub struct KeyNamed {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its check value, where it has one.
    pub check_value: Option<String>,
}

/// Somebody who took part.
#[derive(Serialize)]
pub struct Attended {
    /// Name and role, as given.
    pub name: String,
    /// When, RFC 3339.
    pub at: String,
}

/// A moment, as the parts of this command need it.
pub struct Now {
    /// The day here.
    pub day: Day,
    /// Seconds since the Unix epoch.
    pub unix_s: u64,
    /// Local time with its offset, RFC 3339.
    pub text: String,
}

impl Now {
    /// By the machine's clock.
    pub fn read() -> Result<Self, Fault> {
        let now = Zoned::now();
        let day = Day::from_local_time(&now.strftime("%Y%m%d%H%M%S").to_string());
        Ok(Self {
            day: day.map_err(|_| {
                Fault::not_set_up("The machine's clock gives no date.", "Set the clock.")
            })?,
            unix_s: u64::try_from(now.timestamp().as_second()).unwrap_or_default(),
            text: now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        })
    }
}

impl Done {
    /// Something was done, and that is what there is to say.
    pub fn new(done: &'static str, said: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            exit_code: 0,
            done,
            key: None,
            persons: Vec::new(),
            said: vec![said.into()],
            text: None,
        }
    }

    /// With another sentence.
    pub fn and(mut self, said: impl Into<String>) -> Self {
        self.said.push(said.into());
        self
    }

    /// With other sentences.
    pub fn and_all(mut self, said: impl IntoIterator<Item = String>) -> Self {
        self.said.extend(said);
        self
    }

    /// With the key that it was done with.
    pub fn with_key(mut self, key: KeyNamed) -> Self {
        self.key = Some(key);
        self
    }

    /// With who took part.
    pub fn by(mut self, persons: Vec<Attended>) -> Self {
        self.persons = persons;
        self
    }

    /// With a text that was made.
    pub fn with_text(mut self, text: String) -> Self {
        self.text = Some(text);
        self
    }

    /// As one JSON object or for people, who get a text that was made and nothing else, so that it
    /// can be piped on.
    pub fn written(&self, json: bool) -> String {
        match &self.text {
            _ if json => serde_json::to_string_pretty(self).unwrap_or_default(),
            Some(text) => text.clone(),
            None => self.page(),
        }
    }

    fn page(&self) -> String {
        let mut lines = self.said.clone();
        if let Some(key) = &self.key {
            lines.push(format!("  Key          {}", key.id));
            lines.push(format!("  Kind         {}", key.kind));
            if let Some(value) = &key.check_value {
                lines.push(format!("  Check value  {value}"));
            }
        }
        for person in &self.persons {
            lines.push(format!("  Person       {} at {}", person.name, person.at));
        }
        lines.join("\n")
    }
}
