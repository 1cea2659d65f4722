//! Collectors over one store, with their certificates.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sealpoint_tests::built::program;
use sealpoint_tests::child::{Running, run};
use tempfile::TempDir;

use crate::process::{end_of, until};
use crate::till::Till;

/// A collector's pages are at its port and this.
const PAGES: u16 = 1000;

/// A folder with a CA, tills' certificates and a store.
pub struct Shop {
    folder: TempDir,
}

impl Shop {
    pub fn new() -> Self {
        let shop = Self {
            folder: tempfile::Builder::new()
                .prefix("servers")
                .tempdir()
                .expect("a temporary folder"),
        };
        run(Command::new(program("collector"))
            .args(["ca", "--tls"])
            .arg(shop.at("tls")));
        shop
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of a store in one file.
    pub fn sqlite(&self) -> String {
        format!("sqlite:{}", self.at("store.db").display())
    }

    /// Enrols tills `T0000001` and so on.
    pub fn tills(&self, count: usize) -> Vec<Till> {
        (1..=count)
            .map(|number| {
                let terminal = format!("T{number:07}");
                let folder = self.at(&terminal);
                run(Command::new(program("collector"))
                    .args(["enrol", "--terminal", &terminal, "--tls"])
                    .arg(self.at("tls"))
                    .arg("--out")
                    .arg(&folder));
                Till::new(&terminal, &folder)
            })
            .collect()
    }

    /// Starts a collector that listens on this port of the loopback.
    pub fn collector(&self, port: u16, store: &str, more: &[&str]) -> Collector {
        let arguments = [
            vec!["--listen".to_owned(), format!("127.0.0.1:{port}")],
            vec!["--store".to_owned(), store.to_owned()],
            vec!["--tls".to_owned(), self.at("tls").display().to_string()],
            vec!["--pages".to_owned(), format!("127.0.0.1:{}", port + PAGES)],
            more.iter().map(|word| (*word).to_owned()).collect(),
        ]
        .concat();
        let mut collector = Collector {
            arguments,
            port_file: self.at(&format!("port-{port}")),
            log: self.at(&format!("collector-{port}.log")),
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            pages: SocketAddr::from(([127, 0, 0, 1], port + PAGES)),
            running: None,
        };
        collector.start();
        collector
    }
}

/// A collector that can be killed and started again; killed when dropped.
pub struct Collector {
    arguments: Vec<String>,
    port_file: PathBuf,
    log: PathBuf,
    pub address: SocketAddr,
    pages: SocketAddr,
    running: Option<Running>,
}

impl Collector {
    /// Starts it and waits until it listens.
    pub fn start(&mut self) {
        self.spawn();
        let (file, log) = (self.port_file.clone(), self.log.clone());
        let running = self.running.as_mut().expect("started above");
        until("the collector listens", || {
            if let Some(status) = running.ended() {
                panic!("it ended with {status}: {}", last_lines(&log));
            }
            fs::read(&file).ok()
        });
    }

    /// Changes the command line for the next start.
    pub fn change(&mut self, change: impl FnOnce(&mut [String])) {
        change(&mut self.arguments);
    }

    /// A figure of its metrics page, by name and labels.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let text = metrics(self.pages).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    }

    /// Waits until the outbox of the sink is empty.
    pub fn wait_until_nothing_waits(&self) {
        until("nothing waits for the sink", || {
            (self.metric("sealpoint_sink_waiting ")? == 0).then_some(())
        });
    }

    fn spawn(&mut self) {
        // A port file of the one before would be taken for this one's.
        let _ = fs::remove_file(&self.port_file);
        let mut command = Command::new(program("collector"));
        command
            .args(&self.arguments)
            .arg("--port-file")
            .arg(&self.port_file);
        self.running = Some(Running::start(&mut command, &self.log));
    }

    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("it runs").pid()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// SIGTERM, and that it ends well.
    pub fn terminate(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.signal("TERM");
        let status = end_of(&mut running);
        assert!(status.success(), "{status}: {}", last_lines(&self.log));
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log in a temporary folder")
    }
}

fn metrics(pages: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(pages)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nHost: {pages}\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
