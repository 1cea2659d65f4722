//! Findings from facts that were made up: a sound till, and one defect at a time.

mod cards;
mod documents;
mod keys;
mod processes;
mod surroundings;

use std::path::{Path, PathBuf};

use sealpoint_wire::{
    Currency, LinkState, Posture, ReaderState,
    posture::{Achieved, Measure, Reach},
    status::{
        JournalStanding, KeySource, LaneStanding, OpenCharges, QueueStanding, STATUS_VERSION,
        TillStanding,
    },
};

use super::{
    super::{
        facts::{
            Facts, Seen, certificate, clock, database, disk, files, keys as key_facts, machine,
            network,
            process::{Code, Family, Mapped, Process, Socket},
            reader::Readers,
            till, updates,
        },
        finding::{Finding, Level},
        ids::Id,
    },
    DAY_MS, all,
};

/// 2026-11-23T12:00:00Z.
const NOW_MS: i64 = 1_795_435_200_000;
const STATE: &str = "/var/lib/sealpoint/till";

/// A fixture: what is wrong with it, how it comes about, and what must be found at which level.
type Defect = (&'static str, fn(&mut Facts), Id, Level);

/// Every fixture.
fn defects() -> impl Iterator<Item = &'static Defect> {
    cards::DEFECTS
        .iter()
        .chain(keys::DEFECTS)
        .chain(processes::DEFECTS)
        .chain(surroundings::DEFECTS)
}

fn with(defect: &Defect) -> Vec<Finding> {
    let mut facts = sound();
    (defect.1)(&mut facts);
    all(&facts)
}

/// A till in production with nothing to say about.
fn sound() -> Facts {
    Facts {
        now_ms: NOW_MS,
        now: "2026-11-23 12:00 UTC".to_owned(),
        today: "2026-11-23".to_owned(),
        root: true,
        till: till::Till {
            state: STATE.into(),
            folder: Seen::There(()),
            config: Seen::There(till::Config {
                mode: Some("production".to_owned()),
                terminal: Some("T0000001".to_owned()),
                mark: String::new(),
                reader: "pcsc".to_owned(),
                collector: Some("https://collector:8443".to_owned()),
            }),
            config_path: Path::new(STATE).join("till.toml"),
            config_named: false,
            holder: Seen::There(Some(100)),
            said: Seen::There(Box::new(said())),
        },
        processes: vec![
            process("till", 100),
            process("lane", 101),
            process("uplink", 102),
        ],
        keys: key_facts::Keys {
            folder: Path::new(STATE).join("lane"),
            root: Seen::There("ABCD EF01".to_owned()),
            manifest: Seen::There(key_facts::Signed {
                version: 3,
                in_use: vec![key_facts::InUse {
                    id: "acq-2026".to_owned(),
                    kind: "dukpt_aes128",
                    until: "2027-06-30".to_owned(),
                    next: None,
                }],
                none: vec![],
            }),
            store: Seen::There(key_facts::Stored {
                manifest_version: 3,
                ids: vec!["acq-2026".to_owned()],
                dukpt: vec![key_facts::Dukpt {
                    id: "acq-2026".to_owned(),
                    counter: 17,
                    remaining: 2_000_000_000,
                    is_low: false,
                }],
            }),
            store_mode: Seen::There(0o600),
            ..key_facts::Keys::default()
        },
        reader: Readers::Service {
            socket: true,
            names: Ok(vec!["ACME Reader [Contact] 00 00".to_owned()]),
        },
        database: database::Database {
            size: Seen::There(1 << 20),
            key_file: false,
            looked: None,
        },
        certificate: certificate::Certificates {
            own: Seen::There(certificate::Certificate {
                names: vec!["T0000001".to_owned()],
                from_ms: NOW_MS - 100 * DAY_MS,
                until_ms: NOW_MS + 200 * DAY_MS,
            }),
            ca: Seen::There(certificate::Certificate {
                names: vec!["Retailer".to_owned()],
                from_ms: NOW_MS - 100 * DAY_MS,
                until_ms: NOW_MS + 2_000 * DAY_MS,
            }),
            signed: Some(true),
            key_mode: Seen::There(0o600),
        },
        clock: clock::Clock {
            newest_file_ms: Some(NOW_MS - 1_000),
            synchronised: true,
            timekeeper: Some("systemd-timesyn".to_owned()),
            zone: true,
        },
        disk: disk::Disk {
            room: Some(disk::Room {
                free: 10 << 30,
                size: 60 << 30,
                free_files: 1_000_000,
                files: 2_000_000,
            }),
            mount: Some(disk::Mount {
                at: "/var/lib/sealpoint".into(),
                kind: "ext4".to_owned(),
                source: "/dev/mapper/till".to_owned(),
                options: ["rw", "nosuid", "nodev", "noexec"]
                    .map(str::to_owned)
                    .to_vec(),
            }),
            encrypted: Some(true),
            swap: Seen::There(vec![]),
        },
        files: files::Files {
            install: "/opt/sealpoint/bin".into(),
            looked_at: 12,
            ..files::Files::default()
        },
        network: network::Network::default(),
        machine: machine::Machine {
            secure_boot: Some(true),
            uefi: true,
            tpm: Some("2".to_owned()),
            kernel: "6.18.0".to_owned(),
            modules: Some(vec!["landlock".to_owned(), "yama".to_owned()]),
            settings: vec![
                ("kernel/yama/ptrace_scope", 2),
                ("fs/suid_dumpable", 0),
                ("kernel/sysrq", 0),
                ("kernel/unprivileged_bpf_disabled", 2),
                ("kernel/kptr_restrict", 1),
                ("kernel/dmesg_restrict", 1),
                ("kernel/perf_event_paranoid", 2),
            ],
            core_pattern: Some("core".to_owned()),
            lockdown: Some("integrity".to_owned()),
            wipes_freed: Some(true),
            usb_open: Some(false),
        },
        updates: updates::Updates {
            system: Some("Till OS 7".to_owned()),
            image: None,
            reboot_needed: false,
            updated_ms: Some(NOW_MS - 3 * DAY_MS),
        },
    }
}

