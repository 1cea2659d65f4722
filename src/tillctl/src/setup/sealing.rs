//! `systemd-creds`, which seals a credential to this machine (systemd-creds(1)).

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sealpoint_secret::SecretBytes;

use crate::{exit::Exit, fault::Fault, plain_file};

/// A TPM that the kernel shares among its users (tpm(4)).
const TPM: &str = "/dev/tpmrm0";
/// The key that signs which kernels may boot, where the boot stub brought one (systemd-stub(7)).
const PCR_KEY: &str = "/run/systemd/tpm2-pcr-public-key.pem";
/// The signatures of that key for the kernel that runs.
const PCR_SIGNATURE: &str = "/run/systemd/tpm2-pcr-signature.json";
/// Secure Boot's state and keys, and what was added to the kernel's command line (UAPI group's TPM PCR
/// registry).
const PCRS: &str = "--tpm2-pcrs=7+12";
/// The kernel image, as its builder signed it.
const SIGNED_PCRS: &str = "--tpm2-public-key-pcrs=11";
/// At most this many bytes of a sealed credential.
const MAX_SEALED: u64 = 64 * 1024;
/// At most this many bytes of an opened one.
const MAX_OPENED: usize = 1024;
/// At most this much of its words in an error.
const SAID: usize = 300;

/// How this machine seals.
pub struct Sealing {
    program: PathBuf,
    options: Vec<String>,
    to: &'static str,
}

impl Sealing {
    /// By its TPM and the signed kernel, by its TPM, or by its host key: the first that it has.
    pub fn of_this_machine(program: &Path) -> Self {
        let there = |path: &str| Path::new(path).exists();
        let signed = there(PCR_KEY) && there(PCR_SIGNATURE);
        let (options, to) = options(there(TPM), signed);
        Self {
            program: program.to_owned(),
            options,
            to,
        }
    }

    /// To what, for people.
    pub const fn to(&self) -> &'static str {
        self.to
    }

    /// The credential of that name. The key goes there by a pipe.
    pub fn seal(&self, name: &str, key: &SecretBytes) -> Result<Vec<u8>, Fault> {
        let mut command = Command::new(&self.program);
        command.arg("encrypt").arg(format!("--name={name}"));
        command.args(&self.options).args(["-", "-"]);
        self.run(command, key.expose(), |from| {
            plain_file::bounded(from, MAX_SEALED)
        })
    }

    /// What a credential of that name holds.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<SecretBytes, Fault> {
        let mut command = Command::new(&self.program);
        command.arg("decrypt").arg(format!("--name={name}"));
        // Without this it adds a line feed where somebody reads along.
        command.arg("--newline=no").args(["-", "-"]);
        self.run(command, sealed, |from| {
            let mut key = SecretBytes::with_bound(MAX_OPENED);
            key.fill_from(from).map(|_| key)
        })
    }

    /// Runs it with that on its standard input; what `read` makes of its standard output.
    fn run<T>(
        &self,
        mut command: Command,
        input: &[u8],
        read: impl FnOnce(&mut std::process::ChildStdout) -> io::Result<T>,
    ) -> Result<T, Fault> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.failed(&format!("does not start ({error})")))?;
        // Both ends are far smaller than a pipe's buffer, so neither waits for the other. One that does
        // not read all of it gives nothing back that opens.
        let _written = child.stdin.take().map(|mut pipe| pipe.write_all(input));
        let output = child.stdout.as_mut().map(read);
        let end = child
            .wait_with_output()
            .map_err(|error| self.failed(&format!("is lost ({error})")))?;
        if !end.status.success() {
            let said: String = String::from_utf8_lossy(&end.stderr)
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .take(SAID)
                .collect();
            return Err(self.failed(&format!("ends with {}: {}", end.status, said.trim())));
        }
        match output {
            Some(Ok(output)) => Ok(output),
            _ => Err(self.failed("gives no answer that is understood")),
        }
    }

    /// A fault of it, after its name.
    pub fn failed(&self, why: &str) -> Fault {
        Fault {
            exit: Exit::NoCredential,
            what: format!("{} {why}.", self.program.display()),
            remedy: format!(
                "Nothing was kept. Check that this machine can seal to {}: `systemd-creds \
                 has-tpm2`, and the firmware's settings for the TPM.",
                self.to
            ),
        }
    }
}

/// The options that seal, and to what.
fn options(tpm: bool, signed: bool) -> (Vec<String>, &'static str) {
    let owned = |options: &[&str]| options.iter().map(|option| (*option).to_owned()).collect();
    let public_key = format!("--tpm2-public-key={PCR_KEY}");
    let signature = format!("--tpm2-signature={PCR_SIGNATURE}");
    match (tpm, signed) {
        (true, true) => (
            owned(&[
                "--with-key=tpm2-with-public-key",
                PCRS,
                &public_key,
                SIGNED_PCRS,
                &signature,
            ]),
            "this machine's TPM and its signed kernel",
        ),
        (true, false) => (owned(&["--with-key=tpm2", PCRS]), "this machine's TPM"),
        (false, _) => (owned(&["--with-key=host"]), "this machine's host key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_that_a_machine_has_is_used() {
        let (with, _) = options(true, true);
        assert!(with.contains(&"--with-key=tpm2-with-public-key".to_owned()));
        assert!(with.contains(&"--tpm2-public-key-pcrs=11".to_owned()));
        assert!(with.contains(&"--tpm2-pcrs=7+12".to_owned()));
        let (with, _) = options(true, false);
        assert_eq!(with, ["--with-key=tpm2", "--tpm2-pcrs=7+12"]);
        // Signatures without a TPM are worth nothing.
        for signed in [false, true] {
            assert_eq!(options(false, signed).0, ["--with-key=host"]);
        }
    }
}
