//! Starts the example `probe`, which locks itself down and tries one thing.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// The signal by which a call that is not on the list ends a process.
pub const SIGSYS: i32 = 31;
/// A port on which nobody listens.
const NO_PORT: &str = "0";

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It worked.
    Done,
    /// It was refused, with this kind of error.
    Failed(String),
    /// The process was ended by this signal.
    Killed(i32),
}

/// A folder with what a probe may read and write, and with what it may not.
pub struct Ground {
    folder: TempDir,
}

impl Ground {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in [
            ("read/profile", "what it may read"),
            ("write/keys", "what it may change"),
            ("journal.db", "what it may not see"),
            ("other/key", "what it may not see"),
        ] {
            let path = folder.path().join(path);
            let parent = path.parent().expect("a folder");
            fs::create_dir_all(parent).expect("a folder in a temporary folder");
            fs::write(path, text).expect("a file in a temporary folder");
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Has a probe that locked itself down as `process` try that.
    #[track_caller]
    pub fn tries(&self, process: &str, attempt: &str, argument: &str) -> Ended {
        self.tries_with_port(process, NO_PORT, attempt, argument)
    }

    #[track_caller]
    pub fn tries_with_port(
        &self,
        process: &str,
        port: &str,
        attempt: &str,
        argument: &str,
    ) -> Ended {
        let mut command = Command::new(probe());
        command
            .arg(process)
            .arg(self.path())
            .args([port, attempt, argument]);
        command.current_dir(self.path());
        let output = command.output().expect("the probe runs");
        ended(&output)
    }

    /// A command for a probe, to be started in another way.
    pub fn command(&self, starter: &[&str], process: &str, attempt: &str) -> Command {
        let probe = probe();
        let mut command = match starter.split_first() {
            None => Command::new(probe),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(probe);
                command
            }
        };
        command
            .arg(process)
            .arg(self.path())
            .args([NO_PORT, attempt]);
        command
    }
}

/// The example, which Cargo builds with the tests of this package.
pub fn probe() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/PROFILE/deps");
    let path = folder.join("examples/probe");
    assert!(
        path.is_file(),
        "run `cargo build -p sealpoint-shield --examples` first"
    );
    path
}

/// What a probe that was locked down said of its attempt.
#[track_caller]
pub fn ended(output: &Output) -> Ended {
    let said = String::from_utf8_lossy(&output.stdout);
    let mut lines = said.lines();
    assert_eq!(
        lines.next(),
        Some("locked full"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!output.status.core_dumped(), "a core was written");
    if let Some(signal) = output.status.signal() {
        return Ended::Killed(signal);
    }
    let line = lines.next().expect("the probe says how it went");
    match line.strip_prefix("failed ") {
        None => Ended::Done,
        Some(kind) => Ended::Failed(kind.to_owned()),
    }
}

/// Refused by Landlock or by the user's rights.
pub fn refused() -> Ended {
    Ended::Failed("PermissionDenied".to_owned())
}

/// Ended by the list of system calls.
pub const ENDED: Ended = Ended::Killed(SIGSYS);
