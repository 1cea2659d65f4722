//! The engine: one thread that owns the till's core and carries out its effects, in order.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use sealpoint_journal::{Journal, Unresolved};
use sealpoint_till::{Effect, Input, Notice, NoticeCode, Settings, Stock, Till, View};
use sealpoint_wire::status::KeySource;
use sealpoint_wire::{FromLane, FromUplink, Posture};

use crate::clock::stamp;
use crate::config::Config;
use crate::erase;
use crate::event::{Event, Events};
use crate::lane::Lane;
use crate::lines::{Lines, Reply};
use crate::receipts::Printer;
use crate::restored;
use crate::sources::Sources;
use crate::standing::Standing;
use crate::state::State;
use crate::uplink::Uplink;

/// Pages of the journal that an idle till looks at, each time that time goes by: 320 KiB a second.
const CHECKED_PAGES: u32 = 16;
/// How long a journal rests that was looked at whole.
const CHECK_EVERY: Duration = Duration::from_secs(300);
/// How often time goes by for the till.
const TICK: Duration = Duration::from_millis(200);

/// Who is shown each new view.
pub trait Screen: Send {
    /// Shows a view; a later one replaces it.
    fn show(&mut self, view: &View);

    /// The engine went round once more, whether or not there is something new to show.
    fn engine_lives(&self) {}
}

/// The engine and everything that it drives.
pub struct Engine {
    till: Till,
    journal: Journal,
    pub(crate) lane: Lane,
    pub(crate) uplink: Uplink,
    pub(crate) printer: Printer,
    events: Receiver<Event>,
    screens: Vec<Box<dyn Screen>>,
    pub(crate) lines: Option<Lines>,
    pub(crate) demo_control: Option<std::path::PathBuf>,
    shown: Option<View>,
    standing: Standing,
    state: State,
    /// How old an advice may become, from the retailer's policy.
    advice_hours: Option<u32>,
    /// When the next look at every page of the journal may begin.
    check_after: Option<Instant>,
    /// The journal was found damaged while it ran.
    damaged: bool,
}

/// What the engine is made of.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The state folder.
    pub state: State,
    /// The journal in it.
    pub journal: Journal,
    /// Where the journal's key came from.
    pub key_source: KeySource,
    /// What the core is set up with.
    pub settings: Settings,
    /// What is sold.
    pub stock: Stock,
    /// Where lane and uplink come from.
    pub sources: Sources,
    /// How the till itself is protected.
    pub posture: Posture,
}

impl Engine {
    /// Starts the till's processes and its core where the journal left it.
    ///
    /// # Errors
    /// The journal's error, if it cannot be read.
    pub fn start(
        parts: Parts,
        events: (Events, Receiver<Event>),
        screens: Vec<Box<dyn Screen>>,
        lines: Option<Lines>,
    ) -> Result<Self, sealpoint_journal::JournalError> {
        let (sender, events) = events;
        let restored = restored::read(&parts.journal)?;
        let mut till = Till::new(parts.settings, parts.stock, restored);
        till.step(
            Input::Action(sealpoint_till::Action::Theme {
                theme: Some(parts.config.theme),
            }),
            &stamp(),
        );
        let sources = parts.sources;
        Ok(Self {
            till,
            lane: Lane::start(sources.lane, &parts.config.terminal, sender.clone()),
            uplink: Uplink::start(sources.uplink, sender),
            standing: Standing::new(&parts.config, &parts.state, parts.key_source, parts.posture),
            printer: Printer::new(parts.config.receipts, parts.state.receipts()),
            journal: parts.journal,
            events,
            screens,
            lines,
            demo_control: parts.config.demo_cards,
            shown: None,
            advice_hours: None,
            check_after: None,
            damaged: false,
            state: parts.state,
        })
    }

