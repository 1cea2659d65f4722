//! The terminal's certificate, its key's file and the CA, in `<state>/uplink`.

use std::path::Path;

use x509_parser::{
    pem::parse_x509_pem,
    prelude::{FromDer, X509Certificate},
};

use super::Seen;
use crate::plain_file::{self, Links};

/// At most this many bytes of a certificate file.
const MAX_PEM: u64 = 64 * 1024;
/// At most this many certificates in the CA's file.
const MAX_CAS: usize = 16;

/// What the uplink shows to the collector.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Certificates {
    /// The terminal's certificate.
    pub own: Seen<Certificate>,
    /// The CA's certificate, or the one of several that has signed the terminal's.
    pub ca: Seen<Certificate>,
    /// Whether a CA has signed the terminal's certificate; `None` if one of them is missing.
    pub signed: Option<bool>,
    /// Permission bits of the key's file.
    pub key_mode: Seen<u32>,
}

/// A certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Its subject's common names (RFC 5280 section 4.1.2.6).
    pub names: Vec<String>,
    /// First moment, milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// Last moment, milliseconds since the Unix epoch.
    pub until_ms: i64,
}

/// Looks.
pub fn gather(state: &Path) -> Certificates {
    let folder = state.join("uplink");
    let own = ders(&folder.join("cert.pem"));
    let cas = ders(&folder.join("ca.pem"));
    let mut found = Certificates {
        own: first(&own),
        ca: first(&cas),
        signed: None,
        key_mode: Seen::mode_of(&folder.join("key.pem")),
    };
    let (Some(own), Some(cas)) = (own.there(), cas.there()) else {
        return found;
    };
    let Some(own) = own.iter().find_map(|der| parsed(der)) else {
        return found;
    };
    let cas: Vec<_> = cas.iter().filter_map(|der| parsed(der)).collect();
    let signer = cas.iter().find(|ca| {
        ca.subject() == own.issuer() && own.verify_signature(Some(ca.public_key())).is_ok()
    });
    found.signed = Some(signer.is_some());
    if let Some(signer) = signer {
        found.ca = Seen::There(Certificate::from(signer));
    }
    found
}

/// The certificates of a PEM file, as DER.
fn ders(path: &Path) -> Seen<Vec<Vec<u8>>> {
    let text = match plain_file::read(path, MAX_PEM, Links::Refused) {
        Ok(text) => text,
        Err(error) => return Seen::from_error(&error),
    };
    let (mut found, mut rest) = (Vec::new(), text.as_slice());
    while found.len() < MAX_CAS
        && let Ok((behind, pem)) = parse_x509_pem(rest)
    {
        if pem.label == "CERTIFICATE" {
            found.push(pem.contents);
        }
        rest = behind;
    }
    if found.is_empty() {
        return Seen::Broken("it holds no certificate in PEM".to_owned());
    }
    Seen::There(found)
}

fn first(ders: &Seen<Vec<Vec<u8>>>) -> Seen<Certificate> {
    match ders {
        Seen::Missing => Seen::Missing,
        Seen::Unseen(why) => Seen::Unseen(why.clone()),
        Seen::Broken(why) => Seen::Broken(why.clone()),
        Seen::There(all) => match all.first().and_then(|der| parsed(der)) {
            Some(certificate) => Seen::There(Certificate::from(&certificate)),
            None => Seen::Broken("it is no X.509 certificate".to_owned()),
        },
    }
}

fn parsed(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(certificate)
}

impl From<&X509Certificate<'_>> for Certificate {
    fn from(certificate: &X509Certificate<'_>) -> Self {
        let names = certificate.subject().iter_common_name();
        let validity = certificate.validity();
        Self {
            names: names
                .filter_map(|name| Some(name.as_str().ok()?.to_owned()))
                .collect(),
            from_ms: validity.not_before.timestamp().saturating_mul(1_000),
            until_ms: validity.not_after.timestamp().saturating_mul(1_000),
        }
    }
}
