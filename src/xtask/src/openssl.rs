//! Another TLS stack for the tests: OpenSSL with X25519MLKEM768, which came with 3.5. Debian 12 has
//! 3.0; the Python package `cryptography` carries a newer one, and pyOpenSSL speaks TLS with it.

use std::path::PathBuf;

use crate::cargo::Workspace;
use crate::packages::{self, Use, runs};
use crate::{say, servers};

/// Where the tests look, below Cargo's target folder.
const FOLDER: &str = "servers/pyopenssl-26.4.0";

/// What pip may install, with the hashes of the wheels for Debian's Pythons on x86-64 and 64-bit ARM.
const WHEELS: &[(&str, &[&str])] = &[
    (
        "pyopenssl==26.4.0",
        &["f0eb0cb2d581d3ad2b9c489468485e7f2ab6727d08401bcf9d824c3caddf3c1c"],
    ),
    (
        "cryptography==50.0.2",
        &[
            "9dab55f57c74c3cad24c323bacbbd04be4705ba6eb0d92e920b1fc4837ed5079",
            "87e9ce85beb6b328ba370cc6e6aea483c92617b4c95b1d33a49297eb662bfb04",
        ],
    ),
    (
        "cffi==2.1.1",
        &[
            "34e261f78cb6ceaaa36f42f2613f4380d94d9c759a9c73c769ee6e0247364632",
            "3311ed60d36f83378794e1009ac6258bafbf81f7888b4caa7b35a521e3f95813",
            "a931079504ecc49efed7744c476a5c343a92fabf66dec2db95edb1b2fdc770e2",
            "f16c709686a78c727bbbf059f92b0bf41c6fc60deec706d2dc19f529175a6125",
        ],
    ),
    (
        "pycparser==3.12",
        &["a076f3f489b39b43ed13563a1dafe42447445bec2e294154ec5c57fcdda4c85e"],
    ),
    (
        "typing-extensions==4.16.0",
        &["481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8"],
    ),
];

/// Installs it under Cargo's target folder, unless it is there.
///
/// # Errors
/// What is missing and what to run by hand.
pub fn ensure(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace.target.join(FOLDER);
    if folder.join("OpenSSL").is_dir() {
        return Ok(folder);
    }
    if !runs("python3", &["-m", "pip", "--version"]) {
        packages::ensure(&[Use::Pip])?;
    }
    say::heading("OpenSSL with a hybrid key exchange, for the tests");
    servers::install(workspace, &folder, "pyOpenSSL", &requirements())?;
    Ok(folder)
}

fn requirements() -> String {
    let mut text = String::new();
    for (package, hashes) in WHEELS {
        text.push_str(package);
        for hash in *hashes {
            text.push_str(" --hash=sha256:");
            text.push_str(hash);
        }
        text.push('\n');
    }
    text
}
