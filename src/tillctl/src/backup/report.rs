//! What people and programs are told of a backup.

use std::path::Path;

use sealpoint_journal::backup::{Proved, Replaced};
use serde::Serialize;

/// Version of the JSON objects.
pub const VERSION: u8 = 1;

/// What was done.
#[derive(Serialize)]
pub struct Report {
    version: u8,
    exit_code: u8,
    /// What was done, a word for programs.
    done: &'static str,
    /// The backup, or the journal that was replaced.
    file: String,
    /// What the backup holds.
    #[serde(flatten)]
    backup: Proved,
    /// The epoch from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_epoch: Option<u32>,
    /// Where the journal is kept that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
}

impl Report {
    /// A backup was taken.
    pub fn backup(out: &Path, backup: Proved) -> Self {
        Self::new("backup", out, backup)
    }

    /// A backup was proved.
    pub fn verified(file: &Path, backup: Proved) -> Self {
        Self::new("verified", file, backup)
    }

    /// A backup was restored.
    pub fn restored(journal: &Path, replaced: Replaced) -> Self {
        Self {
            new_epoch: Some(replaced.epoch),
            kept: replaced.aside.map(|aside| aside.display().to_string()),
            ..Self::new("restored", journal, replaced.backup)
        }
    }

    fn new(done: &'static str, file: &Path, backup: Proved) -> Self {
        Self {
            version: VERSION,
            exit_code: 0,
            done,
            file: file.display().to_string(),
            backup,
            new_epoch: None,
            kept: None,
        }
    }

    /// As a page, or as one JSON object.
    pub fn written(&self, json: bool) -> String {
        if json {
            return serde_json::to_string_pretty(self).unwrap_or_default();
        }
        let Proved {
            terminal,
            epoch,
            records,
            highest_seq,
            waiting,
            open_attempts,
            sha256,
            ..
        } = &self.backup;
        let head = match self.done {
            "backup" => format!("The backup {} is written and proved.", self.file),
            "verified" => format!("The backup {} is whole: it restores a till.", self.file),
            _ => format!("The journal {} is restored.", self.file),
        };
        let mut page = format!(
            "{head}\n\n  terminal           {terminal}\n  epoch              {epoch}\n  records            \
             {records}\n  highest sequence   {highest_seq}\n  not acknowledged   {waiting}\n  open \
             attempts      {open_attempts}\n  SHA-256            {sha256}"
        );
        if let Some(epoch) = self.new_epoch {
            page.push_str(&format!("\n  epoch from now on  {epoch}"));
        }
        if let Some(kept) = &self.kept {
            page.push_str(&format!("\n  replaced journal   {kept}"));
        }
        page
    }
}
