//! A till that has locked itself down: how its processes come, end and come again; what it says of
//! itself; what it refuses in production.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_tests::built::program;
use serde_json::{Value, json};

use crate::rig::{Reader, Shop, Till};

const ITEM: &str = "2900000011014";

/// What the till has written down; null before it has.
fn status(shop: &Shop) -> Value {
    match fs::read(shop.at("till/status.json")) {
        Ok(text) => serde_json::from_slice(&text).expect("it is written whole or not at all"),
        Err(_) => Value::Null,
    }
}

/// Waits until the till has written down what this looks for.
fn status_until(shop: &Shop, so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let status = status(shop);
        if so(&status) {
            return status;
        }
        assert!(Instant::now() < end, "it never came to that: {status:#}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn pid_of(status: &Value, process: &str) -> Option<u64> {
    let processes = status["processes"].as_array()?;
    let found = processes.iter().find(|p| p["process"] == process)?;
    found["pid"].as_u64()
}

#[test]
fn a_process_that_the_kernel_ends_for_a_forbidden_call_comes_again_and_no_sale_is_lost() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    for name in ["lane", "uplink"] {
        let before = till.child(name).expect("it runs");
        till.scan(ITEM);
        // What seccomp ends a process with.
        assert!(till.signal_child(name, "SYS"), "one {name} runs");
        assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
        let after = status_until(&shop, |status| {
            pid_of(status, name).is_some_and(|pid| pid != u64::from(before))
        });
        assert_eq!(pid_of(&after, name), till.child(name).map(u64::from));
        till.act(json!({ "do": "dismiss" }));
        till.wait_for_cards();
    }
    till.scan(ITEM);
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.summary()["sales"], 3);
    till.close();
}

#[test]
fn no_starter_stays_behind_and_none_outlives_the_till() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    for _ in 0..3 {
        let before = till.child("lane").expect("it runs");
        assert!(till.kill_child("lane"));
        status_until(&shop, |status| {
            pid_of(status, "lane").is_some_and(|pid| pid != u64::from(before))
        });
        till.act(json!({ "do": "dismiss" }));
        till.wait_for_cards();
    }
    let till_pid = u64::from(till.process.pid());
    let end = Instant::now() + Duration::from_secs(30);
    let starter = loop {
        // A starter that has done its work is waited for within a moment.
        match starters(till_pid)[..] {
            [one] => break one,
            _ => assert!(
                Instant::now() < end,
                "one starter waits: {:?}",
                starters(till_pid)
            ),
        }
        thread::sleep(Duration::from_millis(20));
    };
    let (lane, uplink) = (till.child("lane"), till.child("uplink"));
    till.kill();
    for pid in [Some(starter), lane, uplink].into_iter().flatten() {
        let end = Instant::now() + Duration::from_secs(30);
        let gone = || {
            // A zombie is gone: nobody here waits for orphans.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.is_empty()
                || stat
                    .rsplit_once(") ")
                    .is_some_and(|(_, rest)| rest.starts_with('Z'))
        };
        while !gone() {
            assert!(Instant::now() < end, "process {pid} outlives the till");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The starters under that process, zombies too.
fn starters(parent: u64) -> Vec<u32> {
    let children = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let starters = children.filter(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        stat.split_once("(starter) ").is_some_and(|(_, rest)| {
            rest.split_whitespace().nth(1) == Some(parent.to_string().as_str())
        })
    });
    starters
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

#[test]
fn the_till_writes_down_how_it_stands_for_nobody_else_to_read() {
    let mut shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    let status = status_until(&shop, |status| {
        pid_of(status, "lane").is_some() && pid_of(status, "uplink").is_some()
    });
    for name in ["lane", "uplink"] {
        assert_eq!(pid_of(&status, name), till.child(name).map(u64::from));
    }
    assert_eq!(status["pid"], pid_of(&status, "till").expect("its own"));
    assert_eq!(status["production"], false);
    assert_eq!(status["journal"]["integrity"], "ok");
    assert_eq!(status["journal"]["key_source"], "file");
    assert_eq!(status["lane"]["up"], true);
    assert_eq!(status["link"]["state"], "up");
    let mode = fs::metadata(shop.at("till/status.json"))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // The queue, as it fills.
    shop.kill_collector();
    till.scan(ITEM);
    till.act(json!({ "do": "cash_exact" }));
    let total = till.act(json!({ "do": "view" }))["totals"]["total_minor"].clone();
    let status = status_until(&shop, |status| status["queue"]["count"] == 1);
    assert_eq!(status["queue"]["at_risk_minor"], total);
    assert!(status["queue"]["oldest_at_ms"].is_i64());
    till.close();
}

#[test]
fn a_link_in_the_way_of_how_it_stands_is_not_written_through() {
    let shop = Shop::open(&Reader::Virtual);
    let config = fs::read(shop.at("till/till.toml")).expect("the shop's");
    let part = shop.at("till/status.part");
    symlink(shop.at("till/till.toml"), part).expect("a link in a temporary folder");
    let mut till = shop.till();
    till.wait_for_cards();
    status_until(&shop, |status| pid_of(status, "lane").is_some());
    assert_eq!(fs::read(shop.at("till/till.toml")).ok(), Some(config));
    till.close();
}

#[test]
fn the_journals_key_is_in_no_command_line_environment_or_memory_as_text() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    let key = fs::read(shop.at("till/db.key")).expect("the demo's key file");
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let status = status_until(&shop, |status| pid_of(status, "uplink").is_some());
    for name in ["till", "lane", "uplink"] {
        let pid = pid_of(&status, name).expect("it runs");
        for place in ["cmdline", "environ"] {
            let held = fs::read(format!("/proc/{pid}/{place}")).expect("root may read it");
            assert!(
                !holds(&held, &key) && !holds(&held, hex.as_bytes()),
                "{name}'s {place}"
            );
        }
    }
    let pid = pid_of(&status, "till").expect("it runs");
    let memory = memory(pid);
    assert!(
        holds(&memory, b"Test Market"),
        "the search reads the till's memory"
    );
    for form in [hex.as_bytes(), hex.to_uppercase().as_bytes()] {
        assert!(
            !holds(&memory, form),
            "the key is in the till's memory as text"
        );
    }
    till.close();
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}

/// All that the process can write to.
fn memory(pid: u64) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("root may read them");
    let memory = fs::File::open(format!("/proc/{pid}/mem")).expect("root may read it");
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line
            .split_whitespace()
            .next()
            .and_then(|range| range.split_once('-'));
        let (from, to) = range.expect("a range of addresses");
        let address = |text| u64::from_str_radix(text, 16).expect("an address");
        let (from, to) = (address(from), address(to));
        let mut part = vec![0; usize::try_from(to - from).expect("it fits into memory")];
        let read = memory.read_at(&mut part, from).unwrap_or(0);
        all.extend_from_slice(&part[..read]);
    }
    all
}

