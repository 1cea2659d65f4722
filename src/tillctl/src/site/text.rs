//! What a till is told of its shop: the keys of `site.toml`, which are those of a bundle as well.

use core::num::NonZeroU16;

use sealpoint_sale::Currency;
use sealpoint_wire::TerminalId;
use serde::{Deserialize, Serialize};

use super::values::{
    CollectorAddress, FileName, HostName, Keyboard, Line, Reader, ReceiptLine, Scale, TillAddress,
    TimeZoneName, UsbId,
};

/// At most this many kinds of USB devices.
pub const MAX_DEVICES: usize = 64;
/// At most this many lines above, and below, a receipt.
pub const MAX_RECEIPT_LINES: usize = 12;

/// All of it. `F` are its files: their names at IT's desk ([`FileNames`]), their texts in a bundle
/// ([`FileTexts`]).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site<F> {
    /// Grows with each bundle of a till, from 1.
    pub version: u64,
    /// Name of the shop.
    pub store: Line,
    /// Which till it is.
    #[serde(default)]
    pub terminal: Terminal,
    /// How it is in the shop's network.
    #[serde(default)]
    pub network: Network,
    /// Whom it syncs to.
    pub collector: Collector,
    /// How it sells.
    #[serde(default)]
    pub till: Till,
    /// How it shows things.
    #[serde(default)]
    pub display: Display,
    /// What may be plugged into it.
    #[serde(default)]
    pub usb: Usb,
    /// How the shop looks.
    #[serde(default)]
    pub brand: Brand,
    /// When its system may be replaced. Left out where nothing is said, for tills whose image is older
    /// than this table refuse what they do not know.
    #[serde(default, skip_serializing_if = "Update::says_nothing")]
    pub update: Update,
    /// The four files.
    pub files: F,
}

/// Which till it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    /// Its id. At the desk it may be said on the command line instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TerminalId>,
    /// The code by which it gets its certificate, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrol_code: Option<String>,
}

/// How the till is in the shop's network.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Its address.
    pub address: TillAddress,
    /// The way to other networks, where the address is a fixed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<CollectorAddress>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            address: TillAddress::Dhcp,
            gateway: None,
        }
    }
}

/// Whom the till syncs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    /// The name that its certificate has.
    pub name: HostName,
    /// Where it is.
    pub address: CollectorAddress,
    /// Its port.
    pub port: NonZeroU16,
    /// Whether the link may also agree on keys in X25519 and P-256 alone.
    #[serde(default)]
    pub classical: bool,
}

/// How the till sells. What is left out is as the till has it by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Till {
    /// Name of the cashier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cashier: Option<Line>,
    /// What it sells in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The card reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<Reader>,
    /// Shown where sales are not real, such as TRAINING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Line>,
    /// How long to wait for a card, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insert_timeout_s: Option<u32>,
    /// Records waiting for the collector at which it stops taking cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_card_limit: Option<u64>,
    /// Which charges are asked about when they come twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_guard: Option<DuplicateGuard>,
    /// The shop's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<TimeZoneName>,
}

/// As `till.toml` names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateGuard {
    /// None.
    Off,
    /// Those of cards with a token.
    Token,
    /// Those of every card.
    Card,
}

/// How the till shows things.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// By a compositor.
    #[default]
    Cage,
    /// By the kernel alone.
    Kms,
}

impl Profile {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cage => "cage",
            Self::Kms => "kms",
        }
    }
}

/// Screen and keyboard.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Display {
    /// Who draws.
    pub profile: Profile,
    /// How large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// The keyboard's layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyboard: Option<Keyboard>,
}

/// What may be plugged in besides keyboards and card readers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Usb {
    /// By vendor and product.
    pub devices: Vec<UsbId>,
}

/// When the system under the till may be replaced (docs/updates.md).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Update {
    /// How long nobody may have used the till before it restarts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_minutes: Option<RestMinutes>,
}

impl Update {
    /// Whether the shop leaves it at what every till does.
    fn says_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Minutes, up to a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(into = "u16", try_from = "u16")]
pub struct RestMinutes(u16);

impl RestMinutes {
    /// The most that there can be.
    const MOST: u16 = 24 * 60;
}

impl TryFrom<u16> for RestMinutes {
    type Error = &'static str;

    fn try_from(minutes: u16) -> Result<Self, Self::Error> {
        if minutes <= Self::MOST {
            Ok(Self(minutes))
        } else {
            Err("rest_minutes is 0 to 1440")
        }
    }
}

