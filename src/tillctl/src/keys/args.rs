//! The command line of `tillctl keys`.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use sealpoint_vault::KeyKind;
use sealpoint_wire::{KeyId, TerminalId};

use crate::fault::Fault;

/// What `tillctl keys --help` prints.
pub const USAGE: &str = "\
The keys of a till's card lane.

usage: tillctl keys show     [--profile FILE]
       tillctl keys load     FILE|- [--id ID]
                             [--replace-root --person NAME --person NAME]
       tillctl keys ceremony --id ID [--algorithm aes|tdes] [--components N]
                             [--person NAME]...
       tillctl keys rotate   [--to ID]
       tillctl keys destroy  ID [--yes]
       tillctl keys destroy  --all [--yes]
for the retailer, on a machine without a network:
       tillctl keys root     --id ID [--out DIR]
       tillctl keys sign     FILE --root FILE [--hot-list] [--out FILE]
       tillctl keys wrap     --id ID --kind KIND [--initial-key-id HEX]
                             [--algorithm aes|tdes] [--components N]
                             [--person NAME]... [--out FILE]
       tillctl keys erase-order --terminal ID --root FILE [--out FILE]

  show       every key and how it stands; never a secret
  load       takes in the retailer's root, a signed manifest, a signed hot list,
             the acquirer's public key or an X9.143 key block
  ceremony   makes a key block protection key from components that two to four
             people enter, each one's own and unseen by the others
  rotate     wipes the secret keys that the manifest's newest valid key replaces
  destroy    erases a key, or all of them with the storage key
  root       makes the retailer's root key pair
  sign       signs a manifest or a hot list
  wrap       puts a key into a key block, under a protection key; both are
             entered in components, the protection key first
  erase-order  signs the order that a till which is lost destroys its keys;
             the collector gives it to the till

  --keys DIR        the lane's folder (/var/lib/sealpoint/till/lane)
  --json            one JSON object instead of a page for people
  --production      refuse what only a demo may do, as `lane --production` does
  --profile FILE    terminal profile; says which way of sealing the till uses
  --id ID           the key's id in the manifest
  --terminal ID     the till whose keys are to be destroyed
  --to ID           refuse to rotate to any other key
  --algorithm NAME  of the key that is made from components (aes)
  --components N    how many, 2 to 4 (2)
  --person NAME     name and role of who enters a component, in that order; at a
                    terminal they are asked for
  --replace-root    trust another root than the manifest's next, by two people
  --yes             do not ask for the id to be typed again
  --out FILE|DIR    where to write instead of standard output, or of here
  --root FILE       the root's private key
  --hot-list        sign a hot list (a manifest)
  --kind KIND       token or dukpt_aes128, _aes192, _aes256, _tdes2
  --initial-key-id HEX
                    a DUKPT key's: 16 digits, or 20 of the KSN for TDES
  --help            print this and stop

Components come from the terminal, without echo, or one a line from standard
input, with the check value behind a blank where it is known.

Exit code: 0 done or all is well, 1 report not written, 2 wrong command line,
70 a key needs care soon, 71 no card can be charged, 72 refused, 73 files.";

/// Where a till's lane has its keys.
const KEYS: &str = "/var/lib/sealpoint/till/lane";
/// Most people that may enter components.
pub const MAX_PERSONS: usize = 4;
/// Characters of the longest name.
const MAX_NAME: usize = 80;

/// What the command line asks for.
pub struct Asked {
    /// What to do.
    pub command: Command,
    /// How to do it.
    pub options: Options,
}

