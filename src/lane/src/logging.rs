//! What may be logged, and what a panic may say.
//!
//! A log line of this process names attempts, commands, status words and states. It never holds an
//! APDU, a card number or a text that a card gave.

use std::{io, panic};

use tracing_subscriber::EnvFilter;

/// Environment variable with the filter, as `tracing_subscriber::EnvFilter` reads it.
pub const FILTER_VARIABLE: &str = "SEALPOINT_LOG";

/// Logs JSON lines to standard error from now on, and has a panic say where it was and no more: a
/// panic's own text could quote what was being read.
pub fn start() {
    let filter = EnvFilter::builder()
        .with_env_var(FILTER_VARIABLE)
        .with_default_directive(tracing::Level::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    panic::set_hook(Box::new(|info| {
        let (file, line) = info
            .location()
            .map_or(("?", 0), |at| (at.file(), at.line()));
        tracing::error!(file, line, "the lane stops: a defect in the program");
    }));
}
