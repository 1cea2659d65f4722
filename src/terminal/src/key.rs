//! Where the journal's key comes from: the system, or in a demo a file.

use std::env;
use std::path::Path;

use sealpoint_journal::{CREDENTIAL, DbKey};
use sealpoint_wire::status::KeySource;

use crate::config::Mode;
use crate::state::State;

/// Where the system says that a service's credentials are (systemd.exec(5)).
const FOLDER: &str = "CREDENTIALS_DIRECTORY";

/// The key of the journal in that state folder, and where it came from. A credential counts where
/// there is one; a file beside the journal is for a demo.
///
/// # Errors
/// What happened and what to do, if there is none or it may not be used.
pub fn load(mode: Mode, state: &State) -> Result<(DbKey, KeySource), String> {
    let credential =
        env::var_os(FOLDER).filter(|folder| Path::new(folder).join(CREDENTIAL).exists());
    if let Some(folder) = credential {
        let key = DbKey::from_credentials(Path::new(&folder)).map_err(|e| e.to_string())?;
        return Ok((key, KeySource::Credential));
    }
    if mode.is_production() {
        return Err(format!(
            "The system gave this till no credential {CREDENTIAL}, which is the key of its data. Set it up in the till's unit with LoadCredentialEncrypted={CREDENTIAL}, or set mode = \"demo\" for a demonstration."
        ));
    }
    let key = DbKey::for_journal(&state.key(), &state.journal()).map_err(|e| e.to_string())?;
    Ok((key, KeySource::File))
}
