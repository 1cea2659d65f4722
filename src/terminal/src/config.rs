//! `till.toml`: what a till is set up with. A wrong key, type or value is refused with its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sealpoint_sale::Currency;
use sealpoint_sale::receipt::{Letterhead, WIDTH};
use sealpoint_till::effect::DuplicateGuard;
use sealpoint_till::view::Theme;
use sealpoint_wire::TerminalId;
use serde::Deserialize;

/// At most this many bytes of configuration.
const MAX_CONFIG: u64 = 64 * 1024;

/// Everything in `till.toml`. Each key may be left out.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of the shop.
    pub store: String,
    /// Terminal id: 1 to 8 of A to Z and 0 to 9.
    pub terminal: TerminalId,
    /// Name of the cashier.
    pub cashier: String,
    /// What the till sells in: EUR, GBP, CHF, USD or JPY.
    pub currency: Currency,
    /// Shown in the top bar and on each receipt when sales are not real: `DEMO`, `TRAINING`.
    pub mark: String,
    /// Catalogue file; without it the built-in demo catalogue.
    pub catalogue: Option<PathBuf>,
    /// `pcsc`, `pcsc:PART-OF-NAME`, or `virtual:SOCKET` in the demo.
    pub reader: String,
    /// EMV terminal profile for the lane.
    pub profile: Option<PathBuf>,
    /// `https://HOST:PORT` of the collector; without it sales stay on the till.
    pub collector: Option<String>,
    /// Whether the link to it may also agree on keys in X25519 and P-256 alone.
    pub classical: bool,
    /// How long to wait for a card, seconds, 5 to 300.
    pub insert_timeout_s: u32,
    /// Records waiting for the collector at which the till stops taking cards.
    pub queue_card_limit: u64,
    /// Which charges are asked about when they come twice: `off`, `token` or `card`.
    pub duplicate_guard: DuplicateGuard,
    /// Where each receipt goes.
    pub receipts: Receipts,
    /// Colours at the start.
    pub theme: Theme,
    /// Whether the window fills the screen; without a word, in production alone.
    pub fullscreen: Option<bool>,
    /// Lines above and below each receipt.
    pub receipt: ReceiptLines,
    /// The demo's virtual card reader: the socket that inserts and removes cards.
    pub demo_cards: Option<PathBuf>,
    /// What to do where protection is missing.
    pub mode: Mode,
    /// Where the system waits to make the card process; without it the till has it made.
    pub lane_socket: Option<PathBuf>,
    /// The same for the link process.
    pub uplink_socket: Option<PathBuf>,
}

/// What to do where protection is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Say so on the screen and in the log, and go on.
    #[cfg(feature = "demo")]
    Demo,
    /// Say so and do not start.
    Production,
}

impl Mode {
    /// Whether nothing may be missing.
    #[must_use]
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Production)
    }
}

impl Default for Mode {
    #[cfg(feature = "demo")]
    fn default() -> Self {
        Self::Demo
    }

    #[cfg(not(feature = "demo"))]
    fn default() -> Self {
        Self::Production
    }
}

/// Where each receipt goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receipts {
    /// Kept in the journal only.
    #[default]
    Journal,
    /// Also written as text and PDF into the state folder's `receipts`.
    Files,
}

