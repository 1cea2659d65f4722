//! `collector attest`, and what `--attest` may be.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use sealpoint_wire::TerminalId;

use crate::store::Target;

/// What becomes of tills that are not trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Policy {
    /// Nobody is asked.
    Off,
    /// It is told: on the page, in the metrics, as an alarm.
    #[default]
    Report,
    /// They charge no card, and what they send is kept apart.
    Require,
}

/// What to do about attestation.
#[derive(Clone, Debug, Subcommand)]
pub enum Attest {
    /// Lists the tills and what their TPMs say. Ends with 1 if one is not trusted.
    List {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Forgets a till's TPM and firmware: those that it shows next are its own. After a mainboard was
    /// replaced, a TPM cleared or a firmware updated.
    Accept {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The till.
        #[arg(long, value_name = "ID")]
        terminal: TerminalId,
    },
    /// The values that images' builds say.
    Reference {
        /// What to do.
        #[command(subcommand)]
        command: References,
    },
}

/// What to do with reference values.
#[derive(Clone, Debug, Subcommand)]
pub enum References {
    /// Loads an image's values: tills that run it are trusted.
    Add {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The file that was built with the image (docs/attestation.md).
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Lists the images whose values are loaded.
    List {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Removes an image's values: tills that run it are not trusted any more.
    Retire {
        /// The collectors' store.
        #[arg(long, value_name = "STORE")]
        store: Target,
        /// The image's version.
        #[arg(value_name = "VERSION")]
        image: String,
    },
}
