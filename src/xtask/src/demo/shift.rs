//! A scripted shift, for a machine without a display: everything that a cashier meets on a day.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::surroundings::Surroundings;
use crate::demo::totals::{Totals, compare};
use crate::demo::transcript::Transcript;
use crate::process::cannot_write;
use crate::say;
use crate::till::{Pictures, Till};

/// A card takes at most this long, its host included.
const CARD: Duration = Duration::from_secs(60);
/// The link takes at most this long to notice a change, and the queue to drain.
const LINK: Duration = Duration::from_secs(90);
/// Size of the pictures in pixels.
const PICTURE: (u32, u32) = (1920, 1080);

/// Somebody who works to the script.
struct Cashier {
    till: Till,
    transcript: Transcript,
    folder: PathBuf,
    pictures: u32,
}

/// Runs the shift, writes it down in `folder`, and compares both sides.
///
/// # Errors
/// The step that did not go as scripted, or a difference in the totals.
pub fn run(programs: &Path, mut around: Surroundings, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    say::heading("A scripted shift");
    let state = around.state();
    let till = Till::start(programs, &state.till(), state.logs(), Pictures::Offscreen)?;
    let mut cashier = Cashier {
        till,
        transcript: Transcript::begin(folder)?,
        folder: folder.to_owned(),
        pictures: 0,
    };
    cashier.open()?;
    cashier.cash_sale()?;
    cashier.card_sale()?;
    cashier.weighed_and_declined()?;
    cashier.age()?;
    cashier.card_removed_too_soon()?;
    cashier.mistakes()?;
    cashier.park_and_split()?;
    cashier.void()?;
    cashier.chapter("The collector is stopped")?;
    around.stop_collector();
    cashier.offline()?;
    cashier.chapter("The collector is started")?;
    around.start_collector()?;
    cashier.drained()?;

    let till = Totals::read(&cashier.till.view()["totals"]);
    let collector = around.collector_totals()?;
    cashier.chapter("Totals on both sides")?;
    for row in till.beside(&collector) {
        cashier.transcript.prose(&format!("    {row}"))?;
    }
    cashier.till.quit();
    let compared = compare(&till, &collector);
    say::note(&format!("Pictures and transcript: {}", folder.display()));
    compared
}

impl Cashier {
    fn chapter(&mut self, title: &str) -> Result<(), String> {
        say::line("");
        say::note(title);
        self.transcript.chapter(title)
    }

    /// Does one thing and writes down what the till showed.
    fn does(&mut self, what: &str, action: &Value) -> Result<(), String> {
        let answer = self.till.ask(action)?;
        if answer["type"] == "error" {
            let why = answer["text"].as_str().unwrap_or_default();
            return Err(format!("The till refused \"{what}\": {why}"));
        }
        let line = self.transcript.step(what, action, &answer)?;
        say::note(&line);
        Ok(())
    }

    fn waits(&mut self, what: &str, until: &str, time: Duration) -> Result<(), String> {
        self.till
            .wait(until, time)
            .map_err(|why| format!("{what}: {why}"))?;
        let view = self.till.view().clone();
        let line = self
            .transcript
            .step(what, &json!({ "wait": until }), &view)?;
        say::note(&line);
        Ok(())
    }

    fn scans(&mut self, code: &str) -> Result<(), String> {
        self.does(
            &format!("scans {code}"),
            &json!({ "do": "scan", "code": code }),
        )
    }

    fn cash_exact(&mut self) -> Result<(), String> {
        self.does("takes exact cash", &json!({ "do": "cash_exact" }))
    }

    /// Charges a card of the demo, and takes it out again if it is still in.
    fn charges(&mut self, card: &str, action: &Value) -> Result<(), String> {
        let insert = json!({ "do": "demo", "insert": card });
        self.does("presses Card", action)?;
        if self.till.view()["card"].is_null() {
            return Err("No card was asked for; the transcript says why.".to_owned());
        }
        self.picture("card")?;
        self.does(&format!("inserts the card {card}"), &insert)?;
        self.waits("the card is done", "no_card", CARD)?;
        self.does("takes the card out", &json!({ "do": "demo" }))
    }

    /// The screen must be here now, or the script went astray.
    fn sees(&self, pane: &str) -> Result<(), String> {
        let view = self.till.view();
        if view["pane"] == pane {
            return Ok(());
        }
        let notice = view["notice"]["text"].as_str().unwrap_or("nothing");
        let shown = view["pane"].as_str().unwrap_or_default();
        Err(format!(
            "The script expects the pane {pane}, and the till shows {shown} and says: {notice}"
        ))
    }

    fn picture(&mut self, name: &str) -> Result<(), String> {
        self.pictures += 1;
        let path = self.folder.join(format!("{:02}-{name}.png", self.pictures));
        let (width, height) = PICTURE;
        let action = json!({ "do": "snapshot", "path": path, "width": width, "height": height });
        let answer = self.till.ask(&action)?;
        match answer["text"].as_str() {
            Some(why) => Err(format!("The picture {name} was not taken: {why}")),
            None => Ok(()),
        }
    }

    fn open(&mut self) -> Result<(), String> {
        self.chapter("Opening")?;
        self.waits("the reader is there", "reader", LINK)?;
        self.waits("the collector answers", "link_up", LINK)?;
        self.picture("ready")
    }

