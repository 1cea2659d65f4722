//! The retailer's CA: made once, signs the collector's certificate and one for each till.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use sealpoint_wire::TerminalId;

use super::files::{self, FileError};
use super::issue::Authority;
use super::{CA, CA_KEY, CERT, KEY, SERVER, SERVER_KEY};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The CA lives as long as the tills that trust it.
const CA_DAYS: u32 = 3650;
/// The collector's own certificate is made anew well before this.
const SERVER_DAYS: u32 = 825;
/// A till whose clock is slow accepts a new certificate all the same.
const BACKDATED: Duration = DAY;

/// Makes the CA and the collector's certificate in `folder`, for `localhost`, the loopback
/// addresses and `names`.
///
/// # Errors
/// [`FileError`]; nothing that exists is replaced.
pub fn create_ca(folder: &Path, names: &[String]) -> Result<(), FileError> {
    let ca_key = KeyPair::generate()?;
    let mut ca = params("Sealpoint retailer CA", CA_DAYS);
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_pem = ca.self_signed(&ca_key)?.pem();
    let issuer = rcgen::Issuer::from_params(&ca, &ca_key);

    let server_key = KeyPair::generate()?;
    let mut server = params("Sealpoint collector", SERVER_DAYS);
    server.subject_alt_names = alternative_names(names)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_pem = server.signed_by(&server_key, &issuer)?.pem();

    files::write_new(
        folder,
        &[
            (CA, &ca_pem),
            (CA_KEY, &ca_key.serialize_pem()),
            (SERVER, &server_pem),
            (SERVER_KEY, &server_key.serialize_pem()),
        ],
    )
}

/// Makes a key and a certificate for one till in `out`, signed by the CA in `folder`: for a bench or
/// a demo, where the key need not be made on the till. No store hears of it.
///
/// # Errors
/// [`FileError`]; nothing that exists is replaced.
pub fn enrol(folder: &Path, terminal: &TerminalId, out: &Path) -> Result<(), FileError> {
    let authority =
        Authority::open(folder)?.ok_or_else(|| FileError::Missing(folder.join(CA_KEY)))?;
    let key = KeyPair::generate()?;
    let issued = authority.issue(&key, terminal)?;
    files::write_new(
        out,
        &[
            (CA, authority.ca_pem()),
            (CERT, &issued.pem),
            (KEY, &key.serialize_pem()),
        ],
    )
}

pub(super) fn params(common_name: &str, days: u32) -> CertificateParams {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(BACKDATED);
    params.not_after = date_time_ymd(1970, 1, 1) + now + DAY * days;
    params.use_authority_key_identifier_extension = true;
    params
}

fn alternative_names(names: &[String]) -> Result<Vec<SanType>, FileError> {
    let localhost = SanType::DnsName("localhost".try_into()?);
    let loopback = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let mut all = vec![localhost];
    all.extend(loopback.map(SanType::IpAddress));
    for name in names {
        all.push(alternative_name(name)?);
    }
    Ok(all)
}

fn alternative_name(name: &str) -> Result<SanType, FileError> {
    let bad = || FileError::BadName(name.chars().take(80).collect());
    if let Ok(address) = name.parse() {
        return Ok(SanType::IpAddress(address));
    }
    rustls_pki_types::DnsName::try_from(name).map_err(|_| bad())?;
    name.try_into().map(SanType::DnsName).map_err(|_| bad())
}
