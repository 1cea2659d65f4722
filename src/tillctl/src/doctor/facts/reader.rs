//! The card readers that the card service knows.

use std::{env, os::unix::fs::FileTypeExt, path::PathBuf, time::Duration};

use sealpoint_lane::reader::{Bounded, PcscReader, Reader};

use super::{super::places::Places, till::Till};

/// How long the card service may take to name its readers.
const LOOK: Duration = Duration::from_secs(5);
/// Where the card service waits, unless the environment says otherwise.
const SERVICE: &str = "run/pcscd/pcscd.comm";

/// The readers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readers {
    /// The demo's virtual reader, at that socket, and whether that is there.
    Virtual(PathBuf, bool),
    /// Those of the card service: their names, or why there are none.
    Service {
        /// Whether the service's socket is there.
        socket: bool,
        /// The names of all readers.
        names: Result<Vec<String>, String>,
    },
}

/// Looks. The readers are named and no card in them is touched.
pub fn gather(till: &Till, places: &Places) -> Readers {
    let configured = till.config.there().map(|config| config.reader.as_str());
    if let Some(socket) = configured.and_then(|reader| reader.strip_prefix("virtual:")) {
        let path = PathBuf::from(socket);
        let there = is_socket(&path);
        return Readers::Virtual(path, there);
    }
    let named = env::var_os("PCSCLITE_CSOCK_NAME").map(PathBuf::from);
    let socket = is_socket(&named.unwrap_or_else(|| places.path(SERVICE)));
    if !socket {
        let names = Err("The card service does not run.".to_owned());
        return Readers::Service { socket, names };
    }
    let mut reader = Bounded::new(PcscReader::new(None), LOOK);
    let names = reader
        .slots()
        .map(|slots| slots.into_iter().map(|slot| slot.name).collect())
        .map_err(|missing| missing.why);
    Readers::Service { socket, names }
}

fn is_socket(path: &std::path::Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

impl Default for Readers {
    fn default() -> Self {
        Self::Service {
            socket: false,
            names: Err(String::new()),
        }
    }
}
