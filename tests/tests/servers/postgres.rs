//! A PostgreSQL server in a folder.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpoint_tests::child::{Running, run};

use crate::inside::is_root;
use crate::process::{end_of, until};

/// The network is the test's own, so the port may be the usual one.
const PORT: u16 = 5432;
/// Whom the server runs as where the test is root, for it refuses root.
const NOBODY: u32 = 65534;

/// A running server; killed when dropped.
pub struct Postgres {
    folder: PathBuf,
    running: Option<Running>,
}

impl Postgres {
    /// Makes a cluster in the folder and starts the server.
    pub fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder in a temporary folder");
        if is_root() {
            for above in folder.ancestors().take(2) {
                let mode = fs::metadata(above).expect("it is there").mode();
                let open = fs::Permissions::from_mode(mode | 0o055);
                fs::set_permissions(above, open).expect("our own folder");
            }
            chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        let mut server = Self {
            folder: folder.to_owned(),
            running: None,
        };
        run(server.command("initdb").args([
            "--username=sealpoint",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]));
        server.resume();
        run(server
            .client("postgres")
            .args(["-c", "CREATE DATABASE sealpoint"]));
        server
    }

    /// The store's address, for `--store`.
    pub fn url(&self) -> String {
        format!("postgres://sealpoint@127.0.0.1:{PORT}/sealpoint")
    }

    /// What a query gives: rows on lines, columns between bars.
    pub fn ask(&self, sql: &str) -> String {
        run(self.client("sealpoint").args(["-A", "-t", "-c", sql]))
            .trim()
            .to_owned()
    }

    /// Ends the server at once, as `pg_ctl stop -m immediate` does: nothing is written any more,
    /// and the next start recovers from the log.
    pub fn stop_at_once(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.signal("QUIT");
        end_of(&mut running);
    }

    /// Starts the server on what is there, and waits until it answers.
    pub fn resume(&mut self) {
        let port = format!("port={PORT}");
        let running = Running::start(
            self.command("postgres")
                .args(["-c", &port, "-c", "listen_addresses=127.0.0.1"])
                .args(["-c", "unix_socket_directories=", "-c", "max_connections=60"]),
            &self.folder.with_extension("log"),
        );
        self.running = Some(running);
        until("PostgreSQL answers", || {
            TcpStream::connect(("127.0.0.1", PORT)).ok()?;
            let asked = self.client("postgres").args(["-c", "SELECT 1"]).output();
            asked.is_ok_and(|said| said.status.success()).then_some(())
        });
    }

    /// The processor's time that the server has taken with all its processes, in clock ticks.
    pub fn pids(&self) -> Vec<u32> {
        let own = self.running.as_ref().expect("it runs").pid();
        let children = run(Command::new("ps").args(["-o", "pid=", "--ppid", &own.to_string()]));
        let children = children.lines().filter_map(|pid| pid.trim().parse().ok());
        std::iter::once(own).chain(children).collect()
    }

    fn command(&self, name: &str) -> Command {
        let program = installed(name);
        let mut command = if is_root() {
            let mut other = Command::new("setpriv");
            other
                .args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")])
                .args(["--clear-groups", "--"])
                .arg(program);
            other
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(&self.folder).current_dir("/");
        command
    }

    fn client(&self, database: &str) -> Command {
        let mut psql = Command::new(installed("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--host=127.0.0.1"])
            .args([format!("--port={PORT}"), "--username=sealpoint".to_owned()])
            .args(["--set=ON_ERROR_STOP=1", "--dbname", database]);
        psql
    }
}

/// Debian keeps the server's programs by version, outside of the path.
fn installed(name: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
        .pop()
        .unwrap_or_else(|| panic!("{name} is missing: `cargo xtask test` installs postgresql"))
}