#[test]
fn lane_and_uplink_come_from_the_systems_sockets_where_there_are_some() {
    let shop = Shop::open(&Reader::Virtual);
    let at = |name: &str| shop.at("till").join(name).display().to_string();
    let config = fs::read_to_string(shop.at("till/till.toml")).expect("the shop's");
    let collector = config
        .lines()
        .find_map(|line| line.strip_prefix("collector = \"")?.strip_suffix('"'))
        .expect("the shop has a collector");
    let lane = vec![
        "--keys".to_owned(),
        at("lane"),
        "--terminal".to_owned(),
        "T0000001".to_owned(),
        "--reader".to_owned(),
        format!("virtual:{}", shop.at("reader.sock").display()),
    ];
    let uplink = vec![
        "--collector".to_owned(),
        collector.to_owned(),
        "--ca".to_owned(),
        at("uplink/ca.pem"),
        "--cert".to_owned(),
        at("uplink/cert.pem"),
        "--key".to_owned(),
        at("uplink/key.pem"),
    ];
    let sockets = [
        serve("lane", lane, &shop.at("lane.sock")),
        serve("uplink", uplink, &shop.at("uplink.sock")),
    ];
    let line = format!(
        "lane_socket = {:?}\nuplink_socket = {:?}\n",
        sockets[0], sockets[1]
    );
    fs::write(shop.at("till/till.toml"), line + &config).expect("the shop's");
    let mut till = shop.till();
    till.wait_for_cards();
    assert_eq!(till.child("starter"), None, "nothing is to be started");
    assert_eq!(till.child("lane"), None, "it is the system's child");
    till.scan(ITEM);
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    // A lane of the system that ends is connected to again.
    let before = pid_of(
        &status_until(&shop, |s| pid_of(s, "lane").is_some()),
        "lane",
    );
    let pid = before.expect("it said its id").to_string();
    assert!(
        Command::new("kill")
            .args(["-KILL", &pid])
            .status()
            .is_ok_and(|s| s.success())
    );
    status_until(&shop, |status| {
        let now = pid_of(status, "lane");
        now.is_some() && now != before
    });
    till.act(json!({ "do": "dismiss" }));
    till.wait_for_cards();
    till.take_card_out();
    till.scan(ITEM);
    assert_eq!(till.pay_by_card("visa-approved")["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.summary()["sales"], 2);
    till.close();
}

/// A program for each connection, which is its standard input, as a systemd socket unit with
/// `Accept=yes` makes them; the socket's path.
fn serve(name: &'static str, arguments: Vec<String>, socket: &Path) -> String {
    let listener = UnixListener::bind(socket).expect("a socket in a temporary folder");
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let child = Command::new(program(name))
                .args(&arguments)
                .stdin(Stdio::from(std::os::fd::OwnedFd::from(connection)))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut child = child.expect("a built program starts");
            thread::spawn(move || child.wait());
        }
    });
    socket.display().to_string()
}

