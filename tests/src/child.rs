//! Programs that a test starts: those that end with it, and those that it waits for.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A child that is killed when it is dropped. It is open to the test, which may want its pipes.
pub struct Running(pub Child);

impl Running {
    /// Starts it with the input and the outputs that the command has.
    pub fn spawn(command: &mut Command) -> Self {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self(child)
    }

    /// Starts it without input; what it says goes to the end of the log.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log in a folder of the test");
        let again = log.try_clone().expect("a second handle on a log");
        Self::spawn(command.stdin(Stdio::null()).stdout(again).stderr(log))
    }

    /// The number by which the system knows it.
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
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end, which must be a good one, and gives what it said.
pub fn run(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