/// What to do.
pub enum Command {
    /// Print [`USAGE`].
    Help,
    /// Every key and how it stands.
    Show {
        /// The terminal profile that says how the till seals.
        profile: Option<PathBuf>,
    },
    /// Take in a file.
    Load {
        /// The file; standard input without it.
        file: Option<PathBuf>,
        /// Which key of the manifest a key block is.
        id: Option<KeyId>,
        /// Trust another root.
        replace_root: bool,
        /// Who replaces it.
        persons: Vec<String>,
    },
    /// Make a key from components.
    Ceremony {
        /// Which key of the manifest it is.
        id: KeyId,
        /// How it is entered.
        entry: Entry,
    },
    /// Wipe what is replaced.
    Rotate {
        /// The key that must be the newest.
        to: Option<KeyId>,
    },
    /// Erase.
    Destroy {
        /// The key; all without it.
        id: Option<KeyId>,
        /// Do not ask.
        yes: bool,
    },
    /// Make a root key pair.
    Root {
        /// Its name.
        id: KeyId,
        /// Where to; the working folder without it.
        out: Option<PathBuf>,
    },
    /// Sign a text.
    Sign {
        /// The text.
        file: PathBuf,
        /// The root's private key.
        root: PathBuf,
        /// A hot list instead of a manifest.
        hot_list: bool,
        /// Where to; standard output without it.
        out: Option<PathBuf>,
    },
    /// Order a till to destroy its keys.
    Erasure {
        /// Which one.
        terminal: TerminalId,
        /// The root's private key.
        root: PathBuf,
        /// Where to; standard output without it.
        out: Option<PathBuf>,
    },
    /// Make a key block.
    Wrap {
        /// The key's id, for the block's label.
        id: KeyId,
        /// What it is for.
        kind: KeyKind,
        /// The id that a DUKPT key begins its serial numbers with, hexadecimal.
        initial_key_id: Option<String>,
        /// How the protection key is entered.
        entry: Entry,
        /// Where to; standard output without it.
        out: Option<PathBuf>,
    },
}

/// How a key is entered.
pub struct Entry {
    /// TDES instead of AES.
    pub tdes: bool,
    /// How many components.
    pub components: usize,
    /// Who enters them, in that order.
    pub persons: Vec<String>,
}

/// How to do it.
pub struct Options {
    /// One JSON object instead of a page.
    pub json: bool,
    /// The lane's folder.
    pub keys: PathBuf,
    /// Refuse what only a demo may do.
    pub production: bool,
}

/// Everything that was said, before it is known what belongs together.
#[derive(Default)]
struct Said {
    names: Vec<&'static str>,
    values: Vec<OsString>,
    json: bool,
    production: bool,
    keys: Option<PathBuf>,
    profile: Option<PathBuf>,
    out: Option<PathBuf>,
    root: Option<PathBuf>,
    id: Option<KeyId>,
    to: Option<KeyId>,
    terminal: Option<TerminalId>,
    kind: Option<KeyKind>,
    initial_key_id: Option<String>,
    tdes: bool,
    components: Option<usize>,
    persons: Vec<String>,
    replace_root: bool,
    hot_list: bool,
    all: bool,
    yes: bool,
}

impl Asked {
    /// Understands the arguments behind `keys`.
    pub fn parse(arguments: &[OsString]) -> Result<Self, Fault> {
        let Some(mut said) = Said::read(arguments)? else {
            return Ok(Self {
                command: Command::Help,
                options: Options {
                    json: false,
                    keys: PathBuf::from(KEYS),
                    production: false,
                },
            });
        };
        let options = Options {
            json: said.json,
            keys: said.keys.take().unwrap_or_else(|| PathBuf::from(KEYS)),
            // A build without the demo is one for production.
            production: said.production || !cfg!(feature = "demo"),
        };
        let command = said.command()?;
        Ok(Self { command, options })
    }
}

