//! Programs: where they are, started with a log, ended by their id.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Nothing here takes longer than this unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(20);

/// A program of the workspace, as built beside this test.
pub fn program(name: &str) -> PathBuf {
    let path = built().join(name);
    assert!(
        path.is_file(),
        "{name} is not built: run `cargo build --workspace` first"
    );
    path
}

/// Cargo's folder of this profile.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test.parent().and_then(Path::parent);
    folder
        .expect("tests lie in target/PROFILE/deps")
        .to_path_buf()
}

/// Cargo's target folder, where `cargo xtask` installs servers.
pub fn target() -> PathBuf {
    let built = built();
    built
        .parent()
        .expect("profiles lie in the target folder")
        .to_path_buf()
}

/// A child that is killed when it is dropped.
pub struct Running(Child);

impl Running {
    /// Starts it; what it says goes to the end of the log.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log in a temporary folder");
        let again = log.try_clone().expect("a second handle on a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(again)
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self(child)
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("its own child")
    }

    /// SIGKILL: no chance to write anything more.
    pub fn kill(&mut self) {
        self.0.kill().expect("its own child");
        self.0.wait().expect("its own child");
    }

    /// Another signal, by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status();
        assert!(sent.is_ok_and(|sent| sent.success()), "kill -{name}");
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        until("a process ends", || self.ended())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(LOOK);
    }
}

/// Runs a command to its end and gives what it said.
pub fn run(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// User's and system's time of a process so far (proc(5), fields 14 and 15 of stat).
pub fn processor_ticks(pid: u32) -> u64 {
    let about = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold spaces.
    let after_name = about.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0)
}
