//! The command line of `tillctl site`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_wire::TerminalId;

use super::values::TillAddress;
use crate::fault::Fault;

/// What `tillctl site --help` prints.
pub const USAGE: &str = "\
What a till is told of its shop, as one text that the retailer signed: a site bundle.

usage: tillctl site sign SITE.TOML --root KEY --out FILE [--terminal ID] [--code CODE|-]
                         [--address dhcp|CIDR]
       tillctl site show FILE [--trust FILE] [--json]
       tillctl site write FILE --to DEVICE
       tillctl site unpack [--from DEVICE|FILE]... [--trust FILE] [--floor DIR] [--out DIR]

sign    at IT's desk: checks site.toml and the files that it names as the till would, and signs
  --root KEY      the retailer's private root key, as `tillctl keys root` made it
  --out FILE      the bundle; it may hold an enrolment code, so it is for its owner alone
  --terminal ID   in place of `id` in [terminal], so that one site.toml serves a whole shop
  --code CODE     in place of `enrol_code`; - reads it from standard input
  --address A     in place of `address` in [network]
show    what is in a bundle, once its signature is checked
  --json          one JSON object instead of a page for people
write   puts a bundle raw into a partition that holds zeros or another bundle, and nothing else
  --to DEVICE     the partition with the label sealpoint-site
unpack  on the till, by its unit: the first place that holds anything counts
  --from PLACE    where to look (/dev/disk/by-partlabel/sealpoint-site, then
                  /etc/sealpoint/site.bundle)
  --floor DIR     what was accepted before (/var/lib/sealpoint/site)
  --out DIR       the folder for the files (/run/sealpoint/site)

  --trust FILE    the retailer's public root key (/etc/sealpoint/retailer.pub.toml)
  --help          print this and stop

Exit code: 0 done, 1 report not written, 2 wrong command line, 73 a file cannot be read or written,
100 the bundle or what it is made of is refused, 101 an older bundle than one accepted before, 102 no
site yet, 103 the device is not one to write a bundle to.";

/// Where a till looks for its bundle.
const PLACES: [&str; 2] = [
    "/dev/disk/by-partlabel/sealpoint-site",
    "/etc/sealpoint/site.bundle",
];
/// Whom it trusts.
const TRUST: &str = "/etc/sealpoint/retailer.pub.toml";
/// What it remembers.
const FLOOR: &str = "/var/lib/sealpoint/site";
/// Where its units look.
const OUT: &str = "/run/sealpoint/site";
/// At most this many places.
const MAX_PLACES: usize = 8;

/// What the command line asks for.
pub struct Asked {
    /// What to do.
    pub command: Command,
    /// One JSON object instead of a page.
    pub json: bool,
}

/// What to do.
pub enum Command {
    /// Sign a bundle.
    Sign(ToSign),
    /// Show this file, by that root.
    Show(PathBuf, PathBuf),
    /// Write this file to that device.
    Write(PathBuf, PathBuf),
    /// Unpack a bundle.
    Unpack(ToUnpack),
    /// Print [`USAGE`].
    Help,
}

/// A bundle to make.
pub struct ToSign {
    /// `site.toml`.
    pub site: PathBuf,
    /// The private root key.
    pub root: PathBuf,
    /// Where the bundle goes.
    pub out: PathBuf,
    /// In place of what the file says.
    pub terminal: Option<TerminalId>,
    /// The same.
    pub code: Option<String>,
    /// The same.
    pub address: Option<TillAddress>,
}

/// A bundle to take up.
pub struct ToUnpack {
    /// Where to look, in this order.
    pub from: Vec<PathBuf>,
    /// The public root key.
    pub trust: PathBuf,
    /// What was accepted before.
    pub floor: PathBuf,
    /// Where the files go.
    pub out: PathBuf,
}

#[derive(Default)]
struct Given {
    file: Option<PathBuf>,
    root: Option<PathBuf>,
    out: Option<PathBuf>,
    to: Option<PathBuf>,
    trust: Option<PathBuf>,
    floor: Option<PathBuf>,
    from: Vec<PathBuf>,
    terminal: Option<TerminalId>,
    code: Option<String>,
    address: Option<TillAddress>,
    json: bool,
}