/// Lines above and below each receipt.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptLines {
    /// Name and address.
    pub head: Vec<String>,
    /// Thanks, opening hours.
    pub foot: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: "Sealpoint Market".to_owned(),
            terminal: "T0000001"
                .parse()
                .expect("eight capital letters and digits are a terminal id"),
            cashier: "Cashier".to_owned(),
            currency: Currency::Eur,
            mark: String::new(),
            catalogue: None,
            reader: "pcsc".to_owned(),
            profile: None,
            collector: None,
            classical: false,
            insert_timeout_s: 60,
            queue_card_limit: 10_000,
            duplicate_guard: DuplicateGuard::default(),
            receipts: Receipts::Journal,
            theme: Theme::Light,
            fullscreen: None,
            receipt: ReceiptLines::default(),
            demo_cards: None,
            mode: Mode::default(),
            lane_socket: None,
            uplink_socket: None,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error(
        "The configuration {path} cannot be read: {why}. Check --config and the file's permissions."
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The file is larger than any configuration.
    #[error("The configuration {0} is larger than {MAX_CONFIG} bytes. Check --config.")]
    TooLarge(PathBuf),
    /// A wrong key, type or value.
    #[error(
        "The configuration {path}, line {line}: {why}. Correct the line and start the till again."
    )]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Line in the file.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong, where, and what to do.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |why| ConfigError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let found = fs::metadata(path).map_err(unreadable)?;
        // A pipe or a device would be read for ever.
        if !found.is_file() {
            return Err(unreadable(io::Error::other("it is not a file")));
        }
        if found.len() > MAX_CONFIG {
            return Err(ConfigError::TooLarge(path.to_owned()));
        }
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let wrong = |line, why: String| ConfigError::Wrong {
            path: path.to_owned(),
            line,
            why,
        };
        let config: Self = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text
                .get(..start)
                .map_or(1, |before| before.matches('\n').count() + 1);
            wrong(line, plainly(error.message()))
        })?;
        match config.fault() {
            Some((key, why)) => Err(wrong(line_of(&text, key), why)),
            None => Ok(config),
        }
    }

    /// A value that no type can refuse, with its key.
    fn fault(&self) -> Option<(&'static str, String)> {
        let reader = self.reader.split(':').next().unwrap_or_default();
        let long = |lines: &[String]| lines.iter().any(|l| l.chars().count() > WIDTH);
        if !(5..=300).contains(&self.insert_timeout_s) {
            return Some((
                "insert_timeout_s",
                "insert_timeout_s must be 5 to 300 seconds".to_owned(),
            ));
        }
        if !matches!(reader, "pcsc" | "virtual") {
            let why = format!("reader \"{reader}\" is neither pcsc, pcsc:NAME nor virtual:SOCKET");
            return Some(("reader", why));
        }
        if self
            .collector
            .as_ref()
            .is_some_and(|url| !url.starts_with("https://"))
        {
            return Some(("collector", "collector must begin with https://".to_owned()));
        }
        if self.cashier.len() > 100 || self.store.len() > 100 {
            return Some((
                "store",
                "store and cashier hold at most 100 bytes".to_owned(),
            ));
        }
        if long(&self.receipt.head) || long(&self.receipt.foot) {
            let why = format!("a receipt line holds at most {WIDTH} characters");
            return Some(("[receipt]", why));
        }
        None
    }

    /// Whether the window fills the screen.
    #[must_use]
    pub fn fills_screen(&self) -> bool {
        self.fullscreen.unwrap_or(self.mode.is_production())
    }

    /// What stands above and below each receipt.
    #[must_use]
    pub fn letterhead(&self) -> Letterhead {
        let head = if self.receipt.head.is_empty() {
            vec![self.store.clone()]
        } else {
            self.receipt.head.clone()
        };
        Letterhead {
            head,
            foot: self.receipt.foot.clone(),
            mark: (!self.mark.is_empty()).then(|| self.mark.clone()),
        }
    }
}

/// The parser's words without the names of this language's types.
fn plainly(message: &str) -> String {
    let message = message.trim_end_matches('.');
    ["u32", "u64"].iter().fold(message.to_owned(), |m, kind| {
        m.replace(kind, "a whole number")
    })
}

fn line_of(text: &str, key: &str) -> usize {
    text.lines()
        .position(|line| line.trim_start().starts_with(key))
        .map_or(1, |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file is what `tillctl site unpack` makes of docs/site.md's example; a test there compares.
    #[test]
    fn what_a_site_bundle_makes_is_understood() {
        let made =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../tillctl/tests/suite/site/till.toml");
        let config = Config::load(&made).expect("understood");
        assert!(config.mode.is_production() && config.fills_screen());
        assert_eq!(config.store, "Market 12");
        assert_eq!(config.receipt.foot, ["Thank you."]);
        assert_eq!(config.duplicate_guard, DuplicateGuard::Token);
        let catalogue = Path::new("/run/sealpoint/site/catalogue.csv");
        assert_eq!(config.catalogue.as_deref(), Some(catalogue));
    }
}
