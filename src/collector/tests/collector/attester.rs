//! A till's TPM in software, and the process that has it, as the till's uplink meets it.

use std::collections::BTreeMap;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;

use data_encoding::HEXLOWER;
use sealpoint_attest::serve::answer_one;
use sealpoint_attest::simulator::SoftTpm;
use sealpoint_attest::tpm::{self, Tpm};
use sealpoint_attest::{keys, quote};
use sealpoint_wire::Bytes;
use sealpoint_wire::attest::{Credential, Identity, PCRS, Quote};
use tempfile::TempDir;

/// A machine with a TPM.
pub struct Attester {
    pub machine: SoftTpm,
    folder: TempDir,
}

impl Attester {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let machine = SoftTpm::on(folder.path()).expect("swtpm is installed");
        let attester = Self { machine, folder };
        // What a boot measures.
        for pcr in [0, 4, 7, 11] {
            attester.extend(pcr);
        }
        attester
    }

    pub fn tpm(&self) -> Tpm {
        tpm::open(&self.machine.path()).expect("it is switched on")
    }

    pub fn extend(&self, pcr: u8) {
        self.tpm().pcr_extend(pcr, &[pcr; 32]).expect("extended");
    }

    pub fn identity(&self) -> Identity {
        keys::identity(&mut self.tpm()).expect("its keys")
    }

    pub fn activate(&self, credential: &Credential) -> Option<Bytes> {
        keys::activate(&mut self.tpm(), credential).ok()
    }

    pub fn quote(&self, nonce: &Bytes) -> Quote {
        quote::quote(&mut self.tpm(), nonce.as_slice()).expect("a quote")
    }

    /// The reference values of the image that it runs, as that image's build would say them.
    pub fn reference(&self, image: &str, pcrs: &[u8]) -> String {
        let held = self.tpm().pcr_read(&PCRS).expect("read");
        let held: BTreeMap<u8, [u8; 32]> = PCRS.into_iter().zip(held).collect();
        let pcrs: serde_json::Map<_, _> = pcrs
            .iter()
            .map(|pcr| (pcr.to_string(), vec![HEXLOWER.encode(&held[pcr])].into()))
            .collect();
        serde_json::json!({
            "format": "sealpoint reference values",
            "version": 1,
            "image": image,
            "rollback_index": 1,
            "pcrs": pcrs,
        })
        .to_string()
    }

    /// The socket that an uplink asks at, as the system's would be: a connection is a request.
    pub fn listen(&self) -> PathBuf {
        let socket = self.folder.path().join("attest.sock");
        let listener = UnixListener::bind(&socket).expect("a free name");
        let tpm = self.machine.path();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let _ = answer_one(&mut stream, || tpm::open(&tpm));
            }
        });
        socket
    }
}
