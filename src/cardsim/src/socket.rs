//! A Unix socket for its owner alone, with a fixed number of seats.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

/// How long a newcomer waits for a seat before the connection is closed: long
/// enough for a predecessor that has just hung up to be noticed.
const SEAT_WAIT: Duration = Duration::from_millis(500);

/// How long a stopping server waits for its connections to end.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// Pause after a failed accept (out of descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why no socket could be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Somebody answers there already.
    #[error("another program already listens at {0}; stop it or choose another path")]
    InUse(PathBuf),
    /// There is something that isn't a socket.
    #[error("{0} exists and is not a socket; choose another path")]
    NotASocket(PathBuf),
    /// The system refused.
    #[error(
        "no socket could be made at {path}: {source}; choose a short path in a folder that is yours"
    )]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A listening socket whose connections are served by a thread each. Dropping
/// it closes them all and removes the path.
pub(crate) struct Server {
    path: PathBuf,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    stopping: AtomicBool,
    seated: Mutex<BTreeMap<u64, UnixStream>>,
    freed: Condvar,
}

impl Shared {
    fn seated(&self) -> MutexGuard<'_, BTreeMap<u64, UnixStream>> {
        self.seated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Listens at `path` with mode 0600 and serves at most `seats`
    /// connections at a time; one too many is closed.
    pub(crate) fn bind(
        path: &Path,
        seats: usize,
        serve: impl Fn(UnixStream) + Send + Sync + 'static,
    ) -> Result<Self, SocketError> {
        let listener = listen(path)?;
        let shared = Arc::new(Shared {
            stopping: AtomicBool::new(false),
            seated: Mutex::default(),
            freed: Condvar::new(),
        });
        let acceptor = Builder::new()
            .name("accept".into())
            .spawn({
                let shared = shared.clone();
                move || accept(&listener, &shared, seats, &Arc::new(serve))
            })
            .map_err(|source| SocketError::Io {
                path: path.into(),
                source,
            })?;
        Ok(Self {
            path: path.into(),
            shared,
            acceptor: Some(acceptor),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Only a connection wakes a blocked accept.
        let woken = UnixStream::connect(&self.path).is_ok();
        for stream in self.shared.seated().values() {
            // A peer that has gone already is as good as shut down.
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(acceptor) = self.acceptor.take()
            && woken
        {
            // A panicking thread has nothing left to clean up.
            let _ = acceptor.join();
            // If the path has vanished meanwhile, that is what we want.
            let _ = fs::remove_file(&self.path);
        }
        let seated = self.shared.seated();
        drop(
            self.shared
                .freed
                .wait_timeout_while(seated, STOP_WAIT, |all| !all.is_empty()),
        );
    }
}

fn accept(
    listener: &UnixListener,
    shared: &Arc<Shared>,
    seats: usize,
    serve: &Arc<impl Fn(UnixStream) + Send + Sync + 'static>,
) {
    for number in 0_u64.. {
        let accepted = listener.accept();
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok((stream, clone)) =
            accepted.and_then(|(stream, _)| Ok((stream.try_clone()?, stream)))
        else {
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        let (mut seated, _) = shared
            .freed
            .wait_timeout_while(shared.seated(), SEAT_WAIT, |all| all.len() >= seats)
            .unwrap_or_else(PoisonError::into_inner);
        if seated.len() >= seats {
            tracing::warn!("a connection too many was closed");
            continue;
        }
        seated.insert(number, clone);
        drop(seated);
        let (seat, serve) = (
            Seat {
                number,
                shared: shared.clone(),
            },
            serve.clone(),
        );
        let thread = Builder::new().name("serve".into()).spawn(move || {
            serve(stream);
            drop(seat);
        });
        if let Err(error) = thread {
            tracing::warn!(%error, "no thread for a connection; it was closed");
        }
    }
}

/// A connection's place; free again when dropped, also if the thread that was
/// to serve it panics or never starts.
struct Seat {
    number: u64,
    shared: Arc<Shared>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.seated().remove(&self.number);
        self.shared.freed.notify_all();
    }
}

/// Binds inside a fresh folder that only we can enter, sets the mode, and
/// moves the socket into place: there is no moment at which others could
/// connect, and a stale socket is replaced in one step.
fn listen(path: &Path) -> Result<UnixListener, SocketError> {
    let io = |source| SocketError::Io {
        path: path.into(),
        source,
    };
    match fs::symlink_metadata(path) {
        Ok(about) if !about.file_type().is_socket() => {
            return Err(SocketError::NotASocket(path.into()));
        }
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(SocketError::InUse(path.into())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = private_folder(parent.unwrap_or(Path::new("."))).map_err(io)?;
    let inside = folder.join("s");
    let bound = UnixListener::bind(&inside).and_then(|listener| {
        fs::set_permissions(&inside, Permissions::from_mode(0o600))?;
        fs::rename(&inside, path)?;
        Ok(listener)
    });
    // Best effort: an empty folder left behind does no harm.
    let _ = fs::remove_file(&inside);
    let _ = fs::remove_dir(&folder);
    bound.map_err(io)
}

fn private_folder(parent: &Path) -> io::Result<PathBuf> {
    /// Leftovers of crashed runs that are stepped over.
    const ATTEMPTS: u32 = 64;
    let mut last = io::ErrorKind::AlreadyExists.into();
    for attempt in 0..ATTEMPTS {
        let folder = parent.join(format!(".{}-{attempt}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
