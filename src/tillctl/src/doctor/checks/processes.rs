//! The till's processes: what they say of themselves, and what the kernel says of them.

use sealpoint_wire::{Posture, posture::Reach};

use super::{
    super::{
        facts::{
            Facts,
            process::{Family, Mapped, Process},
        },
        finding::Finding,
        ids::Id,
    },
    PROTECTIONS, in_shop, protections, seen, some_of,
};

/// Programs that a running till needs beside it.
const BESIDE: [&str; 2] = ["lane", "uplink"];

const TAKEN_OVER: &str = "Take no card. Switch the till off, keep its disk, and have it looked at.";

/// What stands about processes.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let ours = facts.ours();
    if facts.till.runs() {
        present(facts, &ours, &mut found);
    }
    strangers(facts, &ours, &mut found);
    for process in &ours {
        let said = claim(facts, process);
        protection(facts, process, said, &mut found);
        intrusion(facts, process, &mut found);
    }
    if let Some(path) = &facts.files.preload {
        found.push(Finding::critical(
            Id::PreloadSet,
            format!("{} forces a library into every program.", path.display()),
            "Find out who put it there and what the library does; take no card until then.",
        ));
    }
    let trouble = found.iter().any(|finding| finding.id.is_of_protection());
    if !ours.is_empty() && !trouble {
        found.push(Finding::ok(
            Id::ProcessesProtected,
            format!(
                "{} have every protection that can be seen.",
                some_of(
                    &ours
                        .iter()
                        .map(|process| named(process))
                        .collect::<Vec<_>>()
                )
            ),
        ));
    }
    found
}

impl Facts {
    /// The processes of this till: the one that holds its lock, and those below it or named by it.
    pub fn ours(&self) -> Vec<&Process> {
        let Some(till) = self.till.holder.there().copied().flatten() else {
            return Vec::new();
        };
        let said = self.till.said.there();
        let named = |process: &Process| {
            said.is_some_and(|said| {
                let same = |p: &Posture| p.pid == process.pid && p.process == process.name;
                said.pid == till && said.processes.iter().any(same)
            })
        };
        self.processes
            .iter()
            .filter(|process| {
                let its = process.pid == till || process.parent == till;
                its || (BESIDE.contains(&process.name.as_str()) && named(process))
            })
            .collect()
    }
}

/// `lane 4711`.
fn named(process: &Process) -> String {
    format!("{} {}", process.name, process.pid)
}

/// What the process says of itself.
fn claim<'a>(facts: &'a Facts, process: &Process) -> Option<&'a Posture> {
    let said = facts.till.said.there()?;
    let its = |posture: &&Posture| posture.pid == process.pid && posture.process == process.name;
    said.processes.iter().find(its)
}

fn present(facts: &Facts, ours: &[&Process], found: &mut Vec<Finding>) {
    let down = |name: &str| {
        let said = facts.till.said.there();
        // Said already, with what it means for cards.
        name == "lane" && said.is_some_and(|said| !said.lane.up)
    };
    for name in BESIDE {
        let of = ours.iter().filter(|process| process.name == name);
        let pids: Vec<String> = of.map(|process| process.pid.to_string()).collect();
        match pids.as_slice() {
            [] if !down(name) => found.push(Finding::critical(
                Id::ProcessMissing,
                format!("The till runs, and its process {name} does not."),
                "It is started again by itself; if it stays away, see the till's log.",
            )),
            [] | [_] => {}
            more => found.push(Finding::critical(
                Id::ProcessTwice,
                format!(
                    "The till has {} processes {name}: {}.",
                    more.len(),
                    more.join(", ")
                ),
                TAKEN_OVER,
            )),
        }
    }
}

