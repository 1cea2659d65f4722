//! The outbox of the sink: which records the chain's own systems have not acknowledged yet.
//!
//! A row is written in the commit that stores its record and goes when the sink has acknowledged.
//! Several collectors share the outbox: each claims rows for a while, and a claim that ran out may
//! be claimed by another. A record may so be published again, always under the same id.

use sealpoint_wire::{Record, RecordHash, RecordId, RecordKind, SaleId, TerminalId};
use uuid::Uuid;

use super::sql::values;
use super::{Database, StoreError};

/// Rows that one collector has claimed, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claim {
    /// The records to publish.
    pub records: Vec<Record>,
    /// Rows whose record is no longer stored: a person took it away before it was published.
    pub gone: u64,
}

/// How far the sink is behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SinkLag {
    /// Records that wait.
    pub waiting: u64,
    /// When the oldest of them came, milliseconds since the Unix epoch.
    pub oldest_ms: Option<i64>,
}

impl Database {
    /// Puts the records of a terminal that were stored at `received_ms`, in this step, into the
    /// outbox; what is in quarantine waits for its release.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn queue_for_sink(
        &mut self,
        terminal: &TerminalId,
        received_ms: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO sink_outbox (received_ms, id, due_ms)
             SELECT received_ms, id, received_ms FROM record
             WHERE received_ms = ?1 AND terminal = ?2 AND quarantine IS NULL
             ON CONFLICT (received_ms, id) DO NOTHING",
            values![received_ms, terminal.as_str()],
        )
        .map(drop)
    }

    /// Puts a terminal's records that are in quarantine into the outbox: to be called in the step
    /// that releases them, before it does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn queue_released_for_sink(&mut self, terminal: &TerminalId) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO sink_outbox (received_ms, id, due_ms)
             SELECT received_ms, id, received_ms FROM record
             WHERE terminal = ?1 AND quarantine IS NOT NULL
             ON CONFLICT (received_ms, id) DO NOTHING",
            values![terminal.as_str()],
        )
        .map(drop)
    }

    /// Claims at most `most` rows under the name `holder` until `until_ms`, the oldest first.
    /// `holder` is used for one claim only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_for_sink(
        &mut self,
        holder: &str,
        most: u32,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Claim, StoreError> {
        // The condition stands twice: where two collectors choose the same rows, the second one
        // looks again at what the first has written.
        let claimed = self.execute(
            "UPDATE sink_outbox SET holder = ?1, due_ms = ?2
             WHERE due_ms <= ?3 AND (received_ms, id) IN
                   (SELECT received_ms, id FROM sink_outbox WHERE due_ms <= ?3
                    ORDER BY received_ms, id LIMIT ?4)",
            values![holder, until_ms, now_ms, most],
        )?;
        if claimed == 0 {
            return Ok(Claim::default());
        }
        let rows = self.rows(
            "SELECT record.id, record.terminal, record.epoch, record.seq, record.kind, record.sale,
                    record.at_ms, record.clock_behind_ms, record.body, record.hash
             FROM sink_outbox JOIN record
               ON record.received_ms = sink_outbox.received_ms AND record.id = sink_outbox.id
             WHERE sink_outbox.holder = ?1
             ORDER BY sink_outbox.received_ms, sink_outbox.id",
            values![holder],
        )?;
        let records = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(Claim {
            gone: claimed.saturating_sub(records.len() as u64),
            records,
        })
    }

    /// Lets a claim go: what is in `later` waits until the time beside it, the rest was acknowledged
    /// and leaves the outbox.
    ///
    /// # Errors
    /// [`StoreError`]; what was acknowledged is published again then.
    pub fn settle_sink_claim(
        &mut self,
        holder: &str,
        later: &[(RecordId, i64)],
    ) -> Result<(), StoreError> {
        for (id, due_ms) in later {
            self.execute(
                "UPDATE sink_outbox SET holder = NULL, due_ms = ?3 WHERE holder = ?1 AND id = ?2",
                values![holder, id.as_bytes(), *due_ms],
            )?;
        }
        self.execute("DELETE FROM sink_outbox WHERE holder = ?1", values![holder])
            .map(drop)
    }

    /// Lets every claim go: for the start of a collector that has its store for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn release_sink_claims(&mut self) -> Result<(), StoreError> {
        self.execute(
            "UPDATE sink_outbox SET holder = NULL, due_ms = received_ms WHERE holder IS NOT NULL",
            &[],
        )
        .map(drop)
    }

    /// How far the sink is behind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sink_lag(&mut self) -> Result<SinkLag, StoreError> {
        let row = self.the_row("SELECT count(*), min(received_ms) FROM sink_outbox", &[])?;
        Ok(SinkLag {
            waiting: row.count(0)?,
            oldest_ms: row.int_or_none(1)?,
        })
    }
}

fn record(row: &super::sql::Row) -> Result<Record, StoreError> {
    let odd = |_| StoreError::Damaged("a record with a number out of range");
    let behind = row.int_or_none(7)?.map(u64::try_from).transpose();
    Ok(Record {
        id: RecordId::new(Uuid::from_bytes(row.array(0)?)),
        terminal: row
            .text(1)?
            .parse()
            .map_err(|_| StoreError::Damaged("a terminal without a name"))?,
        epoch: u32::try_from(row.int(2)?).map_err(odd)?,
        seq: u64::try_from(row.int(3)?).map_err(odd)?,
        kind: RecordKind::from_word(row.text(4)?)
            .ok_or(StoreError::Damaged("a record of no known kind"))?,
        sale: SaleId::new(Uuid::from_bytes(row.array(5)?)),
        at_ms: row.int(6)?,
        clock_behind_ms: behind.map_err(odd)?,
        body: row.text(8)?.to_owned(),
        hash: RecordHash::new(row.array(9)?),
    })
}
