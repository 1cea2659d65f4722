//! A TPM in software, and the program on it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sealpoint_attest::tpm::{self, Tpm};
use sealpoint_wire::attest::{FromAttester, ToAttester};
use sealpoint_wire::frame;
use tempfile::TempDir;

/// For a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A machine with a TPM: it can be switched off and on.
pub struct Machine {
    folder: TempDir,
    swtpm: Option<Child>,
}

impl Machine {
    /// A new one, switched on.
    pub fn new() -> Self {
        let mut machine = Self {
            folder: TempDir::new().expect("a temporary folder"),
            swtpm: None,
        };
        machine.switch_on();
        machine
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn switch_off(&mut self) {
        if let Some(mut swtpm) = self.swtpm.take() {
            swtpm.kill().expect("its own child");
            swtpm.wait().expect("its own child");
        }
    }

    pub fn switch_on(&mut self) {
        self.switch_off();
        let socket = self.path("tpm");
        let _ = std::fs::remove_file(&socket);
        let swtpm = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", self.folder.path().display()))
            .arg("--server")
            .arg(format!("type=unixio,path={}", socket.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("swtpm is installed");
        self.swtpm = Some(swtpm);
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < deadline, "swtpm does not listen");
            sleep(LOOK_AGAIN);
        }
    }

    /// The TPM, as the program opens it. One at a time.
    pub fn tpm(&self) -> Tpm {
        tpm::open(&self.path("tpm")).expect("it is switched on")
    }

    /// The program with these words.
    pub fn attest(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_attest"))
            .arg("--tpm")
            .arg(self.path("tpm"))
            .args(words)
            .stdin(Stdio::null())
            .output()
            .expect("the program runs")
    }

    /// The program's answer to one request over a socket, as the system starts it.
    pub fn ask(&self, asked: &ToAttester) -> FromAttester {
        self.converse(|own| frame::write(own, asked))
            .expect("the program answers")
            .expect("an answer")
    }

    /// What the program writes after this was written to it.
    pub fn converse(
        &self,
        write: impl FnOnce(&mut UnixStream) -> io::Result<()>,
    ) -> io::Result<Option<FromAttester>> {
        let (mut own, its) = UnixStream::pair()?;
        let mut program = Command::new(env!("CARGO_BIN_EXE_attest"))
            .arg("--tpm")
            .arg(self.path("tpm"))
            .stdin(OwnedFd::from(its))
            .stderr(Stdio::null())
            .spawn()?;
        let answer = write(&mut own).and_then(|()| frame::read(&mut own));
        drop(own);
        program.wait()?;
        answer
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.switch_off();
    }
}

/// Exit code and what was said, on both ways.
pub fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).expect("text");
    (output.status.code(), text)
}