    /// Runs until the till is asked to end. An attempt in flight is brought to its end first.
    pub fn run(mut self) {
        self.figures();
        self.show(None);
        self.write_down();
        let mut ending = false;
        loop {
            let event = match self.events.recv_timeout(TICK) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match event {
                Some(Event::Quit | Event::InputEnded) => ending = true,
                Some(event) => {
                    self.take(event);
                    self.write_pressing();
                }
                None => self.time_goes_by(),
            }
            for screen in &self.screens {
                screen.engine_lives();
            }
            if ending && self.shown.as_ref().is_none_or(|view| view.card.is_none()) {
                break;
            }
        }
        self.lane.process().stop();
        self.uplink.process().stop();
        let open = self.open_charges();
        if let Some(view) = &self.shown {
            self.standing.end(view, open);
        }
        drop(self.journal);
        drop(self.state);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Action(action) => {
                self.standing.touched();
                self.input(Input::Action(action));
            }
            Event::Line { text, number, done } => {
                self.standing.touched();
                self.line(&text, number, done);
                return;
            }
            Event::Lane(process, message) => {
                if self.lane.process().is_now(process) {
                    self.standing.lane_said(&message);
                    if let FromLane::SetUp { offline, .. } = &message {
                        self.advice_hours = offline.as_ref().map(|policy| policy.max_hours);
                        self.uplink.hours_are_known();
                        self.give_up_old_advices();
                    }
                    self.input(Input::Lane(message));
                }
            }
            Event::LaneDown(process) => {
                if self.lane.process().ended(process) {
                    self.standing.lane_ended();
                    self.input(Input::LaneDown);
                }
            }
            Event::Uplink(process, message) => {
                if self.uplink.process().is_now(process) {
                    self.uplink_said(message);
                }
            }
            Event::UplinkDown(process) => {
                if self.uplink.process().ended(process) {
                    self.uplink.forget();
                    self.standing.uplink_ended();
                    self.input(Input::UplinkDown);
                }
            }
            Event::Demo(demo) => self.input(Input::Demo(demo)),
            Event::Quit | Event::InputEnded => {}
        }
        self.show(None);
    }

    fn time_goes_by(&mut self) {
        self.lane.process().tick();
        self.uplink.process().tick();
        self.pump();
        self.input(Input::Tick);
        self.check_some();
        self.show(None);
        self.write_down();
    }

    /// Looks at a few pages of the journal while nobody needs the till, so that a disk that fails is
    /// met before a sale is.
    fn check_some(&mut self) {
        let idle = self
            .shown
            .as_ref()
            .is_some_and(|view| view.card.is_none() && view.basket.lines.is_empty());
        let resting = self.check_after.is_some_and(|at| Instant::now() < at);
        if !idle || self.damaged || resting {
            return;
        }
        match self.journal.check_some(CHECKED_PAGES) {
            Ok(false) => {}
            Ok(true) => {
                self.check_after = Some(Instant::now() + CHECK_EVERY);
                self.standing.checked("ok");
            }
            Err(error) => {
                self.damaged = true;
                tracing::error!(alarm = "journal_damaged", %error, "the journal is not what was written");
                self.standing.checked(&error.to_string());
                self.say(NoticeCode::Blocked, vec![error.to_string()]);
            }
        }
    }

    /// Advices that are too old are a person's work. Only the collector's time tells which those are:
    /// what is sealed cannot be had back after a clock was wrong.
    fn give_up_old_advices(&mut self) {
        let Some((now_ms, hours)) = self.uplink.collectors_time_ms().zip(self.advice_hours) else {
            return;
        };
        match self.journal.expire_advices(now_ms, hours) {
            Ok(0) => {}
            Ok(expired) => tracing::error!(
                alarm = "advices_expired",
                expired,
                hours,
                "charges could not be told to the acquirer in time"
            ),
            Err(error) => tracing::error!(%error, "advices that are too old were not given up"),
        }
    }

    /// Destroys what this till holds: the card process destroyed its keys before.
    pub(crate) fn erase(&mut self) {
        self.uplink.erase();
        if let Err(error) = erase::destroy(&self.state) {
            tracing::error!(%error, "the till's data could not all be destroyed");
        }
    }

    /// Says in a file how the till stands.
    fn write_down(&mut self) {
        let open = self.open_charges();
        if let Some(view) = &self.shown {
            self.standing.write(view, open);
        }
    }

    /// The same, if it is about whether the system may be replaced.
    fn write_pressing(&mut self) {
        let open = self.open_charges();
        if let Some(view) = &self.shown {
            self.standing.write_pressing(view, open);
        }
    }

    /// The charges whose fate is open: whoever replaces the system waits for them.
    fn open_charges(&self) -> Option<Unresolved> {
        match self.journal.unresolved() {
            Ok(open) => Some(open),
            Err(error) => {
                tracing::error!(%error, "the charges that are open could not be counted");
                None
            }
        }
    }

    fn uplink_said(&mut self, message: FromUplink) {
        self.standing.uplink_said(&message);
        let (message, written) = self.uplink.heard(message, &mut self.journal);
        if let Err(error) = written {
            tracing::error!(%error, "an acknowledgement was not written");
        }
        self.give_up_old_advices();
        // The figures first: the till then knows what is left when it hears what was acknowledged.
        self.figures();
        self.input(Input::Uplink(message));
        self.figures();
        self.pump();
    }

    /// Puts one input in and carries out what comes of it, and what comes of that.
    pub(crate) fn input(&mut self, input: Input) {
        let effects = self.till.step(input, &stamp());
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            for answer in self.effect(effect) {
                self.input(answer);
            }
        }
    }

    pub(crate) fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    pub(crate) fn split(&mut self) -> (&mut Journal, &mut Lane, &mut Uplink) {
        (&mut self.journal, &mut self.lane, &mut self.uplink)
    }

    /// Reads the queue and the totals again.
    pub(crate) fn figures(&mut self) {
        match restored::figures(&self.journal) {
            Ok(figures) => self.input(figures),
            Err(error) => tracing::error!(%error, "the queue's figures could not be read"),
        }
    }

    pub(crate) fn pump(&mut self) {
        if let Err(error) = self.uplink.pump(&self.journal) {
            tracing::error!(%error, "the queue could not be read");
        }
    }

    pub(crate) fn say(&mut self, code: NoticeCode, args: Vec<String>) {
        self.input(Input::Say(Notice::new(code, args)));
    }

    /// Shows the view where it changed, or where an action waits for its answer.
    pub(crate) fn show(&mut self, reply: Option<Reply>) {
        let reply_to = reply.as_ref().and_then(|reply| reply.reply_to.clone());
        let view = self.till.view(&stamp(), reply_to);
        if self.lines.as_ref().is_some_and(|lines| lines.is_met(&view)) {
            self.end_wait(&view);
        }
        let changed = self
            .shown
            .as_ref()
            .is_none_or(|shown| !looks_the_same(shown, &view));
        if reply.is_some() || changed {
            match (&self.lines, reply) {
                (Some(lines), Some(reply)) => lines.answer(&view, reply.done),
                (Some(lines), None) => lines.view(&view),
                (None, _) => {}
            }
            if changed {
                self.screens
                    .iter_mut()
                    .for_each(|screen| screen.show(&view));
            }
            self.shown = Some(view);
        }
    }

    fn end_wait(&mut self, view: &View) {
        let Some(lines) = self.lines.as_mut() else {
            return;
        };
        if let Some(waiting) = lines.waiting.take() {
            let Reply { reply_to, done } = waiting.reply;
            let view = View {
                reply_to,
                ..view.clone()
            };
            lines.answer(&view, done);
        }
    }
}

/// Whether a person would see no difference: seconds of clock and age do not count, a countdown's
/// do.
fn looks_the_same(a: &View, b: &View) -> bool {
    let still = |view: &View| {
        let mut view = view.clone();
        view.number = 0;
        view.reply_to = None;
        view.clock.truncate(16);
        view.queue.oldest_ms = view.queue.oldest_ms.map(|ms| ms / 10_000);
        view.parked.iter_mut().for_each(|p| p.age_ms /= 60_000);
        if let Some(card) = view.card.as_mut() {
            card.left_ms = card.left_ms.div_ceil(1000);
        }
        view
    };
    still(a) == still(b)
}
