//! A slot's connection for what happens in it, and a thread that listens to it.

use std::io;
use std::mem;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use crate::device::Device;
use crate::hold::Hold;
use crate::link::connect;
use crate::presence::{Presence, Sight};
use crate::protocol::{self, Facts, Role, Sighting};

/// Pause between two attempts to reach the reader.
const RETRY: Duration = Duration::from_millis(50);

/// Watches one slot until it is dropped.
pub struct Watch {
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    presence: Presence,
    hold: Hold,
    /// Who waits for events; any other thread looks for a client.
    waiter: Option<ThreadId>,
    facts: Option<Facts>,
    line: Option<UnixStream>,
    /// The wait for events, or the next one if there is none now, shall end.
    interrupted: bool,
    closed: bool,
}

impl Watch {
    /// Looks at the slot once and then goes on watching, whether or not the reader is there.
    ///
    /// # Errors
    /// The system's, if it has no more threads.
    pub fn start(device: Device, slot: u8) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                presence: Presence::new(Sight::Gone),
                hold: Hold::default(),
                waiter: None,
                facts: None,
                line: None,
                interrupted: false,
                closed: false,
            }),
            changed: Condvar::new(),
        });
        // The first look is not left to the thread: pcscd asks for the card at once.
        let first = shared.call(&device, slot);
        let listener = Builder::new().name("slot-events".into()).spawn({
            let shared = shared.clone();
            move || shared.listen(&device, slot, first)
        })?;
        Ok(Self {
            shared,
            listener: Some(listener),
        })
    }

    /// What a look shows; see [`Presence::look`].
    #[must_use]
    pub fn look(&self) -> Sight {
        let mut state = self.shared.state();
        if state
            .waiter
            .is_some_and(|waiter| waiter != thread::current().id())
        {
            state.hold.looked(Instant::now());
        }
        state.presence.look()
    }

    /// Whether the reader said that this slot has a PIN pad.
    #[must_use]
    pub fn has_pin_pad(&self) -> bool {
        self.shared.state().facts.is_some_and(|facts| facts.pin_pad)
    }

    /// Waits for the next thing to tell, at most so long; the next look shows it.
    pub fn wait(&self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        let mut state = self.shared.state();
        state.waiter = Some(thread::current().id());
        loop {
            let now = Instant::now();
            let due = state.due(now);
            let until = due.unwrap_or(deadline).min(deadline);
            if mem::take(&mut state.interrupted) || state.closed || until <= now {
                if due.is_none_or(|due| due <= now) {
                    state.presence.step();
                    state.hold.told();
                }
                return;
            }
            let waited = self.shared.changed.wait_timeout(state, until - now);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the wait, or the next one if nobody waits now. `pcscd` asks for it when the last client has
    /// given up a card, to wait on for another time, and when it gives up the slot.
    pub fn interrupt(&self) {
        let mut state = self.shared.state();
        state.interrupted = true;
        state.hold.through();
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Watches no longer: every wait ends.
    pub fn close(&self) {
        let mut state = self.shared.state();
        state.closed = true;
        if let Some(line) = state.line.take() {
            // A peer that has gone already is as good as hung up.
            let _gone = line.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.close();
        if let Some(listener) = self.listener.take() {
            // The library may be unloaded now, so the thread must have ended.
            let _panicked = listener.join();
        }
    }
}

impl State {
    /// When to tell what is new, if anything is.
    fn due(&mut self, now: Instant) -> Option<Instant> {
        if self.presence.has_news() {
            return Some(self.hold.until(now));
        }
        self.hold.told();
        None
    }
}

impl Shared {
    fn listen(&self, device: &Device, slot: u8, first: Option<UnixStream>) {
        let mut line = first;
        loop {
            if let Some(line) = line.take() {
                self.hear(line);
            }
            let waited = self
                .changed
                .wait_timeout_while(self.state(), RETRY, |state| !state.closed);
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return;
            }
            drop(state);
            line = self.call(device, slot);
        }
    }

    /// Connects, and takes note of what is in the slot now.
    fn call(&self, device: &Device, slot: u8) -> Option<UnixStream> {
        let (mut stream, facts) = connect(device, slot, Role::Events).ok()?;
        let first = next(&mut stream)?;
        stream.set_read_timeout(None).ok()?;
        let line = stream.try_clone().ok()?;
        let mut state = self.state();
        if state.closed {
            return None;
        }
        state.line = Some(line);
        state.facts = Some(facts);
        state.presence.saw(first);
        drop(state);
        self.changed.notify_all();
        Some(stream)
    }

    /// Takes note of everything that is heard until the line breaks.
    fn hear(&self, mut line: UnixStream) {
        while let Some(sight) = next(&mut line) {
            self.state().presence.saw(sight);
            self.changed.notify_all();
        }
        self.state().presence.saw(Sight::Gone);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next(line: &mut UnixStream) -> Option<Sight> {
    let frame = protocol::receive(line).ok()??;
    Some(match Sighting::decode(&frame)? {
        Sighting::Empty => Sight::Empty,
        Sighting::Card(number) => Sight::Card(number),
    })
}
