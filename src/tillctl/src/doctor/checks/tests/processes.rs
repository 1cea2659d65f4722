//! Defects of processes, sockets and code.

use sealpoint_wire::posture::Reach;

use super::{
    super::super::{
        facts::{
            Facts,
            network::Listener,
            process::{Family, Mapped, Process, Socket},
        },
        finding::Level::{self, Critical, Note, Warning},
        ids::Id,
    },
    Defect, STATE, all, process, sound, word,
};

fn lane(facts: &mut Facts) -> &mut Process {
    &mut facts.processes[1]
}

fn socket(family: Family, listens: Option<&str>) -> Socket {
    Socket {
        family,
        listens: listens.map(str::to_owned),
    }
}

fn load(process: &mut Process, path: &str, gone: bool, open: bool) {
    let code = process.code.as_mut().expect("the fixture has it");
    code.files.push(Mapped {
        path: path.into(),
        gone,
        open_to_others: Some(open),
    });
}

fn stray() -> Process {
    let mut stray = process("lane", 666);
    stray.parent = 1;
    stray.arguments = vec![
        "lane".to_owned(),
        "--keys".to_owned(),
        format!("{STATE}/lane"),
    ];
    stray
}

pub const DEFECTS: &[Defect] = &[
    (
        "a lane that was killed",
        |f| drop(f.processes.remove(1)),
        Id::ProcessMissing,
        Critical,
    ),
    (
        "an uplink that was killed",
        |f| drop(f.processes.remove(2)),
        Id::ProcessMissing,
        Critical,
    ),
    (
        "two lanes",
        |f| f.processes.push(process("lane", 103)),
        Id::ProcessTwice,
        Critical,
    ),
    (
        "a lane that somebody else started",
        |f| f.processes.push(stray()),
        Id::ProcessStray,
        Critical,
    ),
    (
        "another till on the machine",
        |f| f.processes.push(process("till", 500)),
        Id::AnotherTill,
        Note,
    ),
    (
        "a lane that says what it lacks",
        |f| {
            lane(f).seccomp = Some(0);
            word(f).processes[1].measures[10].reach = Reach::Nothing;
        },
        Id::ProtectionMissing,
        Critical,
    ),
    (
        "a demo lane that says what it lacks",
        |f| {
            lane(f).seccomp = Some(0);
            word(f).processes[1].measures[10].reach = Reach::Part;
            word(f).production = false;
        },
        Id::ProtectionMissing,
        Warning,
    ),
    (
        "a lane that says nothing and lacks something",
        |f| {
            drop(word(f).processes.remove(1));
            lane(f).capabilities = Some(1);
        },
        Id::ProtectionMissing,
        Critical,
    ),
    (
        "a debugger",
        |f| lane(f).tracer = Some(7),
        Id::DebuggerAttached,
        Critical,
    ),
    (
        "a preloaded library by the environment",
        |f| lane(f).variables = Some(vec!["LD_PRELOAD".to_owned()]),
        Id::EnvironmentDirty,
        Critical,
    ),
    (
        "a password in the environment",
        |f| lane(f).variables = Some(vec!["DB_PASSWORD".to_owned()]),
        Id::EnvironmentDirty,
        Warning,
    ),
    (
        "a preloaded library for everybody",
        |f| f.files.preload = Some("/etc/ld.so.preload".into()),
        Id::PreloadSet,
        Critical,
    ),
    (
        "a library from a temporary folder",
        |f| load(lane(f), "/tmp/skim.so", false, false),
        Id::LibraryForeign,
        Critical,
    ),
    (
        "a library that vanished after loading",
        |f| load(lane(f), "/dev/shm/skim.so", true, false),
        Id::LibraryForeign,
        Critical,
    ),
    (
        "a system library that everybody may change",
        |f| load(lane(f), "/usr/lib/libc.so", false, true),
        Id::LibraryForeign,
        Critical,
    ),
    (
        "a system library that was updated",
        |f| load(lane(f), "/usr/lib/libc.so", true, false),
        Id::ProgramReplaced,
        Warning,
    ),
    (
        "a program that was updated",
        |f| lane(f).replaced = Some(true),
        Id::ProgramReplaced,
        Warning,
    ),
    (
        "code that can be changed",
        |f| lane(f).code.as_mut().expect("code").writable = 1,
        Id::CodeWritable,
        Warning,
    ),
    (
        "code from nowhere",
        |f| lane(f).code.as_mut().expect("code").nameless = 1,
        Id::CodeWritable,
        Warning,
    ),
    (
        "a lane with the database open",
        |f| lane(f).files = Some(vec![format!("{STATE}/journal.db").into()]),
        Id::FileHeld,
        Critical,
    ),
    (
        "an uplink with the keys open",
        |f| f.processes[2].files = Some(vec![format!("{STATE}/lane/keys.store").into()]),
        Id::FileHeld,
        Critical,
    ),
    (
        "a lane in swap",
        |f| lane(f).swapped_kib = Some(8),
        Id::ProcessSwapped,
        Warning,
    ),
    (
        "a lane of root's",
        |f| lane(f).user = Some(0),
        Id::ProcessIsRoot,
        Critical,
    ),
    (
        "a lane that listens",
        |f| lane(f).sockets = Some(vec![socket(Family::Unix, Some("/run/x"))]),
        Id::ProcessListens,
        Critical,
    ),
    (
        "an uplink that listens",
        |f| f.processes[2].sockets = Some(vec![socket(Family::Internet, Some("tcp 0.0.0.0:1"))]),
        Id::ProcessListens,
        Critical,
    ),
    (
        "a lane with a network",
        |f| lane(f).sockets = Some(vec![socket(Family::Internet, None)]),
        Id::ProcessNetwork,
        Critical,
    ),
    (
        "a till with a network that was not used yet",
        |f| f.processes[0].sockets = Some(vec![socket(Family::Unknown, None)]),
        Id::ProcessNetwork,
        Critical,
    ),
    (
        "a program that listens beside the till",
        |f| {
            f.network.listeners.push(Listener {
                at: "tcp 0.0.0.0:22".to_owned(),
                owner: Some(("sshd".to_owned(), 9)),
            })
        },
        Id::OtherListener,
        Note,
    ),
];

