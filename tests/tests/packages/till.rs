//! The packaged till, run in a Debian as its own user, in production, and the journal that it keeps.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};

use sealpoint_journal::{DbKey, Journal};
use sealpoint_tests::child::Running;
use serde_json::{Value, json};

use crate::debian::Debian;

/// The terminal, in the configuration and in the journal.
const TERMINAL: &str = "T0000042";
/// As the shop's settings would have it. At this many records the queue is full for cards.
pub const FULL: u64 = 20;
/// An item of the built-in catalogue.
const ITEM: &str = "2900000012189";

/// A till that runs.
pub struct Till {
    process: Running,
    input: Option<ChildStdin>,
    views: Lines<BufReader<ChildStdout>>,
}

impl Till {
    /// Starts it, with the credential that the system would give it.
    pub fn start(debian: &Debian) -> Self {
        debian.script(
            "mkdir -p /run/credentials/sealpoint-till.service /run/sealpoint/site; \
             cp /root/db.key /run/credentials/sealpoint-till.service/; \
             chown -R sealpoint-till: /run/credentials/sealpoint-till.service; \
             chmod 400 /run/credentials/sealpoint-till.service/db.key; \
             cp /root/till.toml /run/sealpoint/site/; chmod 644 /run/sealpoint/site/till.toml",
        );
        let mut command = debian.command(&[
            "setpriv",
            "--reuid=sealpoint-till",
            "--regid=sealpoint-till",
            "--clear-groups",
            "--no-new-privs",
            "--bounding-set=-all",
            "env",
            "CREDENTIALS_DIRECTORY=/run/credentials/sealpoint-till.service",
            "/usr/lib/sealpoint/till",
            "--stdio",
            "--config=/run/sealpoint/site/till.toml",
        ]);
        let mut process = Running::spawn(
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit()),
        );
        let input = process.0.stdin.take();
        let output = process.0.stdout.take().expect("it is piped");
        let mut till = Self {
            process,
            input,
            views: BufReader::new(output).lines(),
        };
        till.view();
        till
    }

    /// What it needs beside the package: the shop's settings and the key of its journal.
    pub fn set_up(debian: &Debian) {
        debian.write(
            "root/till.toml",
            &format!(
                "mode = \"production\"\nterminal = \"{TERMINAL}\"\nqueue_card_limit = {FULL}\n\
                 collector = \"https://collector.example:8443\"\n\
                 lane_socket = \"/run/sealpoint-lane.sock\"\n\
                 uplink_socket = \"/run/sealpoint-uplink.sock\"\n"
            ),
        );
        debian.script("head -c 32 /dev/urandom > /root/db.key; chmod 400 /root/db.key");
    }

    fn view(&mut self) -> Value {
        let line = self.views.next().expect("the till says why, if it ended");
        serde_json::from_str(&line.expect("a line")).expect("JSON")
    }

    /// Does this; the screen afterwards.
    pub fn act(&mut self, mut action: Value) -> Value {
        action["id"] = json!("a");
        let input = self.input.as_mut().expect("it runs");
        writeln!(input, "{action}").expect("the till reads");
        loop {
            let view = self.view();
            if view["reply_to"] == "a" {
                return view;
            }
        }
    }

    /// An item to the basket.
    pub fn scan(&mut self) -> Value {
        self.act(json!({"do": "scan", "code": ITEM}))
    }

    /// The basket is paid in cash.
    pub fn pay(&mut self) {
        let paid = self.act(json!({"do": "cash_exact"}));
        assert_eq!(paid["pane"], "paid", "{paid}");
    }

    /// Sells in cash so often.
    pub fn sell(&mut self, times: u64) {
        for _ in 0..times {
            self.scan();
            self.pay();
        }
    }

    /// Ends it as a system does that is switched off.
    pub fn end(mut self) {
        drop(self.input.take());
        for line in self.views.by_ref() {
            line.expect("a line");
        }
        assert!(self.process.0.wait().expect("it ends").success());
    }
}

/// What waits in the journal of a Debian: number and hash of each record, in order.
pub fn queue(debian: &Debian) -> Vec<(u64, String)> {
    // A copy, for reading makes files beside it that would be root's.
    let copy = tempfile::tempdir().expect("a temporary folder");
    let root = debian.root();
    for (from, to) in [
        ("var/lib/sealpoint/till/journal.db", "journal.db"),
        ("var/lib/sealpoint/till/journal.db-wal", "journal.db-wal"),
        ("root/db.key", "db.key"),
    ] {
        let from = root.join(from);
        if from.exists() {
            std::fs::copy(from, copy.path().join(to)).expect("a copy in a temporary folder");
        }
    }
    let key = DbKey::from_credentials(copy.path()).expect("the key that the till had");
    let terminal = TERMINAL.parse().expect("a terminal");
    let journal = Journal::open(&copy.path().join("journal.db"), &key, &terminal);
    let journal = journal.expect("the journal that the till wrote");
    let waiting = journal.outbox(10_000).expect("it can be read");
    assert!(waiting.iter().all(sealpoint_wire::Record::is_whole));
    waiting
        .iter()
        .map(|record| (record.seq, record.hash.to_string()))
        .collect()
}
