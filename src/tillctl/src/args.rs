//! The command line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_emv::ChargeKind;
use sealpoint_wire::{Currency, TerminalId};

use crate::fault::Fault;

/// What `tillctl --help` prints.
pub const USAGE: &str = "\
What IT does to a till without its screen.

usage: tillctl card   ...   one charge through the card reader, for a bench
       tillctl keys   ...   shows, loads, rotates and destroys keys
       tillctl doctor ...   how the till stands, on one page
       tillctl backup ...   a copy of the journal, while the till runs
       tillctl restore ...  proves a copy, or puts it in the journal's place
       tillctl enrol  ...   makes the till's key and gets its certificate
       tillctl work   ...   what a till left to a person, and settling it
       tillctl site   ...   what a till is told of its shop, signed
       tillctl setup  ...   the keys that a till makes for itself
       tillctl clock  ...   the machine's clock, by the collector's signed time
       tillctl update ...   the system under a till, replaced whole

--help behind each of them tells of it.

usage: tillctl card [--json] [--reader NAME] [--amount MINOR] [--currency NUM]
                    [--kind purchase|refund|cash] [--host URL|approve|decline|none]
                    [--profile FILE] [--wait SECONDS] [--choose N] [--transcript] [--de55]
       tillctl card --list [--json] [--reader NAME]

Runs one charge through the card reader and tells how it ended. Nothing is kept: no sale, no record.

  --json           one JSON object instead of a page for people
  --reader NAME    readers whose name contains NAME; without it all of them
  --amount MINOR   amount in minor units (100)
  --currency NUM   ISO 4217 number (978, the euro)
  --kind KIND      purchase, refund or cash (purchase)
  --host HOST      approve (the default), decline: tillctl answers as the issuer would, without
                   issuer authentication. none: the host cannot be asked. https://HOST:PORT: the
                   collector is asked, and what it approved is undone at once
  --profile FILE   terminal profile (TOML); the demo's without it
  --wait SECONDS   how long to wait for a card (30)
  --choose N       which application to take where the card offers several, from 1 (1)
  --transcript     what reader and card said, redacted
  --de55           EMV data for the issuer, without account data
  --list           the readers and what is in them, without a charge
  --help           print this and stop

With --host https://...:
  --keys DIR       folder with the acquirer's key, acquirer.pub.toml
  --terminal ID    the terminal that asks
  --ca FILE --cert FILE --key FILE
                   the retailer's CA, the terminal's certificate and its key, PEM

Exit code: 0 approved, 1 report not written, 2 wrong command line, 10 declined, 11 referral,
12 host not reached, 13 not undone, 20 no card, 21 card taken out, 22 card not accepted, 23 card fault, 24 cancelled, 30 reader, 40 set-up.";

/// Largest wait for a card.
const MAX_WAIT: u64 = 300;

/// What the command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Run a charge.
    Card(Box<Wanted>),
    /// Print [`USAGE`].
    Help,
}

/// A charge on the bench.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// One JSON object instead of a page.
    pub json: bool,
    /// List the readers instead.
    pub list: bool,
    /// Readers whose name contains this.
    pub reader: Option<String>,
    /// The demo's virtual reader at this socket instead.
    #[cfg(feature = "demo")]
    pub virtual_reader: Option<PathBuf>,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217 number.
    pub currency: u16,
    /// What it is for.
    pub kind: ChargeKind,
    /// Who plays the host.
    pub host: Host,
    /// The terminal profile; the built-in one without it.
    pub profile: Option<PathBuf>,
    /// How long to wait for a card.
    pub wait: Duration,
    /// Which application to take, from 0.
    pub choose: usize,
    /// Give a redacted transcript.
    pub transcript: bool,
    /// Give DE 55.
    pub de55: bool,
}

/// Who plays the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// We do, and approve.
    Approve,
    /// We do, and decline.
    Decline,
    /// Nobody: it cannot be asked.
    Nobody,
    /// The collector there.
    Collector(Box<Collector>),
}

/// What asking a collector needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collector {
    /// `https://HOST:PORT`.
    pub url: String,
    /// Folder with the acquirer's key.
    pub keys: PathBuf,
    /// The terminal that asks.
    pub terminal: TerminalId,
    /// What it asks for, in a currency that collectors take.
    pub currency: Currency,
    /// The retailer's CA, PEM.
    pub ca: PathBuf,
    /// The terminal's certificate, PEM.
    pub cert: PathBuf,
    /// The terminal's key, PEM.
    pub key: PathBuf,
}

impl Asked {
    /// Understands the arguments behind the program's name.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Fault> {
        let mut parser = Parser::from_args(arguments);
        match parser.next().map_err(wrong)? {
            Some(Arg::Value(command)) if command == "card" => card(&mut parser),
            Some(Arg::Long("help") | Arg::Short('h')) => Ok(Self::Help),
            Some(other) => Err(wrong(other.unexpected())),
            None => Err(Fault::misused("There is no command.")),
        }
    }
}

