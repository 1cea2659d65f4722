use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use super::{MAX_ADDRESSES, dial, first_of, in_turn};

fn v4(last: u8) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, last), 443).into()
}

fn v6(last: u16) -> SocketAddr {
    (Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last), 443).into()
}

#[test]
fn the_families_take_turns_and_the_resolver_says_which_is_first() {
    let found = [v6(1), v6(2), v6(3), v4(1), v4(2)];
    let order = in_turn(found.into_iter());
    assert_eq!(order, [v6(1), v4(1), v6(2), v4(2), v6(3)]);
    let found = [v4(1), v6(1)];
    assert_eq!(in_turn(found.into_iter()), [v4(1), v6(1)]);
    let many = (0..100).map(v4);
    assert_eq!(in_turn(many).len(), MAX_ADDRESSES);
}

#[tokio::test]
async fn an_address_where_nobody_listens_costs_nothing_if_another_answers() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let there = listener.local_addr().expect("bound");
    let gone = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.or(
        // A machine without IPv6 has another address of its own where nobody listens.
        TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).await,
    );
    let nobody = gone
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let stream = first_of([nobody, there].into())
        .await
        .expect("the other answers");
    assert_eq!(stream.peer_addr().expect("connected"), there);
}

#[tokio::test]
async fn a_name_whose_addresses_all_refuse_says_what_the_last_said() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let gone = listener.local_addr().expect("bound");
    drop(listener);
    let error = dial("localhost", gone.port())
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    let error = first_of([].into()).await.expect_err("no address");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}
