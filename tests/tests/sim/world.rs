//! The world: tills with their processes, collectors on one store, the acquirer, and everything that
//! is on its way between them. One event at a time, in the order of their times.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use sealpoint_acquirer::{Answer, Message};
use sealpoint_collector::store::{Store, Target};
use sealpoint_sync::machine::{Exchange, Input, Machine, Moment, Output, Request, RequestId};
use sealpoint_wire::api::PushRequest;
use sealpoint_wire::{FromLane, FromUplink, ToLane, ToUplink};
use tempfile::TempDir;

use crate::books::Books;
use crate::clock;
use crate::collectors::Collector;
use crate::dice::Dice;
use crate::engine::Engine;
use crate::host::{Host, Mood};
use crate::office::Reply;
use crate::tasks::wait_for;
use crate::tills::{Shop, TillBox};

/// A till's time goes by this often.
const TICK_MS: u64 = 4_000;
/// A collector looks this often for what is due.
const TEND_MS: u64 = 4_000;
/// A till hears the collector's time this often.
const TIME_MS: u64 = 60_000;
/// More events than this at one moment are a circle.
const MOST_AT_ONCE: u32 = 100_000;

/// What is on its way, or will happen by itself. The numbers tell one process from the next.
pub enum Soon {
    LaneSays(usize, u64, FromLane),
    ToLane(usize, u64, Vec<u8>),
    UplinkSays(usize, u64, FromUplink),
    ToUplink(usize, u64, Vec<u8>),
    LaneEnds(usize, u64),
    UplinkEnds(usize, u64),
    LaneStarts(usize, u64),
    UplinkStarts(usize, u64),
    TillStarts(usize),
    Arrives(usize, Ticket, Ask),
    Exchanged(Ticket, Exchange),
    CollectorStarts(usize),
    LineIsBack(usize),
    HostHears(usize, u64, Message),
    HostSays(usize, u64, Answer),
}

/// What a till asks its collector.
#[derive(Clone)]
pub struct Ask {
    pub path: &'static str,
    pub body: Vec<u8>,
    /// Another copy of it comes later.
    pub again: bool,
}

/// Whose exchange it is.
#[derive(Clone)]
pub struct Ticket {
    pub till: usize,
    pub uplink: u64,
    pub request: RequestId,
    /// The answer goes lost.
    pub lost: bool,
    /// How long the answer is on its way.
    pub back_ms: u64,
}

/// Answers of a collector that are not on their way yet.
pub type Replies = Rc<RefCell<Vec<(usize, Ticket, Ask, Reply)>>>;

/// The world.
pub struct World {
    pub dice: Dice,
    pub host: Host,
    pub tills: Vec<TillBox>,
    pub collectors: Vec<Collector>,
    pub store: Store,
    pub books: Books,
    /// Nothing goes wrong any more.
    pub calm: bool,
    pub trace: Option<Vec<String>>,
    replies: Replies,
    soon: BTreeMap<(u64, u64), Soon>,
    count: u64,
    /// Behind everything that has files in it.
    _folder: TempDir,
}

/// What broke.
pub type Broken = String;

impl World {
    pub fn of(seed: u64, shop: &Shop, trace: bool) -> Self {
        clock::set(0);
        clock::wrong_by(0);
        let mut dice = Dice::of(seed);
        let folder = shop.folder();
        let file = folder.path().join("store.db");
        shop.copy_store(&file);
        let store = Store::open(&Target::Sqlite(file)).expect("a new store");
        let mut host = Host::default();
        host.forgets = dice.percent(50);
        let tills = dice.one_of(&[1, 1, 2, 2, 3]);
        let collectors = dice.between(1, 2);
        let policy = dice
            .percent(60)
            .then(|| crate::cards::policy(dice.percent(50)));
        let inquiries = dice.percent(50);
        let mut world = Self {
            tills: (1..=tills)
                .map(|number| TillBox::new(shop, folder.path(), number, policy.clone()))
                .collect(),
            collectors: (0..collectors)
                .map(|_| Collector::new(store.clone(), inquiries))
                .collect(),
            host,
            store,
            books: Books::default(),
            calm: false,
            trace: trace.then(Vec::new),
            replies: Replies::default(),
            soon: BTreeMap::new(),
            count: 0,
            dice,
            _folder: folder,
        };
        world.say(|| format!("{tills} tills, {collectors} collectors"));
        for till in 0..world.tills.len() {
            world.till_starts(till);
        }
        world
    }

