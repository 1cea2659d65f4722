//! Children: started with a log, ended by their id.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at something that is waited for. A look at a machine costs it time.
const LOOK: Duration = Duration::from_millis(100);
/// The longest that it becomes while nothing happens.
const SELDOM: Duration = Duration::from_secs(2);

/// A child that is killed when it is dropped.
pub struct Running(Child);

impl Running {
    /// Starts it; what it says goes to the end of the log.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log in a folder of the test");
        let again = log.try_clone().expect("a second handle on a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(again)
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self(child)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("its own child")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks again until there is an answer, or the time is over.
pub fn within<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    let mut look = LOOK;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(look);
        look = (look * 2).min(SELDOM);
    }
}
