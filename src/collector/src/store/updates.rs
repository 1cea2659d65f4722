//! Which image each till runs, as it said last.

use sealpoint_wire::TerminalId;
use sealpoint_wire::updates::UpdateStanding;

use super::sql::values;
use super::{Database, StoreError};

/// At most this many tills are listed.
const MAX_LISTED: i64 = 100_000;

/// A till's image, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageView {
    /// The terminal.
    pub terminal: String,
    /// The image that runs.
    pub running: Option<String>,
    /// The one in the other slot, waiting for a restart.
    pub installed: Option<String>,
    /// Images that did not come up, with spaces between.
    pub failed: String,
    /// How it went last, in the till's words.
    pub told: String,
    /// When it said so, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

impl Database {
    /// Takes note of what a till says of its image.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn image_told(
        &mut self,
        terminal: &TerminalId,
        standing: &UpdateStanding,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let running = standing.running.as_ref().map(ToString::to_string);
        let installed = standing.installed.as_ref();
        let installed = installed.map(|image| image.version.to_string());
        let failed: Vec<String> = standing.failed.iter().map(ToString::to_string).collect();
        self.execute(
            "INSERT INTO till_image (terminal, running, installed, failed, told, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (terminal)
             DO UPDATE SET running = excluded.running, installed = excluded.installed,
                 failed = excluded.failed, told = excluded.told, at_ms = excluded.at_ms",
            values![
                terminal.as_str(),
                running.as_deref(),
                installed.as_deref(),
                failed.join(" ").as_str(),
                standing.told.as_str(),
                now_ms
            ],
        )
        .map(drop)
    }

    /// What tills said of their images, by terminal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn images(&mut self) -> Result<Vec<ImageView>, StoreError> {
        let rows = self.rows(
            "SELECT terminal, running, installed, failed, told, at_ms FROM till_image
             ORDER BY terminal LIMIT ?1",
            values![MAX_LISTED],
        )?;
        rows.into_iter()
            .map(|row| {
                Ok(ImageView {
                    terminal: row.text(0)?.to_owned(),
                    running: row.text_or_none(1)?.map(str::to_owned),
                    installed: row.text_or_none(2)?.map(str::to_owned),
                    failed: row.text(3)?.to_owned(),
                    told: row.text(4)?.to_owned(),
                    at_ms: row.int(5)?,
                })
            })
            .collect()
    }
}
