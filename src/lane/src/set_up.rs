//! What must be right before a card may be read: the acquirer's key and the terminal profile.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use sealpoint_emv::{MAX_PROFILE, TerminalData};
use sealpoint_vault::{ACQUIRER_KEY_FILE, AcquirerKey, Day};

/// Where key and profile are. Both are read again for each charge, so that a repair needs no
/// restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetUp {
    key: PathBuf,
    profile: Option<PathBuf>,
}

/// Key and profile, checked.
pub(crate) struct Ready {
    pub(crate) key: AcquirerKey,
    pub(crate) terminal: TerminalData,
}

impl SetUp {
    /// The key in the folder `keys`, and the profile in that file or the built-in one.
    #[must_use]
    pub fn new(keys: &Path, profile: Option<PathBuf>) -> Self {
        Self {
            key: keys.join(ACQUIRER_KEY_FILE),
            profile,
        }
    }

    /// Why no card can be charged as things stand, if so: what happened and what to do.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        self.read().err()
    }

    /// Key and profile for a charge at that local time.
    pub(crate) fn ready(&self, local_time: &str) -> Result<Ready, String> {
        let ready = self.read()?;
        let today = Day::from_local_time(local_time).map_err(
            |_| "No card can be charged: the till's clock gives no date. Set the clock.",
        )?;
        match ready.key.valid_until() {
            Some(last) if !ready.key.is_valid_on(today) => Err(format!(
                "No card can be charged: the acquirer's key {:?} was valid until {last}. Put the \
                 new key file that your acquirer gave you there.",
                self.key
            )),
            _ => Ok(ready),
        }
    }

    fn read(&self) -> Result<Ready, String> {
        let terminal = match &self.profile {
            None => built_in()?,
            Some(path) => read_profile(path)
                .map_err(|why| format!("No card can be charged: {path:?} is no profile: {why}."))?,
        };
        if !terminal.kind.online_only() {
            return Err(
                "No card can be charged: the terminal profile lets cards be approved without their \
                 issuer, which this till does not take. Write type 21, or 24 where nobody attends."
                    .to_owned(),
            );
        }
        if terminal.collects_signatures() {
            return Err(
                "No card can be charged: the terminal profile claims signatures, which this till \
                 does not collect. Clear 20 in byte 2 of `capabilities`, and 02 in byte 1 \
                 of each `ttq`."
                    .to_owned(),
            );
        }
        let key = AcquirerKey::load(&self.key).map_err(|error| error.to_string())?;
        Ok(Ready { key, terminal })
    }
}

#[cfg(feature = "demo")]
fn built_in() -> Result<TerminalData, String> {
    Ok(sealpoint_emv::demo_profile())
}

#[cfg(not(feature = "demo"))]
fn built_in() -> Result<TerminalData, String> {
    Err(
        "No card can be charged: there is no terminal profile. Start the lane with `--profile` and \
         the file that your acquirer agreed to."
            .to_owned(),
    )
}

/// The terminal profile in that file.
///
/// # Errors
/// What is wrong with it and what to do, to stand behind "it is no profile: ".
pub fn read_profile(path: &Path) -> Result<TerminalData, String> {
    let mut text = String::new();
    let read = |text: &mut String| -> io::Result<()> {
        // Asked before opening: to open a named pipe would wait for its other end.
        if !path.metadata()?.is_file() {
            return Err(io::Error::other("not a file"));
        }
        File::open(path)?
            .take(MAX_PROFILE as u64 + 1)
            .read_to_string(text)?;
        Ok(())
    };
    read(&mut text).map_err(|error| format!("it cannot be read ({error}); put a profile there"))?;
    if text.len() > MAX_PROFILE {
        return Err(format!(
            "it has more than {MAX_PROFILE} bytes; put a profile there"
        ));
    }
    let profile = TerminalData::from_toml(&text);
    profile.map_err(|error| {
        error
            .to_string()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    })
}