impl Said {
    /// Reads all arguments; nothing if help is asked for.
    fn read(arguments: &[OsString]) -> Result<Option<Self>, Fault> {
        let mut said = Self::default();
        let mut parser = Parser::from_args(arguments.iter().cloned());
        while let Some(argument) = parser.next().map_err(wrong)? {
            let name = match argument {
                Arg::Value(value) => {
                    said.values.push(value);
                    continue;
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("json") => {
                    said.json = true;
                    continue;
                }
                Arg::Long("production") => {
                    said.production = true;
                    continue;
                }
                Arg::Long("keys") => {
                    said.keys = Some(file(&mut parser)?);
                    continue;
                }
                Arg::Long("profile") => {
                    said.profile = Some(file(&mut parser)?);
                    "--profile"
                }
                Arg::Long("out") => {
                    said.out = Some(file(&mut parser)?);
                    "--out"
                }
                Arg::Long("root") => {
                    said.root = Some(file(&mut parser)?);
                    "--root"
                }
                Arg::Long("id") => {
                    said.id = Some(key_id(&text(&mut parser)?)?);
                    "--id"
                }
                Arg::Long("to") => {
                    said.to = Some(key_id(&text(&mut parser)?)?);
                    "--to"
                }
                Arg::Long("terminal") => {
                    said.terminal = Some(terminal(&text(&mut parser)?)?);
                    "--terminal"
                }
                Arg::Long("kind") => {
                    let kind = text(&mut parser)?.parse();
                    said.kind = Some(kind.map_err(|bad| Fault::misused(format!("{bad}.")))?);
                    "--kind"
                }
                Arg::Long("initial-key-id") => {
                    said.initial_key_id = Some(text(&mut parser)?);
                    "--initial-key-id"
                }
                Arg::Long("algorithm") => {
                    said.tdes = algorithm(&text(&mut parser)?)?;
                    "--algorithm"
                }
                Arg::Long("components") => {
                    said.components = Some(components(&text(&mut parser)?)?);
                    "--components"
                }
                Arg::Long("person") => {
                    said.persons.push(person(&text(&mut parser)?)?);
                    "--person"
                }
                Arg::Long("replace-root") => {
                    said.replace_root = true;
                    "--replace-root"
                }
                Arg::Long("hot-list") => {
                    said.hot_list = true;
                    "--hot-list"
                }
                Arg::Long("all") => {
                    said.all = true;
                    "--all"
                }
                Arg::Long("yes") => {
                    said.yes = true;
                    "--yes"
                }
                other => return Err(wrong(other.unexpected())),
            };
            said.names.push(name);
        }
        Ok(Some(said))
    }

    fn command(mut self) -> Result<Command, Fault> {
        if self.persons.len() > MAX_PERSONS {
            return Err(Fault::misused(format!(
                "At most {MAX_PERSONS} people take part."
            )));
        }
        let mut values = std::mem::take(&mut self.values).into_iter();
        let name = values
            .next()
            .ok_or_else(|| Fault::misused("It is not said what to do with the keys."))?;
        let name = name.to_str().unwrap_or_default();
        let value = values.next();
        if let Some(more) = values.next() {
            return Err(wrong(lexopt::Error::UnexpectedArgument(more)));
        }
        let (takes, takes_value): (&[&str], bool) = match name {
            "show" => (&["--profile"], false),
            "load" => (&["--id", "--replace-root", "--person"], true),
            "ceremony" => (&["--id", "--algorithm", "--components", "--person"], false),
            "rotate" => (&["--to"], false),
            "destroy" => (&["--all", "--yes"], true),
            "root" => (&["--id", "--out"], false),
            "sign" => (&["--root", "--hot-list", "--out"], true),
            "erase-order" => (&["--terminal", "--root", "--out"], false),
            "wrap" => (
                &[
                    "--id",
                    "--kind",
                    "--initial-key-id",
                    "--algorithm",
                    "--components",
                    "--person",
                    "--out",
                ],
                false,
            ),
            _ => {
                return Err(Fault::misused(format!(
                    "There is no command keys {name:?}."
                )));
            }
        };
        if let Some(other) = self.names.iter().find(|said| !takes.contains(said)) {
            return Err(Fault::misused(format!(
                "`{other}` does not go with `keys {name}`."
            )));
        }
        if let Some(value) = value.as_ref().filter(|_| !takes_value) {
            return Err(wrong(lexopt::Error::UnexpectedArgument(value.clone())));
        }
        match name {
            "show" => Ok(Command::Show {
                profile: self.profile,
            }),
            "load" => self.load(needed(value, "FILE")?),
            "rotate" => Ok(Command::Rotate { to: self.to }),
            "destroy" => self.destroy(value),
            "root" => Ok(Command::Root {
                id: needed(self.id, "--id ID")?,
                out: self.out,
            }),
            "sign" => Ok(Command::Sign {
                file: needed(value, "FILE")?.into(),
                root: needed(self.root, "--root FILE")?,
                hot_list: self.hot_list,
                out: self.out,
            }),
            "erase-order" => Ok(Command::Erasure {
                terminal: needed(self.terminal, "--terminal ID")?,
                root: needed(self.root, "--root FILE")?,
                out: self.out,
            }),
            "ceremony" => Ok(Command::Ceremony {
                id: needed(self.id.take(), "--id ID")?,
                entry: self.entry()?,
            }),
            _ => Ok(Command::Wrap {
                id: needed(self.id.take(), "--id ID")?,
                kind: needed(self.kind, "--kind KIND")?,
                initial_key_id: self.initial_key_id.take(),
                out: self.out.take(),
                entry: self.entry()?,
            }),
        }
    }

    fn load(self, file: OsString) -> Result<Command, Fault> {
        if self.replace_root {
            if self.persons.len() != 2 {
                return Err(Fault::misused(
                    "Two people replace a root: name both with `--person NAME --person NAME`.",
                ));
            }
            all_differ(&self.persons)?;
        } else if !self.persons.is_empty() {
            return Err(Fault::misused(
                "`--person` goes with `--replace-root` here.",
            ));
        }
        Ok(Command::Load {
            file: (file != "-").then(|| file.into()),
            id: self.id,
            replace_root: self.replace_root,
            persons: self.persons,
        })
    }

    fn destroy(self, value: Option<OsString>) -> Result<Command, Fault> {
        let id = match (value, self.all) {
            (Some(id), false) => Some(key_id(id.to_str().unwrap_or_default())?),
            (None, true) => None,
            _ => {
                return Err(Fault::misused(
                    "Either a key's ID or `--all` says what to destroy.",
                ));
            }
        };
        Ok(Command::Destroy { id, yes: self.yes })
    }

    fn entry(self) -> Result<Entry, Fault> {
        let components = match (self.components, self.persons.len()) {
            (None, 0) => 2,
            (None, persons) => persons,
            (Some(components), persons) if persons == 0 || persons == components => components,
            _ => {
                return Err(Fault::misused(
                    "There is one component for each person: `--components` says another number.",
                ));
            }
        };
        if components < 2 {
            return Err(Fault::misused(
                "One person alone must not know a key: name two to four with `--person`.",
            ));
        }
        all_differ(&self.persons)?;
        Ok(Entry {
            tdes: self.tdes,
            components,
            persons: self.persons,
        })
    }
}

/// Refuses the same person twice.
pub fn all_differ(persons: &[String]) -> Result<(), Fault> {
    for (at, person) in persons.iter().enumerate() {
        if persons[..at].iter().any(|other| is_same(other, person)) {
            return Err(Fault::refused(
                format!("{person:?} is named twice."),
                "Each component, and each consent, must come from another person.",
            ));
        }
    }
    Ok(())
}

/// Whether two names are one person's: upper and lower case, blanks and what follows a comma (the
/// role) make no other person.
fn is_same(one: &str, other: &str) -> bool {
    let name = |text: &str| -> String {
        let name = text.split(',').next().unwrap_or_default();
        name.split_whitespace().collect::<String>().to_lowercase()
    };
    name(one) == name(other)
}

/// A name that can stand in a report.
pub fn person(text: &str) -> Result<String, Fault> {
    let name = text.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) || !name.chars().any(char::is_alphabetic) {
        return Err(Fault::misused(format!(
            "A person is named with 1 to {MAX_NAME} characters, with letters among them."
        )));
    }
    Ok(name.to_owned())
}

