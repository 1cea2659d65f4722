//! `collector update`.

use std::path::PathBuf;

use clap::Subcommand;
use sealpoint_wire::release::ImageVersion;
use serde_json::json;

use crate::program::StartError;
use crate::updates::{Ring, Updates};

/// What to do about the tills' image.
#[derive(Clone, Debug, Subcommand)]
pub enum Update {
    /// Takes a signed release in and offers it to tills. The same again with other tills changes who
    /// gets it.
    Publish {
        /// The folder that `tillctl update make` signed.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Where the collectors keep releases, as for serving.
        #[arg(long, value_name = "DIR")]
        updates: PathBuf,
        /// Which tills get it: a share of all, or terminal ids with commas between.
        #[arg(long, value_name = "10%|ID,ID", value_parser = Ring::parse, default_value = "100%")]
        to: Ring,
    },
    /// Lists what is offered, and to whom.
    List {
        /// Where the collectors keep releases.
        #[arg(long, value_name = "DIR")]
        updates: PathBuf,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Offers a release to nobody any more. A till that has it keeps it.
    Withdraw {
        /// Its version.
        #[arg(value_name = "VERSION")]
        version: ImageVersion,
        /// Where the collectors keep releases.
        #[arg(long, value_name = "DIR")]
        updates: PathBuf,
    },
}

pub(super) fn run(command: Update) -> Result<String, StartError> {
    match command {
        Update::Publish {
            folder,
            updates,
            to,
        } => {
            let updates = Updates::at(updates);
            let release = updates
                .publish(&folder, to.clone())
                .map_err(StartError::Refused)?;
            Ok(format!(
                "{} is offered to {to}. Each till checks the retailer's signature by itself: see \
                 first with `tillctl update check` that it holds.",
                release.version
            ))
        }
        Update::List { updates, json } => list(&Updates::at(updates), json),
        Update::Withdraw { version, updates } => {
            let updates = Updates::at(updates);
            updates.withdraw(&version).map_err(StartError::Refused)?;
            Ok(format!("{version} is offered to nobody any more."))
        }
    }
}

fn list(updates: &Updates, as_json: bool) -> Result<String, StartError> {
    let offers = updates.offers().map_err(|error| {
        StartError::Refused(format!(
            "The list of releases cannot be read ({error}). Name the folder with --updates."
        ))
    })?;
    if as_json {
        return super::json(&json!({ "version": 1, "offers": offers }));
    }
    if offers.is_empty() {
        return Ok("No release is offered.".to_owned());
    }
    let line = |offer: &crate::updates::Offer| format!("{:<14}  to {}", offer.version, offer.to);
    Ok(offers.iter().map(line).collect::<Vec<_>>().join("\n"))
}
