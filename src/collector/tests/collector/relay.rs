//! Stands between a till and its collector and counts what the till sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

pub struct Relay {
    pub address: SocketAddr,
    carried: Arc<AtomicUsize>,
}

impl Relay {
    pub async fn to(collector: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let carried = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&carried);
        tokio::spawn(async move {
            while let Ok((till, _)) = listener.accept().await {
                let Ok(onward) = TcpStream::connect(collector).await else {
                    continue;
                };
                let ((from_till, to_till), (from_there, to_there)) =
                    (till.into_split(), onward.into_split());
                tokio::spawn(carry(from_till, to_there, Arc::clone(&counter)));
                tokio::spawn(carry(from_there, to_till, Arc::default()));
            }
        });
        Self { address, carried }
    }

    /// Bytes that came from the till.
    pub fn carried(&self) -> usize {
        self.carried.load(Ordering::SeqCst)
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counter: Arc<AtomicUsize>) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        counter.fetch_add(read, Ordering::SeqCst);
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
