//! A TPM in software, and the program on it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use sealpoint_attest::simulator::SoftTpm;
use sealpoint_attest::tpm::{self, Tpm};
use sealpoint_wire::attest::{FromAttester, ToAttester};
use sealpoint_wire::frame;
use tempfile::TempDir;

/// A machine with a TPM: it can be switched off and on.
pub struct Machine {
    tpm: SoftTpm,
    folder: TempDir,
}

impl Machine {
    /// A new one, switched on.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let tpm = SoftTpm::on(folder.path()).expect("swtpm is installed");
        Self { tpm, folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn switch_off(&mut self) {
        self.tpm.switch_off();
    }

    pub fn switch_on(&mut self) {
        self.tpm.switch_on().expect("swtpm is installed");
    }

    /// The TPM, as the program opens it. One at a time.
    pub fn tpm(&self) -> Tpm {
        tpm::open(&self.tpm.path()).expect("it is switched on")
    }

    /// The program with these words.
    pub fn attest(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_attest"))
            .arg("--tpm")
            .arg(self.tpm.path())
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
            .arg(self.tpm.path())
            .stdin(OwnedFd::from(its))
            .stderr(Stdio::null())
            .spawn()?;
        let answer = write(&mut own).and_then(|()| frame::read(&mut own));
        drop(own);
        program.wait()?;
        answer
    }
}

/// Exit code and what was said, on both ways.
pub fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).expect("text");
    (output.status.code(), text)
}
