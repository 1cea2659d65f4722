//! Tills: their files, and how their processes come and go.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use sealpoint_collector::store::{Store, Target};
use sealpoint_journal::{DbKey, Journal};
use sealpoint_sale::receipt::Letterhead;
use sealpoint_sale::{Catalogue, Currency};
use sealpoint_sync::machine::{Input, Machine};
use sealpoint_till::effect::DuplicateGuard;
use sealpoint_till::{Settings, Stock};
use sealpoint_wire::{OfflinePolicy, TerminalId};
use tempfile::TempDir;

use crate::cards::Cards;
use crate::child::Source;
use crate::clock;
use crate::engine::Engine;
use crate::tasks::wait_for;
use crate::world::{Broken, Soon, World};

/// Where files are made: in memory, for nobody cuts the power here.
const MEMORY: &str = "/dev/shm";
const TILLS: u64 = 3;
const STORE: &str = "store.db";

const GOODS: &str = "sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age
MILK,Whole Milk,101,4006381333931,Dairy,109,each,700,0
OATS,Oat Flakes,102,96385074,Pantry,89,each,700,0
GIN,Dry Gin,202,,Drinks,1499,each,1900,18
";

/// Files that every world begins with: making tables anew for each would take the most time.
pub struct Shop {
    folder: TempDir,
    /// Open, so that what is copied of it does not change.
    _store: Store,
}

/// SQLCipher locks into memory whatever it allocates, for there could be a key in it. Here that would
/// be most of the time, and the keys are nobody's: it is told that it may lock nothing.
fn lock_nothing() {
    let mut may = capabilities(None).expect("a process may ask what it may");
    may.effective.remove(CapabilitySet::IPC_LOCK);
    set_capabilities(None, may).expect("a process may do less");
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Memlock, none).expect("a limit may be lowered");
}

impl Shop {
    pub fn new() -> Self {
        lock_nothing();
        let folder = in_memory();
        let store = Store::open(&Target::Sqlite(folder.path().join(STORE))).expect("a new store");
        // Done when its thread has done something.
        wait_for(store.run(|db| db.summary())).expect("an empty store");
        let shop = Self {
            folder,
            _store: store,
        };
        for number in 1..=TILLS {
            let path = shop.file(number);
            let key = DbKey::for_journal(&shop.key(), Path::new("/none")).expect("a key");
            drop(Journal::open(&path, &key, &terminal(number)).expect("a new journal"));
        }
        shop
    }

    pub fn folder(&self) -> TempDir {
        in_memory()
    }

    pub fn copy_store(&self, to: &Path) {
        fs::copy(self.store(), to).expect("memory has room");
        let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
        if log(&self.store()).exists() {
            fs::copy(log(&self.store()), log(to)).expect("memory has room");
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join(STORE)
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("db.key")
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("till{number}.db"))
    }
}

fn in_memory() -> TempDir {
    let made = if Path::new(MEMORY).is_dir() {
        tempfile::tempdir_in(MEMORY)
    } else {
        tempfile::tempdir()
    };
    made.expect("a temporary folder")
}

fn terminal(number: u64) -> TerminalId {
    format!("T{number:07}").parse().expect("a name")
}

/// A till and its processes. The numbers tell one process from the next.
pub struct TillBox {
    pub terminal: TerminalId,
    file: PathBuf,
    key: PathBuf,
    policy: Option<OfflinePolicy>,
    pub engine: Option<Engine>,
    pub cards: Cards,
    pub machine: Option<Machine>,
    pub process: u64,
    pub lane: u64,
    pub uplink: u64,
    pub to_lane: Source,
    pub to_uplink: Source,
    /// When the last message of each pipe comes out: to lane and uplink, from lane and uplink.
    pub pipes: [u64; 4],
    pub tick_ms: u64,
    pub time_ms: u64,
    /// How wrong its clock is.
    pub wrong_ms: i64,
    /// Until when nothing goes to the collectors.
    pub cut_until_ms: u64,
    /// What is sent meanwhile is swallowed, not refused.
    pub swallows: bool,
}

impl TillBox {
    pub fn new(shop: &Shop, folder: &Path, number: u64, policy: Option<OfflinePolicy>) -> Self {
        let file = folder.join(format!("till{number}.db"));
        fs::copy(shop.file(number), &file).expect("memory has room");
        Self {
            terminal: terminal(number),
            file,
            key: shop.key(),
            policy,
            engine: None,
            cards: Cards::default(),
            machine: None,
            process: 0,
            lane: 0,
            uplink: 0,
            to_lane: Source::default(),
            to_uplink: Source::default(),
            pipes: [0; 4],
            tick_ms: 0,
            time_ms: 0,
            wrong_ms: 0,
            cut_until_ms: 0,
            swallows: false,
        }
    }

