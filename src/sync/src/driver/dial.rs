//! A TCP connection to a name: asked for anew each time, so that a changed address is found, and
//! over IPv6 and IPv4 in turn (RFC 8305, "Happy Eyeballs"), so that a family that leads nowhere costs
//! a moment and not the customer's patience. No proxy, whatever the environment says.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// At most this many addresses of a name are tried.
const MAX_ADDRESSES: usize = 8;
/// The next address is tried this long after the last (RFC 8305 section 8).
const NEXT_AFTER: Duration = Duration::from_millis(250);

/// Connects to the first address of `host` that answers.
///
/// # Errors
/// What the last address to fail said, or that the name has none.
pub(super) async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    first_of(in_turn(lookup_host((host, port)).await?)).await
}

/// The families in turn, each in the resolver's own preference (RFC 6724).
fn in_turn(found: impl Iterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) = (VecDeque::new(), VecDeque::new());
    for address in found {
        let same = first
            .front()
            .is_none_or(|one: &SocketAddr| one.is_ipv6() == address.is_ipv6());
        if same { &mut first } else { &mut second }.push_back(address);
    }
    let mut order = VecDeque::new();
    while order.len() < MAX_ADDRESSES && !(first.is_empty() && second.is_empty()) {
        order.extend(first.pop_front());
        order.extend(second.pop_front());
    }
    order.truncate(MAX_ADDRESSES);
    order
}

async fn first_of(mut addresses: VecDeque<SocketAddr>) -> io::Result<TcpStream> {
    let mut tries = JoinSet::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        match addresses.pop_front() {
            Some(address) => drop(tries.spawn(TcpStream::connect(address))),
            None if tries.is_empty() => return Err(failure),
            None => {}
        }
        tokio::select! {
            Some(tried) = tries.join_next() => match tried {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = error,
                Err(error) => failure = io::Error::other(error),
            },
            () = sleep(NEXT_AFTER), if !addresses.is_empty() => {}
        }
    }
}

#[cfg(test)]
#[path = "tests/dial.rs"]
mod tests;
