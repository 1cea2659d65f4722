//! The packages, made once for all tests of a run.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpoint_tests::built::{built, program, target};

use crate::inside::{root, run};

/// The version that is there first, and the one that comes after it.
pub const OLD: &str = "0.1.0~old";
pub const NEW: &str = "0.1.0~test";

/// Both packages, in two versions, and the newer once more.
#[derive(Clone)]
pub struct Made {
    folder: PathBuf,
}

impl Made {
    /// The file of a package.
    pub fn package(&self, name: &str, version: &str) -> PathBuf {
        self.folder
            .join(version)
            .join(format!("{name}_{version}_amd64.deb"))
    }

    /// What lintian looks at, packages and all.
    pub fn changes(&self) -> PathBuf {
        self.folder
            .join(NEW)
            .join(format!("sealpoint_{NEW}_amd64.changes"))
    }

    /// Folder with the programs that are packed: those built beside this test, or what is shipped.
    pub fn programs() -> PathBuf {
        let given = env::var_os("SEALPOINT_PROGRAMS").map(PathBuf::from);
        given.unwrap_or_else(built)
    }
}

/// Makes the packages, or waits for the test that does: each test is a process of its own, and those
/// of one run share them.
pub fn made() -> Made {
    let folder = target().join("packages");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let lock = File::create(folder.join("lock")).expect("the same");
    lock.lock().expect("the lock is a file's");
    let made = Made {
        folder: folder.clone(),
    };
    let now = env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| std::process::id().to_string());
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|run| run == now) {
        return made;
    }
    for version in [OLD, NEW] {
        pack(&folder.join(version), version);
    }
    fs::write(&stamp, now).expect("the target folder can be written to");
    made
}

/// `cargo xtask deb`, with programs as tests have them: they know the demo as well, and production
/// is what they are told.
pub fn pack(out: &Path, version: &str) {
    if out.exists() {
        fs::remove_dir_all(out).expect("an old package can be removed");
    }
    let mut deb = Command::new(program("sealpoint-xtask"));
    deb.args(["deb", "--profile=dev", "--version", version])
        .arg("--binaries")
        .arg(Made::programs())
        .arg("--out")
        .arg(out)
        // One time for all, whatever is committed in between.
        .env("SOURCE_DATE_EPOCH", "1763888400")
        .current_dir(root());
    run(&mut deb);
}
