//! Whole handshakes in memory, with this crate's provider and with a classical one.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{
    ClientConfig, ClientConnection, NamedGroup, ProtocolVersion, RootCertStore, ServerConfig,
    ServerConnection,
};
use rustls_pki_types::{PrivateKeyDer, ServerName};

use crate::{Groups, is_hybrid, provider};

struct Ends {
    client: ClientConnection,
    server: ServerConnection,
}

fn ends(client: Arc<CryptoProvider>, server: Arc<CryptoProvider>) -> Ends {
    let made = rcgen::generate_simple_self_signed(["collector".to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let tls13 = &[&rustls::version::TLS13];
    let client = ClientConfig::builder_with_provider(client)
        .with_protocol_versions(tls13)
        .expect("suites")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let server = ServerConfig::builder_with_provider(server)
        .with_protocol_versions(tls13)
        .expect("suites")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a pair");
    let name = ServerName::try_from("collector").expect("a name");
    Ends {
        client: ClientConnection::new(Arc::new(client), name).expect("a client"),
        server: ServerConnection::new(Arc::new(server)).expect("a server"),
    }
}

/// Carries bytes until both ends are done or one refuses.
fn shake_hands(ends: &mut Ends) -> Result<(), rustls::Error> {
    for _ in 0..8 {
        let mut wire = Vec::new();
        while ends.client.wants_write() {
            ends.client.write_tls(&mut wire).expect("memory");
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            ends.server.read_tls(&mut rest).expect("memory");
            ends.server.process_new_packets()?;
        }
        let mut wire = Vec::new();
        while ends.server.wants_write() {
            ends.server.write_tls(&mut wire).expect("memory");
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            ends.client.read_tls(&mut rest).expect("memory");
            ends.client.process_new_packets()?;
        }
    }
    Ok(())
}

fn classical() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[test]
fn two_ends_agree_in_the_hybrid_group() {
    let mut ends = ends(provider(Groups::Hybrid), provider(Groups::Hybrid));
    shake_hands(&mut ends).expect("a handshake");
    assert!(!ends.client.is_handshaking() && !ends.server.is_handshaking());
    assert!(is_hybrid(&ends.client) && is_hybrid(&ends.server));
    assert_eq!(
        ends.client.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
}

#[test]
fn a_classical_client_is_refused() {
    let mut ends = ends(classical(), provider(Groups::Hybrid));
    assert!(shake_hands(&mut ends).is_err());
}

#[test]
fn a_classical_server_is_refused() {
    let mut ends = ends(provider(Groups::Hybrid), classical());
    assert!(shake_hands(&mut ends).is_err());
}

#[test]
fn where_the_configuration_allows_it_a_classical_end_is_served_and_known_as_such() {
    for (client, server) in [
        (classical(), provider(Groups::HybridOrClassical)),
        (provider(Groups::HybridOrClassical), classical()),
    ] {
        let mut ends = ends(client, server);
        shake_hands(&mut ends).expect("a handshake");
        assert!(!is_hybrid(&ends.client) && !is_hybrid(&ends.server));
        let group = ends.server.negotiated_key_exchange_group().expect("agreed");
        assert_eq!(group.name(), NamedGroup::X25519);
    }
}

#[test]
fn two_ends_that_may_be_classical_are_hybrid_all_the_same() {
    let both = || provider(Groups::HybridOrClassical);
    let mut ends = ends(both(), both());
    shake_hands(&mut ends).expect("a handshake");
    assert!(is_hybrid(&ends.server));
}
