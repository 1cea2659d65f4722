//! The files of a bundle, checked at IT's desk as the till's programs would, so that a mistake is met
//! there and not in the shop.
//!
//! A till does not check them again: its lane does before each card, and a profile that a newer lane
//! refuses should stop cards and not cash.

use jiff::{Timestamp, tz};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use sealpoint_emv::TerminalData;
use sealpoint_sale::catalogue::Catalogue;
use sealpoint_tls::{certificate::KeyHash, code::EnrolmentCode};
use sealpoint_vault::{Manifest, signed::RootPublicKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::text::{FileTexts, Site};

/// At most this many certificates in the CA's file.
const MAX_CAS: usize = 16;
/// At most this many bad rows are told one by one.
const MAX_ROWS: usize = 5;

/// Checks the files, and what of the rest needs the world outside.
///
/// # Errors
/// What is wrong first, half a sentence.
pub fn check(
    site: &Site<FileTexts>,
    root: &RootPublicKey,
    now: Timestamp,
) -> Result<Vec<String>, String> {
    let mut said = Vec::new();
    TerminalData::from_toml(&site.files.profile).map_err(|bad| bad.to_string())?;
    Manifest::verify(&site.files.manifest, root)
        .map_err(|bad| format!("the manifest would not be taken: {bad}"))?;
    let cas = authorities(&site.files.ca, now)?;
    match &site.files.catalogue {
        Some(catalogue) => articles(catalogue)?,
        None => said.push("It has no catalogue: the till has no articles of yours.".to_owned()),
    }
    match &site.terminal.enrol_code {
        Some(code) => of_this_collector(code, &cas)?,
        None => said.push(
            "It has no enrolment code: a till that has no certificate yet cannot take cards."
                .to_owned(),
        ),
    }
    if let Some(zone) = &site.till.timezone
        && tz::TimeZone::get(zone.as_str()).is_err()
    {
        if tz::db().available().next().is_some() {
            return Err(format!("there is no time zone \"{zone}\""));
        }
        said.push(format!(
            "Whether there is a time zone \"{zone}\" is not known: this machine has no list of them."
        ));
    }
    Ok(said)
}

/// The certificates, if each may sign others today.
fn authorities(pem: &str, now: Timestamp) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut cas = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem.as_bytes()).take(MAX_CAS + 1) {
        cas.push(der.map_err(|_| "the CA's file is no PEM".to_owned())?);
    }
    if cas.is_empty() || cas.len() > MAX_CAS {
        return Err(format!(
            "the CA's file has {} certificates in PEM instead of 1 to {MAX_CAS}",
            cas.len()
        ));
    }
    for der in &cas {
        let (_, certificate) = X509Certificate::from_der(der)
            .map_err(|_| "the CA's file holds something that is no X.509 certificate".to_owned())?;
        let name = certificate.subject();
        // RFC 5280 section 4.2.1.9: who may sign certificates says so here.
        let signs = certificate
            .basic_constraints()
            .is_ok_and(|found| found.is_some_and(|found| found.value.ca));
        if !signs {
            return Err(format!(
                "the certificate of \"{name}\" is no certification authority's; give ca.pem and not \
                 a collector's or a till's"
            ));
        }
        let validity = certificate.validity();
        let second = now.as_second();
        if second < validity.not_before.timestamp() || second > validity.not_after.timestamp() {
            return Err(format!("the CA \"{name}\" is not valid today"));
        }
    }
    Ok(cas)
}

fn articles(csv: &str) -> Result<(), String> {
    let (catalogue, bad) =
        Catalogue::parse(csv.as_bytes()).map_err(|error| error.to_string().replace(". ", "; "))?;
    if !bad.is_empty() {
        let rows: Vec<String> = bad
            .iter()
            .take(MAX_ROWS)
            .map(|row| format!("line {}: {}", row.line, row.why))
            .collect();
        return Err(format!(
            "{} of its catalogue's rows could not be sold ({})",
            bad.len(),
            rows.join("; ")
        ));
    }
    if catalogue.items().is_empty() {
        return Err("its catalogue has no articles".to_owned());
    }
    Ok(())
}

/// Whether the collector that printed the code has its certificate from this CA: by the code alone
/// the till would go to that collector, and then to none.
fn of_this_collector(code: &str, cas: &[CertificateDer<'_>]) -> Result<(), String> {
    let code: EnrolmentCode = code
        .parse()
        .map_err(|_| "the enrolment code has a slip: it is eight groups of five".to_owned())?;
    let pin = code.pin();
    let of_it = |ca| KeyHash::of_certificate(ca).is_ok_and(|hash| pin.is_of(&hash));
    if cas.iter().any(of_it) {
        Ok(())
    } else {
        Err("the enrolment code is of a collector with another CA".to_owned())
    }
}
