//! The collector put together: open everything, say where it listens, serve, end.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealpoint_tls::Groups;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::api::{self, Api, Limits, Office};
use crate::args::Serve;
use crate::counters::Counters;
use crate::now_ms;
use crate::pages::{self, Pages};
use crate::serve::{ByTill, Door, serve};
use crate::sink::{Bell, Feed, SinkError};
use crate::store::{OpenError, Store, Target};
use crate::switch::{Acquirer, ProfileFileError, Switch};
use crate::tls::{self, FileError};
use crate::updates::Updates;

/// Why the collector does not start, in words for the one who starts it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("The collector cannot listen on {address}: {}", why(.error))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The acquirer's profile.
    #[error(transparent)]
    Profile(#[from] ProfileFileError),
    /// The certificates.
    #[error(transparent)]
    Tls(#[from] FileError),
    /// The sink.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// A command that cannot be carried out as it was given: what happened and what to do.
    #[error("{0}")]
    Refused(String),
    /// The operating system gives no threads or signals.
    #[error("The collector cannot start ({0}). Raise the limits of this user.")]
    Runtime(io::Error),
    /// A port file.
    #[error("The file {} cannot be written ({error}). Check its folder.", path.display())]
    PortFile {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program uses this port. Stop that program, or give another port.".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not use this port. Give one above 1023.".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have this address. Give one that it has.".to_owned()
        }
        _ => format!("{error}. Give another address."),
    }
}

/// A collector that is bound and ready to serve.
pub struct Collector {
    doors: Vec<Door>,
    feed: Option<Feed>,
    address: SocketAddr,
    pages: Option<SocketAddr>,
}

impl Collector {
    /// Opens the store, reads the certificates and binds the addresses.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(serve: &Serve) -> Result<Self, StartError> {
        let groups = if serve.classical {
            tracing::warn!(
                "links may be classical: whoever records one may open it in later years"
            );
            Groups::HybridOrClassical
        } else {
            Groups::Hybrid
        };
        let tls = tls::server_tls(&serve.tls, groups)?;
        let office = Office::new(tls::Authority::open(&serve.tls)?, tls.signer);
        let tls = TlsAcceptor::from(tls.config);
        let (listener, address) = bind(serve.listen).await?;
        let pages = match serve.pages {
            Some(pages) => Some(bind(pages).await?),
            None => None,
        };
        let acquirer = match serve.acquirer.clone() {
            Some(address) => Some(Acquirer::new(address, serve.acquirer_profile.as_deref())?),
            None => None,
        };
        let store = open_store(&serve.store).await?;
        let counters = Arc::new(Counters::default());
        let bell = Bell::default();
        let feed = match &serve.sink {
            Some(plan) => {
                let (store, counters) = (store.clone(), Arc::clone(&counters));
                Some(Feed::open(plan.clone(), store, counters, bell.clone()).await?)
            }
            None => None,
        };
        let switch = Switch::new(store.clone(), acquirer);
        let api = Api {
            store: store.clone(),
            switch,
            counters: Arc::clone(&counters),
            bell: bell.clone(),
            office: Arc::new(office),
            limits: Arc::new(Limits::new(serve.till_rate)),
            attest: serve.attest,
            updates: serve.updates.clone().map(Updates::at),
        };
        let mut doors = vec![Door {
            listener,
            tls: Some(tls),
            router: api::router(api),
            counters: Arc::clone(&counters),
            by_till: ByTill::default(),
        }];
        write_port_file(serve.port_file.as_deref(), address)?;
        let mut pages_address = None;
        if let Some((listener, bound)) = pages {
            write_port_file(serve.pages_port_file.as_deref(), bound)?;
            pages_address = Some(bound);
            let router = pages::router(Pages {
                store,
                counters: Arc::clone(&counters),
            });
            doors.push(Door {
                listener,
                tls: None,
                router,
                counters,
                by_till: ByTill::default(),
            });
        }
        Ok(Self {
            doors,
            feed,
            address,
            pages: pages_address,
        })
    }

    /// Where tills connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the operator's pages are.
    #[must_use]
    pub const fn pages(&self) -> Option<SocketAddr> {
        self.pages
    }

    /// Serves until `end` is done, then finishes what is in flight.
    pub async fn serve(self, end: impl Future<Output = ()>) {
        let (tell, told) = watch::channel(false);
        let doors: Vec<_> = self
            .doors
            .into_iter()
            .map(|door| tokio::spawn(serve(door, told.clone())))
            .chain(self.feed.map(|feed| tokio::spawn(feed.run(told.clone()))))
            .collect();
        end.await;
        tell.send_replace(true);
        for door in doors {
            if let Err(error) = door.await {
                tracing::error!(%error, "a task ended badly");
            }
        }
    }
}

/// Opens the store off this runtime's threads: it waits for a disk or a server. What one collector
/// had in flight on its own SQLite, nobody waits for any more.
async fn open_store(target: &Target) -> Result<Store, StartError> {
    let opened = {
        let target = target.clone();
        tokio::task::spawn_blocking(move || Store::open(&target)).await
    };
    let store = opened.map_err(|error| StartError::Runtime(io::Error::other(error)))??;
    if matches!(target, Target::Sqlite(_)) {
        store
            .run(|db| {
                db.release_sink_claims()?;
                db.lose_attempts_in_flight(now_ms())
            })
            .await
            .map_err(OpenError::Store)?;
    }
    Ok(store)
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Writes the whole address at once, so that a reader never sees a part of it.
fn write_port_file(path: Option<&Path>, address: SocketAddr) -> Result<(), StartError> {
    let Some(path) = path else { return Ok(()) };
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let written = fs::write(&draft, format!("{address}\n")).and_then(|()| fs::rename(&draft, path));
    written.map_err(|error| StartError::PortFile {
        path: path.to_owned(),
        error,
    })
}
