//! Processes that we start: each with a log of its own, each ended by its pid and by nobody else's.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt;
use crate::packages::runs;

/// How long a process may take to end when it is asked to; a collector finishes what is in flight.
const GRACE: Duration = Duration::from_secs(25);
/// How long a process may take until it serves.
const READY: Duration = Duration::from_secs(20);
/// How often to look.
const LOOK: Duration = Duration::from_millis(10);

/// Who hears the terminal's Ctrl-C.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The process too: it reads the terminal.
    Ours,
    /// Only we: the process is ended when its turn comes.
    Own,
}

/// A running process. Dropping it ends it.
pub struct Process {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

/// How to start a process.
pub struct Recipe<'a> {
    /// What the person calls it.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where its standard error goes.
    pub logs: &'a Path,
    /// Who hears Ctrl-C.
    pub group: Group,
    /// Standard input.
    pub input: Stdio,
    /// Standard output; none for the log.
    pub output: Option<Stdio>,
    /// The X display to show a window on; none for ours.
    pub display: Option<String>,
}

impl<'a> Recipe<'a> {
    /// A server in the background.
    pub fn server(name: &'static str, program: PathBuf, logs: &'a Path) -> Self {
        Self {
            name,
            program,
            arguments: vec![],
            logs,
            group: Group::Own,
            input: Stdio::null(),
            output: None,
            display: None,
        }
    }

    /// With these arguments.
    pub fn with<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

impl Process {
    /// Starts it. It ends with us even if we are killed, where Linux's `setpriv` is there to see to
    /// that.
    ///
    /// # Errors
    /// If its log cannot be written or it cannot be started.
    pub fn start(recipe: Recipe<'_>) -> Result<Self, String> {
        let log = recipe.logs.join(format!("{}.log", recipe.name));
        let open = || File::options().create(true).append(true).open(&log);
        let file = open().map_err(|error| cannot_write(&log, &error))?;
        let output = match recipe.output {
            Some(output) => output,
            None => Stdio::from(open().map_err(|error| cannot_write(&log, &error))?),
        };
        let mut command = if runs("setpriv", &["--version"]) {
            let mut command = Command::new("setpriv");
            command
                .args(["--pdeathsig", "TERM", "--"])
                .arg(&recipe.program);
            command
        } else {
            Command::new(&recipe.program)
        };
        command
            .args(&recipe.arguments)
            .stdin(recipe.input)
            .stdout(output)
            .stderr(file);
        if let Some(display) = recipe.display {
            command
                .env("DISPLAY", display)
                .env_remove("WAYLAND_DISPLAY");
        }
        if recipe.group == Group::Own {
            command.process_group(0);
        }
        let child = command.spawn().map_err(|error| {
            format!(
                "{} cannot be started: {error}. Build it again.",
                recipe.program.display()
            )
        })?;
        Ok(Self {
            name: recipe.name,
            log,
            child,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Takes its standard input and output, if they were piped.
    pub fn take_pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>) {
        (self.child.stdin.take(), self.child.stdout.take())
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether it has ended because it was done.
    pub fn ended_well(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(status)) if status.success())
    }

    /// Waits for its end, however long that takes.
    ///
    /// # Errors
    /// Its last words, if it ended because it could not go on.
    pub fn wait(&mut self) -> Result<(), String> {
        while !self.has_ended() {
            if interrupt::has_come() {
                self.stop();
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        if self.ended_well() {
            return Ok(());
        }
        Err(self.last_words())
    }

    /// Why it ended: its last words.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        format!(
            "{} has ended: {} (log: {})",
            self.name,
            last.unwrap_or("it said nothing"),
            self.log.display()
        )
    }

    /// Waits until a file that the process writes when it serves is there, and gives its text.
    ///
    /// # Errors
    /// If the process ends or takes too long.
    pub fn wait_for_file(&mut self, file: &Path) -> Result<String, String> {
        let until = Instant::now() + READY;
        loop {
            match fs::read_to_string(file) {
                Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
                _ => self.still_waiting(until)?,
            }
        }
    }

    /// Waits until a socket that the process opens is there.
    ///
    /// # Errors
    /// If the process ends or takes too long.
    pub fn wait_for_socket(&mut self, socket: &Path) -> Result<(), String> {
        let until = Instant::now() + READY;
        while !socket.exists() {
            self.still_waiting(until)?;
        }
        Ok(())
    }

    fn still_waiting(&mut self, until: Instant) -> Result<(), String> {
        if self.has_ended() {
            return Err(self.last_words());
        }
        if interrupt::has_come() {
            return Err("Stopped, as asked.".to_owned());
        }
        if Instant::now() >= until {
            return Err(format!(
                "{} does not get ready. Its log says more: {}",
                self.name,
                self.log.display()
            ));
        }
        thread::sleep(LOOK);
        Ok(())
    }

    /// Asks it to end, and ends it if it does not.
    pub fn stop(&mut self) {
        if self.has_ended() {
            return;
        }
        // std can only kill. The shell's own `kill` needs no further crate or package.
        let term = format!("kill -TERM {}", self.pid());
        if runs("sh", &["-c", &term]) {
            self.wait_until_ended();
        }
        if !self.has_ended() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    /// Gives it the time that an orderly end takes.
    pub fn wait_until_ended(&mut self) {
        let until = Instant::now() + GRACE;
        while !self.has_ended() && Instant::now() < until {
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a set-up command to its end.
///
/// # Errors
/// What it said, if it did not succeed.
pub fn run_once(program: &Path, arguments: &[&str]) -> Result<(), String> {
    let said = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!(
                "{} cannot be started: {error}. Build it again.",
                program.display()
            )
        })?;
    if said.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&said.stderr).trim().to_owned())
}

/// The sentence for a file that cannot be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!(
        "{} cannot be written to: {error}. Mend its permissions, or choose another folder with --state.",
        path.display()
    )
}
