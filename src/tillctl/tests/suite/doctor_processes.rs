//! `tillctl doctor` beside real processes that are not as they say. This test holds the till's lock,
//! so it stands for the till; its children are copies of this program under the names of a till's.

use std::{
    env,
    fs::{self, File, Permissions},
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use sealpoint_wire::{
    Currency, LinkState, Posture, ReaderState,
    posture::{Achieved, Measure, Reach},
    status::{
        JournalStanding, KeySource, LaneStanding, OpenCharges, QueueStanding, STATUS_FILE,
        STATUS_VERSION, TillStanding,
    },
};
use tempfile::TempDir;

use crate::{
    bench::folder,
    doctor::{doctor, level, what},
};

/// What a child does; no child without it.
const ROLE: &str = "SEALPOINT_TEST_ROLE";
/// The state folder, for a child.
const STATE: &str = "SEALPOINT_TEST_STATE";

/// The child's side: does one thing that no lane does, says so, and waits for its end.
#[test]
fn child() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let state = PathBuf::from(env::var(STATE).expect("the parent says it"));
    let held: Box<dyn Send> = match role.as_str() {
        "listens" => Box::new(TcpListener::bind("127.0.0.1:0").expect("a port")),
        "listens within" => Box::new(UnixListener::bind(state.join("lane/s")).expect("a socket")),
        "holds the database" => Box::new(File::open(state.join("journal.db")).expect("a file")),
        _ => Box::new(()),
    };
    println!("\nready");
    let _end = std::io::stdin().read(&mut [0]);
    drop(held);
}

/// A state folder whose lock this process holds.
struct Shop {
    state: TempDir,
    programs: TempDir,
    children: Vec<Child>,
    _lock: File,
}

impl Shop {
    fn open() -> Self {
        let state = folder();
        for name in ["lane", "uplink", "receipts"] {
            let path = state.path().join(name);
            fs::create_dir(&path).expect("a folder");
            fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("a mode");
        }
        fs::set_permissions(state.path(), Permissions::from_mode(0o700)).expect("a mode");
        fs::write(state.path().join("journal.db"), vec![0; 4096]).expect("a file");
        let lock = File::create(state.path().join("till.lock")).expect("a file");
        lock.try_lock().expect("nobody else has it");
        Self {
            state,
            programs: folder(),
            children: Vec::new(),
            _lock: lock,
        }
    }

    fn path(&self) -> &Path {
        self.state.path()
    }

