//! What must be right before a card may be read: the keys and the terminal profile.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use sealpoint_emv::{MAX_PROFILE, OnlineRequest, TerminalData};
use sealpoint_vault::{Day, SecureRandom};
use sealpoint_wire::{
    OfflinePolicy, SealContext, TerminalId,
    lane::{MAX_WARNINGS, ReadCard},
};

use crate::{
    bench::Sealed,
    keys::{Keys, ReadyKeys, Watched, now_s},
};

/// Where keys and profile are. Both are looked at again for each charge, so that a repair needs no
/// restart.
pub struct SetUp {
    keys: Keys,
    profile: Watched<Result<Arc<TerminalData>, String>>,
}

/// Keys and profile, checked.
pub(crate) struct Ready {
    pub(crate) keys: ReadyKeys,
    pub(crate) terminal: Arc<TerminalData>,
}

impl Ready {
    /// The most that this charge may be without its issuer, minor units: what the till wants, within
    /// what the retailer signed. 0 where he signed nothing, or in another currency.
    pub(crate) fn offline_up_to_minor(&self, read: &ReadCard) -> i64 {
        match self.keys.offline() {
            Some(policy) if policy.currency == read.currency => {
                read.offline_up_to_minor.min(policy.per_sale_minor).max(0)
            }
            _ => 0,
        }
    }
}

/// How things stand, for the till.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outlook {
    /// Why no card can be charged, if so: what happened and what to do.
    pub cannot_charge: Option<String>,
    /// What will soon be in the way, or protects less than it could; at most [`MAX_WARNINGS`].
    pub warnings: Vec<String>,
    /// What the retailer's manifest allows without the issuer, as long as the manifest counts.
    pub offline: Option<OfflinePolicy>,
}

impl SetUp {
    /// The keys in the folder `keys`, and the profile in that file or the built-in one. A program
    /// that was built without the demo is always in production.
    #[must_use]
    pub fn new(keys: &Path, profile: Option<PathBuf>) -> Self {
        Self {
            keys: Keys::new(keys, cfg!(not(feature = "demo"))),
            profile: Watched::new(profile.into_iter().collect()),
        }
    }

    /// Whether whatever protects the keys less than it could is a reason not to charge a card.
    #[must_use]
    pub fn in_production(mut self, production: bool) -> Self {
        self.keys.set_production(production);
        self
    }

    /// How things stand today, by this machine's clock. A charge goes by the till's own time.
    #[must_use]
    pub fn outlook(&mut self) -> Outlook {
        let today = Day::of_unix_seconds(now_s());
        let offline = self.keys.offline();
        match self.on(today) {
            Ok(ready) => Outlook {
                cannot_charge: None,
                warnings: ready
                    .keys
                    .warnings()
                    .iter()
                    .take(MAX_WARNINGS)
                    .cloned()
                    .collect(),
                offline,
            },
            Err(why) => Outlook {
                cannot_charge: Some(why),
                warnings: Vec::new(),
                offline,
            },
        }
    }

    /// Destroys every key, if that order of the retailer says so to that terminal.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(crate) fn erase(&mut self, order: &str, terminal: &TerminalId) -> Result<(), String> {
        self.keys.erase(order, terminal)
    }

    /// Whether such an order was obeyed here.
    pub(crate) fn is_out_of_service(&self) -> bool {
        self.keys.is_out_of_service()
    }

    /// Erases what an order left.
    ///
    /// # Errors
    /// What is in the way, and what to do.
    pub(crate) fn go_on_erasing(&mut self) -> Result<(), String> {
        self.keys.go_on_erasing()
    }

    /// Keys and profile for a charge at that local time.
    pub(crate) fn ready(&mut self, local_time: &str) -> Result<Ready, String> {
        let today = Day::from_local_time(local_time).map_err(
            |_| "No card can be charged: the till's clock gives no date. Set the clock.",
        )?;
        self.on(today)
    }

    /// Seals what the host is to be asked with.
    pub(crate) fn seal(
        &mut self,
        request: OnlineRequest,
        context: &SealContext,
        ready: &Ready,
        random: &dyn SecureRandom,
    ) -> Result<Sealed, String> {
        self.keys.seal(request, context, &ready.keys, random)
    }

    fn on(&mut self, today: Day) -> Result<Ready, String> {
        let terminal = self
            .profile
            .look(|paths| checked(paths.first().map(PathBuf::as_path)).map(Arc::new))
            .clone()?;
        let keys = self.keys.ready(terminal.sealing, today)?;
        if !terminal.kind.online_only() && keys.offline().is_none() {
            return Err(
                "No card can be charged: the terminal profile lets cards be approved without their \
                 issuer, which no manifest of the retailer allows here. Write type 21, or 24 where \
                 nobody attends; or load a signed manifest with a table `offline`."
                    .to_owned(),
            );
        }
        Ok(Ready { keys, terminal })
    }
}

/// A profile that this till can keep.
fn checked(profile: Option<&Path>) -> Result<TerminalData, String> {
    let terminal = match profile {
        None => built_in()?,
        Some(path) => read_profile(path)
            .map_err(|why| format!("No card can be charged: {path:?} is no profile: {why}."))?,
    };
    if terminal.collects_signatures() {
        return Err(
            "No card can be charged: the terminal profile claims signatures, which this till \
             does not collect. Clear 20 in byte 2 of `capabilities`, and 02 in byte 1 \
             of each `ttq`."
                .to_owned(),
        );
    }
    Ok(terminal)
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
