//! Where Cargo puts what it builds. The running test lies there too, in `target/PROFILE/deps`.

use std::path::{Path, PathBuf};

/// A program of the workspace, of the same profile as the test.
pub fn program(name: &str) -> PathBuf {
    let path = built().join(name);
    assert!(
        path.is_file(),
        "{name} is not built: run `cargo xtask test`"
    );
    path
}

/// Cargo's folder of this profile.
pub fn built() -> PathBuf {
    above(2)
}

/// Cargo's target folder, where `cargo xtask` leaves images, packages and servers.
pub fn target() -> PathBuf {
    above(3)
}

/// A folder so many steps above the test.
fn above(steps: usize) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test.ancestors().nth(steps).map(Path::to_path_buf);
    folder.expect("tests lie in target/PROFILE/deps")
}