impl Asked {
    /// Understands the arguments behind `site`.
    pub fn parse(arguments: &[OsString]) -> Result<Self, Fault> {
        let mut parser = Parser::from_args(arguments);
        let help = Self {
            command: Command::Help,
            json: false,
        };
        let name = match parser.next().map_err(wrong)? {
            Some(Arg::Value(name)) => name.string().map_err(wrong)?,
            Some(Arg::Long("help") | Arg::Short('h')) => return Ok(help),
            _ => return Err(misused("Say sign, show, write or unpack.")),
        };
        let known = ["sign", "show", "write", "unpack"];
        let verb = known
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| misused(format!("{name:?} is neither sign, show, write nor unpack.")))?;
        let (sign, show, write, unpack) = (verb == 0, verb == 1, verb == 2, verb == 3);
        let mut given = Given::default();
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Value(value) if !unpack && given.file.is_none() => {
                    given.file = Some(value.into());
                }
                Arg::Long("root") if sign => given.root = Some(path(&mut parser)?),
                Arg::Long("out") if sign || unpack => given.out = Some(path(&mut parser)?),
                Arg::Long("terminal") if sign => given.terminal = Some(terminal(&mut parser)?),
                Arg::Long("code") if sign => given.code = Some(code(&mut parser)?),
                Arg::Long("address") if sign => given.address = Some(address(&mut parser)?),
                Arg::Long("to") if write => given.to = Some(path(&mut parser)?),
                Arg::Long("trust") if show || unpack => given.trust = Some(path(&mut parser)?),
                Arg::Long("floor") if unpack => given.floor = Some(path(&mut parser)?),
                Arg::Long("from") if unpack && given.from.len() < MAX_PLACES => {
                    given.from.push(path(&mut parser)?);
                }
                Arg::Long("json") if show => given.json = true,
                Arg::Long("help") | Arg::Short('h') => return Ok(help),
                other => return Err(wrong(other.unexpected())),
            }
        }
        let json = given.json;
        let command = match verb {
            0 => given.into_sign()?,
            1 => Command::Show(
                needed(given.file, "FILE")?,
                given.trust.unwrap_or_else(|| TRUST.into()),
            ),
            2 => Command::Write(
                needed(given.file, "FILE")?,
                needed(given.to, "--to DEVICE")?,
            ),
            _ => given.into_unpack(),
        };
        Ok(Self { command, json })
    }
}

impl Given {
    fn into_sign(self) -> Result<Command, Fault> {
        Ok(Command::Sign(ToSign {
            site: needed(self.file, "SITE.TOML")?,
            root: needed(self.root, "--root KEY")?,
            out: needed(self.out, "--out FILE")?,
            terminal: self.terminal,
            code: self.code,
            address: self.address,
        }))
    }

    fn into_unpack(self) -> Command {
        let places = if self.from.is_empty() {
            PLACES.iter().map(PathBuf::from).collect()
        } else {
            self.from
        };
        Command::Unpack(ToUnpack {
            from: places,
            trust: self.trust.unwrap_or_else(|| TRUST.into()),
            floor: self.floor.unwrap_or_else(|| FLOOR.into()),
            out: self.out.unwrap_or_else(|| OUT.into()),
        })
    }
}

/// The code, or the line on standard input that holds it.
fn code(parser: &mut Parser) -> Result<String, Fault> {
    let code = text(parser)?;
    if code != "-" {
        return Ok(code);
    }
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|_| misused("The code cannot be read from standard input."))?;
    Ok(line.trim().to_owned())
}

fn terminal(parser: &mut Parser) -> Result<TerminalId, Fault> {
    let text = text(parser)?;
    let terminal = text.parse();
    terminal.map_err(|_| misused(format!("{text:?} is no terminal id.")))
}

fn address(parser: &mut Parser) -> Result<TillAddress, Fault> {
    let address = text(parser)?.parse();
    address.map_err(|bad: super::values::BadValue| misused(format!("{bad}.")))
}

fn path(parser: &mut Parser) -> Result<PathBuf, Fault> {
    parser.value().map(PathBuf::from).map_err(wrong)
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    let value = parser.value().and_then(|value| value.string());
    value.map_err(wrong)
}

fn needed<T>(given: Option<T>, name: &str) -> Result<T, Fault> {
    given.ok_or_else(|| misused(format!("`{name}` is needed.")))
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: impl Into<String>) -> Fault {
    Fault {
        remedy: "Run `tillctl site --help` to see how it is called.".to_owned(),
        ..Fault::misused(what)
    }
}
