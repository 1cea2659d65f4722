//! Sockets and ports.

use std::{net::TcpListener, os::unix::net::UnixListener};

use crate::rig::{ENDED, Ended, Ground, refused};

#[test]
fn a_lane_that_opens_a_network_socket_is_gone() {
    let ground = Ground::new();
    let collector = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = collector.local_addr().expect("bound").to_string();
    let own = ground.at("write/socket");
    for (attempt, argument) in [
        ("tcp", address.as_str()),
        ("listen", "127.0.0.1:0"),
        ("udp", "127.0.0.1:0"),
        ("netlink", ""),
        ("packets", ""),
        ("raw", ""),
        ("unix-listen", &own),
    ] {
        assert_eq!(ground.tries("lane", attempt, argument), ENDED, "{attempt}");
    }
}

#[test]
fn a_lane_reaches_the_card_services_socket() {
    let ground = Ground::new();
    let path = ground.at("other/pcscd.comm");
    let _service = UnixListener::bind(&path).expect("a socket in a temporary folder");
    assert_eq!(ground.tries("lane", "unix", &path), Ended::Done);
}

#[test]
fn an_uplink_connects_to_its_collectors_port_alone() {
    let ground = Ground::new();
    let (collector, other) = (
        TcpListener::bind("127.0.0.1:0").expect("a free port"),
        TcpListener::bind("127.0.0.1:0").expect("a free port"),
    );
    let address = |of: &TcpListener| of.local_addr().expect("bound");
    let port = address(&collector).port().to_string();
    let tries = |attempt: &str, to: &TcpListener| {
        ground.tries_with_port("uplink", &port, attempt, &address(to).to_string())
    };
    assert_eq!(tries("tcp", &collector), Ended::Done);
    assert_eq!(tries("tcp", &other), refused());
    // Landlock has no word on these: it is asked when TCP connects, and by nothing else.
    assert_eq!(tries("mptcp", &other), ENDED);
    assert_eq!(tries("tcp-at-once", &other), ENDED);
}

#[test]
fn an_uplink_listens_nowhere_and_makes_no_other_socket() {
    let ground = Ground::new();
    let own = ground.at("write/socket");
    for (attempt, argument) in [
        ("listen", "127.0.0.1:0"),
        ("udp", "127.0.0.1:0"),
        ("packets", ""),
        ("raw", ""),
        ("unix-listen", &own),
    ] {
        assert_eq!(
            ground.tries("uplink", attempt, argument),
            ENDED,
            "{attempt}"
        );
    }
    // What getaddrinfo(3) asks for is refused and not punished.
    let netlink = ground.tries("uplink", "netlink", "");
    assert!(matches!(netlink, Ended::Failed(_)), "{netlink:?}");
}

#[test]
fn an_uplink_may_ask_for_a_name() {
    let ground = Ground::new();
    // Without the files that name a resolver nobody answers: it must fail and live.
    let ended = ground.tries("uplink", "name", "collector.invalid");
    assert!(matches!(ended, Ended::Failed(_)), "{ended:?}");
}
