//! Starts collectors and their commands as processes.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sealpoint_collector::store::{Store, Target};
use tempfile::TempDir;

use crate::on_postgres::SERVER;
use crate::postgres;

/// Everything here is done in well under a second; this is for a machine under load.
pub const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub fn collector() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collector"));
    command.stdin(Stdio::null());
    command
}

pub fn run(arguments: &[&str]) -> Output {
    collector()
        .args(arguments)
        .output()
        .expect("the collector's binary runs")
}

/// A shop: a folder with a CA, tills' certificates and a collector's store.
pub struct Shop {
    pub folder: TempDir,
    /// A database of its own, where the tests run over PostgreSQL.
    database: Option<String>,
}

/// A store that a test opens by itself.
pub struct Books(Shop);

impl Books {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self(Shop {
            folder,
            database: database(),
        })
    }

    pub fn shop(&self) -> &Shop {
        &self.0
    }

    pub fn target(&self) -> Target {
        self.0.store().parse().expect("a store")
    }

    pub fn open(&self) -> Store {
        Store::open(&self.target()).expect("it opens")
    }

    /// As two collectors would; on SQLite, where there is one only, two handles on it.
    pub fn open_two(&self) -> [Store; 2] {
        let first = self.open();
        let second = match self.target() {
            Target::Sqlite(_) => first.clone(),
            Target::Postgres(_) => self.open(),
        };
        [first, second]
    }
}

/// A new database of the server that the environment names, if it names one.
fn database() -> Option<String> {
    let server = std::env::var(SERVER).ok()?;
    let name = format!("shop_{}", uuid::Uuid::now_v7().simple());
    postgres::create(&server, &name);
    let (before, _) = server.rsplit_once('/').expect("a URL with a database");
    Some(format!("{before}/{name}"))
}

impl Shop {
    pub fn new() -> Self {
        let shop = Self {
            folder: TempDir::new().expect("a temporary folder"),
            database: database(),
        };
        let made = run(&["ca", "--tls", &shop.text("tls")]);
        assert!(made.status.success(), "{made:?}");
        shop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Enrols a till; its certificate is in the folder of its name.
    pub fn enrol(&self, terminal: &str) -> PathBuf {
        let out = self.text(terminal);
        let made = run(&[
            "enrol",
            "--tls",
            &self.text("tls"),
            "--terminal",
            terminal,
            "--out",
            &out,
        ]);
        assert!(made.status.success(), "{made:?}");
        PathBuf::from(out)
    }

    /// What `--store` is given.
    pub fn store(&self) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.text("store.db")))
    }

    pub fn serve_arguments(&self) -> Vec<String> {
        ["--listen", "127.0.0.1:0", "--store"]
            .map(str::to_owned)
            .into_iter()
            .chain([self.store(), "--tls".to_owned(), self.text("tls")])
            .collect()
    }

    pub fn start(&self) -> Running {
        self.start_with(&[])
    }

    pub fn start_with(&self, more: &[&str]) -> Running {
        let own_address = more.contains(&"--listen");
        let port_file = self.path("port");
        // A port file of the collector before this one would be taken for this one's.
        let _ = fs::remove_file(&port_file);
        let log = File::create(self.path("collector.log")).expect("a log file");
        let child = collector()
            .args(
                self.serve_arguments()
                    .iter()
                    .skip(usize::from(own_address) * 2),
            )
            .arg("--port-file")
            .arg(&port_file)
            .args(more)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the collector's binary runs");
        let mut running = Running {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        running.address = running.wait_for_address(&port_file, &self.path("collector.log"));
        running
    }
}

/// A collector that serves; killed when dropped.
pub struct Running {
    pub child: Child,
    pub address: SocketAddr,
}

impl Running {
    fn wait_for_address(&mut self, port_file: &Path, log: &Path) -> SocketAddr {
        read_address(port_file, || {
            let ended = self.child.try_wait().expect("its own child");
            assert!(
                ended.is_none(),
                "it ended: {}",
                fs::read_to_string(log).unwrap_or_default()
            );
        })
    }

    /// SIGKILL: no chance to write anything more.
    pub fn kill(mut self) {
        self.child.kill().expect("its own child");
        self.child.wait().expect("its own child");
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its own child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a port file. It appears whole or not at all.
pub fn read_address(file: &Path, mut meanwhile: impl FnMut()) -> SocketAddr {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok(text) = fs::read_to_string(file) {
            return text.trim().parse().expect("a port file holds one address");
        }
        meanwhile();
        assert!(Instant::now() < deadline, "no port file");
        sleep(LOOK_AGAIN);
    }
}
