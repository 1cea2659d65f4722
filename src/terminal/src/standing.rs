//! How the till stands, written down for `tillctl doctor`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use jiff::Timestamp;
use sealpoint_till::View;
use sealpoint_wire::status::{
    JournalStanding, KeySource, LaneStanding, QueueStanding, STATUS_EVERY_MS, STATUS_FILE,
    STATUS_VERSION, TillStanding,
};
use sealpoint_wire::{FromLane, FromUplink, Posture, TerminalId};

use crate::config::Config;
use crate::state::State;

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
            },
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

    /// Writes it down, if something changed or it was not written for long.
    pub fn write(&mut self, view: &View) {
        let mut status = self.now(view);
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

    fn now(&self, view: &View) -> TillStanding {
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
        serde_json::to_writer_pretty(&mut file, status)?;
        file.write_all(b"\n")?;
        fs::rename(part, &self.file)
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