fn key_id(text: &str) -> Result<KeyId, Fault> {
    let id = text.parse::<KeyId>();
    id.map_err(|bad| Fault::misused(bad.to_string()))
}

fn terminal(text: &str) -> Result<TerminalId, Fault> {
    let id = text.parse::<TerminalId>();
    id.map_err(|bad| Fault::misused(bad.to_string()))
}

fn algorithm(text: &str) -> Result<bool, Fault> {
    match text {
        "aes" => Ok(false),
        "tdes" => Ok(true),
        _ => Err(Fault::misused(format!(
            "{text:?} is no algorithm: it is aes or tdes."
        ))),
    }
}

fn components(text: &str) -> Result<usize, Fault> {
    let number = text.parse().ok();
    number
        .filter(|number| (2..=MAX_PERSONS).contains(number))
        .ok_or_else(|| Fault::misused(format!("{text:?} is not a number from 2 to {MAX_PERSONS}.")))
}

fn needed<T>(value: Option<T>, name: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::misused(format!("`{name}` is missing.")))
}

fn text(parser: &mut Parser) -> Result<String, Fault> {
    let value = parser.value().map_err(wrong)?;
    value.string().map_err(wrong)
}

fn file(parser: &mut Parser) -> Result<PathBuf, Fault> {
    parser.value().map(PathBuf::from).map_err(wrong)
}

fn wrong(error: lexopt::Error) -> Fault {
    Fault::misused(format!("The command line is not understood: {error}."))
}
