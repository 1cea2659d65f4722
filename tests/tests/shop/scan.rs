//! Two searches of memory: the one that IT has, `tillctl doctor --scan-for-test-cards`, and one of the
//! tests' own that shares nothing with it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use sealpoint_tests::built::program;
use sealpoint_tests::child::Running;
use serde_json::Value;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;
/// Exit codes of a scan.
pub const NOTHING: i32 = 0;

/// `tillctl` at work on the memory of some processes, until they end.
pub struct Scanner(Running);

impl Scanner {
    /// Searches these processes again and again.
    pub fn watch(processes: &[u32]) -> Self {
        let mut command = scan();
        command.args(["--memory-only", "--for", "86400"]);
        for process in processes {
            command.args(["--pid", &process.to_string()]);
        }
        Self(Running::spawn(command.stdout(Stdio::piped())))
    }

    /// What it found, once the processes have ended.
    pub fn report(mut self) -> Value {
        let out = self.0.0.stdout.take().expect("standard output is piped");
        let report = serde_json::from_reader(out).expect("the report is JSON");
        self.0.0.wait().expect("our child");
        report
    }
}

/// A scan of the files of a till that does not run, and of these logs; the exit code and the report.
pub fn files(state: &Path, logs: &[&Path]) -> (i32, Value) {
    files_with(state, logs, None)
}

/// The same where the journal's key is no file beside it but this one.
pub fn files_with(state: &Path, logs: &[&Path], key: Option<&Path>) -> (i32, Value) {
    let mut command = scan();
    command.arg("--no-memory").arg("--state").arg(state);
    for log in logs {
        command.arg("--log").arg(log);
    }
    if let Some(key) = key {
        command.arg("--journal-key").arg(key);
    }
    let output = command.output().expect("tillctl runs");
    let report = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    (output.status.code().expect("it ends by itself"), report)
}

fn scan() -> Command {
    let mut command = Command::new(program("tillctl"));
    command.args(["doctor", "--scan-for-test-cards", "--json", "--no-swap"]);
    command
}

/// A card number as text and packed, whole bytes and shifted by half a byte. The packed one stands in
/// tag 5A and in track 2.
pub fn forms(pan: &str) -> Vec<Vec<u8>> {
    let packed = |digits: &str| -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
        (0..digits.len() - 1).step_by(2).map(byte).collect()
    };
    vec![
        pan.as_bytes().to_vec(),
        packed(pan),
        packed(&pan[1..pan.len() - 1]),
    ]
}

/// How often any of these stand in the memory that a process can write, and where first.
pub fn count(process: u32, wanted: &[Vec<u8>]) -> (usize, String) {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("a running process");
    let memory = File::open(format!("/proc/{process}/mem")).expect("readable by us");
    let longest = wanted.iter().map(Vec::len).max().expect("something wanted");
    let (mut found, mut first) = (0, String::new());
    let mut piece = vec![0; PIECE + longest - 1];
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else {
            continue;
        };
        let Some((start, end)) = range.split_once('-').filter(|_| rights.starts_with("rw")) else {
            continue;
        };
        let address = |text| u64::from_str_radix(text, 16).expect("an address");
        let (mut at, end) = (address(start), address(end));
        while at < end {
            // A region may have gone, or be one that nobody may read.
            let Ok(read @ 1..) = memory.read_at(&mut piece, at) else {
                break;
            };
            let all = &piece[..read.min(usize::try_from(end - at).unwrap_or(read))];
            for wanted in wanted {
                // The first byte alone decides on most places.
                let begins = |place: &usize| all[*place] == wanted[0];
                let is_it = |place: &usize| all[*place..].starts_with(wanted);
                let here = (0..all.len()).filter(begins).filter(is_it);
                let here = here.filter(|place| *place < PIECE).count();
                if here > 0 && found == 0 {
                    first = format!("{} bytes in {line}", wanted.len());
                }
                found += here;
            }
            at += read.min(PIECE) as u64;
        }
    }
    (found, first)
}