    fn cash_sale(&mut self) -> Result<(), String> {
        self.chapter("A cash sale: scan, tile, search, quantity")?;
        self.scans("2900000012189")?;
        self.does(
            "taps the tile of a cinnamon roll",
            &json!({ "do": "add", "sku": "BB-PAS-006" }),
        )?;
        self.does(
            "searches for butter",
            &json!({ "do": "search", "query": "butter" }),
        )?;
        self.picture("search")?;
        self.does(
            "takes the first result with Enter",
            &json!({ "do": "key", "key": "Enter" }),
        )?;
        self.does("ends the search", &json!({ "do": "search", "query": "" }))?;
        self.does(
            "says three of the next",
            &json!({ "do": "quantity", "quantity": "3" }),
        )?;
        self.scans("2900000016033")?;
        self.picture("ringing")?;
        self.does("asks for the total", &json!({ "do": "total" }))?;
        self.picture("tender")?;
        self.does(
            "takes a 50 note",
            &json!({ "do": "cash", "given_minor": 5000 }),
        )?;
        self.sees("paid")?;
        self.picture("change")?;
        self.does("shows the receipt", &json!({ "do": "receipt" }))?;
        self.picture("receipt")
    }

    fn card_sale(&mut self) -> Result<(), String> {
        self.chapter("A card sale, approved")?;
        self.scans("2900000016309")?;
        self.scans("2900000012271")?;
        self.charges("visa-approved", &json!({ "do": "card" }))?;
        self.sees("paid")?;
        self.picture("card-approved")
    }

    fn weighed_and_declined(&mut self) -> Result<(), String> {
        self.chapter("Weighed items, and a card that is declined")?;
        self.does(
            "weighs 1.250 kg",
            &json!({ "do": "quantity", "quantity": "1.250" }),
        )?;
        self.does(
            "chooses gala apples",
            &json!({ "do": "add", "sku": "FP-FRU-001" }),
        )?;
        // The label that a scale printed: the item and its weight in one barcode.
        self.scans("2111001012508")?;
        self.charges("visa-declined", &json!({ "do": "card" }))?;
        self.sees("tender")?;
        self.picture("card-declined")?;
        self.cash_exact()?;
        self.sees("paid")
    }

    fn age(&mut self) -> Result<(), String> {
        self.chapter("An age question")?;
        self.scans("2900000017047")?;
        self.cash_exact()?;
        self.sees("question")?;
        self.picture("age")?;
        self.does(
            "the customer is old enough",
            &json!({ "do": "answer", "yes": true }),
        )?;
        self.sees("paid")
    }

    fn card_removed_too_soon(&mut self) -> Result<(), String> {
        self.chapter("A card that is taken out too soon: its charge is undone by the till")?;
        self.scans("2900000016392")?;
        self.charges("removed-too-soon", &json!({ "do": "card" }))?;
        self.sees("tender")?;
        self.picture("card-removed")?;
        self.charges("mastercard-approved", &json!({ "do": "card" }))?;
        self.sees("paid")
    }

    fn mistakes(&mut self) -> Result<(), String> {
        self.chapter("Mistakes")?;
        self.scans("2900000012455")?;
        self.scans("2999999999991")?;
        self.picture("not-found")?;
        self.does("reads the bar", &json!({ "do": "dismiss" }))?;
        self.scans("2900000013063")?;
        self.does("voids the last line", &json!({ "do": "void_line" }))?;
        self.does(
            "gives a wrong quantity",
            &json!({ "do": "quantity", "quantity": "-1" }),
        )?;
        self.does("reads the bar", &json!({ "do": "dismiss" }))?;
        self.cash_exact()?;
        self.sees("paid")
    }

    fn park_and_split(&mut self) -> Result<(), String> {
        self.chapter("Park, the next customer, recall; cash and card for one sale")?;
        self.scans("2900000013421")?;
        self.scans("2900000012363")?;
        let sale = self.till.view()["basket"]["sale"].clone();
        self.does("puts the basket aside", &json!({ "do": "park" }))?;
        self.scans("2900000012547")?;
        self.cash_exact()?;
        self.sees("paid")?;
        self.does("is ready for the next", &json!({ "do": "next" }))?;
        self.does("shows what was put aside", &json!({ "do": "park" }))?;
        self.picture("parked")?;
        self.does(
            "takes the basket back",
            &json!({ "do": "recall", "sale": sale }),
        )?;
        self.does(
            "takes 5.00 in cash",
            &json!({ "do": "cash", "given_minor": 500 }),
        )?;
        self.sees("tender")?;
        self.charges("maestro-approved", &json!({ "do": "card" }))?;
        self.sees("paid")?;
        self.picture("split")
    }

    fn void(&mut self) -> Result<(), String> {
        self.chapter("A sale that is voided")?;
        self.scans("2900000013339")?;
        self.does("presses Void sale", &json!({ "do": "void_sale" }))?;
        self.sees("question")?;
        self.picture("void")?;
        self.does("confirms", &json!({ "do": "answer", "yes": true }))?;
        self.sees("ring")
    }

    fn offline(&mut self) -> Result<(), String> {
        for code in ["2900000012097", "2900000013513", "2900000016217"] {
            self.scans(code)?;
            self.cash_exact()?;
            self.sees("paid")?;
        }
        self.waits(
            "the till says that the collector is away",
            "link_down",
            LINK,
        )?;
        self.scans("2900000016125")?;
        self.does("presses Card all the same", &json!({ "do": "card" }))?;
        self.picture("offline")?;
        self.cash_exact()?;
        self.sees("paid")
    }

    fn drained(&mut self) -> Result<(), String> {
        self.waits("the collector answers again", "link_up", LINK)?;
        self.waits("the queue is empty", "drained", LINK)?;
        self.picture("drained")
    }
}
