//! A cashier at a `till --stdio` that may die at any word.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use sealpoint_tests::built::program;
use sealpoint_tests::child::Running;
use serde_json::{Value, json};

use crate::rig::log;

/// A till that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(100);
/// How long a till may take until a link is up or a queue is drained, when everything runs.
const REST_MS: u64 = 60_000;
/// How long a cashier waits for what may never come, for somebody is dead.
const GLANCE_MS: u64 = 1_500;

/// How often a cashier looks whether the reader has seen a card go, and how often at most.
const GONE_EVERY: Duration = Duration::from_millis(20);
const GONE_LOOKS: u32 = 50;

/// The till is dead: it was killed, or it ended.
#[derive(Debug)]
pub struct Dead;

pub struct Cashier {
    process: Running,
    input: ChildStdin,
    output: Receiver<Value>,
    asked: u64,
    /// How long this cashier waits for what may never come.
    glance_ms: u64,
    pub view: Value,
    /// Every sale that the till called paid, by receipt number: what no kill may lose.
    pub paid: BTreeMap<u64, String>,
}

impl Cashier {
    pub fn start(state: &Path) -> Self {
        let mut process = Running::spawn(
            Command::new(program("till"))
                .arg("--stdio")
                .arg("--state")
                .arg(state)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(log(&state.with_extension("log"))),
        );
        let input = process.0.stdin.take().expect("standard input is piped");
        let out = process.0.stdout.take().expect("standard output is piped");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut line = Vec::new();
            // A till that is killed may leave half a line behind.
            while out.read_until(b'\n', &mut line).is_ok() && line.ends_with(b"\n") {
                let value = serde_json::from_slice(&line).expect("each line of the till is JSON");
                if sender.send(value).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self {
            process,
            input,
            output,
            asked: 0,
            glance_ms: GLANCE_MS,
            view: Value::Null,
            paid: BTreeMap::new(),
        }
    }

    /// For a shop in which nobody dies: everything comes, however slow the machine is.
    pub fn patient(mut self) -> Self {
        self.glance_ms = REST_MS;
        self
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Does an action; the view that answers it.
    pub fn act(&mut self, mut action: Value) -> Result<&Value, Dead> {
        self.asked += 1;
        let id = json!(format!("k{}", self.asked));
        action["id"] = id.clone();
        let written = writeln!(self.input, "{action}");
        loop {
            let said = match self.output.recv_timeout(PATIENCE) {
                Ok(said) => said,
                Err(RecvTimeoutError::Disconnected) => return Err(Dead),
                Err(RecvTimeoutError::Timeout) => panic!("the till does not answer {action}"),
            };
            self.note(&said);
            if said["reply_to"] == id {
                assert_eq!(
                    said["type"], "view",
                    "{action} was refused: {}",
                    said["text"]
                );
                written.map_err(|_| Dead)?;
                self.view = said;
                return Ok(&self.view);
            }
        }
    }

    fn note(&mut self, said: &Value) {
        if let Some(receipt_no) = said["paid"]["receipt_no"].as_u64() {
            let sale = said["paid"]["sale"].as_str().unwrap_or_default().to_owned();
            let known = self.paid.entry(receipt_no).or_insert_with(|| sale.clone());
            assert_eq!(*known, sale, "receipt {receipt_no} was given twice");
        }
    }

    /// Waits when everything runs; whether it came true is in the view.
    pub fn wait(&mut self, until: &str) -> Result<&Value, Dead> {
        self.act(json!({ "do": "wait", "until": until, "timeout_ms": REST_MS }))
    }

    /// Waits a moment: it may never come true.
    pub fn glance(&mut self, until: &str) -> Result<&Value, Dead> {
        self.act(json!({ "do": "wait", "until": until, "timeout_ms": self.glance_ms }))
    }

    pub fn scan(&mut self, quantity: u64) -> Result<(), Dead> {
        self.act(json!({ "do": "quantity", "quantity": quantity.to_string() }))?;
        self.act(json!({ "do": "scan", "code": "2900000011014" }))?;
        Ok(())
    }

    pub fn cash(&mut self) -> Result<(), Dead> {
        self.act(json!({ "do": "cash_exact" }))?;
        Ok(())
    }

    /// Charges a card; whatever comes of it.
    pub fn card(&mut self, card: &str, amount_minor: Option<i64>) -> Result<(), Dead> {
        let mut action = json!({ "do": "card" });
        if let Some(amount_minor) = amount_minor {
            action["amount_minor"] = json!(amount_minor);
        }
        let mut view = self.act(action)?;
        if view["pane"] == "question" {
            // The same card and amount again, or the like: the customer means it.
            view = self.act(json!({ "do": "answer", "yes": true }))?;
        }
        if view["pane"] != "card" {
            return Ok(());
        }
        self.act(json!({ "do": "demo", "insert": card }))?;
        self.glance("no_card")?;
        self.act(json!({ "do": "demo" }))?;
        // A card that goes and comes back between two looks of the reader is the same one still in.
        for _ in 0..GONE_LOOKS {
            let view = self.act(json!({ "do": "view" }))?;
            if view["reader"]["state"] != "card_in" {
                break;
            }
            thread::sleep(GONE_EVERY);
        }
        Ok(())
    }

    pub fn void(&mut self) -> Result<(), Dead> {
        self.act(json!({ "do": "void_sale" }))?;
        self.act(json!({ "do": "answer", "yes": true }))?;
        Ok(())
    }

    /// SIGKILL, or the till is dead already. What it had said until then is heard first.
    pub fn end(mut self) -> BTreeMap<u64, String> {
        self.process.kill();
        while let Ok(said) = self.output.recv() {
            self.note(&said);
        }
        self.paid
    }

    /// Ends standard input and waits until the till has ended by itself.
    pub fn close(self) -> BTreeMap<u64, String> {
        let Self {
            mut process,
            input,
            paid,
            ..
        } = self;
        drop(input);
        let ended = process.0.wait().expect("a child can be waited for");
        assert!(ended.success(), "the till ended with {ended}");
        paid
    }
}
