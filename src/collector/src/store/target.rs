//! `--store`: which database, in the words of the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, Error, NoTls};

use super::OpenError;
use super::pass_file;
use super::postgres_tls::{self, Roots};

/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the network may leave what was sent unacknowledged before the connection is given up.
const SILENCE: Duration = Duration::from_secs(10);
/// Connections of one collector, unless the URL says `connections=N`.
const CONNECTIONS: usize = 4;
/// At most so many.
const MAX_CONNECTIONS: usize = 64;

/// Where records are stored.
#[derive(Clone, Debug)]
pub enum Target {
    /// `sqlite:FILE`: one file, one collector.
    Sqlite(PathBuf),
    /// `postgres://USER@HOST:PORT/DATABASE`: one database, any number of collectors.
    Postgres(Box<PostgresTarget>),
}

/// A PostgreSQL database and how to reach it.
#[derive(Clone)]
pub struct PostgresTarget {
    config: Config,
    tls: Option<Roots>,
    shown: String,
    connections: usize,
    has_password: bool,
}

impl fmt::Debug for PostgresTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(file) = text.strip_prefix("sqlite:") {
            if file.is_empty() || file.starts_with("//") {
                return Err(
                    "Give the file after sqlite: without slashes before it, as in sqlite:store.db"
                        .to_owned(),
                );
            }
            return Ok(Self::Sqlite(PathBuf::from(file)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return PostgresTarget::parse(text).map(|server| Self::Postgres(Box::new(server)));
        }
        if text.starts_with("nats://") {
            return Err(
                "A JetStream is fed from a store that has each record, and is none itself. Give \
                 --store sqlite:FILE or postgres://..., and --sink nats://... beside it."
                    .to_owned(),
            );
        }
        Err("A store is sqlite:FILE or postgres://USER@HOST:PORT/DATABASE.".to_owned())
    }
}

impl PostgresTarget {
    fn parse(text: &str) -> Result<Self, String> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut kept = Vec::new();
        let (mut mode, mut roots, mut connections) = (None, None, CONNECTIONS);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", file)) => roots = Some(PathBuf::from(file)),
                Some(("connections", number)) => {
                    connections = number
                        .parse()
                        .ok()
                        .filter(|number| (1..=MAX_CONNECTIONS).contains(number))
                        .ok_or(format!("connections is 1 to {MAX_CONNECTIONS}."))?;
                }
                _ => kept.push(pair),
            }
        }
        let plain = if kept.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", kept.join("&"))
        };
        // The parser's own words could quote a password.
        let mut config: Config = plain.parse().map_err(|_| {
            "This is no PostgreSQL URL. Give postgres://USER@HOST:PORT/DATABASE.".to_owned()
        })?;
        // Refused when it is opened, in words of ours: the command line's would quote the URL.
        let has_password = config.get_password().is_some();
        if config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(
                "Name the user and the database: postgres://USER@HOST:PORT/DATABASE.".to_owned(),
            );
        }
        let tls = tls_of(mode, roots, &config)?;
        config
            .ssl_mode(if tls.is_some() {
                SslMode::Require
            } else {
                SslMode::Disable
            })
            .application_name("sealpoint-collector")
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE);
        Ok(Self {
            shown: shown(&config),
            config,
            tls,
            connections,
            has_password,
        })
    }

    /// The database without what nobody needs to know, for messages.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Connections of one collector.
    pub(super) const fn connections(&self) -> usize {
        self.connections
    }

    pub(super) fn connect(&self) -> Result<Client, OpenError> {
        if self.has_password {
            return Err(OpenError::PasswordInUrl);
        }
        let mut config = self.config.clone();
        if let Some(password) = pass_file::password(&self.config)? {
            config.password(password);
        }
        let connected = match &self.tls {
            None => config.connect(NoTls),
            Some(roots) => config.connect(postgres_tls::connector(roots)?),
        };
        connected.map_err(|error| self.explain(&error))
    }

    pub(super) fn explain(&self, error: &Error) -> OpenError {
        let why = match error.as_db_error() {
            Some(said) => format!("{}, SQLSTATE {}", said.message(), said.code().code()),
            None => match std::error::Error::source(error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
        };
        OpenError::Server {
            store: self.shown.clone(),
            why,
        }
    }
}

/// Whether and how the connection is protected. Stricter than libpq: what is protected is also
/// verified, and what leaves the machine unprotected must be asked for.
fn tls_of(
    mode: Option<&str>,
    roots: Option<PathBuf>,
    config: &Config,
) -> Result<Option<Roots>, String> {
    match mode {
        Some("disable") => Ok(None),
        Some("require" | "verify-full") => match roots {
            Some(file) => Ok(Some(Roots(file))),
            None => Err(
                "A protected connection needs the CA that the server's certificate comes from. \
                 Add sslrootcert=FILE to the URL."
                    .to_owned(),
            ),
        },
        None if roots.is_some() => Ok(roots.map(Roots)),
        None if stays_here(config) => Ok(None),
        None => Err(
            "The server is on another machine. Add sslmode=verify-full&sslrootcert=FILE to the \
             URL, or sslmode=disable if the network between is protected otherwise."
                .to_owned(),
        ),
        Some(_) => Err("sslmode is verify-full, require or disable.".to_owned()),
    }
}

fn stays_here(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    })
}

fn shown(config: &Config) -> String {
    let host = config
        .get_hosts()
        .first()
        .map_or_else(String::new, |host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!(
        "postgres://{}@{host}:{port}/{}",
        config.get_user().unwrap_or_default(),
        config.get_dbname().unwrap_or_default()
    )
}