    pub fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = self.trace.as_mut() {
            trace.push(format!("{:>9} {}", clock::elapsed_ms(), what()));
        }
    }

    pub fn later(&mut self, after_ms: u64, what: Soon) {
        self.at(clock::elapsed_ms() + after_ms, what);
    }

    fn at(&mut self, at_ms: u64, what: Soon) {
        self.count += 1;
        self.soon.insert((at_ms, self.count), what);
    }

    /// Behind what is in the same pipe already.
    fn in_pipe(&mut self, till: usize, pipe: usize, after_ms: u64, what: Soon) {
        let last = &mut self.tills[till].pipes[pipe];
        *last = (*last).max(clock::elapsed_ms() + after_ms);
        let at_ms = *last;
        self.at(at_ms, what);
    }

    /// Whether anything but time is on its way.
    pub fn is_still(&self) -> bool {
        self.collectors.iter().all(|c| c.tasks.are_done())
            && self
                .soon
                .values()
                .all(|soon| matches!(soon, Soon::Exchanged(..)))
    }

    /// Lets time pass.
    pub fn pass(&mut self, by_ms: u64) -> Result<(), Broken> {
        let end = clock::elapsed_ms() + by_ms;
        let mut at_once = 0;
        loop {
            self.work();
            let next = self.next_ms();
            if next > end {
                break;
            }
            at_once = if next > clock::elapsed_ms() {
                0
            } else {
                at_once + 1
            };
            if at_once > MOST_AT_ONCE {
                return Err("the world goes in a circle".to_owned());
            }
            clock::set(next.max(clock::elapsed_ms()));
            self.happen()?;
        }
        clock::set(end);
        Ok(())
    }

    fn next_ms(&self) -> u64 {
        let soon = self.soon.keys().next().map(|(at_ms, _)| *at_ms);
        let tills = self.tills.iter().flat_map(|till| {
            let wake = till.machine.as_ref().and_then(Machine::wake_at_ms);
            [wake, till.engine.as_ref().map(|_| till.tick_ms)]
        });
        let tends = self.collectors.iter().map(|c| Some(c.tend_ms));
        let waits = [soon, Some(clock::next_ms())];
        waits
            .into_iter()
            .chain(tills)
            .chain(tends)
            .flatten()
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Everything that is due at this moment, once.
    fn happen(&mut self) -> Result<(), Broken> {
        let now = clock::elapsed_ms();
        if let Some(entry) = self.soon.first_entry().filter(|e| e.key().0 <= now) {
            let what = entry.remove();
            return self.one(what);
        }
        for till in 0..self.tills.len() {
            let wake = self.tills[till]
                .machine
                .as_ref()
                .and_then(Machine::wake_at_ms);
            if wake.is_some_and(|wake| wake <= now) {
                self.uplink(till, Input::Tick)?;
            }
            if self.tills[till].engine.is_some() && self.tills[till].tick_ms <= now {
                self.tills[till].tick_ms = now + TICK_MS;
                self.engine(till, Engine::time_goes_by);
            }
        }
        for number in 0..self.collectors.len() {
            if self.collectors[number].tend_ms <= now {
                self.collectors[number].tend_ms = now + TEND_MS;
                self.collectors[number].tend();
            }
        }
        Ok(())
    }

    fn one(&mut self, what: Soon) -> Result<(), Broken> {
        match what {
            Soon::LaneSays(till, lane, message) if self.tills[till].lane == lane => {
                self.say(|| format!("till {till} hears its lane: {message:?}"));
                self.engine(till, |engine| engine.lane_said(message));
            }
            Soon::ToLane(till, lane, message) if self.tills[till].lane == lane => {
                let message: ToLane = serde_json::from_slice(&message).expect("a till's message");
                self.say(|| format!("lane {till} hears: {message:?}"));
                self.lane(till, message);
            }
            Soon::UplinkSays(till, uplink, message) if self.tills[till].uplink == uplink => {
                self.say(|| format!("till {till} hears its uplink: {message:?}"));
                self.books
                    .till_hears(&message, self.tills[till].engine.is_some());
                self.engine(till, |engine| engine.uplink_said(message));
            }
            Soon::ToUplink(till, uplink, message) if self.tills[till].uplink == uplink => {
                let message: ToUplink = serde_json::from_slice(&message).expect("a till's message");
                self.say(|| format!("uplink {till} hears: {}", short(&message)));
                self.books.uplink_hears(till, &message)?;
                self.uplink(till, Input::Till(message))?;
            }
            Soon::LaneEnds(till, lane) if self.tills[till].lane == lane => self.lane_ends(till),
            Soon::UplinkEnds(till, uplink) if self.tills[till].uplink == uplink => {
                self.uplink_ends(till);
            }
            Soon::LaneStarts(till, process) if self.tills[till].process == process => {
                self.lane_starts(till);
            }
            Soon::UplinkStarts(till, process) if self.tills[till].process == process => {
                self.uplink_starts(till)?;
            }
            Soon::TillStarts(till) => self.till_starts(till),
            Soon::Arrives(number, ticket, ask) => self.arrives(number, ticket, ask),
            Soon::Exchanged(ticket, exchange)
                if self.tills[ticket.till].uplink == ticket.uplink =>
            {
                let request = ticket.request;
                self.uplink(ticket.till, Input::Exchanged { request, exchange })?;
            }
            Soon::CollectorStarts(number) => self.collector_starts(number),
            Soon::LineIsBack(number) => self.collectors[number].wire.borrow_mut().up = true,
            Soon::HostHears(number, line, message) => self.host_hears(number, line, &message),
            Soon::HostSays(number, line, answer) => {
                self.say(|| {
                    let (key, code) = (&answer.key, &answer.response_code);
                    format!(
                        "collector {number} hears {code} to {:?} {}",
                        key.to, key.stan
                    )
                });
                self.collectors[number].host_said(line, answer);
            }
            // Of a process that is gone.
            _ => {}
        }
        Ok(())
    }

    /// The collectors go on as far as they come; what they say and send is on its way then.
    fn work(&mut self) {
        loop {
            clock::nobody_waits();
            let mut moved = false;
            for collector in &mut self.collectors {
                moved |= collector.tasks.run();
            }
            for (number, ticket, ask, reply) in self.replies.take() {
                self.replied(number, ticket, ask, reply);
            }
            for number in 0..self.collectors.len() {
                let (line, sent) = {
                    let mut wire = self.collectors[number].wire.borrow_mut();
                    (wire.number, std::mem::take(&mut wire.sent))
                };
                for message in sent {
                    self.sent_to_host(number, line, message);
                }
            }
            if !moved {
                return;
            }
        }
    }

    fn wrong(&mut self, percent: u64) -> bool {
        !self.calm && self.dice.percent(percent)
    }

    /// Calls a till's engine; what it tells its processes is on its way then.
    pub fn engine(&mut self, till: usize, call: impl FnOnce(&mut Engine)) {
        let this = &mut self.tills[till];
        let Some(engine) = this.engine.as_mut() else {
            return;
        };
        clock::wrong_by(this.wrong_ms);
        call(engine);
        clock::wrong_by(0);
        let dead = engine.dead;
        let (lane, uplink) = (this.lane, this.uplink);
        let to_lane = std::mem::take(&mut this.to_lane.borrow_mut().sent);
        let to_uplink = std::mem::take(&mut this.to_uplink.borrow_mut().sent);
        for message in to_lane {
            let after = self.dice.between(0, 20);
            self.in_pipe(till, 0, after, Soon::ToLane(till, lane, message));
        }
        for message in to_uplink {
            let after = self.dice.between(0, 20);
            self.in_pipe(till, 1, after, Soon::ToUplink(till, uplink, message));
        }
        if dead {
            self.till_dies(till);
        }
    }

    fn lane(&mut self, till: usize, message: ToLane) {
        let said = self.tills[till].cards.told(message, &mut self.dice);
        self.lane_says(till, said);
    }

    pub fn lane_says(&mut self, till: usize, said: crate::cards::Soon) {
        let lane = self.tills[till].lane;
        for (after, message) in said {
            self.in_pipe(till, 2, after, Soon::LaneSays(till, lane, message));
        }
    }

    /// Puts something into a till's uplink and does what comes out of it.
    pub fn uplink(&mut self, till: usize, input: Input) -> Result<(), Broken> {
        let moment = Moment {
            now_ms: clock::elapsed_ms(),
            jitter: u32::try_from(self.dice.between(0, u64::from(u32::MAX))).expect("in range"),
        };
        let Some(machine) = self.tills[till].machine.as_mut() else {
            return Ok(());
        };
        machine.input(moment, input);
        while let Some(output) = self.tills[till].machine.as_mut().and_then(Machine::poll) {
            match output {
                Output::Request(request) => {
                    self.books.uplink_asks(till, &request)?;
                    self.ask(till, request);
                }
                Output::Till(message) => {
                    self.books.uplink_says(till, &message);
                    let uplink = self.tills[till].uplink;
                    let after = self.dice.between(0, 20);
                    self.in_pipe(till, 3, after, Soon::UplinkSays(till, uplink, message));
                }
                // Its answer finds nobody.
                Output::Abandon(_) => {}
                Output::Erase => unreachable!("nobody orders it"),
            }
        }
        let now = clock::elapsed_ms();
        if now >= self.tills[till].time_ms {
            self.tills[till].time_ms = now + TIME_MS;
            let uplink = self.tills[till].uplink;
            let at_ms = clock::right_ms();
            let time = FromUplink::Time { at_ms };
            self.in_pipe(till, 3, 0, Soon::UplinkSays(till, uplink, time));
        }
        Ok(())
    }

    /// A request leaves an uplink: what becomes of it on its way?
    fn ask(&mut self, till: usize, request: Request) {
        let number = usize::try_from(self.dice.between(0, self.collectors.len() as u64 - 1))
            .expect("few collectors");
        let mut ticket = Ticket {
            till,
            uplink: self.tills[till].uplink,
            request: request.id,
            lost: false,
            back_ms: self.dice.between(1, 120),
        };
        let (path, timeout) = (request.path, request.timeout_ms);
        let not_sent = Exchange::NotSent {
            why: "The collector cannot be reached.".to_owned(),
        };
        let cut = clock::elapsed_ms() < self.tills[till].cut_until_ms;
        if (cut && !self.tills[till].swallows) || !self.collectors[number].up {
            self.say(|| format!("uplink {till} cannot send {path}"));
            let after = self.dice.between(1, 3_000);
            return self.later(after, Soon::Exchanged(ticket, not_sent));
        }
        let lost = Exchange::Lost {
            why: "No answer came in time.".to_owned(),
        };
        self.later(timeout, Soon::Exchanged(ticket.clone(), lost.clone()));
        if cut || self.wrong(3) {
            self.say(|| format!("{path} of till {till} is lost"));
            if self.dice.percent(50) {
                let after = self.dice.between(1, timeout);
                self.later(after, Soon::Exchanged(ticket, lost));
            }
            return;
        }
        let mut there_ms = self.dice.between(1, 120);
        if self.wrong(5) {
            there_ms = self.dice.between(1_000, 30_000);
        }
        if self.wrong(5) {
            ticket.back_ms = self.dice.between(1_000, 30_000);
        }
        ticket.lost = self.wrong(4);
        let again = self.wrong(5);
        self.say(|| {
            let lost = if ticket.lost {
                ", its answer gets lost"
            } else {
                ""
            };
            format!("uplink {till} sends {path} to {number}, there in {there_ms}{lost}")
        });
        let body = request.body;
        self.later(
            there_ms,
            Soon::Arrives(number, ticket, Ask { path, body, again }),
        );
    }

    fn arrives(&mut self, number: usize, ticket: Ticket, ask: Ask) {
        let till = ticket.till;
        self.say(|| format!("{} of till {till} arrives at collector {number}", ask.path));
        let terminal = self.tills[till].terminal.clone();
        self.collectors[number].answer(number, &self.replies, ticket, terminal, ask);
    }

    fn replied(&mut self, number: usize, mut ticket: Ticket, mut ask: Ask, reply: Reply) {
        let till = ticket.till;
        self.say(|| {
            let said = String::from_utf8_lossy(&reply.body);
            let said: String = said.chars().take(200).collect();
            let (code, path) = (reply.code, ask.path);
            format!("collector {number} answers {code} to {path} of till {till}: {said}")
        });
        if let Some(pushed) = reply.push().filter(|_| ask.path == "/v1/records") {
            let push: PushRequest = serde_json::from_slice(&ask.body).expect("it was read");
            self.books.stored(&push, &pushed);
        }
        // A copy of a charge that was not sent is made by nobody: TLS has no copies.
        let charge = ask.path == "/v1/authorisations";
        if std::mem::take(&mut ask.again) && !(charge && reply.code == 503) {
            let mut copy = ticket.clone();
            copy.lost = true;
            let after = self.dice.between(0, 40_000);
            self.later(after, Soon::Arrives(number, copy, ask));
        }
        if ticket.lost {
            return;
        }
        ticket.lost = true;
        let exchange = Exchange::Answered {
            code: reply.code,
            retry_after_s: None,
            body: reply.body,
        };
        self.later(ticket.back_ms, Soon::Exchanged(ticket, exchange));
    }

    /// A message leaves a collector: what becomes of it on its way?
    fn sent_to_host(&mut self, number: usize, line: u64, message: Message) {
        if self.wrong(3) {
            return self.say(|| format!("{:?} of collector {number} is lost", message.mti()));
        }
        // Less than what the switch takes for possible.
        let after = if self.wrong(6) {
            self.dice.between(500, 20_000)
        } else {
            self.dice.between(5, 200)
        };
        self.later(after, Soon::HostHears(number, line, message));
    }

    fn host_hears(&mut self, number: usize, line: u64, message: &Message) {
        let mood = match self.dice.between(0, 99) {
            _ if self.calm => Mood::Yes,
            0..10 => Mood::No,
            10..18 => Mood::Part,
            18..23 => Mood::Later,
            _ => Mood::Yes,
        };
        let answer = self.host.answer(message, mood);
        self.say(|| {
            let (key, code) = (&answer.key, &answer.response_code);
            format!("the host hears {:?} {} and says {code}", key.to, key.stan)
        });
        if self.wrong(4) {
            return self.say(|| "the answer is lost".to_owned());
        }
        let after = if self.wrong(6) {
            self.dice.between(1_000, 40_000)
        } else {
            self.dice.between(5, 400)
        };
        self.later(after, Soon::HostSays(number, line, answer));
    }

    fn collector_starts(&mut self, number: usize) {
        self.say(|| format!("collector {number} starts"));
        if self.collectors.len() == 1 {
            // What `Store::open` does on the store of one collector.
            let now = clock::right_ms();
            let lost = wait_for(self.store.run(move |db| db.lose_attempts_in_flight(now)));
            lost.expect("the store is there");
        }
        self.collectors[number].starts();
    }
}

fn short(message: &ToUplink) -> String {
    match message {
        ToUplink::Offer { offer, records } => format!("offer {offer} of {}", records.len()),
        ToUplink::Authorise(request) => {
            format!(
                "authorise {} over {}",
                request.attempt, request.amount_minor
            )
        }
        ToUplink::Advise(request) => format!("advise {}", request.attempt),
        other => format!("{other:?}"),
    }
}