/// Runs a till to its end and gives its exit code and what it said on standard error.
fn refused(shop: &Shop, credentials: Option<&Path>) -> (Option<i32>, String) {
    let config = fs::read_to_string(shop.at("till/till.toml")).expect("the shop's");
    let config = format!(
        "mode = \"production\"\n{}",
        config.replace("mode = \"production\"\n", "")
    );
    fs::write(shop.at("till/till.toml"), config).expect("the shop's");
    let mut command = Command::new(program("till"));
    command.args(["--stdio", "--state"]).arg(shop.at("till"));
    command.env_remove("CREDENTIALS_DIRECTORY");
    if let Some(folder) = credentials {
        command.env("CREDENTIALS_DIRECTORY", folder);
    }
    let mut till = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a built program starts");
    let mut said = String::new();
    if let Some(mut error) = till.stderr.take() {
        error.read_to_string(&mut said).expect("text");
    }
    (till.wait().expect("a child can be waited for").code(), said)
}

#[test]
fn in_production_a_till_without_the_systems_key_says_so_and_does_not_start() {
    let shop = Shop::open(&Reader::Virtual);
    let (code, said) = refused(&shop, None);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("no credential db.key") && said.contains("LoadCredentialEncrypted"),
        "{said}"
    );
    assert!(
        !shop.at("till/db.key").exists(),
        "no key was made beside the data"
    );
    assert!(!shop.at("till/journal.db").exists());
}

#[test]
fn in_production_the_systems_key_opens_the_journal_and_no_file_is_made() {
    let shop = Shop::open(&Reader::Virtual);
    let folder = shop.at("credentials");
    fs::create_dir(&folder).expect("a folder in a temporary folder");
    fs::write(folder.join("db.key"), [0x5A; 32]).expect("a file in it");
    let own = fs::Permissions::from_mode(0o400);
    fs::set_permissions(folder.join("db.key"), own).expect("it is ours");
    // Its standard input is at its end: it starts, and ends well.
    let (code, said) = refused(&shop, Some(&folder));
    assert_eq!(code, Some(0), "{said}");
    assert!(shop.at("till/journal.db").exists() && !shop.at("till/db.key").exists());
}

#[test]
fn in_production_what_a_lane_lacks_is_on_the_screen_and_cash_goes_on() {
    let shop = Shop::open(&Reader::Virtual);
    let folder = shop.at("credentials");
    fs::create_dir(&folder).expect("a folder in a temporary folder");
    fs::write(folder.join("db.key"), [0x5A; 32]).expect("a file in it");
    let own = fs::Permissions::from_mode(0o400);
    fs::set_permissions(folder.join("db.key"), own).expect("it is ours");
    let config = fs::read_to_string(shop.at("till/till.toml")).expect("the shop's");
    let config = format!("mode = \"production\"\n{config}");
    fs::write(shop.at("till/till.toml"), config).expect("the shop's");
    let mut till: Till = shop.till_with_credentials(&folder);
    // The key is not under the retailer's manifest.
    let status = status_until(&shop, |s| s["lane"]["cannot_charge"].is_string());
    assert_eq!(status["production"], true);
    assert_eq!(status["journal"]["key_source"], "credential");
    let view = till.act(json!({ "do": "scan", "code": ITEM }));
    let why = view["card_unavailable"]["text"]
        .as_str()
        .unwrap_or_default();
    assert!(
        why.contains("No card can be charged") || why.contains("lane"),
        "{why}"
    );
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.summary()["sales"], 1);
    till.close();
}
