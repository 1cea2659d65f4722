//! A slot's connection for what happens in it, and a thread that listens to it.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::device::Device;
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
    facts: Option<Facts>,
    line: Option<UnixStream>,
    /// Whoever waits for events shall do so no longer.
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
        self.shared.state().presence.look()
    }

    /// Whether the reader said that this slot has a PIN pad.
    #[must_use]
    pub fn has_pin_pad(&self) -> bool {
        self.shared.state().facts.is_some_and(|facts| facts.pin_pad)
    }

    /// Waits for the next thing to tell, at most so long; the next look shows it.
    pub fn wait(&self, at_most: Duration) {
        let quiet = |state: &mut State| !state.interrupted && !state.presence.has_news();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), at_most, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.presence.step();
    }

    /// Ends a wait, and every later one.
    pub fn interrupt(&self) {
        self.shared.state().interrupted = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.interrupted = true;
        if let Some(line) = state.line.take() {
            // A peer that has gone already is as good as hung up.
            let _gone = line.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        if let Some(listener) = self.listener.take() {
            // The library may be unloaded now, so the thread must have ended.
            let _panicked = listener.join();
        }
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
