//! A TPM in software (swtpm), for tests: a machine's TPM that can be switched off and on, and that
//! keeps what it keeps in a folder.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// For a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A TPM in software.
pub struct SoftTpm {
    folder: PathBuf,
    running: Option<Child>,
}

impl SoftTpm {
    /// Switched on, with what is in that folder; a new TPM in an empty one.
    ///
    /// # Errors
    /// swtpm is not installed, or does not listen.
    pub fn on(folder: &Path) -> io::Result<Self> {
        let mut tpm = Self {
            folder: folder.to_owned(),
            running: None,
        };
        tpm.switch_on()?;
        Ok(tpm)
    }

    /// Where it is opened: [`crate::tpm::open`].
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join("tpm")
    }

    /// Without a chance to write anything more, as in a power cut.
    pub fn switch_off(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended by itself; either way it is gone.
            let _ = running.kill();
            let _ = running.wait();
        }
        let _ = std::fs::remove_file(self.path());
    }

    /// Switched off first, if it is on.
    ///
    /// # Errors
    /// As [`SoftTpm::on`].
    pub fn switch_on(&mut self) -> io::Result<()> {
        self.switch_off();
        let socket = self.path();
        let running = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", self.folder.display()))
            .arg("--server")
            .arg(format!("type=unixio,path={}", socket.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.running = Some(running);
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(&socket).is_err() {
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}

impl Drop for SoftTpm {
    fn drop(&mut self) {
        self.switch_off();
    }
}
