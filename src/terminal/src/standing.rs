//! How the till stands, written down for `tillctl doctor`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use jiff::Timestamp;
use sealpoint_journal::{SCHEMA, Unresolved};
use sealpoint_till::View;
use sealpoint_wire::status::{
    JournalStanding, KeySource, LaneStanding, OpenCharges, QueueStanding, STATUS_EVERY_MS,
    STATUS_FILE, STATUS_VERSION, TillStanding,
};
use sealpoint_wire::{FromLane, FromUplink, Posture, TerminalId};

use crate::config::Config;
use crate::state::State;

/// Times of rest are told in steps of this: who types does not have a file written at each key.
const REST_STEP_MS: i64 = 10_000;

/// What is not in a view, and when it was written last.
pub struct Standing {
    file: PathBuf,
    terminal: TerminalId,
    production: bool,
    card_limit: u64,
    own: Posture,
    lane_posture: Option<Posture>,
    uplink_posture: Option<Posture>,
    lane: LaneStanding,
    journal: JournalStanding,
    /// Since when nobody needs the till.
    at_rest_since_ms: Option<i64>,
    ended: bool,
    written: Option<TillStanding>,
}

impl Standing {
    /// At the start, when every page of the journal was just checked.
    pub fn new(config: &Config, state: &State, key_source: KeySource, own: Posture) -> Self {
        Self {
            file: state.folder().join(STATUS_FILE),
            terminal: config.terminal.clone(),
            production: config.mode.is_production(),
            card_limit: config.queue_card_limit,
            own,
            lane_posture: None,
            uplink_posture: None,
            lane: LaneStanding::default(),
            journal: JournalStanding {
                integrity: "ok".to_owned(),
                checked_at_ms: now_ms(),
                key_source,
                schema: SCHEMA,
            },
            at_rest_since_ms: None,
            ended: false,
            written: None,
        }
    }

    /// Takes note of what the card process says of itself.
    pub fn lane_said(&mut self, message: &FromLane) {
        match message {
            FromLane::Hello {
                cannot_charge,
                posture,
                ..
            } => {
                self.lane_posture.clone_from(posture);
                self.lane.up = true;
                self.lane.cannot_charge.clone_from(cannot_charge);
            }
            FromLane::SetUp {
                cannot_charge,
                warnings,
                ..
            } => {
                self.lane.cannot_charge.clone_from(cannot_charge);
                self.lane.warnings.clone_from(warnings);
            }
            _ => {}
        }
    }

    /// The card process ended. Why it could charge no card may be why.
    pub fn lane_ended(&mut self) {
        self.lane = LaneStanding {
            cannot_charge: self.lane.cannot_charge.take(),
            ..LaneStanding::default()
        };
        self.lane_posture = None;
    }

    /// Takes note of what the link process says of itself.
    pub fn uplink_said(&mut self, message: &FromUplink) {
        if let FromUplink::Hello { posture, .. } = message {
            self.uplink_posture.clone_from(posture);
        }
    }

    /// The link process ended.
    pub fn uplink_ended(&mut self) {
        self.uplink_posture = None;
    }

    /// Every page of the journal was looked at while the till ran.
    pub fn checked(&mut self, verdict: &str) {
        verdict.clone_into(&mut self.journal.integrity);
        self.journal.checked_at_ms = now_ms();
    }

    /// Somebody pressed a key or touched the screen.
    pub fn touched(&mut self) {
        self.at_rest_since_ms = None;
    }

    /// The last word: the till ends as it was asked to.
    pub fn end(&mut self, view: &View, open: Option<Unresolved>) {
        self.ended = true;
        self.write(view, open);
    }

    /// Writes it down at once if it changed whether the system may be replaced; the rest has time
    /// until nothing else is to be done.
    pub fn write_pressing(&mut self, view: &View, open: Option<Unresolved>) {
        self.rest(view);
        let open_charges = open.map(told);
        let known = self.written.as_ref().is_some_and(|written| {
            written.open_charges == open_charges
                && written.at_rest_since_ms == self.at_rest_since_ms
        });
        if !known {
            self.write(view, open);
        }
    }

