//! A till's other processes as the till sees them: a port that takes messages while one runs.
//!
//! Stands where the till has its sockets. What is sent goes through the wire's own JSON.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::Serialize;

use crate::event::{Event, Events};

/// What was sent and not taken yet, and whether anybody is there.
#[derive(Default)]
pub struct Port {
    pub running: bool,
    pub sent: Vec<Vec<u8>>,
}

/// Both ends of a port.
pub type Source = Rc<RefCell<Port>>;

/// How what a process says becomes an event; the world brings it by itself.
#[expect(dead_code, reason = "the world calls the engine, no thread does")]
pub struct Ears<M> {
    pub said: fn(u64, M) -> Event,
    pub ended: fn(u64) -> Event,
}

/// A process.
pub struct Supervised<M> {
    port: Source,
    says: PhantomData<M>,
}

impl<M> Supervised<M> {
    pub fn start(_program: &'static str, source: Source, _ears: Ears<M>, (): Events) -> Self {
        Self {
            port: source,
            says: PhantomData,
        }
    }

    pub fn is_running(&self) -> bool {
        self.port.borrow().running
    }

    pub fn send<T: Serialize>(&mut self, message: &T) -> bool {
        let mut port = self.port.borrow_mut();
        if port.running {
            let bytes = serde_json::to_vec(message).expect("messages hold strings and numbers");
            port.sent.push(bytes);
        }
        port.running
    }
}
