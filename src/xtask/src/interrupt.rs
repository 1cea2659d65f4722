//! Ctrl-C, so that everything which was started is ended in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

static COME: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From here on Ctrl-C is only noted; a second one ends us at once.
///
/// # Errors
/// The system's, if signals cannot be heard.
pub fn catch() -> Result<(), String> {
    let come = Arc::clone(COME.get_or_init(Arc::default));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&come))
            .and_then(|_| flag::register(signal, Arc::clone(&come)))
            .map_err(|error| format!("Ctrl-C cannot be heard: {error}. Try again."))?;
    }
    Ok(())
}

/// Whether somebody pressed Ctrl-C.
pub fn has_come() -> bool {
    COME.get().is_some_and(|come| come.load(Ordering::Relaxed))
}
