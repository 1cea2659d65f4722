//! Who may speak with whom: the retailer's CA signs the collector's certificate and the tills'.

mod authority;
mod files;
mod issue;
mod peer;
mod server;
mod verifier;

pub use authority::{create_ca, enrol};
pub use files::FileError;
pub use issue::{Authority, BadRequest, Issued, Request, ca_key_hash};
pub use peer::{NoTerminal, shown};
pub use server::{ServerTls, server_tls};

/// The CA's certificate, in the collector's and in each till's folder.
pub const CA: &str = "ca.pem";
/// The CA's private key, in the collector's folder alone.
pub const CA_KEY: &str = "ca.key.pem";
/// The collector's certificate.
pub const SERVER: &str = "server.pem";
/// The collector's private key.
pub const SERVER_KEY: &str = "server.key.pem";
/// A till's certificate.
pub const CERT: &str = "cert.pem";
/// A till's private key.
pub const KEY: &str = "key.pem";
