//! The line from a collector to the acquirer: what is sent goes into the world, which brings the
//! answers, late or never.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use sealpoint_acquirer::{Answer, AnswerKey, Message, Profile};

use super::SwitchError;
use crate::clock::{Instant, has_come};

/// Why a request has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    #[error("the same request is open")]
    SameOpen,
    #[error("the message does not fit")]
    Unsendable,
    #[error("the line to the acquirer broke")]
    Broke,
    #[error("the acquirer did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// The acquirer cannot be reached; nothing was sent.
pub struct LineDown;

impl From<LineDown> for SwitchError {
    /// To a till it is the same: nothing was sent.
    fn from(LineDown: LineDown) -> Self {
        Self::NoAcquirer
    }
}

/// One line, as the world sees it.
#[derive(Default)]
pub struct Wire {
    pub up: bool,
    /// Which connection it is; one that broke never comes back.
    pub number: u64,
    pub sent: Vec<Message>,
    waiting: BTreeMap<AnswerKey, Option<Answer>>,
}

impl Wire {
    /// Whoever waits learns that no answer will come.
    pub fn breaks(&mut self) {
        self.number += 1;
        self.waiting.clear();
        self.sent.clear();
    }

    /// Brings an answer; gives it back if nobody waits for it.
    pub fn bring(&mut self, answer: Answer) -> Option<Answer> {
        match self.waiting.get_mut(&answer.key) {
            Some(place @ None) => {
                *place = Some(answer);
                None
            }
            _ => Some(answer),
        }
    }
}

/// Connects when needed.
pub struct Line {
    pub profile: Profile,
    pub wire: Rc<RefCell<Wire>>,
}

impl Line {
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    #[expect(clippy::unused_async, reason = "a line as the switch knows it")]
    pub async fn ready(&self) -> Result<Connection, LineDown> {
        let wire = self.wire.borrow();
        if !wire.up {
            return Err(LineDown);
        }
        Ok(Connection {
            number: wire.number,
            wire: Rc::clone(&self.wire),
        })
    }
}

/// One signed-on connection.
pub struct Connection {
    number: u64,
    wire: Rc<RefCell<Wire>>,
}

impl Connection {
    pub async fn ask(&self, message: Message, limit: Duration) -> Result<Answer, AskError> {
        let key = AnswerKey::of(&message).map_err(|_| AskError::Unsendable)?;
        {
            let mut wire = self.wire.borrow_mut();
            if wire.number != self.number {
                return Err(AskError::Broke);
            }
            if wire.waiting.contains_key(&key) {
                return Err(AskError::SameOpen);
            }
            wire.waiting.insert(key.clone(), None);
            wire.sent.push(message);
        }
        let until = Instant::now() + limit;
        poll_fn(|_| {
            let mut wire = self.wire.borrow_mut();
            if wire.number != self.number {
                return Poll::Ready(Err(AskError::Broke));
            }
            if let Some(answer) = wire.waiting.get_mut(&key).and_then(Option::take) {
                wire.waiting.remove(&key);
                return Poll::Ready(Ok(answer));
            }
            if has_come(until) {
                wire.waiting.remove(&key);
                return Poll::Ready(Err(AskError::TimedOut(limit)));
            }
            Poll::Pending
        })
        .await
    }
}
