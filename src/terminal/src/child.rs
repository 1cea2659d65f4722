//! A process of the till: started with one end of a Unix socket pair as its standard input, heard
//! by a thread, started again with a growing pause when it ends.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_wire::frame;
use serde::{Serialize, de::DeserializeOwned};

use crate::event::{Event, Events};

/// First pause before a process is started again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A process that ran this long is started again without a grown pause.
const STEADY: Duration = Duration::from_secs(30);
/// A child that does not read for this long is as good as gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a child may take to end by itself once its socket is closed.
const GRACE: Duration = Duration::from_secs(3);

/// What to start: a program that stands beside this one, and its arguments.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// File name of the program.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// How what a child says becomes an [`Event`].
pub struct Ears<M> {
    /// For a message of the process with this number.
    pub said: fn(u64, M) -> Event,
    /// For its end.
    pub ended: fn(u64) -> Event,
}

// By hand: a derive would demand that messages be `Copy` too.
impl<M> Clone for Ears<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Ears<M> {}

/// A child process and what is needed to start it again.
pub struct Supervised<M> {
    recipe: Recipe,
    ears: Ears<M>,
    events: Events,
    running: Option<Running>,
    number: u64,
    pause: Duration,
    restart_at: Option<Instant>,
}

struct Running {
    child: Child,
    socket: UnixStream,
    since: Instant,
}

impl<M: DeserializeOwned + Send + 'static> Supervised<M> {
    /// Starts the process for the first time. If that fails it is tried again like after a crash.
    pub fn start(recipe: Recipe, ears: Ears<M>, events: Events) -> Self {
        let mut supervised = Self {
            recipe,
            ears,
            events,
            running: None,
            number: 0,
            pause: FIRST_PAUSE,
            restart_at: None,
        };
        supervised.spawn();
        supervised
    }

    fn spawn(&mut self) {
        self.number += 1;
        self.restart_at = None;
        match spawn(&self.recipe, self.ears, self.number, self.events.clone()) {
            Ok(running) => {
                tracing::info!(
                    process = self.recipe.program,
                    pid = running.child.id(),
                    "started"
                );
                self.running = Some(running);
            }
            Err(error) => {
                let program = self.recipe.program;
                tracing::error!(process = program, %error, "not started; trying again");
                self.plan_restart();
            }
        }
    }

    /// Whether this is the number of the process that runs now.
    pub const fn is_now(&self, number: u64) -> bool {
        self.number == number
    }

    /// Takes note that the process with this number ended. False if that is old news.
    pub fn ended(&mut self, number: u64) -> bool {
        if number != self.number {
            return false;
        }
        if let Some(mut running) = self.running.take() {
            let lived = running.since.elapsed();
            // Its socket is closed, so it is ending or hung: either way it must not go on beside
            // the next one.
            let _ = running.child.kill();
            let code = running.child.wait().ok().map(|status| status.to_string());
            tracing::warn!(process = self.recipe.program, ?code, "ended");
            if lived > STEADY {
                self.pause = FIRST_PAUSE;
            }
        }
        self.plan_restart();
        true
    }

    fn plan_restart(&mut self) {
        self.restart_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Starts the process again if its pause is over.
    pub fn tick(&mut self) {
        if self.restart_at.is_some_and(|at| Instant::now() >= at) {
            self.spawn();
        }
    }

    /// Whether there is a process that could take a message.
    pub const fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Sends a message; false if no process runs, so that nothing of it has left. A process that
    /// cannot take it is ended, and its end is heard as usual.
    pub fn send<T: Serialize>(&mut self, message: &T) -> bool {
        let Some(running) = self.running.as_mut() else {
            return false;
        };
        if let Err(error) = frame::write(&mut running.socket, message) {
            tracing::warn!(process = self.recipe.program, %error, "does not listen; ending it");
            let _ = running.socket.shutdown(std::net::Shutdown::Both);
        }
        true
    }

    /// Closes the socket and lets the process end by itself; ends it if it does not.
    pub fn stop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        self.number += 1;
        let _ = running.socket.shutdown(std::net::Shutdown::Both);
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            match running.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
        let _ = running.child.kill();
        let _ = running.child.wait();
    }
}

fn spawn<M: DeserializeOwned + Send + 'static>(
    recipe: &Recipe,
    ears: Ears<M>,
    number: u64,
    events: Events,
) -> io::Result<Running> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let mut hearing = ours.try_clone()?;
    let mut child = Command::new(beside_this_program(recipe.program)?)
        .args(&recipe.arguments)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .spawn()?;
    let heard = thread::Builder::new()
        .name(format!("hear {}", recipe.program))
        .spawn(move || {
            loop {
                match frame::read::<_, M>(&mut hearing) {
                    Ok(Some(message)) => {
                        if events.send((ears.said)(number, message)).is_err() {
                            return;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, "a process said something that is not understood");
                        break;
                    }
                }
            }
            let _ = events.send((ears.ended)(number));
        });
    if let Err(error) = heard {
        // Nobody would hear it, nor its end.
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok(Running {
        child,
        socket: ours,
        since: Instant::now(),
    })
}

fn beside_this_program(name: &str) -> io::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    let why = format!(
        "the program {} is missing; install the till again",
        path.display()
    );
    Err(io::Error::new(io::ErrorKind::NotFound, why))
}
