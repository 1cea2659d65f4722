//! A `lane` or an `uplink` with the till's end of its socket.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use sealpoint_tests::built::program;
use sealpoint_tests::child;
use sealpoint_wire::{FromLane, FromUplink, LinkState, Posture, frame};
use tempfile::TempDir;

/// Nothing here takes longer than this unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// A user that owns nothing.
pub const NOBODY: &[&str] = &[
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];

/// A folder that every user may read, with one for keys.
pub fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("keys")).expect("a folder in a temporary folder");
    for path in [folder.path().to_owned(), folder.path().join("keys")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("our own folder");
    }
    folder
}

/// A command for a program, run by way of `starter`.
pub fn command(starter: &[&str], name: &str) -> Command {
    let program = program(name);
    match starter.split_first() {
        None => Command::new(program),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}

/// A lane with its keys in that folder and no reader.
pub fn lane(starter: &[&str], folder: &Path) -> Command {
    let mut command = command(starter, "lane");
    command.arg("--keys").arg(folder.join("keys"));
    command.args(["--terminal", "T0000001", "--reader"]);
    command.arg(format!("virtual:{}", folder.join("no-reader").display()));
    command
}

/// A running process and the till's end of its socket. It is killed when this is dropped.
pub struct Running {
    // The first to be dropped: it shall not see its socket closed and end by itself.
    process: child::Running,
    pub till: UnixStream,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let (till, theirs) = UnixStream::pair().expect("a socket pair");
        till.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let process = child::Running::spawn(
            command
                .stdin(Stdio::from(OwnedFd::from(theirs)))
                .stdout(Stdio::null())
                .stderr(Stdio::piped()),
        );
        // The command keeps the process's end open: nobody would hear it end.
        command.stdin(Stdio::null());
        Self { process, till }
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What a lane says first of how it protects itself: from then on it is locked down.
    pub fn lane_posture(&mut self) -> Posture {
        match frame::read(&mut self.till) {
            Ok(Some(FromLane::Hello { posture, .. })) => posture.expect("a lane says how"),
            other => panic!("no hello but {other:?}: {}", self.log()),
        }
    }

    /// What an uplink says first of how it protects itself.
    pub fn uplink_posture(&mut self) -> Posture {
        match self.uplink_says() {
            FromUplink::Hello { posture, .. } => posture.expect("an uplink says how"),
            other => panic!("no hello but {other:?}"),
        }
    }

    /// The only word of a lane that refuses to run: why, and how it protects itself.
    pub fn lane_refusal(&mut self) -> (String, Posture) {
        match frame::read(&mut self.till) {
            Ok(Some(FromLane::Hello {
                cannot_charge: Some(why),
                posture: Some(posture),
                ..
            })) => (why, posture),
            other => panic!("no refusal but {other:?}: {}", self.log()),
        }
    }

    /// The only words of an uplink that refuses to run.
    pub fn uplink_refusal(&mut self) -> (String, Posture) {
        let posture = self.uplink_posture();
        match self.uplink_says() {
            FromUplink::Link {
                state: LinkState::Down { why },
            } => (why, posture),
            other => panic!("no refusal but {other:?}"),
        }
    }

    pub fn uplink_says(&mut self) -> FromUplink {
        match frame::read(&mut self.till) {
            Ok(Some(said)) => said,
            other => panic!("nothing but {other:?}: {}", self.log()),
        }
    }

    /// A file of the process below /proc.
    pub fn file(&self, name: &str) -> String {
        let path = format!("/proc/{}/{name}", self.pid());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The lines of a file like /proc/PID/status.
    pub fn lines(&self, name: &str) -> BTreeMap<String, String> {
        self.file(name)
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect()
    }

    /// Everything that it logs until it ends, which it is made to.
    fn log(&mut self) -> String {
        self.process.kill();
        let mut log = String::new();
        if let Some(mut stderr) = self.process.0.stderr.take() {
            stderr.read_to_string(&mut log).expect("the log is text");
        }
        log
    }

    /// Waits until it has ended by itself; how, and its log.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        let mut stderr = self.process.0.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut log).expect("the log is text");
        (self.process.0.wait().expect("our own child"), log)
    }

    /// Closes the till's end and waits.
    pub fn close(self) -> (ExitStatus, String) {
        self.till
            .shutdown(std::net::Shutdown::Write)
            .expect("the socket is open");
        self.ended()
    }
}
