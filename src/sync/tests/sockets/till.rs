//! A till's end of the uplink's socket, and a queue as the journal keeps one.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use sealpoint_sync::driver::{self, Config, Credentials, Target};
use sealpoint_tls::Groups;
use sealpoint_wire::{FromUplink, LinkState, Record, ToUplink, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::collector::Place;
use crate::shapes::record;

/// Everything here takes a few seconds at most; this is for a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Till {
    socket: UnixStream,
    uplink: JoinHandle<io::Result<()>>,
    pub link: LinkState,
    /// What waits for the collector, oldest first.
    pub outbox: VecDeque<Record>,
    sales: u64,
    offers: u64,
    open: bool,
    batch: usize,
}

impl Till {
    /// A till whose uplink speaks with the collector at `https://{address}`.
    pub fn new(place: &Place, address: &str) -> Self {
        let (socket, uplink) = UnixStream::pair().expect("a socket pair");
        let file = |name: &str| place.folder().join(name);
        let config = Config {
            target: Target::parse(&format!("https://{address}")),
            credentials: Credentials {
                ca: file("ca.pem"),
                cert: file("cert.pem"),
                key: file("key.pem"),
            },
            groups: Groups::Hybrid,
            clock: None,
            attest: None,
            updates: None,
        };
        Self {
            socket,
            uplink: tokio::spawn(driver::run(Some(config), None, uplink)),
            link: LinkState::Connecting,
            outbox: VecDeque::new(),
            sales: 0,
            offers: 0,
            open: false,
            batch: 100,
        }
    }

    /// A till that offers so many records at a time.
    pub fn with_batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    pub async fn tell(&mut self, message: &ToUplink) {
        let mut bytes = vec![];
        frame::write(&mut bytes, message).expect("a frame");
        self.socket
            .write_all(&bytes)
            .await
            .expect("the uplink reads");
    }

    /// Commits a sale; its record joins the tail.
    pub async fn sell(&mut self) {
        self.sales += 1;
        self.outbox.push_back(record(self.sales));
        self.offer().await;
    }

    async fn offer(&mut self) {
        if self.open || self.outbox.is_empty() || self.link != LinkState::Up {
            return;
        }
        self.open = true;
        self.offers += 1;
        let records = self.outbox.iter().take(self.batch).cloned().collect();
        let offer = self.offers;
        self.tell(&ToUplink::Offer { offer, records }).await;
    }

    /// Reads until a message gives something; the queue goes on meanwhile.
    pub async fn until<T>(&mut self, what: impl Fn(&FromUplink) -> Option<T>) -> T {
        timeout(PATIENCE, async {
            loop {
                let message = self.next().await.expect("the uplink lives");
                match &message {
                    FromUplink::Link { state } => self.link = state.clone(),
                    FromUplink::Acked { results, .. } => {
                        for ack in results {
                            self.outbox.retain(|record| record.id != ack.id);
                        }
                        self.open = false;
                    }
                    _ => {}
                }
                self.offer().await;
                if let Some(found) = what(&message) {
                    return found;
                }
            }
        })
        .await
        .expect("the uplink says it in time")
    }

    pub async fn until_up(&mut self) {
        while self.link != LinkState::Up {
            self.until(|message| matches!(message, FromUplink::Link { .. }).then_some(()))
                .await;
        }
    }

    pub async fn until_down(&mut self) -> String {
        self.until(|message| match message {
            FromUplink::Link {
                state: LinkState::Down { why },
            } => Some(why.clone()),
            _ => None,
        })
        .await
    }

    pub async fn until_acked(&mut self) {
        self.until(|message| matches!(message, FromUplink::Acked { .. }).then_some(()))
            .await;
    }

    async fn next(&mut self) -> io::Result<FromUplink> {
        let mut head = [0; 4];
        self.socket.read_exact(&mut head).await?;
        let mut body = vec![0; frame::body_len(head)?];
        self.socket.read_exact(&mut body).await?;
        frame::decode(&body)
    }

    /// How the uplink ended by itself, and whether it said anything more.
    pub async fn ended(mut self) -> (io::Result<()>, bool) {
        let last = timeout(PATIENCE, self.next()).await.expect("in time");
        let outcome = self.uplink.await.expect("no panic");
        (outcome, last.is_ok())
    }

    /// Closes the till's end; the uplink ends well.
    pub async fn leave(self) {
        drop(self.socket);
        self.uplink.await.expect("no panic").expect("a clean end");
    }
}
