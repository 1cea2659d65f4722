//! The command line of `tillctl enrol`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_tls::Groups;

use crate::fault::Fault;

/// What `tillctl enrol --help` prints.
pub const USAGE: &str = "\
usage: tillctl enrol --collector https://HOST:PORT --code CODE --out DIR [--replace]
                     [--classical] [--json]

Makes this till's key and gets its certificate: for a code that `collector enrol-code` printed, good
once and for ten minutes. The key is made here and leaves this machine never. The code says which
terminal this is, and which collector is the right one.

  --collector URL  the collector, https://HOST:PORT
  --code CODE      the code; in capitals or not, with hyphens or without. - reads it from standard
                   input, where no other user sees it in the list of processes
  --out DIR        folder that gets ca.pem, cert.pem and key.pem: the till's folder `uplink`
  --replace        put a new key in the place of the one that is there
  --classical      also agree in X25519 and P-256 alone, for a proxy that knows no other
  --json           one JSON object instead of a sentence
  --help           print this and stop

Exit code: 0 enrolled, 1 report not written, 2 wrong command line, 73 files, 90 not enrolled,
91 collector not reached, or not the one that the code names.";

/// What the command line asks for.
pub enum Asked {
    /// Enrol.
    Enrol(Wanted),
    /// Print [`USAGE`].
    Help,
}

/// What to enrol with.
pub struct Wanted {
    /// Where the collector is.
    pub collector: Address,
    /// The code's text.
    pub code: String,
    /// The folder for the three files.
    pub out: PathBuf,
    /// Whether a key that is there may be replaced.
    pub replace: bool,
    /// Which key exchanges may be used.
    pub groups: Groups,
    /// One JSON object instead of a sentence.
    pub json: bool,
}

/// `https://HOST:PORT`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// A DNS name or an IP address, without brackets.
    pub host: String,
    /// The port; 443 if none is said.
    pub port: u16,
}

impl Asked {
    /// Understands the arguments behind the command's name.
    pub fn parse(arguments: &[OsString]) -> Result<Self, Fault> {
        let (mut collector, mut code, mut out) = (None, None, None);
        let (mut replace, mut groups, mut json) = (false, Groups::Hybrid, false);
        let mut parser = Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Long("collector") => collector = Some(address(&text(&mut parser)?)?),
                Arg::Long("code") => code = Some(text(&mut parser)?),
                Arg::Long("out") => {
                    out = Some(parser.value().map(PathBuf::from).map_err(wrong)?);
                }
                Arg::Long("replace") => replace = true,
                Arg::Long("classical") => groups = Groups::HybridOrClassical,
                Arg::Long("json") => json = true,
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                other => return Err(wrong(other.unexpected())),
            }
        }
        let code = match needed(code, "--code CODE")? {
            dash if dash == "-" => typed()?,
            code => code,
        };
        Ok(Self::Enrol(Wanted {
            collector: needed(collector, "--collector https://HOST:PORT")?,
            code,
            out: needed(out, "--out DIR")?,
            replace,
            groups,
            json,
        }))
    }
}

/// The code as it comes on standard input: one line.
fn typed() -> Result<String, Fault> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|_| misused("The code cannot be read from standard input."))?;
    Ok(line.trim().to_owned())
}

fn needed<T>(given: Option<T>, name: &str) -> Result<T, Fault> {
    given.ok_or_else(|| misused(format!("`{name}` is needed.")))
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    parser
        .value()
        .and_then(|value| value.string())
        .map_err(wrong)
}

fn address(text: &str) -> Result<Address, Fault> {
    let bad = || {
        misused(format!(
            "{text:?} is not a collector's address. Use https://HOST:PORT, without a path."
        ))
    };
    let rest = text.strip_prefix("https://").ok_or_else(bad)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(six) => {
            let (host, behind) = six.split_once(']').ok_or_else(bad)?;
            let port = match behind {
                "" => None,
                port => Some(port.strip_prefix(':').ok_or_else(bad)?),
            };
            (host, port)
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let plain = !host.is_empty() && !host.contains(['/', '@', '?', '#', '\\']);
    let port = port.map_or(Ok(443), |port| port.parse().map_err(|_| bad()))?;
    if plain && port > 0 {
        Ok(Address {
            host: host.to_owned(),
            port,
        })
    } else {
        Err(bad())
    }
}

fn wrong(error: lexopt::Error) -> Fault {
    misused(format!("The command line is not understood: {error}."))
}

fn misused(what: impl Into<String>) -> Fault {
    Fault {
        remedy: "Run `tillctl enrol --help` to see how it is called.".to_owned(),
        ..Fault::misused(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, host, port) in [
            ("https://collector", "collector", 443),
            ("https://collector:8443/", "collector", 8443),
            ("https://127.0.0.1:1", "127.0.0.1", 1),
            ("https://[::1]:8443", "::1", 8443),
            ("https://[::1]", "::1", 443),
        ] {
            let found = address(text).expect("an address");
            assert_eq!((found.host.as_str(), found.port), (host, port), "{text}");
        }
        for text in [
            "collector:1",
            "http://collector",
            "https://",
            "https://a/b",
            "https://a:0",
            "https://a:x",
            "https://a:70000",
            "https://u@a",
            "https://[::1",
            "https://[::1]x",
            "https://::1:8443",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
