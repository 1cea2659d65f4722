//! Request bodies in gzip (RFC 1952), where the collector takes it and it is worth it.
//!
//! Only what goes over the records channel is packed: there a till's own records repeat each other
//! many times over. A request about a card is small, sealed, and never packed: the length of what is
//! packed tells of its content (CRIME, CVE-2012-4929), and there is nothing to gain.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::HeaderMap;
use hyper::header::ACCEPT_ENCODING;

/// What is smaller travels as it is: it fits into one packet or two.
const WORTH_IT: usize = 1024;

/// The body packed, or `None` if that does not make it smaller.
pub(super) fn pack(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < WORTH_IT {
        return None;
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body).ok()?;
    let packed = gzip.finish().ok()?;
    (packed.len() < body.len()).then_some(packed)
}

/// Whether an answer says that requests may come in gzip (RFC 9110 section 12.5.3); `None` if it
/// does not say.
pub(super) fn takes_gzip(headers: &HeaderMap) -> Option<bool> {
    let said = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    let gzip = |coding: &str| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.parse().ok())
            == Some(0.0_f32);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    };
    Some(said.split(',').any(gzip))
}

#[cfg(test)]
#[path = "tests/pack.rs"]
mod tests;