fn said() -> TillStanding {
    TillStanding {
        version: STATUS_VERSION,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        written_at_ms: NOW_MS - 20_000,
        pid: 100,
        terminal: "T0000001".parse().expect("a terminal id"),
        production: true,
        processes: vec![
            posture("till", 100),
            posture("lane", 101),
            posture("uplink", 102),
        ],
        lane: LaneStanding {
            up: true,
            ..LaneStanding::default()
        },
        reader: ReaderState::Ready {
            name: "ACME Reader [Contact] 00 00".to_owned(),
        },
        link: LinkState::Up,
        queue: QueueStanding {
            count: 2,
            held: 0,
            at_risk_minor: 1_999,
            currency: Currency::Eur,
            oldest_at_ms: Some(NOW_MS - 60_000),
            card_limit: 10_000,
        },
        reversals_due: 0,
        advices_due: 0,
        work_items: 0,
        open_charges: Some(OpenCharges::default()),
        at_rest_since_ms: None,
        ended: false,
        journal: JournalStanding {
            integrity: "ok".to_owned(),
            checked_at_ms: NOW_MS - 3_600_000,
            key_source: KeySource::Credential,
            schema: 2,
        },
    }
}

fn posture(name: &str, pid: u32) -> Posture {
    let full = |measure: &Measure| Achieved {
        measure: *measure,
        reach: Reach::Full,
        detail: "Done.".to_owned(),
    };
    Posture {
        process: name.to_owned(),
        pid,
        production: true,
        measures: Measure::ALL.iter().map(full).collect(),
    }
}

