//! A Debian in a folder, with the package manager and what the packages depend on.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sealpoint_tests::built::target;
use tempfile::TempDir;

use crate::inside::{is_root, run, tried, unshare};

/// What the packages depend on and a smallest Debian has not.
const DEPENDENCIES: &str = "systemd,pcscd,nftables,libfontconfig1,libssl3,libpcsclite1,util-linux";

/// A Debian that a test may do anything to.
pub struct Debian {
    folder: TempDir,
}

impl Debian {
    /// A fresh one. The first of each release is fetched and kept.
    pub fn fresh(release: &str) -> Self {
        let kept = kept(release);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let debian = Self { folder };
        fs::create_dir(debian.root()).expect("a folder in it");
        let mut unpack = as_root();
        unpack.args(["tar", "--numeric-owner", "--exclude=./dev/*", "-xf"]);
        run(unpack.arg(kept).arg("-C").arg(debian.root()));
        // Nothing is started in here (Debian Policy, 9.3.3.2): there is no system to do it.
        debian.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n");
        debian.script("chmod 755 /usr/sbin/policy-rc.d");
        debian
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A program in it, with a /proc, devices and an empty /run.
    pub fn command(&self, words: &[&str]) -> Command {
        let root = self.root();
        let root = root.to_str().expect("a plain path");
        let mut command = unshare(&["--mount", "--pid", "--fork", "--kill-child"]);
        command
            .args(["sh", "-ec"])
            .arg(
                "mount -t proc proc \"$0/proc\"; mount --rbind /dev \"$0/dev\"; \
                 mount --bind \"$0/../run\" \"$0/run\"; exec chroot \"$0\" \"$@\"",
            )
            .arg(root)
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DEBIAN_FRONTEND", "noninteractive");
        fs::create_dir_all(self.folder.path().join("run")).expect("a folder in it");
        command
    }

    /// A shell script in it, which must end well; what it said.
    pub fn script(&self, script: &str) -> String {
        run(&mut self.command(&["sh", "-ec", script]))
    }

    /// The same, whether it ended well.
    pub fn tries(&self, script: &str) -> (bool, String) {
        tried(&mut self.command(&["sh", "-ec", script]))
    }

    /// Puts a file into it, root's.
    pub fn write(&self, path: &str, text: &str) {
        let mut tee = as_root();
        let mut tee = tee
            .arg("tee")
            .arg(self.root().join(path))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("tee starts");
        let mut stdin = tee.stdin.take().expect("it is piped");
        std::io::Write::write_all(&mut stdin, text.as_bytes()).expect("tee takes it");
        drop(stdin);
        assert!(tee.wait().expect("tee ends").success());
    }

    /// Installs or upgrades a package; what was said.
    pub fn install(&self, package: &Path) -> String {
        let name = package.file_name().expect("a file").to_string_lossy();
        let mut copy = as_root();
        run(copy.arg("cp").arg(package).arg(self.root().join("var")));
        self.script(&format!("dpkg --install /var/{name}"))
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        // Its files belong to users that only root may be.
        let _ = as_root().args(["rm", "-rf"]).arg(self.root()).status();
    }
}

/// A program with root's rights over files, here or in a name space of users.
fn as_root() -> Command {
    if is_root() {
        Command::new("env")
    } else {
        unshare(&[])
    }
}

/// The archive of a release, fetched if it is not there yet.
fn kept(release: &str) -> PathBuf {
    let folder = target().join("packages");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let lock = File::create(folder.join(format!("{release}.lock"))).expect("the same");
    lock.lock().expect("the lock is a file's");
    let archive = folder.join(format!("{release}.tar"));
    if !archive.exists() {
        // Under another name until it is whole.
        let half = folder.join(format!("{release}.half.tar"));
        run(Command::new("mmdebstrap")
            .args(["--quiet", "--variant=minbase", "--format=tar"])
            .arg(format!("--include={DEPENDENCIES}"))
            .arg(release)
            .arg(&half));
        fs::rename(half, &archive).expect("both are in one folder");
    }
    archive
}
