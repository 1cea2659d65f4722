//! Who may speak with whom: the retailer's CA signs the collector's certificate and the tills'.

mod authority;
mod files;
mod peer;
mod server;

pub use authority::{create_ca, enrol};
pub use files::FileError;
pub use peer::{NoTerminal, terminal_of};
pub use server::server_config;

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