    /// Opens the till's journal, as each start does.
    pub fn open(&self) -> Journal {
        let key = DbKey::load(&self.key).expect("the key is there");
        Journal::open(&self.file, &key, &self.terminal).expect("the journal is whole")
    }

    fn settings(&self) -> Settings {
        Settings {
            key_in_file: false,
            classical: false,
            posture: None,
            store: "Corner Shop".to_owned(),
            terminal: self.terminal.clone(),
            cashier: "Ada".to_owned(),
            mark: String::new(),
            letterhead: Letterhead::default(),
            currency: Currency::Eur,
            collector: true,
            tiles_per_page: 4,
            insert_timeout_ms: 30_000,
            queue_card_limit: 1_000,
            duplicate_guard: DuplicateGuard::Card,
            demo: None,
        }
    }
}

impl World {
    pub fn till_starts(&mut self, till: usize) {
        self.say(|| format!("till {till} starts"));
        let dice = crate::dice::Dice::of(self.dice.word());
        let this = &mut self.tills[till];
        this.process += 1;
        clock::wrong_by(this.wrong_ms);
        let (catalogue, bad_rows) = Catalogue::parse(GOODS.as_bytes()).expect("a catalogue");
        let stock = Stock {
            catalogue,
            bad_rows,
        };
        let ports = (this.to_lane.clone(), this.to_uplink.clone());
        let engine = Engine::start(this.open(), this.settings(), stock, ports, dice);
        clock::wrong_by(0);
        this.engine = Some(engine.expect("the journal is read"));
        this.tick_ms = clock::elapsed_ms();
        let process = this.process;
        let (lane, uplink) = (self.dice.between(0, 300), self.dice.between(0, 300));
        self.later(lane, Soon::LaneStarts(till, process));
        self.later(uplink, Soon::UplinkStarts(till, process));
    }

    /// The program ends between two effects. Its processes end when they notice; what it told them
    /// before, they do.
    pub fn till_dies(&mut self, till: usize) {
        self.say(|| format!("till {till} dies"));
        let this = &mut self.tills[till];
        this.engine = None;
        this.process += 1;
        let (lane, uplink) = (this.lane, this.uplink);
        let (after_lane, after_uplink) = (self.dice.between(0, 100), self.dice.between(0, 100));
        self.later(after_lane, Soon::LaneEnds(till, lane));
        self.later(after_uplink, Soon::UplinkEnds(till, uplink));
        let after = self.dice.between(150, 5_000);
        self.later(after, Soon::TillStarts(till));
    }

    pub fn lane_starts(&mut self, till: usize) {
        let this = &mut self.tills[till];
        this.lane += 1;
        this.cards = Cards::default();
        this.to_lane.borrow_mut().running = true;
        let said = Cards::hello(this.policy.clone());
        self.lane_says(till, said);
    }

    pub fn lane_ends(&mut self, till: usize) {
        self.say(|| format!("lane {till} ends"));
        let this = &mut self.tills[till];
        // What it said last was heard or not; nothing of it comes now.
        this.lane += 1;
        let mut port = this.to_lane.borrow_mut();
        (port.running, port.sent) = (false, vec![]);
        drop(port);
        let (process, alone) = (this.process, this.engine.is_none());
        self.engine(till, Engine::lane_ended);
        let after = self.dice.between(200, 3_000);
        if !alone {
            self.later(after, Soon::LaneStarts(till, process));
        }
    }

    pub fn uplink_starts(&mut self, till: usize) -> Result<(), Broken> {
        self.books.uplink_starts(till);
        let this = &mut self.tills[till];
        this.uplink += 1;
        this.machine = Some(Machine::new(true));
        this.to_uplink.borrow_mut().running = true;
        self.uplink(till, Input::Tick)
    }

    pub fn uplink_ends(&mut self, till: usize) {
        self.say(|| format!("uplink {till} ends"));
        let this = &mut self.tills[till];
        this.uplink += 1;
        this.machine = None;
        let mut port = this.to_uplink.borrow_mut();
        (port.running, port.sent) = (false, vec![]);
        drop(port);
        let (process, alone) = (this.process, this.engine.is_none());
        self.engine(till, Engine::uplink_ended);
        let after = self.dice.between(200, 3_000);
        if !alone {
            self.later(after, Soon::UplinkStarts(till, process));
        }
    }
}
