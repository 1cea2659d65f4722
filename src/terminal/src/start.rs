//! Starting: configuration, state folder, journal, catalogue; each fault in one clear sentence.

use std::path::Path;

use sealpoint_journal::Journal;
use sealpoint_sale::Catalogue;
use sealpoint_till::{Settings, Stock};
use sealpoint_wire::Posture;
use sealpoint_wire::status::KeySource;

use crate::config::Config;
use crate::demo;
use crate::engine::Parts;
use crate::key;
use crate::sources::Sources;
use crate::state::State;

/// Tiles on one page of the window at its full size.
const TILES: usize = 20;
/// At most this many bytes of a catalogue file.
const MAX_CATALOGUE: u64 = 256 * 1024 * 1024;
/// The catalogue of a shop that does not exist.
const DEMO_CATALOGUE: &[u8] = include_bytes!("../../../assets/catalogue/demo.csv");

/// What was settled before the till locked itself down.
pub struct Prepared {
    /// The state folder, which belongs to this till.
    pub state: State,
    /// Where lane and uplink come from.
    pub sources: Sources,
    /// How the till itself is protected.
    pub posture: Posture,
}

/// Puts together what the engine needs.
///
/// # Errors
/// What happened and what to do, for the person who starts the till.
pub fn parts(config: Config, prepared: Prepared) -> Result<Parts, String> {
    let Prepared {
        state,
        sources,
        posture,
    } = prepared;
    let (key, key_source) = key::load(config.mode, &state)?;
    let journal =
        Journal::open(&state.journal(), &key, &config.terminal).map_err(|e| e.to_string())?;
    drop(key);
    let stock = stock(config.catalogue.as_deref())?;
    let settings = Settings {
        key_in_file: key_source == KeySource::File,
        posture: Some(posture.clone()),
        ..settings(&config)
    };
    Ok(Parts {
        config,
        state,
        journal,
        key_source,
        settings,
        stock,
        sources,
        posture,
    })
}

/// What the core is set up with.
#[must_use]
pub fn settings(config: &Config) -> Settings {
    Settings {
        store: config.store.clone(),
        terminal: config.terminal.clone(),
        cashier: config.cashier.clone(),
        mark: config.mark.clone(),
        letterhead: config.letterhead(),
        currency: config.currency,
        collector: config.collector.is_some(),
        tiles_per_page: TILES,
        insert_timeout_ms: config.insert_timeout_s.saturating_mul(1000),
        queue_card_limit: config.queue_card_limit,
        duplicate_guard: config.duplicate_guard,
        demo: config
            .demo_cards
            .as_deref()
            .map(|control| demo::look(control).unwrap_or_default()),
        key_in_file: false,
        classical: config.classical,
        posture: None,
    }
}

fn stock(path: Option<&Path>) -> Result<Stock, String> {
    let Some(path) = path else {
        return read_stock(DEMO_CATALOGUE, "built in");
    };
    let shown = path.display();
    let unreadable = |why: String| {
        format!(
            "The catalogue {shown} cannot be read: {why}. Check the key catalogue of the configuration."
        )
    };
    let size = std::fs::metadata(path)
        .map_err(|e| unreadable(e.to_string()))?
        .len();
    if size > MAX_CATALOGUE {
        return Err(unreadable(format!(
            "it is larger than {MAX_CATALOGUE} bytes"
        )));
    }
    let text = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
    read_stock(&text, &shown.to_string())
}

fn read_stock(text: &[u8], name: &str) -> Result<Stock, String> {
    let (catalogue, bad_rows) =
        Catalogue::parse(text).map_err(|error| format!("{error} (catalogue {name})"))?;
    for row in &bad_rows {
        tracing::warn!("{row}");
    }
    tracing::info!(
        items = catalogue.items().len(),
        left_out = bad_rows.len(),
        "catalogue read"
    );
    Ok(Stock {
        catalogue,
        bad_rows,
    })
}
