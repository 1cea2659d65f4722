//! The programs of the tools tree, run where they lie: by the tree's own loader and libraries, so
//! that neither the host's releases nor a change of root are in the way.

use std::path::PathBuf;
use std::process::Command;

use sealpoint_tests::built::target;

/// Where Debian keeps libraries on this architecture.
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// A tree of Debian 13 with QEMU, OVMF and swtpm; `cargo xtask image` makes it.
#[derive(Clone)]
pub struct Tools {
    tree: PathBuf,
}

impl Tools {
    /// Finds the tree, or says what makes it.
    pub fn find() -> Self {
        let tree = target().join("image/tools");
        assert!(
            tree.join("usr/bin/qemu-system-x86_64").is_file(),
            "there is no tools tree in {}: run `cargo xtask image` first",
            tree.display()
        );
        Self { tree }
    }

    /// A file of the tree.
    pub fn file(&self, path: &str) -> PathBuf {
        let path = self.tree.join(path);
        assert!(path.exists(), "{} is not in the tools tree", path.display());
        path
    }

    /// A program of the tree that ends with whoever started it.
    pub fn command(&self, program: &str) -> Command {
        let libraries = self.tree.join(LIBRARIES);
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(self.file("usr/lib64/ld-linux-x86-64.so.2"))
            .arg("--library-path")
            .arg(format!(
                "{0}:{0}/swtpm:{0}/systemd:{0}/cryptsetup",
                libraries.display()
            ))
            .arg(self.file(&format!("usr/bin/{program}")))
            .env("QEMU_MODULE_DIR", libraries.join("qemu"));
        command
    }
}
