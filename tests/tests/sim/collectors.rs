//! One collector: its steps under way, its line to the acquirer.

use std::cell::RefCell;
use std::rc::Rc;

use sealpoint_acquirer::{Answer, Profile};
use sealpoint_collector::store::Store;
use sealpoint_wire::TerminalId;

use crate::desk::connection::{Line, Wire};
use crate::desk::{Desk, Shelf};
use crate::office;
use crate::tasks::Tasks;
use crate::world::{Ask, Replies, Ticket};

/// A collector.
pub struct Collector {
    pub up: bool,
    pub tasks: Tasks,
    pub wire: Rc<RefCell<Wire>>,
    /// When it looks for what is due.
    pub tend_ms: u64,
    desk: Rc<Desk>,
}

impl Collector {
    pub fn new(store: Store, inquiries: bool) -> Self {
        let wire = Rc::<RefCell<Wire>>::default();
        wire.borrow_mut().up = true;
        let line = Line {
            profile: Profile {
                inquiries,
                ..Profile::default()
            },
            wire: Rc::clone(&wire),
        };
        Self {
            up: true,
            tasks: Tasks::default(),
            wire,
            tend_ms: 0,
            desk: Rc::new(Desk {
                store: Shelf(store),
                line: Some(line),
            }),
        }
    }

    pub fn dies(&mut self) {
        self.up = false;
        self.tasks = Tasks::default();
        let mut wire = self.wire.borrow_mut();
        wire.breaks();
        wire.up = false;
    }

    pub fn starts(&mut self) {
        self.up = true;
        self.wire.borrow_mut().up = true;
    }

    pub fn tend(&mut self) {
        if self.up {
            let desk = Rc::clone(&self.desk);
            self.tasks.spawn(async move { desk.tend().await });
        }
    }

    /// Begins a step for a till. A collector that is gone says nothing.
    pub fn answer(
        &mut self,
        number: usize,
        replies: &Replies,
        ticket: Ticket,
        terminal: TerminalId,
        ask: Ask,
    ) {
        if !self.up {
            return;
        }
        let (desk, replies) = (Rc::clone(&self.desk), Rc::clone(replies));
        self.tasks.spawn(async move {
            let reply = office::answer(desk, terminal, ask.path, &ask.body).await;
            replies.borrow_mut().push((number, ticket, ask, reply));
        });
    }

    /// An answer comes, if the line that it is for is still there.
    pub fn host_said(&mut self, line: u64, answer: Answer) {
        let late = {
            let mut wire = self.wire.borrow_mut();
            if wire.number != line {
                return;
            }
            wire.bring(answer)
        };
        if let Some(late) = late {
            let desk = Rc::clone(&self.desk);
            self.tasks.spawn(async move {
                let kept = desk.hear_late(late).await;
                kept.expect("the store is there");
            });
        }
    }
}
