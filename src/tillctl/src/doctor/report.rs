//! The findings for programs, and what page and exit code need of them.

use std::collections::BTreeMap;

use sealpoint_wire::posture::{Measure, Reach};
use serde::Serialize;

use super::{
    checks::{PROTECTIONS, seen},
    facts::{Facts, process::Process},
    finding::{Area, Finding, Level},
    ids::Id,
};
use crate::exit::Exit;

/// Version of the JSON object. Fields are added without a new one.
const VERSION: u8 = 1;
/// Columns of a protection's name and of each process on the page.
const NAMES: usize = 20;
const COLUMN: usize = 15;
/// Processes that have a column; a till has three.
const COLUMNS: usize = 4;

/// What the doctor says.
#[derive(Serialize)]
pub struct Report {
    version: u8,
    /// The worst of all findings.
    level: Level,
    exit_code: u8,
    /// When it looked, in the machine's time zone.
    pub at: String,
    state: String,
    terminal: Option<String>,
    mode: Option<&'static str>,
    running: bool,
    /// Whether it looked as root, who sees everything.
    root: bool,
    findings: Vec<Entry>,
    /// The till's processes and their protections.
    pub processes: Vec<Protected>,
    #[serde(skip)]
    all: Vec<Finding>,
}

#[derive(Serialize)]
struct Entry {
    id: Id,
    area: Area,
    level: Level,
    what: String,
    remedy: String,
}

/// A process of the till.
#[derive(Serialize)]
pub struct Protected {
    process: String,
    pid: u32,
    user: Option<u32>,
    protections: BTreeMap<&'static str, Protection>,
}

/// One protection of a process.
#[derive(Clone, Copy, Serialize)]
struct Protection {
    /// What the process says.
    said: Option<Reach>,
    /// What the kernel says; null where that cannot be seen.
    seen: Option<bool>,
}

impl Report {
    /// A report of these findings, which are sorted.
    pub fn new(facts: &Facts, findings: Vec<Finding>) -> Self {
        let level = findings.first().map_or(Level::Ok, |worst| worst.level);
        let entry = |finding: &Finding| Entry {
            id: finding.id,
            area: finding.id.area(),
            level: finding.level,
            what: finding.what.clone(),
            remedy: finding.remedy.clone(),
        };
        let mode = |production| if production { "production" } else { "demo" };
        Self {
            version: VERSION,
            level,
            exit_code: exit(level).code(),
            at: facts.now.clone(),
            state: facts.till.state.display().to_string(),
            terminal: facts.till.terminal(),
            mode: facts.till.production().map(mode),
            running: facts.till.runs(),
            root: facts.root,
            findings: findings.iter().map(entry).collect(),
            processes: facts
                .ours()
                .into_iter()
                .map(|p| protected(facts, p))
                .collect(),
            all: findings,
        }
    }

    /// The JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        exit(self.level)
    }

    /// What it is about, for the top of the page.
    pub fn title(&self) -> String {
        let name = self
            .terminal
            .as_ref()
            .map(|terminal| format!("Terminal {terminal}"));
        let name = name.unwrap_or_else(|| format!("Till in {}", self.state));
        let mode = self.mode.map(|mode| format!(", {mode} mode"));
        let runs = if self.running { "runs" } else { "does not run" };
        format!("{name}{}, {runs}", mode.unwrap_or_default())
    }

    /// The findings in one sentence.
    pub fn verdict(&self) -> String {
        let number = |level| self.of(level).count();
        match (number(Level::Critical), number(Level::Warning)) {
            (0, 0) => "All is well.".to_owned(),
            (0, 1) => "One thing needs care soon.".to_owned(),
            (0, many) => format!("{many} things need care soon."),
            (1, 0) => "One thing is broken or dangerous now.".to_owned(),
            (bad, 0) => format!("{bad} things are broken or dangerous now."),
            (bad, more) => format!("{bad} broken or dangerous now, {more} to see to soon."),
        }
    }

    /// The findings of a level.
    pub fn of(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.all
            .iter()
            .filter(move |finding| finding.level == level)
    }

    /// A table of the processes' protections, a line each.
    pub fn protections(&self) -> Vec<String> {
        let head = |one: &Protected| format!("{:<COLUMN$}", format!("{} {}", one.process, one.pid));
        let heads: String = self.processes.iter().take(COLUMNS).map(head).collect();
        let mut rows = vec![format!("{:<NAMES$}{heads}", "")];
        for measure in PROTECTIONS {
            let cell = |one: &Protected| {
                let words = one.protections.get(measure.word()).map(|p| p.words());
                format!("{:<COLUMN$}", words.unwrap_or_default())
            };
            let cells: String = self.processes.iter().take(COLUMNS).map(cell).collect();
            rows.push(format!("{:<NAMES$}{cells}", measure.word()));
        }
        rows
    }
}

impl Protection {
    fn words(self) -> String {
        let said = match self.said {
            Some(Reach::Full) => "full",
            Some(Reach::Part) => "part",
            Some(Reach::Nothing) => "none",
            None => "-",
        };
        let seen = match self.seen {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        format!("{said} / {seen}")
    }
}

fn protected(facts: &Facts, process: &Process) -> Protected {
    let said = facts.till.said.there().and_then(|said| {
        let its = |posture: &&sealpoint_wire::Posture| {
            posture.pid == process.pid && posture.process == process.name
        };
        said.processes.iter().find(its)
    });
    let protection = |measure: &Measure| {
        let achieved =
            said.and_then(|said| said.measures.iter().find(|one| one.measure == *measure));
        let protection = Protection {
            said: achieved.map(|one| one.reach),
            seen: seen(process, *measure),
        };
        (measure.word(), protection)
    };
    Protected {
        process: process.name.clone(),
        pid: process.pid,
        user: process.user,
        protections: PROTECTIONS.iter().map(protection).collect(),
    }
}

/// How the program ends after findings of which this is the worst.
const fn exit(level: Level) -> Exit {
    match level {
        Level::Ok | Level::Note => Exit::Approved,
        Level::Warning => Exit::NeedsCare,
        Level::Critical => Exit::Critical,
    }
}
