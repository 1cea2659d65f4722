//! The collector's address.

use hyper::Uri;
use rustls_pki_types::ServerName;

/// Where the collector listens: from `https://HOST:PORT`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    host: String,
    port: u16,
    name: ServerName<'static>,
}

/// An address that is not a collector's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{0}\" is not a collector's address. Use https://HOST:PORT, without a path.")]
pub struct BadTarget(String);

impl Target {
    /// Reads `https://HOST:PORT`; the port may be left out and is 443 then.
    ///
    /// # Errors
    /// [`BadTarget`] for any other scheme, a user, a path or a query.
    pub fn parse(text: &str) -> Result<Self, BadTarget> {
        let bad = || BadTarget(text.chars().take(120).collect());
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let authority = uri.authority().ok_or_else(bad)?;
        let plain = uri.scheme_str() == Some("https")
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
            && !authority.as_str().contains('@');
        if !plain {
            return Err(bad());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| bad())?;
        Ok(Self {
            host,
            port: authority.port_u16().unwrap_or(443),
            name,
        })
    }

    /// Host and port, for a connection.
    #[must_use]
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The name that the collector's certificate must carry.
    pub(super) fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }

    /// The `Host` header (RFC 9110 section 7.2).
    pub(super) fn header(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}