impl From<RestMinutes> for u16 {
    fn from(minutes: RestMinutes) -> Self {
        minutes.0
    }
}

/// How the shop looks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brand {
    /// Colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<Theme>,
    /// Above each receipt; the shop's name without it.
    pub receipt_head: Vec<ReceiptLine>,
    /// Below each receipt.
    pub receipt_foot: Vec<ReceiptLine>,
}

/// As `till.toml` names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Black, yellow, white.
    Contrast,
}

/// The files, by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileNames {
    /// The acquirer's terminal profile.
    pub profile: FileName,
    /// The retailer's signed manifest of keys.
    pub manifest: FileName,
    /// The retailer's certification authority, PEM.
    pub ca: FileName,
    /// The articles, CSV.
    pub catalogue: Option<FileName>,
}

/// The files, in whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileTexts {
    /// The acquirer's terminal profile.
    pub profile: String,
    /// The retailer's signed manifest of keys.
    pub manifest: String,
    /// The retailer's certification authority, PEM.
    pub ca: String,
    /// The articles, CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
}

/// Two values that do not go together, or one that no type can refuse.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSite {
    /// Versions begin at 1.
    #[error("`version` is 0, but versions begin at 1")]
    Version,
    /// Nobody said which till it is.
    #[error("it names no terminal: write `id` into [terminal], or say `--terminal ID`")]
    NoTerminal,
    /// One family alone is switched on.
    #[error(
        "the till's address and the collector's are not both IPv4 or both IPv6, and a till speaks \
         one of the two; \"dhcp\" is for IPv4"
    )]
    Families,
    /// The gateway goes with a fixed address of its family.
    #[error("`gateway` goes with a fixed `address` of the same family: leave it out with \"dhcp\"")]
    Gateway,
    /// As the till has it.
    #[error("`insert_timeout_s` is {0} instead of 5 to 300 seconds")]
    InsertTimeout(u32),
    /// TOML has no larger number.
    #[error("`queue_card_limit` is {0} instead of 1 to {MAX_QUEUE}")]
    QueueLimit(u64),
    /// A longer list is a mistake.
    #[error("`devices` of [usb] has {0} entries, and may have {MAX_DEVICES}")]
    Devices(usize),
    /// More than a receipt's head or foot.
    #[error("`{0}` has more than {MAX_RECEIPT_LINES} lines")]
    ReceiptLines(&'static str),
}

/// Largest `queue_card_limit`.
const MAX_QUEUE: u64 = 1_000_000;

impl<F> Site<F> {
    /// The till that it is for, if all of it goes together.
    ///
    /// # Errors
    /// [`BadSite`] names the first thing that does not.
    pub fn check(&self) -> Result<&TerminalId, BadSite> {
        if self.version == 0 {
            return Err(BadSite::Version);
        }
        let terminal = self.terminal.id.as_ref().ok_or(BadSite::NoTerminal)?;
        let v4 = self.collector.address.0.is_ipv4();
        match (self.network.address, self.network.gateway) {
            (TillAddress::Dhcp, Some(_)) => return Err(BadSite::Gateway),
            (TillAddress::Dhcp, None) if !v4 => return Err(BadSite::Families),
            (TillAddress::Dhcp, None) => {}
            (TillAddress::Fixed(own), gateway) => {
                if own.address.is_ipv4() != v4 {
                    return Err(BadSite::Families);
                }
                if gateway.is_some_and(|gateway| gateway.0.is_ipv4() != v4) {
                    return Err(BadSite::Gateway);
                }
            }
        }
        if let Some(seconds) = self.till.insert_timeout_s
            && !(5..=300).contains(&seconds)
        {
            return Err(BadSite::InsertTimeout(seconds));
        }
        if let Some(limit) = self.till.queue_card_limit
            && !(1..=MAX_QUEUE).contains(&limit)
        {
            return Err(BadSite::QueueLimit(limit));
        }
        if self.usb.devices.len() > MAX_DEVICES {
            return Err(BadSite::Devices(self.usb.devices.len()));
        }
        for (name, lines) in [
            ("receipt_head", &self.brand.receipt_head),
            ("receipt_foot", &self.brand.receipt_foot),
        ] {
            if lines.len() > MAX_RECEIPT_LINES {
                return Err(BadSite::ReceiptLines(name));
            }
        }
        Ok(terminal)
    }
}
