//! A PostgreSQL of the test's own, in a temporary folder, reached by a Unix socket.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::process::PATIENCE;

/// Debian keeps the programs of each version apart, out of the path.
const PROGRAMS: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses root, so root gives it to this user.
const NOBODY: u32 = 65534;
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The administrator's name in the cluster.
const USER: &str = "sealpoint";

/// A running server; ended when dropped.
pub struct Postgres {
    folder: TempDir,
    server: Child,
}

impl Postgres {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With settings, as in `fsync=off`.
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("our own");
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        let made = program("initdb")
            .args([
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
            ])
            .args(["--username", USER, "--pgdata"])
            .arg(folder.path().join("data"))
            .output()
            .expect("the Debian package postgresql is installed");
        assert!(made.status.success(), "{made:?}");
        let server = serve(folder.path(), settings);
        let mut postgres = Self { folder, server };
        postgres.wait();
        postgres
    }

    /// SIGKILL to the server and its processes' end, then a start on what is on the disk.
    pub fn kill_and_start(&mut self) {
        self.signal("QUIT");
        self.server.wait().expect("its own child");
        self.server = serve(self.folder.path(), &[]);
        self.wait();
    }

    /// A new, empty database; gives its URL.
    pub fn database(&self, name: &str) -> String {
        create(&self.url("postgres"), name);
        self.url(name)
    }

    /// The URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{socket}/{database}")
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !answers(&self.url("postgres")) {
            let ended = self.server.try_wait().expect("its own child");
            assert!(ended.is_none(), "{ended:?}: {}", self.log());
            assert!(Instant::now() < deadline, "no answer: {}", self.log());
            sleep(LOOK_AGAIN);
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn signal(&self, name: &str) {
        let pid = self.server.id().to_string();
        let _ = Command::new("kill").args(["-s", name, &pid]).status();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // QUIT ends all of its processes at once and frees its shared memory.
        self.signal("QUIT");
        let _ = self.server.wait();
    }
}

/// Whether the server takes connections, asked on a thread of its own: the blocking client has a
/// runtime of its own and may not be used within another.
fn answers(url: &str) -> bool {
    let url = url.to_owned();
    let asked = std::thread::spawn(move || Client::connect(&url, NoTls).is_ok());
    asked.join().expect("it ends")
}

/// Makes a database beside the one that the URL names.
pub fn create(url: &str, name: &str) {
    sql(url, &format!("CREATE DATABASE {name}"));
}

/// Runs statements in the database of the URL.
pub fn sql(url: &str, statements: &str) {
    let url = url.to_owned();
    let statements = statements.to_owned();
    // The blocking client has a runtime of its own and may not be used within another.
    let done = std::thread::spawn(move || {
        let mut client = Client::connect(&url, NoTls).expect("the server answers");
        client.batch_execute(&statements).expect("good statements");
    });
    done.join().expect("it ends");
}

/// The numbers of a query's first column.
pub fn numbers(url: &str, query: &str) -> Vec<i64> {
    let (url, query) = (url.to_owned(), query.to_owned());
    let asked = std::thread::spawn(move || {
        let mut client = Client::connect(&url, NoTls).expect("the server answers");
        let rows = client.query(&query, &[]).expect("a good query");
        rows.iter().map(|row| row.get(0)).collect()
    });
    asked.join().expect("it ends")
}

fn serve(folder: &Path, settings: &[&str]) -> Child {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .expect("a log file");
    let mut command = program("postgres");
    command.arg("-D").arg(folder.join("data"));
    command.arg("-k").arg(folder);
    let fixed = [
        "listen_addresses=",
        "max_connections=200",
        "shared_buffers=32MB",
    ];
    for setting in fixed.iter().chain(settings) {
        command.args(["-c", setting]);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the Debian package postgresql is installed")
}

/// A program of PostgreSQL's newest version here, as a user that it accepts.
fn program(name: &str) -> Command {
    let versions = fs::read_dir(PROGRAMS)
        .expect("the Debian package postgresql is installed: cargo xtask test does that");
    let newest: Option<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .max();
    let path = newest.expect("the Debian package postgresql is installed");
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        command.arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    let said = Command::new("id").arg("-u").output().expect("id runs");
    said.stdout.trim_ascii() == b"0"
}
