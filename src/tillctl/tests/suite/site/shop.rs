//! A desk with all that a bundle is made of, and a till with its three folders.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::{
    bench::{Ran, folder, tillctl},
    keys::office::{Office, acquirer, text},
};

/// The example of docs/site.md.
pub fn documented() -> String {
    let page = include_str!("../../../../../docs/site.md");
    let (_, rest) = page.split_once("```toml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    example.to_owned()
}

/// A certificate, of a CA or not.
pub fn certificate(is_ca: bool) -> String {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params
        .distinguished_name
        .push(DnType::CommonName, "Sealpoint test CA");
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().expect("a key");
    let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
    issuer.pem()
}

pub struct Shop {
    pub office: Office,
    till: TempDir,
}

impl Shop {
    /// With the documented `site.toml` and its files.
    pub fn new() -> Self {
        let office = Office::new();
        let manifest = office.manifest(1, "", &[acquirer("acq-1", -10, 100, "")]);
        fs::rename(manifest, office.file("manifest.toml")).expect("moved");
        let demo = include_str!("../../../../emv/src/demo.toml");
        office.write("profile.toml", demo.as_bytes());
        office.write("ca.pem", certificate(true).as_bytes());
        let articles = include_bytes!("../../../../../assets/catalogue/demo.csv");
        office.write("catalogue.csv", articles);
        office.write("site.toml", documented().as_bytes());
        let till = folder();
        for name in ["floor", "run"] {
            fs::create_dir(till.path().join(name)).expect("made");
        }
        Self { office, till }
    }

    /// Changes `site.toml`.
    pub fn with(&self, from: &str, to: &str) -> &Self {
        let site = fs::read_to_string(self.office.file("site.toml")).expect("there");
        assert!(site.contains(from), "{from:?} is in the example");
        let changed = site.replacen(from, to, 1);
        self.office.write("site.toml", changed.as_bytes());
        self
    }

    /// Signs it, with more arguments.
    pub fn sign(&self, out: &str, more: &[&str]) -> Ran {
        let (site, root) = (
            self.office.file("site.toml"),
            self.office.file("retailer.key.toml"),
        );
        let out = self.office.file(out);
        let command = [
            "site",
            "sign",
            text(&site),
            "--root",
            text(&root),
            "--out",
            text(&out),
        ];
        tillctl(&[&command[..], more].concat())
    }

    /// A signed bundle.
    pub fn bundle(&self, out: &str) -> PathBuf {
        let ran = self.sign(out, &[]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        self.office.file(out)
    }

    /// A bundle of that version.
    pub fn version(&self, version: u64) -> PathBuf {
        let site = fs::read_to_string(self.office.file("site.toml")).expect("there");
        let (first, rest) = site.split_once('\n').expect("lines");
        assert!(first.starts_with("version"), "{first}");
        let changed = format!("version = {version}\n{rest}");
        self.office.write("site.toml", changed.as_bytes());
        self.bundle(&format!("{version}.bundle"))
    }

    /// What the till does with these places.
    pub fn unpack(&self, from: &[&Path]) -> Ran {
        let trust = self.office.file("retailer.pub.toml");
        let (floor, out) = (self.at("floor"), self.at("run"));
        let mut command = vec!["site", "unpack", "--trust", text(&trust)];
        command.extend(["--floor", text(&floor), "--out", text(&out)]);
        for place in from {
            command.extend(["--from", text(place)]);
        }
        tillctl(&command)
    }

    /// A place of the till.
    pub fn at(&self, name: &str) -> PathBuf {
        self.till.path().join(name)
    }

    /// A file that was unpacked.
    pub fn unpacked(&self, name: &str) -> String {
        let path = self.at("run").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names and permission bits of all that was unpacked.
    pub fn names(&self) -> Vec<(String, u32)> {
        let mut names: Vec<_> = fs::read_dir(self.at("run"))
            .expect("a folder")
            .flatten()
            .map(|entry| {
                let mode = entry.metadata().expect("there").permissions().mode();
                let name = entry.file_name().into_string().expect("text");
                (name, mode & 0o7777)
            })
            .collect();
        names.sort();
        names
    }
}
