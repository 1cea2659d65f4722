//! A shop that goes on through one kill after the other.

use std::fs;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::books::Books;
use crate::cashier::{Cashier, Dead};
use crate::dice::Dice;
use crate::processes::{self, is_alive};
use crate::rig::{Reader, Shop};

/// Cards that are put in while somebody dies; mostly such as are approved.
const CARDS: [&str; 4] = [
    "visa-approved",
    "mastercard-approved",
    "visa-approved",
    "visa-declined",
];
/// Pieces at a time: amounts differ, so that no two charges look like one that is repeated.
const PIECES: u64 = 60;
/// How often a basket that was left open is brought to its end before something is wrong.
const TRIES: usize = 4;

/// A port is free again this soon after its owner's death.
const PORT_PATIENCE: Duration = Duration::from_secs(2);

pub struct World {
    pub shop: Shop,
    till: Option<Cashier>,
    books: Books,
    /// What happened, to print on failure.
    pub log: Vec<String>,
}

impl World {
    pub fn open() -> Self {
        let shop = Shop::open(&Reader::Virtual);
        let mut world = Self {
            till: Some(Cashier::start(&shop.at("till"))),
            shop,
            books: Books::default(),
            log: Vec::new(),
        };
        world.rest(&mut Dice::new(0));
        world
    }

    /// The process to kill, if it runs at the moment.
    pub fn pid(&self, target: &str) -> Option<u32> {
        match (target, &self.till) {
            ("till", Some(till)) => Some(till.pid()),
            _ => processes::pid_of(target, self.shop.folder.path()),
        }
    }

    /// Part of a shift, in which one process may die: a sale in cash, one by card, and now and then
    /// one that a card paid in part and that is voided.
    pub fn sell(&mut self, dice: &mut Dice) {
        let till = self
            .till
            .as_mut()
            .expect("a till that died was started again");
        let sold = (|| -> Result<(), Dead> {
            till.scan(1 + dice.below(PIECES))?;
            till.cash()?;
            till.scan(1 + dice.below(PIECES))?;
            if dice.once_in(4) {
                till.card(CARDS[0], Some(100))?;
                till.void()?;
            } else {
                till.card(CARDS[dice.index(CARDS.len())], None)?;
            }
            till.glance("drained")?;
            Ok(())
        })();
        self.note(sold);
    }

    /// A till that no longer answers may take a moment until it is gone.
    fn note(&mut self, sold: Result<(), Dead>) {
        if sold.is_err() {
            self.log.push("  the till died".to_owned());
            if let Some(till) = self.till.take() {
                self.books.called_paid(till.end());
            }
        }
    }

    /// One sale in cash and one by card, the same each time.
    pub fn sell_plainly(&mut self) {
        let till = self
            .till
            .as_mut()
            .expect("a till that died was started again");
        let sold = (|| -> Result<(), Dead> {
            till.scan(2)?;
            till.cash()?;
            till.scan(3)?;
            till.card(CARDS[0], None)?;
            till.glance("drained")?;
            Ok(())
        })();
        self.note(sold);
    }

    /// What died is started again, what was left open is brought to its end, nothing waits any more.
    pub fn rest(&mut self, dice: &mut Dice) {
        if self.pid("hostsim").is_none() {
            self.free_port("host.port", "collector");
            self.shop.start_host();
        }
        if self.pid("collector").is_none() {
            self.free_port("collector.port", "uplink");
            self.shop.start_collector();
        }
        let is_dead = |till: &Cashier| !is_alive(till.pid());
        if let Some(till) = self.till.take_if(|till| is_dead(till)) {
            self.books.called_paid(till.end());
        }
        let state = self.shop.at("till");
        let till = self.till.get_or_insert_with(|| Cashier::start(&state));
        bring_to_rest(till, dice).expect("nobody kills at rest");
    }

    /// Who knocks at a port of the loopback where nobody listens may meet himself: the system gave
    /// him the same port to knock from (RFC 9293, section 3.5, simultaneous open). Then he is the one
    /// who holds it, and dies.
    fn free_port(&mut self, file: &str, who_knocks: &str) {
        let address = fs::read_to_string(self.shop.at(file)).unwrap_or_default();
        let is_free = || TcpListener::bind(address.trim()).is_ok();
        let end = Instant::now() + PORT_PATIENCE;
        while !is_free() {
            if Instant::now() > end {
                self.log.push(format!("  {who_knocks} sits on {address}"));
                if let Some(pid) = self.pid(who_knocks) {
                    processes::kill(pid);
                }
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Holds the books against each other.
    pub fn audit(&mut self) {
        let till = self.till.as_mut().expect("it is at rest");
        self.books.audit(&self.shop, till);
    }

    /// The end of the day: what the till and the collector hold, record by record.
    pub fn close(&mut self) {
        self.audit();
        let till = self.till.take().expect("it is at rest");
        self.books.called_paid(till.close());
        self.shop.kill_collector();
        self.books.compare_at_rest(&self.shop);
    }

    /// Runs a part of its life; if something is wrong, what happened is printed and the files stay.
    pub fn live(&mut self, part: impl FnOnce(&mut Self)) -> Result<(), String> {
        let held = catch_unwind(AssertUnwindSafe(|| part(self)));
        held.map_err(|_| {
            eprintln!("{}", self.log.join("\n"));
            self.shop.folder.disable_cleanup(true);
            self.shop.folder.path().display().to_string()
        })
    }
}

fn bring_to_rest(till: &mut Cashier, dice: &mut Dice) -> Result<(), Dead> {
    till.act(json!({ "do": "demo" }))?;
    let link = till.wait("link_up")?["link"].clone();
    assert_eq!(link["state"], "up", "the collector is not reached again");
    till.wait("no_card")?;
    till.wait("reader")?;
    for _ in 0..TRIES {
        if till.act(json!({ "do": "view" }))?["basket"]["sale"].is_null() {
            break;
        }
        if till.view["pane"] == "question" {
            till.act(json!({ "do": "back" }))?;
        }
        if till.view["due_minor"] == 0 {
            till.scan(1)?;
        }
        // The customer tries again, or has had enough of cards.
        if dice.once_in(2) {
            till.card(CARDS[0], None)?;
            till.wait("no_card")?;
        } else {
            till.cash()?;
        }
    }
    if !till.act(json!({ "do": "view" }))?["basket"]["sale"].is_null() {
        till.cash()?;
    }
    let view = till.wait("drained")?;
    assert!(
        view["basket"]["sale"].is_null(),
        "the sale cannot be paid: {}",
        view["notice"]
    );
    assert_eq!(
        (&view["queue"]["count"], &view["reversals_due"]),
        (&json!(0), &json!(0)),
        "nothing may wait any more; link {}, notice {}",
        view["link"],
        view["notice"]
    );
    assert_ne!(
        view["reader"]["state"],
        Value::from("missing"),
        "the reader comes back"
    );
    Ok(())
}
