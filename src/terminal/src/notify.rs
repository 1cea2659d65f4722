//! What the system hears from a till (sd_notify(3)): that it shows what can be sold, that both its
//! engine and its window are alive, that it ends; and in one sentence why it cannot sell.
//!
//! The socket is opened and connected before the till locks itself down. Afterwards it can make no
//! such socket, and needs none: to send over this one is all that is left.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The socket on which the system listens.
const SOCKET: &str = "NOTIFY_SOCKET";
/// How long the system waits for a sign of life, microseconds.
const WATCHDOG: &str = "WATCHDOG_USEC";
/// Whose sign of life it waits for.
const WATCHDOG_OF: &str = "WATCHDOG_PID";
/// The variables that a till keeps for this.
pub const VARIABLES: [&str; 3] = [SOCKET, WATCHDOG, WATCHDOG_OF];
/// Signs of life in the time in which the system waits for one: it may lose one.
const SIGNS: u32 = 3;
/// At most this many characters of a sentence.
const MAX_SENTENCE: usize = 500;

/// The way to the system that started this till; nowhere, if none did.
#[derive(Default)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    /// How often the system expects a sign of life, if it does.
    every: Option<Duration>,
    ready: AtomicBool,
    /// The engine went round since it was last asked.
    engine: AtomicBool,
}

impl Notifier {
    /// Opens the way, if a system started this process and wants to hear of it. Call it before the
    /// process locks itself down.
    #[must_use]
    pub fn open() -> Arc<Self> {
        let Some(name) = env::var_os(SOCKET) else {
            return Arc::default();
        };
        let every = watchdog(|name| env::var_os(name), process::id());
        Arc::new(Self::to(&name, every).unwrap_or_else(|error| {
            tracing::warn!(%error, "the system that started this till cannot be told of it");
            Self::default()
        }))
    }

    /// Whether a system listens, which then starts this till again when it ends.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.socket.is_some()
    }

    fn to(name: &OsStr, every: Option<Duration>) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect_addr(&address(name)?)?;
        Ok(Self {
            socket: Some(socket),
            every,
            ..Self::default()
        })
    }

    /// The till shows what can be sold. Said once.
    pub fn ready(&self) {
        if !self.ready.swap(true, Ordering::Relaxed) {
            self.say("READY=1\nSTATUS=The till sells.");
        }
    }

    /// The till cannot sell, and why.
    pub fn blocked(&self, why: &str) {
        // A line break would begin another word to the system.
        let why: String = why
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(MAX_SENTENCE)
            .collect();
        self.say(&format!("STATUS=The till cannot sell: {why}"));
    }

    /// The till ends, because it was asked to.
    pub fn ending(&self) {
        self.say("STOPPING=1");
    }

    /// The engine went round once more.
    pub fn engine_lives(&self) {
        self.engine.store(true, Ordering::Relaxed);
    }

    /// How often the window is to call [`Notifier::window_lives`], if the system waits for it.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        self.every.map(|every| every / SIGNS)
    }

    /// The window's loop went round once more. The system hears it only if the engine did so too
    /// since the last time: a till of which one half hangs is started again.
    pub fn window_lives(&self) {
        if self.engine.swap(false, Ordering::Relaxed) {
            self.say("WATCHDOG=1");
        }
    }

    fn say(&self, words: &str) {
        if let Some(socket) = &self.socket {
            // A system that does not listen any more is not the till's to mend.
            let _ = socket.send(words.as_bytes());
        }
    }
}

/// A path, or with `@` a name that is no file (unix(7), "abstract").
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        [b'/', ..] => SocketAddr::from_pathname(Path::new(name)),
        _ => Err(io::Error::other(
            "NOTIFY_SOCKET is neither a path nor @NAME",
        )),
    }
}

/// How often the system wants a sign of life from the process with that id (sd_watchdog_enabled(3)).
fn watchdog(variable: impl Fn(&str) -> Option<OsString>, own: u32) -> Option<Duration> {
    let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
    if variable(WATCHDOG_OF).is_some() && number(WATCHDOG_OF) != Some(own.into()) {
        return None;
    }
    number(WATCHDOG)
        .filter(|every| *every > 0)
        .map(Duration::from_micros)
}

#[cfg(test)]
#[path = "tests/notify.rs"]
mod tests;
