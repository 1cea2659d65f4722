//! What the doctor says: one finding for one thing that is so, good or bad.

use serde::Serialize;

use super::ids::Id;

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Good to know; nothing has to be done today.
    Note,
    /// Needs care soon.
    Warning,
    /// Broken or dangerous now.
    Critical,
}

impl Level {
    /// The word for it, as in JSON.
    #[cfg(test)]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a finding is about, in the order of the page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The till as a whole.
    Till,
    /// Whether cards can be charged.
    Cards,
    /// The card reader.
    Reader,
    /// Keys for card data.
    Keys,
    /// What waits for the collector, and the link to it.
    Queue,
    /// The till's database.
    Database,
    /// Its processes, as they say and as they are seen.
    Processes,
    /// The certificate for the collector.
    Certificate,
    /// Date and time.
    Clock,
    /// Where the state folder lies, and swap.
    Disk,
    /// Who may read or change the till's files.
    Files,
    /// Sockets.
    Network,
    /// Start of the machine and its kernel.
    Machine,
    /// Programs and the system under them.
    Updates,
}

impl Area {
    /// The name on the page.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Till => "Till",
            Self::Cards => "Cards",
            Self::Reader => "Reader",
            Self::Keys => "Keys",
            Self::Queue => "Queue",
            Self::Database => "Database",
            Self::Processes => "Processes",
            Self::Certificate => "Certificate",
            Self::Clock => "Clock",
            Self::Disk => "Disk",
            Self::Files => "Files",
            Self::Network => "Network",
            Self::Machine => "Machine",
            Self::Updates => "Updates",
        }
    }
}

/// One thing that is so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which kind of thing; stable, see docs/doctor.md.
    pub id: Id,
    /// How much it matters here.
    pub level: Level,
    /// What is so, a sentence or two.
    pub what: String,
    /// What to do; empty where nothing has to be done.
    pub remedy: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(id: Id, what: impl Into<String>) -> Self {
        Self::new(id, Level::Ok, what, "")
    }

    /// Good to know.
    pub fn note(id: Id, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(id, Level::Note, what, remedy)
    }

    /// Needs care soon.
    pub fn warning(id: Id, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(id, Level::Warning, what, remedy)
    }

    /// Broken or dangerous now.
    pub fn critical(id: Id, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(id, Level::Critical, what, remedy)
    }

    /// A finding. What files, processes and devices are called comes from outside: no control
    /// character of it reaches a terminal.
    pub fn new(id: Id, level: Level, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            id,
            level,
            what: printable(&what.into()),
            remedy: printable(&remedy.into()),
        }
    }
}

/// At most this many characters of one sentence.
const MAX_TEXT: usize = 1_000;

/// A text without control characters, and not endless.
fn printable(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '?' } else { c };
    text.chars().take(MAX_TEXT).map(clean).collect()
}
