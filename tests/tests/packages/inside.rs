//! Programs, and namespaces to run them in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_owned()
}

/// A file of `packaging/`.
pub fn packaging(name: &str) -> PathBuf {
    root().join("packaging").join(name)
}

/// What a program said, on both of its outputs; it must have ended well.
pub fn run(command: &mut Command) -> String {
    let (well, said) = tried(command);
    assert!(well, "{command:?} failed: {said}");
    said
}

/// Whether a program ended well, and what it said.
pub fn tried(command: &mut Command) -> (bool, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .unwrap_or_else(|why| panic!("{command:?} does not start: {why}"));
    let said = [stdout, stderr].concat();
    (
        status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// `unshare` with these namespaces; whoever is not root gets one of users too, in which he is.
pub fn unshare(namespaces: &[&str]) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(namespaces);
    if !is_root() {
        unshare.args(["--map-root-user", "--map-auto"]);
    }
    unshare
}

/// Whether this is root.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}
