use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, CertificateSigningRequestParams, DnType, Issuer, KeyPair};
use rustls_pki_types::CertificateSigningRequestDer;
use tempfile::TempDir;

use crate::certificate::{Certificate, KeyHash};
use crate::identity::{Files, IdentityError, NextKey};

struct Office {
    key: KeyPair,
}

impl Office {
    fn new() -> Self {
        Self {
            key: KeyPair::generate().expect("a key"),
        }
    }

    /// A certificate for the request's key.
    fn sign(&self, request: Vec<u8>, terminal: &str) -> String {
        let request = CertificateSigningRequestDer::from(request);
        let request =
            CertificateSigningRequestParams::from_der(&request).expect("its signature fits");
        let mut params = CertificateParams::default();
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, terminal);
        let ca = CertificateParams::default();
        let issuer = Issuer::from_params(&ca, &self.key);
        params
            .signed_by(&request.public_key, &issuer)
            .expect("signed")
            .pem()
    }
}

fn name_of(files: &Files) -> String {
    let pair = files.pair().expect("a pair");
    let key = KeyPair::try_from(&pair.key).expect("a key");
    let read = Certificate::read(&pair.chain[0]).expect("a certificate");
    let own = rcgen::PublicKeyData::subject_public_key_info(&key);
    assert_eq!(
        read.key,
        KeyHash::of(&own),
        "key and certificate belong together"
    );
    read.name
}

/// A folder with a pair in force that is called `old`.
fn enrolled(office: &Office) -> (TempDir, Files) {
    let folder = TempDir::new().expect("a folder");
    let files = Files::in_folder(folder.path());
    let key = KeyPair::generate().expect("a key");
    let request = CertificateParams::default()
        .serialize_request(&key)
        .expect("signed");
    let certificate = office.sign(request.der().to_vec(), "old");
    fs::write(&files.key, key.serialize_pem()).expect("written");
    fs::write(&files.cert, certificate).expect("written");
    (folder, files)
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one() {
    let office = Office::new();
    let (folder, files) = enrolled(&office);
    let mut next = NextKey::take_up(&files).expect("a key");
    assert!(
        next.pair().expect("readable").is_none(),
        "no certificate yet"
    );
    assert_eq!(name_of(&files), "old");
    let certificate = office.sign(next.request().expect("a request"), "new");
    next.accept(&certificate).expect("its own");
    assert!(next.pair().expect("readable").is_some());
    assert_eq!(name_of(&files), "old", "until it is adopted");
    next.adopt().expect("adopted");
    assert_eq!(name_of(&files), "new");
    let told = fs::read_to_string(&files.cert).expect("there");
    assert_eq!(told.trim(), certificate.replace("\r\n", "\n").trim());
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        assert!(["cert.pem", "key.pem"].contains(&entry.file_name().to_string_lossy().as_ref()));
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

/// What is on the disk after each step is what a kill there leaves.
#[test]
fn after_a_kill_at_any_step_a_pair_works_and_the_renewal_goes_on() {
    let office = Office::new();
    let (_folder, files) = enrolled(&office);
    let first = NextKey::take_up(&files).expect("a key");
    let request = first.request().expect("a request");
    drop(first);

    let mut second = NextKey::take_up(&files).expect("the same key");
    let certificate = office.sign(request, "new");
    second
        .accept(&certificate)
        .expect("made for the key of before the kill");
    drop(second);
    assert_eq!(name_of(&files), "old");

    let third = NextKey::take_up(&files).expect("key and certificate");
    assert!(third.pair().expect("readable").is_some());
    // Killed between the rename and the writing of cert.pem.
    let before = fs::read(&files.cert).expect("there");
    third.adopt().expect("adopted");
    fs::write(&files.cert, before).expect("put back");
    assert_eq!(
        name_of(&files),
        "new",
        "the certificate beside the key counts"
    );
    files.settle().expect("settled");
    let told = fs::read_to_string(&files.cert).expect("there");
    assert_eq!(told.trim(), certificate.replace("\r\n", "\n").trim());
}

#[test]
fn a_certificate_for_another_key_is_not_taken() {
    let office = Office::new();
    let (_folder, files) = enrolled(&office);
    let mut next = NextKey::take_up(&files).expect("a key");
    let old = fs::read_to_string(&files.cert).expect("there");
    for certificate in [old.as_str(), "", "no PEM"] {
        let refused = next.accept(certificate).expect_err("not its own");
        assert!(matches!(refused, IdentityError::NotOurs), "{refused}");
    }
    assert!(
        next.adopt().is_err(),
        "without a certificate there is nothing to adopt"
    );
    assert_eq!(name_of(&files), "old");
}

#[test]
fn a_broken_next_key_is_made_anew_and_leftovers_are_in_nobodys_way() {
    let office = Office::new();
    let (folder, files) = enrolled(&office);
    fs::write(folder.path().join("next.pem"), "nonsense").expect("written");
    fs::write(folder.path().join("next.pem.new"), "half").expect("written");
    let next = NextKey::take_up(&files).expect("a new key");
    next.discard().expect("removed");
    assert!(!folder.path().join("next.pem").exists());
    assert_eq!(name_of(&files), "old");
}

#[test]
fn what_was_erased_is_gone_and_erasing_again_is_no_error() {
    let office = Office::new();
    let (folder, files) = enrolled(&office);
    NextKey::take_up(&files).expect("a key");
    for _ in 0..2 {
        files.erase().expect("erased");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
    let missing = files.pair().err().expect("gone").to_string();
    assert!(missing.contains("key.pem cannot be read"), "{missing}");
}
