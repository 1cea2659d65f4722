//! A till's end of the uplink's socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sealpoint_sync::driver::{self, Config, Credentials, Target};
use sealpoint_wire::{FromUplink, LinkState, ToUplink, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Till {
    socket: UnixStream,
    uplink: JoinHandle<std::io::Result<()>>,
    pub link: LinkState,
}

impl Till {
    /// A till whose uplink speaks with the collector at `address`, with the files in `folder`.
    pub fn with_uplink(address: &str, folder: &Path) -> Self {
        Self::with_attester(address, folder, None)
    }

    /// The same, where a process listens that has the machine's TPM.
    pub fn with_attester(address: &str, folder: &Path, attest: Option<PathBuf>) -> Self {
        Self::with(address, folder, attest, None)
    }

    /// The same, on an image whose updates have that folder.
    pub fn with_updates(address: &str, folder: &Path, updates: PathBuf) -> Self {
        Self::with(address, folder, None, Some(updates))
    }

    fn with(
        address: &str,
        folder: &Path,
        attest: Option<PathBuf>,
        updates: Option<PathBuf>,
    ) -> Self {
        let (socket, uplink) = UnixStream::pair().expect("a socket pair");
        let credentials = Credentials {
            ca: folder.join("ca.pem"),
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        };
        let config = Config {
            target: Target::parse(&format!("https://{address}")),
            credentials,
            groups: sealpoint_tls::Groups::Hybrid,
            clock: None,
            attest,
            updates,
        };
        let uplink = tokio::spawn(driver::run(Some(config), None, uplink));
        Self {
            socket,
            uplink,
            link: LinkState::Connecting,
        }
    }

    pub async fn tell(&mut self, message: &ToUplink) {
        let mut bytes = vec![];
        frame::write(&mut bytes, message).expect("a frame");
        self.socket
            .write_all(&bytes)
            .await
            .expect("the uplink reads");
    }

    async fn next(&mut self) -> FromUplink {
        let mut head = [0; 4];
        self.socket
            .read_exact(&mut head)
            .await
            .expect("the uplink writes");
        let mut body = vec![0; frame::body_len(head).expect("within bounds")];
        self.socket
            .read_exact(&mut body)
            .await
            .expect("a whole frame");
        frame::decode(&body).expect("a message")
    }

    /// Reads until a message gives something.
    pub async fn until<T>(&mut self, what: impl Fn(&FromUplink) -> Option<T>) -> T {
        timeout(PATIENCE, async {
            loop {
                let message = self.next().await;
                if let FromUplink::Link { state } = &message {
                    self.link = state.clone();
                }
                if let Some(found) = what(&message) {
                    return found;
                }
            }
        })
        .await
        .expect("the uplink says it in time")
    }

    pub async fn until_link(&mut self, wanted: impl Fn(&LinkState) -> bool) {
        if !wanted(&self.link) {
            self.until(|message| match message {
                FromUplink::Link { state } => wanted(state).then_some(()),
                _ => None,
            })
            .await;
        }
    }

    /// Closes the till's end; the uplink ends well.
    pub async fn leave(self) {
        drop(self.socket);
        self.uplink.await.expect("no panic").expect("a clean end");
    }
}