/// Processes of a till that are not of this one.
fn strangers(facts: &Facts, ours: &[&Process], found: &mut Vec<Finding>) {
    let state = facts.till.state.to_string_lossy();
    let mut others = Vec::new();
    for process in &facts.processes {
        if ours.iter().any(|one| one.pid == process.pid) {
            continue;
        }
        let below = |argument: &String| {
            let rest = argument.strip_prefix(state.as_ref());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // A till that waits for the lock, or was just started, is not yet anybody's.
        let uses = process.name != "till" && process.arguments.iter().any(below);
        if uses {
            found.push(Finding::critical(
                Id::ProcessStray,
                format!(
                    "The process {} uses this till's folder, and this till did not start it.",
                    named(process)
                ),
                TAKEN_OVER,
            ));
        } else if process.name == "till" {
            others.push(process.pid.to_string());
        }
    }
    if !others.is_empty() {
        found.push(Finding::note(
            Id::AnotherTill,
            format!(
                "Another till runs on this machine: process {}.",
                some_of(&others)
            ),
            "A machine in a shop has one till: find out who started it.",
        ));
    }
}

/// What a process has of its protections, by its own word and by sight.
fn protection(facts: &Facts, process: &Process, said: Option<&Posture>, found: &mut Vec<Finding>) {
    let claimed = |measure| {
        let achieved = said?.measures.iter().find(|one| one.measure == measure)?;
        Some((achieved.reach, achieved.detail.as_str()))
    };
    let (mut lacking, mut details) = (Vec::new(), Vec::new());
    for measure in PROTECTIONS.iter().copied() {
        match (claimed(measure), seen(process, measure)) {
            (Some((Reach::Full, _)), Some(false)) => found.push(Finding::critical(
                Id::ProtectionContradicted,
                format!(
                    "{} says that its protection {measure} is complete, and the kernel says that \
                     it is not.",
                    named(process)
                ),
                TAKEN_OVER,
            )),
            (Some((Reach::Full, _)), _) | (None, Some(true) | None) => {}
            (Some((_, detail)), _) => {
                lacking.push(measure.to_string());
                details.push(detail.to_owned());
            }
            (None, Some(false)) => lacking.push(measure.to_string()),
        }
    }
    if !lacking.is_empty() {
        let production = facts.till.production();
        let why = details
            .first()
            .map(|detail| format!(" {detail}"))
            .unwrap_or_default();
        found.push(Finding::new(
            Id::ProtectionMissing,
            in_shop(production),
            format!("{} lacks {}.{why}", named(process), some_of(&lacking)),
            "See docs/hardening.md for what each protection needs, and its log for each reason.",
        ));
    }
}

/// Signs that somebody is in a process, or could be.
fn intrusion(facts: &Facts, process: &Process, found: &mut Vec<Finding>) {
    let name = named(process);
    if let Some(tracer) = process.tracer.filter(|tracer| *tracer != 0) {
        found.push(Finding::critical(
            Id::DebuggerAttached,
            format!("The process {tracer} debugs {name}: it reads all of its memory."),
            TAKEN_OVER,
        ));
    }
    environment(process, &name, found);
    code(facts, process, &name, found);
    open_files(facts, process, &name, found);
    if let Some(kib) = process
        .swapped_kib
        .filter(|kib| *kib > 0 && process.name == "lane")
    {
        found.push(Finding::warning(
            Id::ProcessSwapped,
            format!("{kib} KiB of {name} were written to swap."),
            "Let it lock its memory (LimitMEMLOCK=infinity), and turn swap off or encrypt it.",
        ));
    }
    if process.replaced == Some(true) {
        found.push(Finding::warning(
            Id::ProgramReplaced,
            format!("The program of {name} was replaced or removed since it began."),
            "Start the till again, if it was you who updated it.",
        ));
    }
    if process.user == Some(0) {
        found.push(Finding::new(
            Id::ProcessIsRoot,
            in_shop(facts.till.production()),
            format!("{name} runs as root."),
            "Run each process of the till under a user of its own.",
        ));
    }
    for socket in process.sockets.iter().flatten() {
        if let Some(at) = &socket.listens {
            found.push(Finding::critical(
                Id::ProcessListens,
                format!("{name} waits for others at {at}; no process of a till does."),
                TAKEN_OVER,
            ));
        }
        let has_network = matches!(socket.family, Family::Internet | Family::Unknown);
        if process.name != "uplink" && has_network {
            found.push(Finding::critical(
                Id::ProcessNetwork,
                format!("{name} has a network socket; of a till's processes only uplink has."),
                TAKEN_OVER,
            ));
        }
    }
}

fn environment(process: &Process, name: &str, found: &mut Vec<Finding>) {
    let variables = process.variables.as_deref().unwrap_or_default();
    let loading = protections::loading(variables);
    if !loading.is_empty() {
        found.push(Finding::critical(
            Id::EnvironmentDirty,
            format!(
                "{name} was started with {}, by which code can be put into it.",
                some_of(&loading)
            ),
            TAKEN_OVER,
        ));
        return;
    }
    let needless = protections::needless(process, variables);
    if !needless.is_empty() {
        found.push(Finding::warning(
            Id::EnvironmentDirty,
            format!(
                "{name} was started with variables it has no use for: {}.",
                some_of(&needless)
            ),
            "Start the till with a clean environment; a variable may hold what a log must not.",
        ));
    }
}

/// Where its code is from.
fn code(facts: &Facts, process: &Process, name: &str, found: &mut Vec<Finding>) {
    let Some(code) = &process.code else {
        return;
    };
    let install = &facts.files.install;
    let foreign = |file: &&Mapped| {
        let system = ["/usr", "/lib", "/lib64"];
        let placed = system.iter().any(|folder| file.path.starts_with(folder))
            || file.path.starts_with(install);
        !placed || (file.open_to_others == Some(true) && !file.path.starts_with(install))
    };
    let foreign: Vec<String> = code
        .files
        .iter()
        .filter(foreign)
        .map(|file| file.path.display().to_string())
        .collect();
    if !foreign.is_empty() {
        found.push(Finding::critical(
            Id::LibraryForeign,
            format!(
                "{name} runs code from where none belongs: {}.",
                some_of(&foreign)
            ),
            TAKEN_OVER,
        ));
    }
    let replaced = |file: &&Mapped| file.gone && Some(&file.path) != process.program.as_ref();
    let replaced: Vec<String> = code
        .files
        .iter()
        .filter(replaced)
        .map(|file| file.path.display().to_string())
        .collect();
    if !replaced.is_empty() {
        found.push(Finding::warning(
            Id::ProgramReplaced,
            format!(
                "{name} runs libraries that were updated or removed: {}.",
                some_of(&replaced)
            ),
            "Start the till again, if the system was updated.",
        ));
    }
    if code.writable + code.nameless > 0 {
        found.push(Finding::warning(
            Id::CodeWritable,
            format!(
                "{name} has code in memory that came from no file ({} pieces) or can be changed \
                 ({}).",
                code.nameless, code.writable
            ),
            "A graphics driver may make code; lane and uplink never do. Start the till again and \
             look again.",
        ));
    }
}

/// Files that it has open and must not.
fn open_files(facts: &Facts, process: &Process, name: &str, found: &mut Vec<Finding>) {
    let state = &facts.till.state;
    let own = match process.name.as_str() {
        "lane" => state.join("lane"),
        "uplink" => state.join("uplink"),
        _ => return,
    };
    let foreign: Vec<String> = process
        .files
        .iter()
        .flatten()
        .filter(|path| path.starts_with(state) && !path.starts_with(&own))
        .map(|path| path.display().to_string())
        .collect();
    if !foreign.is_empty() {
        found.push(Finding::critical(
            Id::FileHeld,
            format!(
                "{name} has a file open that is not its own: {}.",
                some_of(&foreign)
            ),
            TAKEN_OVER,
        ));
    }
}

impl Id {
    /// Whether it says that a process is not as it should be.
    fn is_of_protection(self) -> bool {
        !matches!(self, Self::AnotherTill | Self::ProcessIsRoot)
    }
}
