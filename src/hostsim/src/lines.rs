//! Open connections: a thread each, bounded, all ended when the desk is dropped.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Pause after a failed accept (out of descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection that can be ended from another thread.
pub(crate) trait Line: Sized + Send + 'static {
    /// A second name for the same connection.
    fn twin(&self) -> io::Result<Self>;
    /// Ends it: whoever reads from it sees its end.
    fn hang_up(&self);
}

impl Line for TcpStream {
    fn twin(&self) -> io::Result<Self> {
        self.try_clone()
    }
    fn hang_up(&self) {
        // A peer that has gone already is as good as shut down.
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Line for UnixStream {
    fn twin(&self) -> io::Result<Self> {
        self.try_clone()
    }
    fn hang_up(&self) {
        // As above.
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Takes connections; dropping it ends them all and waits for their threads.
pub(crate) struct Desk<L: Line> {
    open: Arc<Mutex<Open<L>>>,
    /// Makes a connection to ourselves: nothing else wakes a blocked accept.
    wake: Box<dyn Fn() -> bool + Send + Sync>,
    acceptor: Option<JoinHandle<()>>,
}

struct Open<L> {
    stopping: bool,
    lines: BTreeMap<u64, L>,
}

impl<L: Line> Desk<L> {
    /// Serves each connection that `next` gives in its own thread, at most `seats` at a time; one
    /// too many is closed.
    pub(crate) fn open(
        seats: usize,
        next: impl Fn() -> io::Result<L> + Send + 'static,
        wake: impl Fn() -> bool + Send + Sync + 'static,
        serve: impl Fn(L) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let open = Arc::new(Mutex::new(Open {
            stopping: false,
            lines: BTreeMap::new(),
        }));
        let acceptor = thread::Builder::new().name("accept".to_owned()).spawn({
            let open = open.clone();
            move || accept(seats, &next, &open, &Arc::new(serve))
        })?;
        Ok(Self {
            open,
            wake: Box::new(wake),
            acceptor: Some(acceptor),
        })
    }

    /// Serves until the process ends.
    pub(crate) fn serve_forever(mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            // Ends only by a panic, which has said what it has to say.
            let _ = acceptor.join();
        }
    }
}

impl<L: Line> Drop for Desk<L> {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.stopping = true;
        open.lines.values().for_each(Line::hang_up);
        drop(open);
        if (self.wake)()
            && let Some(acceptor) = self.acceptor.take()
        {
            // A panicking thread has nothing left to clean up.
            let _ = acceptor.join();
        }
    }
}

fn lock<L>(open: &Mutex<Open<L>>) -> MutexGuard<'_, Open<L>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept<L: Line>(
    seats: usize,
    next: &impl Fn() -> io::Result<L>,
    open: &Arc<Mutex<Open<L>>>,
    serve: &Arc<impl Fn(L) -> io::Result<()> + Send + Sync + 'static>,
) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for number in 0_u64.. {
        let accepted = next().and_then(|line| Ok((line.twin()?, line)));
        threads.retain(|thread| !thread.is_finished());
        let mut now = lock(open);
        if now.stopping {
            break;
        }
        let Ok((twin, line)) = accepted else {
            drop(now);
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        if now.lines.len() >= seats {
            tracing::warn!("a connection too many was closed");
            continue;
        }
        now.lines.insert(number, twin);
        drop(now);
        let (seat, serve) = (
            Seat {
                number,
                open: open.clone(),
            },
            serve.clone(),
        );
        let thread = thread::Builder::new()
            .name("serve".to_owned())
            .spawn(move || {
                if let Err(error) = serve(line) {
                    tracing::info!(%error, "a connection ended");
                }
                drop(seat);
            });
        match thread {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::warn!(%error, "no thread for a connection; it was closed"),
        }
    }
    for thread in threads {
        // A panicking thread has nothing left to clean up.
        let _ = thread.join();
    }
}

/// A connection's place; free again when dropped, also if its thread panics or never starts.
struct Seat<L: Line> {
    number: u64,
    open: Arc<Mutex<Open<L>>>,
}

impl<L: Line> Drop for Seat<L> {
    fn drop(&mut self) {
        // The twin would hold the connection open after its thread has ended.
        if let Some(twin) = lock(&self.open).lines.remove(&self.number) {
            twin.hang_up();
        }
    }
}
