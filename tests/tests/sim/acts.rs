//! What happens: what cashiers do, what breaks, and how it ends.

use sealpoint_till::{Action, Input, View};

use crate::books::Tally;
use crate::clock;
use crate::world::{Broken, Soon, World};

/// Steps of a world.
pub const STEPS: u32 = 200;
/// A world that is not at rest after so many looks, five seconds apart, never will be.
const LOOKS: u32 = 600;
const LOOK_MS: u64 = 5_000;
const HOUR_MS: u64 = 3_600_000;

impl World {
    /// The whole life of a world.
    pub fn live(&mut self) -> Result<Tally, Broken> {
        for _ in 0..STEPS {
            self.step()?;
            self.look()?;
        }
        self.come_to_rest()?;
        self.look_at_rest()
    }

    fn step(&mut self) -> Result<(), Broken> {
        let till = self.any(self.tills.len());
        match self.dice.between(0, 99) {
            0..62 => self.cashier(till),
            62..66 => self.cut_off(till),
            66..69 => {
                let number = self.any(self.collectors.len());
                self.collector_dies(number);
            }
            69..72 => {
                let number = self.any(self.collectors.len());
                self.line_breaks(number);
            }
            72..74 => {
                let uplink = self.tills[till].uplink;
                self.later(0, Soon::UplinkEnds(till, uplink));
            }
            74..76 => {
                let lane = self.tills[till].lane;
                self.later(0, Soon::LaneEnds(till, lane));
            }
            76..78 if self.tills[till].engine.is_some() => self.till_dies(till),
            78..83 => {
                let effects = u32::try_from(self.dice.between(0, 6)).expect("few");
                if let Some(engine) = self.tills[till].engine.as_mut() {
                    engine.dies_after = Some(effects);
                }
            }
            83..86 => self.clock_jumps(till),
            _ => {}
        }
        let by_ms = match self.dice.between(0, 99) {
            0..40 => self.dice.between(0, 300),
            40..82 => self.dice.between(300, 3_000),
            82..96 => self.dice.between(3_000, 15_000),
            _ => self.dice.between(15_000, 60_000),
        };
        self.pass(by_ms)
    }

    fn any(&mut self, of: usize) -> usize {
        usize::try_from(self.dice.between(0, of as u64 - 1)).expect("few")
    }

    fn cut_off(&mut self, till: usize) {
        let for_ms = self.dice.between(500, 60_000);
        let swallows = self.dice.percent(40);
        self.say(|| format!("till {till} is cut off for {for_ms} ms"));
        self.tills[till].cut_until_ms = clock::elapsed_ms() + for_ms;
        self.tills[till].swallows = swallows;
    }

    fn collector_dies(&mut self, number: usize) {
        if self.collectors[number].up {
            self.say(|| format!("collector {number} dies"));
            self.collectors[number].dies();
            let after = self.dice.between(50, 20_000);
            self.later(after, Soon::CollectorStarts(number));
        }
    }

    fn line_breaks(&mut self, number: usize) {
        self.say(|| format!("the line of collector {number} breaks"));
        let mut wire = self.collectors[number].wire.borrow_mut();
        wire.breaks();
        wire.up = false;
        drop(wire);
        let after = self.dice.between(50, 30_000);
        self.later(after, Soon::LineIsBack(number));
    }

    fn clock_jumps(&mut self, till: usize) {
        let by = self.dice.between(0, 2 * HOUR_MS).cast_signed() - HOUR_MS.cast_signed();
        self.say(|| format!("the clock of till {till} is wrong by {by} ms"));
        self.tills[till].wrong_ms = by;
    }

    fn view(&mut self, till: usize) -> Option<View> {
        self.tills[till].engine.as_mut().map(|engine| engine.view())
    }

    fn act(&mut self, till: usize, action: Action) {
        self.say(|| format!("the cashier of till {till}: {action:?}"));
        self.engine(till, |engine| engine.input(Input::Action(action)));
    }

    fn cashier(&mut self, till: usize) {
        let Some(view) = self.view(till) else { return };
        let due_minor = view.due_minor;
        let chance = self.dice.between(0, 99);
        let action = if view.question.is_some() {
            let yes = chance < 70;
            Action::Answer { yes }
        } else if view.card.is_some() {
            match chance {
                0..12 => Action::CancelCard,
                _ => return,
            }
        } else if view.basket.lines.is_empty() {
            match (chance, view.parked.first()) {
                (0..20, Some(parked)) => Action::Recall {
                    sale: parked.sale.clone(),
                },
                _ => self.item(),
            }
        } else if due_minor <= 0 {
            Action::Total
        } else {
            match chance {
                0..12 => self.item(),
                12..27 => Action::CashExact,
                27..73 => Action::Card { amount_minor: None },
                73..83 => Action::Card {
                    amount_minor: Some((due_minor / 2).max(1)),
                },
                83..88 => Action::Cash {
                    given_minor: Some((due_minor / 2).max(1)),
                },
                88..94 => Action::VoidSale,
                _ => Action::Park,
            }
        };
        self.act(till, action);
    }

    fn item(&mut self) -> Action {
        let sku = self.dice.one_of(&["MILK", "MILK", "OATS", "GIN"]);
        Action::Add {
            sku: sku.to_owned(),
            quantity: None,
        }
    }

    /// Nothing goes wrong any more; what is open is brought to an end, and all of it settles.
    fn come_to_rest(&mut self) -> Result<(), Broken> {
        self.say(|| "calm".to_owned());
        self.calm = true;
        for till in &mut self.tills {
            till.cut_until_ms = 0;
            till.wrong_ms = 0;
            if let Some(engine) = till.engine.as_mut() {
                engine.dies_after = None;
            }
        }
        for _ in 0..LOOKS {
            let mut open = false;
            for till in 0..self.tills.len() {
                open |= self.finish(till);
            }
            self.pass(LOOK_MS)?;
            if !open && self.has_told_all() && self.is_still() && self.nothing_is_due()? {
                return Ok(());
            }
        }
        Err("the world does not come to rest".to_owned())
    }

    /// Whether the collectors have nothing to undo.
    fn nothing_is_due(&self) -> Result<bool, Broken> {
        let due = crate::tasks::wait_for(self.store.run(|db| {
            let sql = "SELECT 1 FROM attempt WHERE state IN ('SENT', 'REVERSAL_DUE') LIMIT 1";
            db.row(sql, &[])
        }));
        Ok(due.map_err(|error| error.to_string())?.is_none())
    }

    /// Brings what a till has open to an end; whether anything was.
    fn finish(&mut self, till: usize) -> bool {
        let Some(view) = self.view(till) else {
            return true;
        };
        let action = if view.question.is_some() {
            Action::Answer { yes: true }
        } else if view.card.is_some() {
            return true;
        } else if !view.basket.lines.is_empty() {
            match view.due_minor {
                1.. => Action::CashExact,
                // Nothing is left of what was rung up.
                _ if view.tenders.is_empty() => Action::VoidSale,
                _ => Action::Total,
            }
        } else if let Some(parked) = view.parked.first() {
            let sale = parked.sale.clone();
            Action::Recall { sale }
        } else {
            return false;
        };
        self.act(till, action);
        true
    }
}
