//! Receipts as files: text and PDF.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sealpoint_journal::Journaled;

use crate::config::Receipts;
use crate::pdf;

/// Where receipts go. Printing takes the proof that the sale is on the disk.
pub struct Printer {
    each: Receipts,
    folder: PathBuf,
}

impl Printer {
    /// A printer into `folder`, for each sale or on demand only.
    #[must_use]
    pub const fn new(each: Receipts, folder: PathBuf) -> Self {
        Self { each, folder }
    }

    /// Prints the receipt of a sale that was just committed.
    ///
    /// # Errors
    /// What happened and what to do; the sale stands all the same.
    pub fn print(&self, proof: &Journaled, text: &str) -> Result<(), String> {
        match self.each {
            Receipts::Journal => Ok(()),
            Receipts::Files => self.save(proof.receipt_no(), text).map(drop),
        }
    }

    /// Writes a receipt as text and PDF, and tells the PDF's path.
    ///
    /// # Errors
    /// What happened and what to do.
    pub fn save(&self, receipt_no: u64, text: &str) -> Result<String, String> {
        let name = |ending| {
            self.folder
                .join(format!("receipt-{receipt_no:06}.{ending}"))
        };
        let pdf = name("pdf");
        write(&name("txt"), text.as_bytes())?;
        write(&pdf, &pdf::receipt(text))?;
        Ok(pdf.display().to_string())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|why| {
            format!(
                "{} could not be written: {why}. Mend the folder and try again.",
                path.display()
            )
        })
}
