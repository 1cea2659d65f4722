//! The builder's keys: made on the first build, kept outside of the repository's history.
//!
//! | file | what it can do |
//! |---|---|
//! | `secure-boot.key`, `.crt` | start anything on a till whose firmware trusts it: it signs kernel images and the roots' hashes |
//! | `pcr.key`, `.crt` | say which kernel images may open a till's state |
//! | `retailer.key.toml`, `retailer.pub.toml` | the retailer's root: sites, releases, manifests of keys |
//! | `vars.fd` | a virtual machine's firmware that trusts `secure-boot.crt` alone |

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Recipe;
use super::tools::{Tools, cannot_make, succeed};
use crate::say;

/// The keys that systemd's tools use, and what their certificates are called.
const CERTIFIED: &[(&str, &str)] = &[
    ("secure-boot", "/CN=Sealpoint image, Secure Boot/"),
    ("pcr", "/CN=Sealpoint image, TPM policy/"),
];
/// Fifteen years: a till's firmware does not ask, and a person who looks should not be alarmed.
const DAYS: &str = "5475";
/// Whose signatures a virtual machine's firmware lists: any GUID will do, it names nobody.
const OWNER: &str = "6a1f2c1e-5b57-4bb0-9a53-2a1c7e0f5d11";

/// The folder of the builder's keys.
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// Makes what is missing; what is there stays as it is.
    ///
    /// # Errors
    /// If a key cannot be made.
    pub fn ensure(order: &Recipe, tools: &Tools, folder: PathBuf) -> Result<Self, String> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| cannot_make(&folder, &error.to_string()))?;
        let folder =
            fs::canonicalize(&folder).map_err(|error| cannot_make(&folder, &error.to_string()))?;
        let keys = Self { folder };
        for (name, subject) in CERTIFIED {
            keys.certified(order, tools, name, subject)?;
        }
        keys.root(order)?;
        keys.firmware(order, tools)?;
        Ok(keys)
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn certified(
        &self,
        order: &Recipe,
        tools: &Tools,
        name: &str,
        subject: &str,
    ) -> Result<(), String> {
        let (key, certificate) = (
            self.file(&format!("{name}.key")),
            self.file(&format!("{name}.crt")),
        );
        match (key.exists(), certificate.exists()) {
            (true, true) => return Ok(()),
            (false, false) => {}
            _ => {
                return Err(format!(
                    "Of {} and {} only one is there. Put the other back: a new pair would lock out every till that trusts this one.",
                    key.display(),
                    certificate.display()
                ));
            }
        }
        say::note(&format!("making the key {}", key.display()));
        // RSA of 2048 bits, because firmware knows nothing else for certain (UEFI 2.10, 32.5.1).
        let mut command = tools.command(&order.workspace, "openssl");
        command
            .args(["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-batch"])
            .args(["-days", DAYS, "-subj", subject, "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .stderr(Stdio::null());
        succeed(&mut command, &format!("The key {name} could not be made"))
    }

    /// The retailer's root: the image carries its public half.
    fn root(&self, order: &Recipe) -> Result<(), String> {
        if self.file("retailer.key.toml").exists() {
            return Ok(());
        }
        say::note("making the retailer's root key, for a trial; a retailer has one already");
        let mut cargo = order.workspace.cargo();
        cargo
            .args(["run", "--quiet", "--package", "sealpoint-tillctl", "--"])
            .args(["keys", "root", "--id", "root-1", "--out"])
            .arg(&self.folder)
            .stdout(Stdio::null());
        succeed(&mut cargo, "The retailer's root key could not be made")
    }

    fn firmware(&self, order: &Recipe, tools: &Tools) -> Result<(), String> {
        let vars = self.file("vars.fd");
        if vars.exists() {
            return Ok(());
        }
        let certificate = self.file("secure-boot.crt");
        let certificate = certificate.to_string_lossy();
        let mut command: Command = tools.command(&order.workspace, "virt-fw-vars");
        command
            .args(["--input", "/usr/share/OVMF/OVMF_VARS_4M.fd", "--output"])
            .arg(&vars)
            .args(["--set-pk", OWNER, &certificate])
            .args(["--add-kek", OWNER, &certificate])
            .args(["--add-db", OWNER, &certificate])
            .arg("--secure-boot")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        succeed(
            &mut command,
            "The virtual firmware could not be given its keys",
        )
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