/// A process with everything that it should have.
fn process(name: &str, pid: u32) -> Process {
    let program = PathBuf::from(format!("/opt/sealpoint/bin/{name}"));
    let own = Mapped {
        path: program.clone(),
        gone: false,
        open_to_others: Some(false),
    };
    let unix = Socket {
        family: Family::Unix,
        listens: None,
    };
    Process {
        name: name.to_owned(),
        pid,
        parent: if name == "till" { 1 } else { 100 },
        program: Some(program),
        replaced: Some(false),
        arguments: vec![name.to_owned()],
        user: Some(990),
        no_new_privileges: Some(true),
        seccomp: Some(2),
        capabilities: Some(0),
        umask: Some(0o077),
        locked_kib: Some(4_096),
        swapped_kib: Some(0),
        tracer: Some(0),
        core_limit_zero: Some(true),
        dump_filter_empty: Some(true),
        dumpable: Some(false),
        variables: Some(vec!["SEALPOINT_LOG".to_owned()]),
        sockets: Some(vec![unix]),
        files: Some(vec![]),
        code: Some(Code {
            files: vec![own],
            ..Code::default()
        }),
    }
}

/// What the till said, to be changed.
fn word(facts: &mut Facts) -> &mut TillStanding {
    match &mut facts.till.said {
        Seen::There(said) => said,
        _ => panic!("the fixture has it"),
    }
}

/// The configuration, to be changed.
fn config(facts: &mut Facts) -> &mut till::Config {
    match &mut facts.till.config {
        Seen::There(config) => config,
        _ => panic!("the fixture has it"),
    }
}

#[test]
fn a_sound_till_is_healthy_and_has_nothing_to_do() {
    for finding in all(&sound()) {
        assert_eq!(
            (finding.level, finding.remedy.as_str()),
            (Level::Ok, ""),
            "{}: {}",
            finding.id.word(),
            finding.what
        );
    }
}

#[test]
fn each_defect_is_found_at_its_level_with_something_to_do() {
    let mut missed = Vec::new();
    for defect in defects() {
        let (name, _, id, level) = defect;
        let findings = with(defect);
        let found = findings.iter().find(|f| f.id == *id && f.level == *level);
        let told = found.is_some_and(|found| {
            !found.what.is_empty() && found.remedy.is_empty() == (*level == Level::Ok)
        });
        if !told {
            missed.push(format!("{name}: no {} {}", level.word(), id.word()));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn no_defect_is_answered_by_more_than_it_is() {
    for defect in defects().filter(|defect| defect.3 < Level::Warning) {
        let mut findings = with(defect);
        // What the fixture had to do to come about.
        findings.retain(|finding| finding.id != Id::TillStopped);
        let worst = findings.first().map(|worst| worst.level);
        assert!(worst <= Some(Level::Note), "{}: {worst:?}", defect.0);
    }
}

#[test]
fn every_kind_of_finding_is_provoked_by_some_fixture() {
    let mut provoked: Vec<Id> = all(&sound()).iter().map(|finding| finding.id).collect();
    provoked.extend(defects().flat_map(with).map(|finding| finding.id));
    let missing: Vec<_> = Id::ALL
        .iter()
        .filter(|id| !provoked.contains(id))
        .map(|id| id.word())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_worst_stands_first() {
    for defect in defects() {
        let levels: Vec<_> = with(defect).iter().map(|finding| finding.level).collect();
        assert!(levels.is_sorted_by(|a, b| a >= b), "{}", defect.0);
    }
}

#[test]
fn no_control_character_of_a_name_reaches_the_page() {
    let mut facts = sound();
    facts.files.open = vec![(Path::new(STATE).join("a\u{1b}[2Jb\nc"), 0o644)];
    let findings = all(&facts);
    assert!(findings.iter().any(|finding| finding.id == Id::FileOpen));
    for finding in findings {
        assert!(
            !finding.what.chars().any(char::is_control),
            "{}",
            finding.what
        );
    }
}
