//! Many rows in one statement. Statements come in few sizes, so that few are kept prepared.

use std::fmt::Write;

use super::push::{Fit, Quarantine};
use super::sql::{Engine, Value, values};
use super::{Database, Row, StoreError};

/// Rows of one statement.
const SIZES: [usize; 4] = [100, 32, 8, 1];
/// How many values a `WHERE ... IN` has; a shorter list repeats its last.
const LISTS: [usize; 4] = [1, 8, 32, 100];

impl Database {
    /// Identity and hash of those that are stored under these ids.
    pub(super) fn keys_by_id(&mut self, fit: &[Fit<'_>]) -> Result<Vec<Row>, StoreError> {
        let ids: Vec<Value<'_>> = fit
            .iter()
            .map(|fit| Value::from(fit.record.id.as_bytes()))
            .collect();
        self.listed("SELECT id, hash FROM record_key WHERE id IN (", &[], &ids)
    }

    /// Sequence number and identity of those that are stored under these numbers.
    pub(super) fn keys_by_place(
        &mut self,
        terminal: &sealpoint_wire::TerminalId,
        epoch: u32,
        seqs: &[i64],
    ) -> Result<Vec<Row>, StoreError> {
        let seqs: Vec<Value<'_>> = seqs.iter().copied().map(Value::from).collect();
        self.listed(
            "SELECT seq, id FROM record_key WHERE terminal = ?1 AND epoch = ?2 AND seq IN (",
            values![terminal.as_str(), epoch],
            &seqs,
        )
    }

    fn listed(
        &mut self,
        start: &str,
        before: &[Value<'_>],
        list: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for chunk in list.chunks(LISTS[LISTS.len() - 1]) {
            let Some(last) = chunk.last() else { continue };
            let size = LISTS
                .into_iter()
                .find(|size| *size >= chunk.len())
                .unwrap_or(chunk.len());
            let mut parameters = before.to_vec();
            parameters.extend_from_slice(chunk);
            parameters.resize(before.len() + size, *last);
            let mut sql = start.to_owned();
            numbered(&mut sql, before.len(), size);
            sql.push(')');
            rows.extend(self.rows(&sql, &parameters)?);
        }
        Ok(rows)
    }

    /// Stores records that nobody has stored, as far as this step can see.
    pub(super) fn insert(
        &mut self,
        fit: &[Fit<'_>],
        now_ms: i64,
        quarantine: Quarantine,
    ) -> Result<(), StoreError> {
        if let Engine::Postgres(link) = &mut self.engine {
            link.make_month(now_ms)?;
            self.insert_keys(fit, now_ms)?;
        }
        self.fill(
            "INSERT INTO record (id, terminal, epoch, seq, kind, sale, at_ms, received_ms, body,
                                 hash, receipt_no, currency, total_minor, cash_minor, card_minor,
                                 quarantine, clock_behind_ms) VALUES ",
            "",
            17,
            fit,
            |fit, values| {
                let (record, figures) = (fit.record, fit.figures);
                values.extend_from_slice(values![
                    record.id.as_bytes(),
                    record.terminal.as_str(),
                    record.epoch,
                    fit.seq,
                    record.kind.word(),
                    record.sale.as_bytes(),
                    record.at_ms,
                    now_ms,
                    &record.body,
                    record.hash.as_bytes(),
                    figures.receipt_no,
                    figures.currency.alpha(),
                    figures.total_minor,
                    figures.cash_minor,
                    figures.card_minor,
                    quarantine.word(),
                    record
                        .clock_behind_ms
                        .map(|behind| i64::try_from(behind).unwrap_or(i64::MAX)),
                ]);
            },
        )?;
        Ok(())
    }

    /// Claims ids and sequence numbers over all months. Where another collector was quicker, the
    /// step is repeated, and then sees what that one stored.
    fn insert_keys(&mut self, fit: &[Fit<'_>], now_ms: i64) -> Result<(), StoreError> {
        let claimed = self.fill(
            "INSERT INTO record_key (id, terminal, epoch, seq, hash, received_ms) VALUES ",
            " ON CONFLICT DO NOTHING",
            6,
            fit,
            |fit, values| {
                values.extend_from_slice(values![
                    fit.record.id.as_bytes(),
                    fit.record.terminal.as_str(),
                    fit.record.epoch,
                    fit.seq,
                    fit.record.hash.as_bytes(),
                    now_ms,
                ]);
            },
        )?;
        if claimed == fit.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Conflict)
        }
    }

    /// Inserts a row of `width` values for each; gives how many went in.
    fn fill<'a>(
        &mut self,
        start: &str,
        end: &str,
        width: usize,
        fit: &'a [Fit<'a>],
        values_of: impl Fn(&'a Fit<'a>, &mut Vec<Value<'a>>),
    ) -> Result<u64, StoreError> {
        let mut rest = fit;
        let mut inserted = 0;
        while !rest.is_empty() {
            let size = SIZES
                .into_iter()
                .find(|size| *size <= rest.len())
                .unwrap_or(1);
            let (now, later) = rest.split_at(size);
            rest = later;
            let mut values = Vec::with_capacity(size * width);
            for fit in now {
                values_of(fit, &mut values);
            }
            let mut sql = start.to_owned();
            for row in 0..size {
                sql.push_str(if row == 0 { "(" } else { ", (" });
                numbered(&mut sql, row * width, width);
                sql.push(')');
            }
            sql.push_str(end);
            inserted += self.execute(&sql, &values)?;
        }
        Ok(inserted)
    }
}

/// `?4, ?5, ?6`, for three behind the third.
fn numbered(sql: &mut String, behind: usize, how_many: usize) {
    for number in 1..=how_many {
        let comma = if number == 1 { "" } else { ", " };
        write!(sql, "{comma}?{}", behind + number).expect("a String takes everything");
    }
}
