//! A process of the till: a Unix socket to it, heard by a thread, made again with a growing pause
//! when it ends.
//!
//! The till starts no program itself ([`sealpoint_shield::starter`] says why). Where the system
//! runs the till's processes it connects to the socket on which the system waits, and a process
//! begins with that connection.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use sealpoint_shield::starter::Starter;
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
/// How often to look whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The starter, for every process that the till has made.
pub type SharedStarter = Arc<Mutex<Starter>>;

/// How a process is come by.
#[derive(Clone)]
pub enum Source {
    /// The starter makes it: the entry of its list.
    Starter(SharedStarter, usize),
    /// The system makes it when somebody connects to this socket.
    Socket(PathBuf),
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

/// A process and what is needed to make it again.
pub struct Supervised<M> {
    program: &'static str,
    source: Source,
    ears: Ears<M>,
    events: Events,
    running: Option<Running>,
    number: u64,
    pause: Duration,
    restart_at: Option<Instant>,
}

struct Running {
    /// Its id, where the till may wait for it and end it.
    pid: Option<Pid>,
    socket: UnixStream,
    since: Instant,
}

impl<M: DeserializeOwned + Send + 'static> Supervised<M> {
    /// Starts the process for the first time. If that fails it is tried again like after a crash.
    pub fn start(program: &'static str, source: Source, ears: Ears<M>, events: Events) -> Self {
        let mut supervised = Self {
            program,
            source,
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
        let program = self.program;
        match begin(&self.source)
            .and_then(|running| hear(running, program, self.ears, self.number, &self.events))
        {
            Ok(running) => {
                let pid = running.pid.map(|pid| pid.as_raw_nonzero().get());
                tracing::info!(process = program, pid, "started");
                self.running = Some(running);
            }
            Err(error) => {
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
        if let Some(running) = self.running.take() {
            let lived = running.since.elapsed();
            // Its socket is closed, so it is ending or hung: either way it must not go on beside
            // the next one.
            running.kill();
            let how = running.wait();
            let how = how.as_deref().unwrap_or("the system knows how");
            tracing::warn!(process = self.program, how, "ended");
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
        if let Source::Starter(starter, _) = &self.source {
            let mut starter = starter.lock().unwrap_or_else(PoisonError::into_inner);
            starter.reap();
        }
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
            tracing::warn!(process = self.program, %error, "does not listen; ending it");
            let _ = running.socket.shutdown(std::net::Shutdown::Both);
        }
        true
    }

    /// Closes the socket and lets the process end by itself; ends it if it does not.
    pub fn stop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        self.number += 1;
        let _ = running.socket.shutdown(std::net::Shutdown::Both);
        if !running.ends_within(GRACE) {
            running.kill();
            running.wait();
        }
    }
}

impl Running {
    fn kill(&self) {
        if let Some(pid) = self.pid {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Waits until it has ended; how, if that can be told.
    fn wait(&self) -> Option<String> {
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            match self.look() {
                Ended::As(how) => return Some(how),
                Ended::Elsewhere => return None,
                Ended::NotYet => thread::sleep(LOOK),
            }
        }
        None
    }

    fn ends_within(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until {
            match self.look() {
                Ended::NotYet => thread::sleep(LOOK),
                Ended::As(_) | Ended::Elsewhere => return true,
            }
        }
        false
    }

    fn look(&self) -> Ended {
        // The system's processes are the system's to wait for.
        let Some(pid) = self.pid else {
            return Ended::Elsewhere;
        };
        match waitpid(Some(pid), WaitOptions::NOHANG) {
            Ok(Some((_, status))) => Ended::As(match status.terminating_signal() {
                Some(signal) => format!("signal {signal}"),
                None => format!("exit code {}", status.exit_status().unwrap_or_default()),
            }),
            // Not the till's child yet: its starter has not ended. It will be in a moment.
            Err(rustix::io::Errno::CHILD) if self.since.elapsed() < GRACE => Ended::NotYet,
            Err(_) => Ended::Elsewhere,
            Ok(None) => Ended::NotYet,
        }
    }
}

/// Whether a process has ended.
enum Ended {
    NotYet,
    As(String),
    Elsewhere,
}

/// A process, made or connected to.
fn begin(source: &Source) -> io::Result<Running> {
    let (pid, socket) = match source {
        Source::Starter(starter, recipe) => {
            let (ours, theirs) = UnixStream::pair()?;
            let mut starter = starter.lock().unwrap_or_else(PoisonError::into_inner);
            let pid = starter.start(*recipe, OwnedFd::from(theirs))?;
            (Some(pid), ours)
        }
        Source::Socket(path) => (None, UnixStream::connect(path)?),
    };
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    Ok(Running {
        pid,
        socket,
        since: Instant::now(),
    })
}

/// Hears it in a thread of its own.
fn hear<M: DeserializeOwned + Send + 'static>(
    running: Running,
    program: &str,
    ears: Ears<M>,
    number: u64,
    events: &Events,
) -> io::Result<Running> {
    let heard = running.socket.try_clone().and_then(|mut hearing| {
        let events = events.clone();
        thread::Builder::new()
            .name(format!("hear {program}"))
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
            })
    });
    if let Err(error) = heard {
        // Nobody would hear it, nor its end.
        running.kill();
        running.wait();
        return Err(error);
    }
    Ok(running)
}