/// Takes a protection from a process.
type Take = fn(&mut Process);

/// Each claim of a process is held against what the kernel says, one protection at a time.
#[test]
fn a_claim_that_the_kernel_denies_is_found_for_each_protection_that_can_be_seen() {
    let takes: [(&str, Take); 9] = [
        ("environment", |p| {
            p.variables = Some(vec!["LD_AUDIT".to_owned()])
        }),
        ("umask", |p| p.umask = Some(0o022)),
        ("core_dumps", |p| p.core_limit_zero = Some(false)),
        ("not_dumpable", |p| p.dumpable = Some(true)),
        ("no_new_privileges", |p| p.no_new_privileges = Some(false)),
        ("capabilities", |p| p.capabilities = Some(1 << 21)),
        ("memory_locked", |p| p.locked_kib = Some(0)),
        ("network", |p| {
            p.sockets = Some(vec![socket(Family::Internet, None)])
        }),
        ("system_calls", |p| p.seccomp = Some(1)),
    ];
    for (measure, take) in takes {
        let mut facts = sound();
        take(lane(&mut facts));
        let findings = all(&facts);
        let found = findings
            .iter()
            .find(|f| f.id == Id::ProtectionContradicted)
            .unwrap_or_else(|| panic!("{measure} is not missed"));
        assert_eq!(found.level, Level::Critical);
        assert!(
            found.what.contains(measure) && found.what.contains("lane 101"),
            "{}",
            found.what
        );
        let well = findings.iter().any(|f| f.id == Id::ProcessesProtected);
        assert!(!well, "{measure}: and all is well?");
    }
}

#[test]
fn what_cannot_be_seen_is_no_contradiction() {
    let mut facts = sound();
    for process in &mut facts.processes {
        *process = Process {
            name: process.name.clone(),
            pid: process.pid,
            parent: process.parent,
            ..Process::default()
        };
    }
    let findings = all(&facts);
    assert!(
        findings.iter().all(|f| f.level == Level::Ok),
        "{findings:?}"
    );
}

/// In a shop the system starts the processes: they are no children of the till, but named by it.
#[test]
fn a_process_that_the_system_started_is_known_by_the_tills_word() {
    let mut facts = sound();
    lane(&mut facts).parent = 1;
    lane(&mut facts).arguments = stray().arguments;
    let ids: Vec<_> = all(&facts).iter().map(|f| f.id).collect();
    assert!(
        !ids.contains(&Id::ProcessStray) && !ids.contains(&Id::ProcessMissing),
        "{ids:?}"
    );
}

/// A till's word about another process than a lane or uplink makes none its own.
#[test]
fn a_process_of_another_name_is_not_taken_for_the_lane() {
    let mut facts = sound();
    lane(&mut facts).parent = 1;
    lane(&mut facts).pid = 777;
    let ids: Vec<_> = all(&facts).iter().map(|f| f.id).collect();
    assert!(ids.contains(&Id::ProcessMissing), "{ids:?}");
}