fn card(parser: &mut Parser) -> Result<Asked, Fault> {
    let mut wanted = Wanted {
        json: false,
        list: false,
        reader: None,
        #[cfg(feature = "demo")]
        virtual_reader: None,
        amount_minor: 100,
        currency: 978,
        kind: ChargeKind::Purchase,
        host: Host::Approve,
        profile: None,
        wait: Duration::from_secs(30),
        choose: 0,
        transcript: false,
        de55: false,
    };
    let mut host = None;
    let mut files = Files::default();
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Arg::Long("json") => wanted.json = true,
            Arg::Long("list") => wanted.list = true,
            Arg::Long("transcript") => wanted.transcript = true,
            Arg::Long("de55") => wanted.de55 = true,
            Arg::Long("reader") => wanted.reader = Some(text(parser)?),
            #[cfg(feature = "demo")]
            Arg::Long("virtual") => wanted.virtual_reader = Some(file(parser)?),
            Arg::Long("amount") => wanted.amount_minor = number(parser, 1..=999_999_999_999)?,
            Arg::Long("currency") => wanted.currency = number(parser, 1..=999)?,
            Arg::Long("kind") => wanted.kind = kind(&text(parser)?)?,
            Arg::Long("host") => host = Some(text(parser)?),
            Arg::Long("profile") => wanted.profile = Some(file(parser)?),
            Arg::Long("wait") => {
                wanted.wait = Duration::from_secs(number(parser, 0..=MAX_WAIT)?);
            }
            Arg::Long("choose") => wanted.choose = number(parser, 1..=255_usize)? - 1,
            Arg::Long("keys") => files.keys = Some(file(parser)?),
            Arg::Long("terminal") => files.terminal = Some(text(parser)?),
            Arg::Long("ca") => files.ca = Some(file(parser)?),
            Arg::Long("cert") => files.cert = Some(file(parser)?),
            Arg::Long("key") => files.key = Some(file(parser)?),
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
            other => return Err(wrong(other.unexpected())),
        }
    }
    wanted.host = match host.as_deref() {
        None | Some("approve") => Host::Approve,
        Some("decline") => Host::Decline,
        Some("none") => Host::Nobody,
        Some(url) if url.starts_with("https://") => {
            Host::Collector(Box::new(files.collector(url, &wanted)?))
        }
        Some(other) => {
            return Err(Fault::misused(format!(
                "{other:?} is no host: it is approve, decline, none or https://HOST:PORT."
            )));
        }
    };
    if files != Files::default() && !matches!(wanted.host, Host::Collector(_)) {
        return Err(Fault::misused(
            "`--keys`, `--terminal`, `--ca`, `--cert` and `--key` go with `--host https://...` alone.",
        ));
    }
    Ok(Asked::Card(Box::new(wanted)))
}

/// What was said for a collector.
#[derive(PartialEq, Eq, Default)]
struct Files {
    keys: Option<PathBuf>,
    terminal: Option<String>,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Files {
    fn collector(&self, url: &str, wanted: &Wanted) -> Result<Collector, Fault> {
        let needs =
            |name: &str| Fault::misused(format!("To ask a collector, `{name}` is needed too."));
        let path = |file: &Option<PathBuf>, name: &str| file.clone().ok_or_else(|| needs(name));
        if wanted.kind != ChargeKind::Purchase {
            return Err(Fault::misused(
                "A collector is asked for purchases alone: it has no word yet for cash or a refund.",
            ));
        }
        let terminal = self
            .terminal
            .as_ref()
            .ok_or_else(|| needs("--terminal ID"))?;
        Ok(Collector {
            url: url.to_owned(),
            keys: path(&self.keys, "--keys DIR")?,
            terminal: terminal
                .parse()
                .map_err(|_| Fault::misused(format!("{terminal:?} is no terminal id.")))?,
            currency: Currency::from_numeric(wanted.currency).ok_or_else(|| {
                Fault::misused(format!(
                    "A collector takes no currency {:03}.",
                    wanted.currency
                ))
            })?,
            ca: path(&self.ca, "--ca FILE")?,
            cert: path(&self.cert, "--cert FILE")?,
            key: path(&self.key, "--key FILE")?,
        })
    }
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    parser
        .value()
        .and_then(|value| value.string())
        .map_err(wrong)
}

fn file(parser: &mut Parser) -> Result<PathBuf, Fault> {
    parser.value().map(PathBuf::from).map_err(wrong)
}

fn number<N>(parser: &mut Parser, range: core::ops::RangeInclusive<N>) -> Result<N, Fault>
where
    N: core::str::FromStr + PartialOrd + core::fmt::Display,
{
    let text = text(parser)?;
    text.parse()
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| {
            let (low, high) = range.into_inner();
            Fault::misused(format!("{text:?} is not a number from {low} to {high}."))
        })
}

fn kind(text: &str) -> Result<ChargeKind, Fault> {
    match text {
        "purchase" => Ok(ChargeKind::Purchase),
        "refund" => Ok(ChargeKind::Refund),
        "cash" => Ok(ChargeKind::Cash),
        _ => Err(Fault::misused(format!(
            "{text:?} is no kind of charge: it is purchase, refund or cash."
        ))),
    }
}

fn wrong(error: lexopt::Error) -> Fault {
    Fault::misused(format!("The command line is not understood: {error}."))
}
