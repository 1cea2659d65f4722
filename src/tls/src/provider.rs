//! Which cryptography TLS may use.

use std::sync::Arc;

use rustls::NamedGroup;
use rustls::crypto::{CryptoProvider, ring};

use crate::X25519MLKEM768;

/// Which groups a key may be agreed in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Groups {
    /// [`X25519MLKEM768`] alone.
    #[default]
    Hybrid,
    /// That one first, then X25519 and P-256 alone: for a proxy on the way that knows no other.
    /// What it carries can be opened later by whoever records it and has a quantum computer then.
    HybridOrClassical,
}

/// `ring`'s cipher suites and signatures, with these groups. Use it with TLS 1.3 alone.
#[must_use]
pub fn provider(groups: Groups) -> Arc<CryptoProvider> {
    let mut kx_groups = vec![X25519MLKEM768];
    if groups == Groups::HybridOrClassical {
        kx_groups.extend([ring::kx_group::X25519, ring::kx_group::SECP256R1]);
    }
    Arc::new(CryptoProvider {
        kx_groups,
        ..ring::default_provider()
    })
}

/// Whether a handshake agreed in [`X25519MLKEM768`].
#[must_use]
pub fn is_hybrid(connection: &rustls::CommonState) -> bool {
    connection
        .negotiated_key_exchange_group()
        .is_some_and(|group| group.name() == NamedGroup::X25519MLKEM768)
}
