//! Programs that draw keys and are killed, or draw at once: every serial number comes out once.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write, stdout},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{NOW_S, id, loaded, open};

/// Folder and key set of a program that draws, and the second at which it begins.
const FOLDER: &str = "SEALPOINT_TEST_DRAW_FOLDER";
const KEY: &str = "SEALPOINT_TEST_DRAW_KEY";
const FROM: &str = "SEALPOINT_TEST_DRAW_FROM";
/// How many keys it draws, if it is not killed before.
const COUNT: &str = "SEALPOINT_TEST_DRAW_COUNT";
/// What stands before each serial number, so that the test program's own lines are told apart.
const MARK: &str = "ksn ";
/// Kills for each key set; the environment may ask for more.
const KILLS: u64 = 60;
const KILLS_WANTED: &str = "SEALPOINT_KILLS";

/// A program that draws keys until it is killed, and says each serial number once it has it.
#[test]
#[ignore = "draws keys in a process of its own, started by the tests below"]
fn draws_until_it_is_killed() {
    let (Some(folder), Ok(key)) = (env::var_os(FOLDER), env::var(KEY)) else {
        return;
    };
    let from: u64 = env::var(FROM)
        .ok()
        .and_then(|from| from.parse().ok())
        .expect("a second");
    let mut store = open(Path::new(&folder));
    let count = env::var(COUNT).ok().and_then(|count| count.parse().ok());
    for n in 0..count.unwrap_or(10_000) {
        let key = store.next_key(&id(&key), from + n).expect("a key");
        let ksn = data_encoding::HEXUPPER.encode(key.ksn());
        let line = format!("{MARK}{ksn}\n");
        stdout().write_all(line.as_bytes()).expect("said");
        stdout().flush().expect("said");
    }
}

fn start(folder: &Path, key: &str, from: u64) -> Child {
    Command::new(env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("store::tests::kills::draws_until_it_is_killed")
        .env(FOLDER, folder)
        .env(KEY, key)
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Reads serial numbers until there are `wanted`, kills the program, and reads what it said before.
fn until_killed(mut child: Child, wanted: usize) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut said = Vec::new();
    let mut killed = false;
    while let Some(Ok(line)) = lines.next() {
        // The last line of a killed program may be cut off; it is whole or no serial number.
        if let Some((_, ksn)) = line.split_once(MARK) {
            said.push(ksn.to_owned());
        }
        if said.len() >= wanted && !killed {
            child.kill().expect("killed");
            killed = true;
        }
    }
    child.wait().expect("it ended");
    said
}

fn kills() -> u64 {
    env::var(KILLS_WANTED)
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(KILLS)
}

fn no_serial_number_comes_twice(key: &str) {
    let (folder, store) = loaded();
    drop(store);
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for kill in 0..kills() {
        // A kill falls on any moment: the program goes on while its line is read here.
        let child = start(folder.path(), key, NOW_S + kill * 100_000);
        let wanted = usize::try_from(kill % 5).expect("below five") + 1;
        for ksn in until_killed(child, wanted) {
            count += 1;
            assert!(
                seen.insert(ksn.clone()),
                "{ksn} came twice, in round {kill}"
            );
        }
    }
    assert!(count >= kills(), "{count} keys");
    assert_eq!(seen.len() as u64, count);
}

/// What the plug test asks of a disk, asked of the real one: nothing is said of a key before bytes and
/// name were made durable.
#[test]
fn a_serial_number_is_said_only_after_file_and_folder_were_synced() {
    let (folder, store) = loaded();
    drop(store);
    let trace = folder.path().join("trace");
    let strace = Command::new("strace")
        .args([
            "-f",
            "-s",
            "8",
            "-e",
            "trace=fsync,rename,renameat,renameat2,write",
            "-o",
        ])
        .arg(&trace)
        .arg(env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("store::tests::kills::draws_until_it_is_killed")
        .env(FOLDER, folder.path())
        .env(KEY, "tdes")
        .env(FROM, NOW_S.to_string())
        .env(COUNT, "3")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    strace.expect("strace is there: `cargo xtask test` installs it");
    let calls: Vec<String> = std::fs::read_to_string(&trace)
        .expect("a trace")
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(|call| call.split('(').next().unwrap_or_default().to_owned())
        .collect();
    let said: Vec<usize> = (0..calls.len())
        .filter(|at| calls[*at] == "write")
        .collect();
    let draws = calls
        .iter()
        .filter(|call| call.starts_with("rename"))
        .count();
    assert_eq!(draws, 3, "{calls:?}");
    for (at, call) in calls.iter().enumerate() {
        if call.starts_with("rename") {
            let from = said
                .iter()
                .rev()
                .find(|said| **said < at)
                .expect("the file was written");
            let to = said
                .iter()
                .find(|said| **said > at)
                .copied()
                .unwrap_or(calls.len());
            let synced = |range: &[String]| range.iter().any(|call| call == "fsync");
            assert!(
                synced(&calls[*from..at]),
                "the file, before it has the name: {calls:?}"
            );
            assert!(
                synced(&calls[at..to]),
                "the name, before anything else: {calls:?}"
            );
        }
    }
}

#[test]
fn an_aes_program_that_is_killed_at_any_moment_never_repeats_a_serial_number() {
    no_serial_number_comes_twice("aes");
}

#[test]
fn a_tdes_program_that_is_killed_at_any_moment_never_repeats_a_serial_number() {
    no_serial_number_comes_twice("tdes");
}

#[test]
fn two_programs_that_draw_at_once_never_draw_the_same() {
    let (folder, store) = loaded();
    drop(store);
    let folder: &TempDir = &folder;
    let programs = [0, 1].map(|_| start(folder.path(), "tdes", NOW_S));
    let [one, other] = programs.map(|child| std::thread::spawn(move || until_killed(child, 200)));
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for said in [one, other] {
        for ksn in said.join().expect("read") {
            count += 1;
            seen.insert(ksn);
        }
    }
    assert!(count >= 400, "{count}");
    assert_eq!(seen.len(), count, "drawn twice");
}
