//! What a process took from itself when it began, as it says so to the till, the log and IT.

use core::fmt;

use serde::{Deserialize, Serialize};

/// At most this many bytes of detail beside one measure.
pub const MAX_DETAIL: usize = 300;

/// How a process protects itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posture {
    /// Which program: `till`, `lane` or `uplink`.
    pub process: String,
    /// Its process id.
    pub pid: u32,
    /// Whether it refuses to run with less than everything.
    pub production: bool,
    /// One for each measure, in the order of [`Measure::ALL`].
    pub measures: Vec<Achieved>,
}

/// How far one measure got.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Achieved {
    /// The measure.
    pub measure: Measure,
    /// How far it got.
    pub reach: Reach,
    /// What was done, or what was missing and what to do; a sentence, never a secret.
    pub detail: String,
}

/// How far a measure got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// Less than production asks for.
    Part,
    /// All that production asks for.
    Full,
}

/// What a process of the till takes from itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The environment holds only what the process needs: no preloaded library, no key.
    Environment,
    /// No file descriptor but its own is open.
    Descriptors,
    /// Files that it makes are its own: umask 077.
    Umask,
    /// No core is written, whatever happens (`RLIMIT_CORE` 0, nothing in the dump filter).
    CoreDumps,
    /// Not dumpable: no debugger of the same user, `/proc/PID` belongs to root.
    NotDumpable,
    /// `no_new_privs`: no program that it starts gains rights.
    NoNewPrivileges,
    /// Every capability is dropped, from the bounding set too.
    Capabilities,
    /// Its memory is never written to swap, and no child of it has a copy.
    MemoryLocked,
    /// Only the files that it needs (Landlock).
    Files,
    /// Only the network that it needs: none, but for the uplink (Landlock and seccomp).
    Network,
    /// Only the system calls that it needs (seccomp).
    SystemCalls,
}

impl Measure {
    /// Every measure.
    pub const ALL: &'static [Self] = &[
        Self::Environment,
        Self::Descriptors,
        Self::Umask,
        Self::CoreDumps,
        Self::NotDumpable,
        Self::NoNewPrivileges,
        Self::Capabilities,
        Self::MemoryLocked,
        Self::Files,
        Self::Network,
        Self::SystemCalls,
    ];

    /// The word for it, as in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Descriptors => "descriptors",
            Self::Umask => "umask",
            Self::CoreDumps => "core_dumps",
            Self::NotDumpable => "not_dumpable",
            Self::NoNewPrivileges => "no_new_privileges",
            Self::Capabilities => "capabilities",
            Self::MemoryLocked => "memory_locked",
            Self::Files => "files",
            Self::Network => "network",
            Self::SystemCalls => "system_calls",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Posture {
    /// What is less than production asks for.
    pub fn shortfalls(&self) -> impl Iterator<Item = &Achieved> {
        self.measures
            .iter()
            .filter(|achieved| achieved.reach != Reach::Full)
    }

    /// Whether every measure got as far as production asks for.
    #[must_use]
    pub fn is_full(&self) -> bool {
        Measure::ALL.iter().all(|measure| {
            self.measures
                .iter()
                .any(|achieved| achieved.measure == *measure && achieved.reach == Reach::Full)
        })
    }
}