    /// Writes it down, if something changed or it was not written for long. `open` are the charges
    /// whose fate is open; `None` if the journal does not say.
    pub fn write(&mut self, view: &View, open: Option<Unresolved>) {
        self.rest(view);
        let mut status = self.now(view, open);
        if let Some(written) = &self.written {
            let now_ms = status.written_at_ms;
            let age = now_ms.saturating_sub(written.written_at_ms);
            status.written_at_ms = written.written_at_ms;
            if status == *written && (0..STATUS_EVERY_MS).contains(&age) {
                return;
            }
            status.written_at_ms = now_ms;
        }
        if let Err(error) = self.replace(&status) {
            tracing::warn!(%error, "how the till stands was not written down");
        }
        self.written = Some(status);
    }

    /// Takes note of whether somebody needs the till. The step is rounded up: it was never at rest
    /// for longer than it says.
    fn rest(&mut self, view: &View) {
        if view.card.is_some() || !view.basket.lines.is_empty() {
            self.at_rest_since_ms = None;
        } else if self.at_rest_since_ms.is_none() {
            let step = now_ms().saturating_div(REST_STEP_MS).saturating_add(1);
            self.at_rest_since_ms = Some(step.saturating_mul(REST_STEP_MS));
        }
    }

    fn now(&self, view: &View, open: Option<Unresolved>) -> TillStanding {
        let written_at_ms = now_ms();
        let processes = [
            Some(&self.own),
            self.lane_posture.as_ref(),
            self.uplink_posture.as_ref(),
        ];
        TillStanding {
            version: STATUS_VERSION,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            written_at_ms,
            pid: std::process::id(),
            terminal: self.terminal.clone(),
            production: self.production,
            processes: processes.into_iter().flatten().cloned().collect(),
            lane: self.lane.clone(),
            reader: view.reader.clone(),
            link: view.link.clone(),
            queue: QueueStanding {
                count: view.queue.count,
                held: view.queue.held,
                at_risk_minor: view.queue.at_risk_minor,
                currency: view.currency,
                oldest_at_ms: self.oldest(view, written_at_ms),
                card_limit: self.card_limit,
            },
            reversals_due: view.reversals_due,
            journal: self.journal.clone(),
            advices_due: view.offline.map_or(0, |offline| offline.taken_count),
            work_items: view.work_items,
            open_charges: open.map(told),
            at_rest_since_ms: self.at_rest_since_ms,
            ended: self.ended,
        }
    }

    /// When the oldest record was written. A view holds its age, which grows; within a second it is
    /// the same record.
    fn oldest(&self, view: &View, now_ms: i64) -> Option<i64> {
        let age = view.queue.oldest_ms?;
        let at = now_ms.saturating_sub(age);
        let known = self.written.as_ref().and_then(|w| w.queue.oldest_at_ms);
        Some(
            known
                .filter(|known| known.abs_diff(at) < 1000)
                .unwrap_or(at),
        )
    }

    /// Whole or not at all: whoever reads it never sees half of it. It need not survive a power cut.
    /// Always a new file: what somebody put in its place, a link or a pipe, is not written to.
    fn replace(&self, status: &TillStanding) -> io::Result<()> {
        let part = self.file.with_extension("part");
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&part)?;
        // In one piece: written as it is spelled out, it would be a thousand calls.
        let mut text = serde_json::to_vec_pretty(status)?;
        text.push(b'\n');
        file.write_all(&text)?;
        fs::rename(part, &self.file)
    }
}

fn told(open: Unresolved) -> OpenCharges {
    OpenCharges {
        in_flight: open.in_flight,
        unknown: open.unknown,
        approved: open.approved,
        reversing: open.reversing,
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
