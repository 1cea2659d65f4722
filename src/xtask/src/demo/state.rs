//! The demo's folder: keys, certificates, journals, logs. Made on the first run, kept for the next.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::process::{cannot_write, run_once};

/// The demo's till.
pub const TERMINAL: &str = "T0000001";

/// A demo's folder, ours alone until it is dropped.
pub struct State {
    folder: PathBuf,
    logs: PathBuf,
    _lock: File,
}

impl State {
    /// Makes the folder if it is not there, and takes its lock.
    ///
    /// # Errors
    /// If it cannot be written to, or another demo runs on it.
    pub fn open(folder: &Path) -> Result<Self, String> {
        make(folder)?;
        let folder = folder
            .canonicalize()
            .map_err(|error| cannot_write(folder, &error))?;
        let file = folder.join("demo.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&file)
            .map_err(|error| cannot_write(&file, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "Another demo runs on {}. Close it, or choose another folder with --state.",
                    folder.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(cannot_write(&file, &error)),
        }
        let logs = folder.join("log");
        // Each run's logs are its own.
        let _ = fs::remove_dir_all(&logs);
        for room in [&logs, &folder.join("till"), &folder.join("till/lane")] {
            make(room)?;
        }
        Ok(Self {
            folder,
            logs,
            _lock: lock,
        })
    }

    /// Makes the keys and certificates that are not there yet.
    ///
    /// # Errors
    /// What the program that makes them said.
    pub fn set_up(&self, programs: &Path) -> Result<(), String> {
        let text = |path: &Path| path.display().to_string();
        let public = self.till().join("lane/acquirer.pub.toml");
        if !public.exists() {
            let (host, public) = (text(&self.host()), text(&public));
            let line = ["keys", "--dir", &host, "--public-out", &public];
            run_once(&programs.join("hostsim"), &line)?;
        }
        let (collector, tls) = (programs.join("collector"), text(&self.tls()));
        if !self.tls().join("server.pem").exists() {
            run_once(&collector, &["ca", "--tls", &tls])?;
        }
        let uplink = self.till().join("uplink");
        if !uplink.join("cert.pem").exists() {
            let (terminal, out) = (["--terminal", TERMINAL], text(&uplink));
            let line = [
                "enrol",
                "--tls",
                &tls,
                terminal[0],
                terminal[1],
                "--out",
                &out,
            ];
            run_once(&collector, &line)?;
        }
        Ok(())
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The state folder of the till.
    pub fn till(&self) -> PathBuf {
        self.folder.join("till")
    }

    /// The folder of the acquirer and issuer.
    pub fn host(&self) -> PathBuf {
        self.folder.join("host")
    }

    /// The collector's certificates.
    pub fn tls(&self) -> PathBuf {
        self.folder.join("collector/tls")
    }

    /// The collector's database.
    pub fn store(&self) -> PathBuf {
        self.folder.join("collector/store.db")
    }

    /// Where each process writes its log.
    pub fn logs(&self) -> &Path {
        &self.logs
    }
}

/// Where the demo keeps its things if it is not told (XDG Base Directory Specification).
///
/// # Errors
/// If there is no home folder.
pub fn default_folder() -> Result<PathBuf, String> {
    let variable = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|states| states.join("sealpoint-demo"))
        .ok_or_else(|| "There is no home folder. Choose a folder with --state DIR.".to_owned())
}

fn make(folder: &Path) -> Result<(), String> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| cannot_write(folder, &error))
}
