//! The packages, made once for all tests of a run.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

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

    /// Folder with the programs that were packed.
    pub fn programs(&self) -> PathBuf {
        given().unwrap_or_else(|| target().join("package/debug"))
    }
}

/// Programs that are built already, such as those that are shipped: SEALPOINT_PROGRAMS=FOLDER.
fn given() -> Option<PathBuf> {
    env::var_os("SEALPOINT_PROGRAMS").map(PathBuf::from)
}

/// Cargo's target folder, in which this test lies.
pub fn target() -> PathBuf {
    let exe = env::current_exe().expect("a running test has a path");
    let target = exe.ancestors().nth(3).expect("target/PROFILE/deps/test");
    target.to_owned()
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
    let programs = made.programs();
    let ready = ["--binaries", programs.to_str().expect("a plain path")];
    // They are built for the first, if they are not given.
    let first = given().map_or(&[][..], |_| &ready[..]);
    pack(&folder.join(OLD), OLD, first);
    pack(&folder.join(NEW), NEW, &ready);
    fs::write(&stamp, now).expect("the target folder can be written to");
    made
}

/// `cargo xtask deb` with programs as tests have them.
pub fn pack(out: &Path, version: &str, more: &[&str]) {
    if out.exists() {
        fs::remove_dir_all(out).expect("an old package can be removed");
    }
    let mut xtask = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    xtask
        .args(["xtask", "deb", "--profile=dev", "--version", version])
        .arg("--out")
        .arg(out)
        .args(more)
        .current_dir(root());
    run(&mut xtask);
}
