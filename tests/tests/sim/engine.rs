//! The till's engine without its threads: `terminal`'s own effects, uplink and lane, around the real
//! core and the real journal. Only what the program does in its own loop is written again here.

use std::path::PathBuf;

use sealpoint_journal::{Journal, JournalError, Journaled};
use sealpoint_till::{Input, Notice, NoticeCode, Settings, Stock, Till, View};
use sealpoint_wire::{FromLane, FromUplink};

use crate::child::Source;
use crate::clock;
use crate::dice::Dice;
use crate::lane::Lane;
use crate::restored;
use crate::uplink::Uplink;

/// A printer that has paper.
pub struct Printer;

impl Printer {
    #[expect(clippy::unused_self, reason = "a printer as the effects know it")]
    pub fn print(&self, _proof: &Journaled, _text: &str) -> Result<(), String> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "a printer as the effects know it")]
    pub fn save(&self, receipt_no: u64, _text: &str) -> Result<String, String> {
        Ok(receipt_no.to_string())
    }
}

/// A till's program.
pub struct Engine {
    till: Till,
    journal: Journal,
    pub(crate) lane: Lane,
    pub(crate) uplink: Uplink,
    pub(crate) printer: Printer,
    pub(crate) demo_control: Option<PathBuf>,
    advice_hours: Option<u32>,
    dice: Dice,
    /// After so many effects the program dies.
    pub dies_after: Option<u32>,
    pub dead: bool,
}

impl Engine {
    pub fn start(
        journal: Journal,
        settings: Settings,
        stock: Stock,
        (lane, uplink): (Source, Source),
        dice: Dice,
    ) -> Result<Self, JournalError> {
        let restored = restored::read(&journal)?;
        let terminal = settings.terminal.clone();
        let mut engine = Self {
            till: Till::new(settings, stock, restored),
            journal,
            lane: Lane::start(lane, &terminal, ()),
            uplink: Uplink::start(uplink, ()),
            printer: Printer,
            demo_control: None,
            advice_hours: None,
            dice,
            dies_after: None,
            dead: false,
        };
        engine.figures();
        Ok(engine)
    }

    pub fn lane_said(&mut self, message: FromLane) {
        if let FromLane::SetUp { offline, .. } = &message {
            self.advice_hours = offline.as_ref().map(|policy| policy.max_hours);
            self.uplink.hours_are_known();
            self.give_up_old_advices();
        }
        self.input(Input::Lane(message));
    }

    pub fn lane_ended(&mut self) {
        self.input(Input::LaneDown);
    }

    pub fn uplink_ended(&mut self) {
        self.uplink.forget();
        self.input(Input::UplinkDown);
    }

    pub fn uplink_said(&mut self, message: FromUplink) {
        if self.dead {
            return;
        }
        let (message, written) = self.uplink.heard(message, &mut self.journal);
        written.expect("the disk is good");
        self.give_up_old_advices();
        // The program reads its figures after each message; here, after those that change any.
        let changes = !matches!(
            message,
            FromUplink::Hello { .. }
                | FromUplink::Link { .. }
                | FromUplink::Standing { .. }
                | FromUplink::Time { .. }
        );
        if changes {
            self.figures();
        }
        self.input(Input::Uplink(message));
        if changes {
            self.figures();
        }
        self.pump();
    }

    fn give_up_old_advices(&mut self) {
        if let Some((now_ms, hours)) = self.uplink.collectors_time_ms().zip(self.advice_hours) {
            let expired = self.journal.expire_advices(now_ms, hours);
            expired.expect("the disk is good");
        }
    }

    pub fn time_goes_by(&mut self) {
        self.pump();
        self.input(Input::Tick);
    }

    pub(crate) fn input(&mut self, input: Input) {
        if self.dead {
            return;
        }
        let effects = self.till.step(input, &clock::stamp(&mut self.dice));
        for effect in effects {
            match self.dies_after.as_mut() {
                Some(0) => self.dead = true,
                Some(left) => *left -= 1,
                None => {}
            }
            if self.dead {
                return;
            }
            for answer in self.effect(effect) {
                self.input(answer);
            }
        }
    }

    pub(crate) fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    pub fn books(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn split(&mut self) -> (&mut Journal, &mut Lane, &mut Uplink) {
        (&mut self.journal, &mut self.lane, &mut self.uplink)
    }

    pub(crate) fn figures(&mut self) {
        let figures = restored::figures(&self.journal).expect("the disk is good");
        self.input(figures);
    }

    pub(crate) fn pump(&mut self) {
        if !self.dead {
            self.uplink.pump(&self.journal).expect("the disk is good");
        }
    }

    pub(crate) fn say(&mut self, code: NoticeCode, args: Vec<String>) {
        self.input(Input::Say(Notice::new(code, args)));
    }

    #[expect(clippy::unused_self, reason = "an engine as the effects know it")]
    pub(crate) fn erase(&mut self) {
        unreachable!("nobody orders it");
    }

    pub fn view(&mut self) -> View {
        let stamp = clock::stamp(&mut self.dice);
        self.till.view(&stamp, None)
    }
}
