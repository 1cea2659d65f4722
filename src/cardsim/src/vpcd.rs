//! The card behind a real `pcscd`, as a client of vsmartcard's `vpcd` driver.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::framing::{self, WhenGone};
use crate::slot::Slot;

/// The port on which `vpcd` waits for the card in its first slot.
pub const VPCD_PORT: u16 = 35963;

/// Pause between two attempts to reach `vpcd`.
const RETRY: Duration = Duration::from_millis(100);

/// Keeps the slot's card connected to `vpcd`: a connection is a card in the
/// reader, so inserting connects and removing disconnects. Reconnects if
/// `pcscd` restarts. Dropping it disconnects.
pub struct VpcdClient {
    link: Arc<Link>,
    threads: Vec<JoinHandle<()>>,
}

struct Link {
    host: String,
    port: u16,
    slot: Slot,
    stopping: AtomicBool,
    /// The open connection, and the insertion it stands for.
    live: Mutex<Option<(u64, TcpStream)>>,
}

impl VpcdClient {
    /// Starts to watch the slot; returns at once, whether or not `vpcd` runs.
    ///
    /// # Errors
    /// The system's, if it has no more threads.
    pub fn start(host: &str, port: u16, slot: Slot) -> io::Result<Self> {
        let link = Arc::new(Link {
            host: host.into(),
            port,
            slot,
            stopping: AtomicBool::new(false),
            live: Mutex::default(),
        });
        let mut client = Self {
            link,
            threads: Vec::new(),
        };
        client.run("vpcd-card", Link::connect_while_inserted)?;
        client.run("vpcd-watch", Link::disconnect_on_change)?;
        Ok(client)
    }

    fn run(&mut self, name: &str, work: fn(&Link)) -> io::Result<()> {
        let link = self.link.clone();
        let thread = Builder::new()
            .name(name.into())
            .spawn(move || work(&link))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for VpcdClient {
    fn drop(&mut self) {
        self.link.stopping.store(true, Ordering::SeqCst);
        self.link.slot.wake();
        for thread in self.threads.drain(..) {
            // A panicking thread has nothing left to clean up.
            let _ = thread.join();
        }
    }
}

impl Link {
    fn connect_while_inserted(&self) {
        let mut warned = false;
        while !self.stopping.load(Ordering::SeqCst) {
            let (change, inserted) = self.slot.changes();
            if !inserted {
                self.slot.wait_change(change, None);
                continue;
            }
            match self.connect() {
                Ok(stream) => {
                    warned = false;
                    self.be_the_card(change, stream);
                }
                Err(error) => {
                    if !std::mem::replace(&mut warned, true) {
                        tracing::warn!(
                            %error,
                            "vpcd isn't listening at {}:{}; start pcscd with the vpcd driver",
                            self.host,
                            self.port
                        );
                    }
                    self.slot.wait_change(change, Some(RETRY));
                }
            }
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Serves one insertion over one connection.
    fn be_the_card(&self, change: u64, stream: TcpStream) {
        let Ok(clone) = stream.try_clone() else {
            return;
        };
        *self.live() = Some((change, clone));
        // A change or the end between connecting and registering would be missed else.
        let ends = self.stopping.load(Ordering::SeqCst);
        if !ends && self.slot.changes().0 == change {
            let served = framing::serve(stream, &self.slot, WhenGone::Disconnect, quick);
            if let Err(error) = served {
                tracing::debug!(%error, "the connection to vpcd broke");
            }
        }
        *self.live() = None;
        // vpcd hangs up when pcscd stops: don't knock without a pause.
        self.slot.wait_change(change, Some(RETRY));
    }

    fn disconnect_on_change(&self) {
        let mut seen = self.slot.changes().0;
        while !self.stopping.load(Ordering::SeqCst) {
            // Before the first wait too: a card may have come and gone while this thread began.
            if let Some((insertion, stream)) = &*self.live()
                && *insertion != seen
            {
                hang_up(stream);
            }
            self.slot.wait_change(seen, None);
            seen = self.slot.changes().0;
        }
        // The end may come before the change that announces it.
        if let Some((_, stream)) = &*self.live() {
            hang_up(stream);
        }
    }

    fn live(&self) -> MutexGuard<'_, Option<(u64, TcpStream)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends reading only: an answer that is under way still goes out.
fn hang_up(stream: &TcpStream) {
    // If the peer has gone already there is nothing to shut.
    let _ = stream.shutdown(Shutdown::Read);
}

/// Acknowledges what vpcd sent at once. It writes "power on" and "get ATR" as
/// two small segments without TCP_NODELAY, so a delayed acknowledgement costs
/// 40 ms each time; the kernel forgets the setting, hence before every read.
fn quick(stream: &TcpStream) {
    // Without it the card is only slower.
    let _ = stream.set_quickack(true);
}
