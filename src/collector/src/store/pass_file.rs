//! The server's password: from a file, in libpq's format, never from a command line.
//!
//! PostgreSQL documentation, "The Password File": lines `host:port:database:user:password`, `*`
//! for anything, `\` before a `:` or `\` that is meant.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use postgres::Config;
use postgres::config::Host;

use super::OpenError;

/// At most so many bytes are read.
const MAX_FILE: u64 = 64 * 1024;
/// What libpq calls a Unix socket in the file.
const UNIX: &str = "localhost";

/// The password for this server, if a file has one: `PGPASSFILE`, or the system's credential
/// `pgpass` (systemd.exec(5), `LoadCredential=`).
pub(super) fn password(config: &Config) -> Result<Option<String>, OpenError> {
    let Some(path) = place() else { return Ok(None) };
    let text = read(&path)?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.as_str(),
        Some(Host::Unix(_)) | None => UNIX,
    };
    let port = config
        .get_ports()
        .first()
        .copied()
        .unwrap_or(5432)
        .to_string();
    let wanted = [
        host,
        &port,
        config.get_dbname().unwrap_or_default(),
        config.get_user().unwrap_or_default(),
    ];
    Ok(text.lines().find_map(|line| matching(line, wanted)))
}

fn place() -> Option<PathBuf> {
    if let Some(file) = std::env::var_os("PGPASSFILE") {
        return Some(PathBuf::from(file));
    }
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let file = PathBuf::from(credentials).join("pgpass");
    file.exists().then_some(file)
}

fn read(path: &Path) -> Result<String, OpenError> {
    let unusable = |why: String| OpenError::PassFile {
        path: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
    let mode = file
        .metadata()
        .map_err(|error| unusable(error.to_string()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(unusable("other users may read it".to_owned()));
    }
    let mut text = String::new();
    file.take(MAX_FILE)
        .read_to_string(&mut text)
        .map_err(|error| unusable(error.to_string()))?;
    Ok(text)
}

/// The line's password, if its first four fields fit.
fn matching(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    for value in wanted {
        let (field, behind) = field(rest);
        if field != "*" && field != value {
            return None;
        }
        rest = behind?;
    }
    let (password, _) = field(rest);
    Some(password)
}

/// The first field without its escapes, and what is behind its colon.
fn field(text: &str) -> (String, Option<&str>) {
    let mut field = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            ':' => return (field, text.get(at + 1..)),
            '\\' => field.extend(characters.next().map(|(_, meant)| meant)),
            plain => field.push(plain),
        }
    }
    (field, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [&str; 4] = ["db.shop", "5432", "tills", "collector"];

    #[test]
    fn the_first_fitting_line_gives_the_password_with_its_escapes_undone() {
        assert_eq!(
            matching(r"db.shop:5432:tills:collector:a\:b\\c", WANTED).as_deref(),
            Some(r"a:b\c")
        );
        assert_eq!(matching("*:*:*:collector:p", WANTED).as_deref(), Some("p"));
    }

    #[test]
    fn a_line_for_another_server_or_a_comment_gives_none() {
        for line in [
            "#db.shop:5432:tills:collector:p",
            "db.shop:5433:tills:collector:p",
            "db.shop:5432:tills",
            "",
        ] {
            assert_eq!(matching(line, WANTED), None, "{line}");
        }
    }
}