    /// A command that runs this program under that name and in that role.
    fn command(&self, name: &str, role: &str) -> Command {
        let program = self.programs.path().join(name);
        if !program.exists() {
            let own = env::current_exe().expect("this program");
            fs::copy(own, &program).expect("a copy");
        }
        let mut command = Command::new(program);
        command
            .args(["--exact", "doctor_processes::child", "--nocapture"])
            .env_clear()
            .env(ROLE, role)
            .env(STATE, self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// Starts a child and waits until it does what it does; its process id.
    fn start(&mut self, mut command: Command) -> u32 {
        let mut child = command.spawn().expect("it runs");
        ready(&mut child);
        let pid = child.id();
        self.children.push(child);
        pid
    }

    /// Writes down that the till is this process, and that these have every protection.
    fn claim(&self, processes: &[(&str, u32)]) {
        let full = |measure: &Measure| Achieved {
            measure: *measure,
            reach: Reach::Full,
            detail: "Done.".to_owned(),
        };
        let posture = |(name, pid): &(&str, u32)| Posture {
            process: (*name).to_owned(),
            pid: *pid,
            production: true,
            measures: Measure::ALL.iter().map(full).collect(),
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock");
        let now_ms = i64::try_from(now.as_millis()).expect("a time");
        let said = TillStanding {
            version: STATUS_VERSION,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            written_at_ms: now_ms,
            pid: std::process::id(),
            terminal: "T0000001".parse().expect("a terminal id"),
            production: true,
            processes: processes.iter().map(posture).collect(),
            lane: LaneStanding {
                up: true,
                ..LaneStanding::default()
            },
            reader: ReaderState::Ready {
                name: "Reader".to_owned(),
            },
            link: LinkState::Up,
            queue: QueueStanding {
                count: 0,
                held: 0,
                at_risk_minor: 0,
                currency: Currency::Eur,
                oldest_at_ms: None,
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
                checked_at_ms: now_ms,
                key_source: KeySource::Credential,
                schema: 2,
            },
        };
        let text = serde_json::to_vec(&said).expect("JSON");
        fs::write(self.path().join(STATUS_FILE), text).expect("a file");
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _killed = child.kill();
            let _ended = child.wait();
        }
    }
}

fn ready(child: &mut Child) {
    let said = child.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(said).lines();
    let ready = lines.any(|line| line.is_ok_and(|line| line == "ready"));
    assert!(ready, "the child ended before it was ready");
}

#[test]
fn a_lane_that_claims_every_protection_and_has_none_is_found_out() {
    let mut shop = Shop::open();
    let lane = shop.start(shop.command("lane", "waits"));
    shop.claim(&[("lane", lane)]);
    let ran = doctor(shop.path());
    let report = ran.json();
    assert_eq!(ran.code, 61);
    assert_eq!(
        level(&report, "till_running").as_deref(),
        Some("ok"),
        "{report}"
    );
    let denied: Vec<&str> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["id"] == "protection_contradicted")
        .filter_map(|finding| finding["what"].as_str())
        .collect();
    for measure in ["no_new_privileges", "system_calls", "memory_locked"] {
        assert!(
            denied.iter().any(|what| what.contains(measure)),
            "{measure}: {denied:?}"
        );
    }
    assert!(
        denied
            .iter()
            .all(|what| what.contains(&format!("lane {lane}")))
    );
    let seen = &report["processes"][0]["protections"]["system_calls"];
    assert_eq!(
        (&seen["said"], &seen["seen"]),
        (&"full".into(), &false.into())
    );
    assert_eq!(
        level(&report, "process_missing").as_deref(),
        Some("critical"),
        "no uplink"
    );
    assert_eq!(level(&report, "processes_protected"), None);
}

#[test]
fn a_lane_that_listens_is_found_with_its_address() {
    for role in ["listens", "listens within"] {
        let mut shop = Shop::open();
        shop.start(shop.command("lane", role));
        let report = doctor(shop.path()).json();
        assert_eq!(
            level(&report, "process_listens").as_deref(),
            Some("critical"),
            "{role}"
        );
        let network = level(&report, "process_network");
        assert_eq!(network.is_some(), role == "listens", "{role}");
        let at = if role == "listens" {
            "tcp 127.0.0.1:"
        } else {
            "lane/s"
        };
        assert!(what(&report, "process_listens").contains(at), "{report}");
    }
}

#[test]
fn a_lane_with_the_tills_database_open_is_found() {
    let mut shop = Shop::open();
    shop.start(shop.command("lane", "holds the database"));
    let report = doctor(shop.path()).json();
    assert_eq!(
        level(&report, "file_held").as_deref(),
        Some("critical"),
        "{report}"
    );
    assert!(what(&report, "file_held").contains("journal.db"));
}

#[test]
fn a_program_from_elsewhere_and_a_loading_variable_are_found() {
    let mut shop = Shop::open();
    let mut command = shop.command("lane", "waits");
    command
        .env("LD_BIND_NOW", "1")
        .env("DB_PASSWORD", "hunter2");
    shop.start(command);
    let ran = doctor(shop.path());
    let report = ran.json();
    assert_eq!(
        level(&report, "environment_dirty").as_deref(),
        Some("critical"),
        "{report}"
    );
    assert!(what(&report, "environment_dirty").contains("LD_BIND_NOW"));
    assert!(!ran.out.contains("hunter2"), "a value was shown");
    assert_eq!(
        level(&report, "library_foreign").as_deref(),
        Some("critical"),
        "{report}"
    );
}

#[test]
fn two_lanes_are_found() {
    let mut shop = Shop::open();
    shop.start(shop.command("lane", "waits"));
    shop.start(shop.command("lane", "waits"));
    let report = doctor(shop.path()).json();
    assert_eq!(
        level(&report, "process_twice").as_deref(),
        Some("critical"),
        "{report}"
    );
    assert_eq!(level(&report, "process_stray"), None);
}

/// A lane of somebody else's that reads this till's keys: the lock is another's, so it is no child
/// of the till.
#[test]
fn a_lane_that_the_till_did_not_start_is_found() {
    let mut shop = Shop::open();
    let mut command = shop.command("lane", "waits");
    command.arg(shop.path().join("lane"));
    let lane = shop.start(command);
    let lock = Shop::open();
    fs::rename(lock.path().join("till.lock"), shop.path().join("till.lock")).expect("renamed");
    drop(lock);
    let report = doctor(shop.path()).json();
    assert_eq!(
        level(&report, "process_stray").as_deref(),
        Some("critical"),
        "{report}"
    );
    assert!(what(&report, "process_stray").contains(&format!("lane {lane}")));
}

#[test]
fn a_program_that_was_replaced_while_it_runs_is_found() {
    let mut shop = Shop::open();
    shop.start(shop.command("uplink", "waits"));
    assert_eq!(level(&doctor(shop.path()).json(), "program_replaced"), None);
    fs::remove_file(shop.programs.path().join("uplink")).expect("removed");
    let report = doctor(shop.path()).json();
    assert_eq!(
        level(&report, "program_replaced").as_deref(),
        Some("warning"),
        "{report}"
    );
}
