//! What of a machine outlives its power: disk, TPM, firmware's variables.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::firmware;
use super::tools::Tools;

/// The folder with a machine's disk, TPM and variables.
pub struct State {
    tools: Tools,
    folder: PathBuf,
}

impl State {
    /// A machine as it comes from the factory: the image on its disk, a TPM that nobody has used.
    pub fn new(tools: &Tools, folder: &Path, image: &Path) -> Self {
        let state = Self::at(tools, folder);
        empty(folder);
        Disk::over(tools, image, &state.disk_file());
        fs::create_dir(state.tpm()).expect("an empty folder");
        firmware::enrol(&state.vars());
        state
    }

    /// The machine that was left in a folder.
    pub fn at(tools: &Tools, folder: &Path) -> Self {
        Self {
            tools: tools.clone(),
            folder: folder.to_path_buf(),
        }
    }

    /// The same machine once more, to do something to: its disk is a layer over this one's.
    pub fn copy(&self, folder: &Path) -> Self {
        let copy = Self::at(&self.tools, folder);
        empty(folder);
        Disk::over(&self.tools, &self.disk_file(), &copy.disk_file());
        copy.takes_the_board_of(self);
        copy
    }

    /// Puts this disk into another machine, or its twin: its TPM, its firmware's variables.
    pub fn takes_the_board_of(&self, other: &Self) {
        empty(&self.tpm());
        for file in fs::read_dir(other.tpm()).expect("a TPM's folder") {
            let file = file.expect("a TPM's folder");
            let name = file.file_name();
            if name != ".lock" {
                fs::copy(file.path(), self.tpm().join(name)).expect("an empty folder");
            }
        }
        fs::copy(other.vars(), self.vars()).expect("a folder of this test");
    }

    /// The same disk in another machine: the TPM there has never seen it.
    pub fn with_another_tpm(self) -> Self {
        empty(&self.tpm());
        self
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its disk, to be read and written while the machine is off.
    pub fn disk(&self) -> Disk {
        Disk::open(&self.tools, &self.disk_file())
    }

    /// The disk's uppermost layer.
    pub fn disk_file(&self) -> PathBuf {
        self.folder.join("disk.qcow2")
    }

    /// The TPM's folder.
    pub fn tpm(&self) -> PathBuf {
        self.folder.join("tpm")
    }

    /// The firmware's variables.
    pub fn vars(&self) -> PathBuf {
        self.folder.join("vars.fd")
    }

    /// The tools that run it.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}

fn empty(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("a folder in the target folder");
}
