//! The files that a till's units read, made of a bundle. Each value was checked for its type, so none
//! adds a line to a file; where a format has quotes of its own they are used besides.

mod network;
mod till;

use super::bundle::Bundle;

/// The till's configuration.
pub const TILL: &str = "till.toml";
/// The code for the certificate.
pub const ENROL_CODE: &str = "enrol.code";
/// The articles.
pub const CATALOGUE: &str = "catalogue.csv";
/// Why there is nothing else.
pub const REFUSED: &str = "refused.txt";
/// Everybody may read it: nothing secret is in it.
const PUBLIC: u32 = 0o644;
/// Its owner and the group may read it.
const GROUP: u32 = 0o640;

/// One file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// Its permission bits.
    pub mode: u32,
    /// What is in it; `None` if it must not be there.
    pub text: Option<String>,
}

/// All of them. `till.toml` is the last: where it is, the others are.
pub fn of(bundle: &Bundle, folder: &std::path::Path) -> Vec<Output> {
    let site = &bundle.site;
    let files = &site.files;
    let code = &site.terminal.enrol_code;
    let public = |name, text: String| Output {
        name,
        mode: PUBLIC,
        text: Some(text),
    };
    vec![
        public("profile.toml", files.profile.clone()),
        public("manifest.toml", files.manifest.clone()),
        public("ca.pem", files.ca.clone()),
        Output {
            name: CATALOGUE,
            mode: PUBLIC,
            text: files.catalogue.clone(),
        },
        public("collector.nft", network::collector_set(site)),
        public("hosts", network::hosts(site)),
        public("till.network", network::network(site)),
        public("usb.rules", network::usb_rules(site)),
        Output {
            name: ENROL_CODE,
            mode: GROUP,
            text: code.as_ref().map(|code| format!("{code}\n")),
        },
        public("till.env", till::environment(bundle)),
        public(TILL, till::configuration(bundle, folder)),
    ]
}

#[cfg(test)]
mod tests;
