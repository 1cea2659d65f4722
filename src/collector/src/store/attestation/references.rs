//! The reference values of images.

use super::super::sql::values;
use super::super::{Database, Row, StoreError};
use crate::attest::reference::{MAX_REFERENCES, Reference};

/// At most this many images are read; no more are taken.
const MAX_LISTED: i64 = 1_000;

/// An image whose reference values are loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferenceView {
    /// Its version.
    pub image: String,
    /// Its roll-back index.
    pub rollback_index: i64,
    /// When they were loaded.
    pub loaded_ms: i64,
}

impl Database {
    /// Loads an image's reference values, in the place of those that it had. `false` if there are too
    /// many images.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_reference(
        &mut self,
        reference: &Reference,
        body: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let others = self.the_row(
            "SELECT count(*) FROM reference_image WHERE image <> ?1",
            values![&reference.image],
        )?;
        if others.count(0)? >= MAX_REFERENCES as u64 {
            return Ok(false);
        }
        self.execute(
            "INSERT INTO reference_image (image, rollback_index, body, loaded_ms)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (image) DO UPDATE
             SET rollback_index = excluded.rollback_index, body = excluded.body,
                 loaded_ms = excluded.loaded_ms",
            values![
                &reference.image,
                i64::try_from(reference.rollback_index).unwrap_or(i64::MAX),
                body,
                now_ms,
            ],
        )?;
        Ok(true)
    }

    /// Removes an image's reference values. Gives whether there were any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn retire_reference(&mut self, image: &str) -> Result<bool, StoreError> {
        let gone = self.execute(
            "DELETE FROM reference_image WHERE image = ?1",
            values![image],
        )?;
        Ok(gone > 0)
    }

    /// The images whose reference values are loaded, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reference_views(&mut self) -> Result<Vec<ReferenceView>, StoreError> {
        let rows = self.rows(
            "SELECT image, rollback_index, loaded_ms FROM reference_image
             ORDER BY loaded_ms DESC, image LIMIT ?1",
            values![MAX_LISTED],
        )?;
        let view = |row: Row| {
            Ok(ReferenceView {
                image: row.text(0)?.to_owned(),
                rollback_index: row.int(1)?,
                loaded_ms: row.int(2)?,
            })
        };
        rows.into_iter().map(view).collect()
    }

    pub(super) fn references(&mut self) -> Result<Vec<Reference>, StoreError> {
        let rows = self.rows(
            "SELECT body FROM reference_image ORDER BY loaded_ms DESC, image LIMIT ?1",
            values![MAX_LISTED],
        )?;
        rows.iter()
            .map(|row| {
                Reference::parse(row.text(0)?)
                    .map_err(|_| StoreError::Damaged("an image's reference values"))
            })
            .collect()
    }
}
