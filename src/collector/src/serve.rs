//! Listening: connections within limits, and an orderly end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sealpoint_wire::TerminalId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::counters::Counters;
use crate::store::Shown;
use crate::tls;

/// At most this many connections at a time; more are closed at once.
pub const MAX_CONNECTIONS: usize = 1024;
/// At most this many connections of one till at a time; more are closed at once. An uplink needs
/// two, and old ones may linger after a cut.
pub const MAX_PER_TILL: usize = 16;
/// At most this many connections without a certificate at a time; more are closed at once. They are
/// there to be enrolled, so that whoever has no certificate takes no place of those that have one.
pub const MAX_STRANGERS: usize = 32;
/// How long a connection without a certificate lasts.
const STRANGER: Duration = Duration::from_secs(30);
/// At most this many bytes of a connection are read ahead; a request's head must fit.
const MAX_HEAD: usize = 64 * 1024;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a request's head may take, and how long a connection may stay idle. An uplink gives
/// an idle connection up well before this.
const HEAD: Duration = Duration::from_secs(60);
/// How long requests in flight may take once the collector is to end: longer than the acquirer's
/// time-out.
const LAST_REQUESTS: Duration = Duration::from_secs(20);
/// How long to wait when the operating system gives no more connections.
const OUT_OF_FILES: Duration = Duration::from_millis(100);

/// The terminal whose certificate the connection has shown; an extension of each request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer(pub TerminalId);

/// A listener and what it serves: over TLS to terminals, or in clear to the loopback.
pub struct Door {
    /// Where connections come in.
    pub listener: TcpListener,
    /// `None` serves in clear.
    pub tls: Option<TlsAcceptor>,
    /// What is served.
    pub router: Router,
    /// Counts what happens.
    pub counters: Arc<Counters>,
    /// Connections by till.
    pub by_till: ByTill,
}

/// How many connections each till has, and those without a certificate together.
#[derive(Clone, Default)]
pub struct ByTill(Arc<Mutex<HashMap<Option<TerminalId>, usize>>>);

/// A till's place, given back when dropped.
struct Place {
    of: ByTill,
    terminal: Option<TerminalId>,
}

impl ByTill {
    /// A place for one more connection of the till, or of one that is not known, if there is one
    /// left.
    fn place(&self, terminal: Option<TerminalId>) -> Option<Place> {
        let most = terminal.as_ref().map_or(MAX_STRANGERS, |_| MAX_PER_TILL);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(terminal.clone()).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place {
            of: self.clone(),
            terminal,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.terminal.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Serves until `end` turns true, then lets the requests in flight finish.
pub async fn serve(door: Door, mut end: watch::Receiver<bool>) {
    let door = Arc::new(door);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = door.listener.accept() => match accepted {
                Ok((stream, from)) => (stream, from),
                Err(error) => {
                    tracing::warn!(%error, "no connection accepted");
                    sleep(OUT_OF_FILES).await;
                    continue;
                }
            },
            () = over(&mut end) => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            door.counters.connections_refused.add(1);
            tracing::warn!(from = %stream.1, "too many connections");
            continue;
        };
        let (door, end) = (Arc::clone(&door), end.clone());
        connections.spawn(async move {
            greet(&door, stream.0, stream.1, end).await;
            drop(place);
        });
    }
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(LAST_REQUESTS, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Waits until the collector is to end.
async fn over(end: &mut watch::Receiver<bool>) {
    // An error means that the one who would tell is gone, which is an end as well.
    let _ = end.wait_for(|end| *end).await;
}

async fn greet(door: &Door, stream: TcpStream, from: SocketAddr, end: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%from, %error, "no TCP_NODELAY");
    }
    let Some(tls) = &door.tls else {
        return speak(stream, door.router.clone(), None, end).await;
    };
    let stream = match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            door.counters.connections_refused.add(1);
            return tracing::warn!(%from, %error, "TLS refused");
        }
        Err(_) => {
            door.counters.connections_refused.add(1);
            return tracing::warn!(%from, "TLS handshake too slow");
        }
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(<[_]>::first);
    if !sealpoint_tls::is_hybrid(stream.get_ref().1) {
        tracing::warn!(%from, "this connection is not safe from a quantum computer of later years");
    }
    match certificate.map(tls::shown).transpose() {
        Ok(shown) => {
            let terminal = shown.as_ref().map(|shown| shown.terminal.clone());
            let Some(place) = door.by_till.place(terminal) else {
                door.counters.connections_refused.add(1);
                return tracing::warn!(%from, ?shown, "too many connections of this till");
            };
            door.counters.connections_accepted.add(1);
            tracing::debug!(%from, ?shown, "connected");
            let is_stranger = shown.is_none();
            let spoken = speak(stream, door.router.clone(), shown, end);
            if is_stranger {
                if timeout(STRANGER, spoken).await.is_err() {
                    tracing::debug!(%from, "no certificate, and too slow");
                }
            } else {
                spoken.await;
            }
            drop(place);
        }
        Err(error) => {
            door.counters.connections_refused.add(1);
            tracing::warn!(%from, %error, "refused");
        }
    }
}

async fn speak<S>(stream: S, router: Router, shown: Option<Shown>, mut end: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        if let Some(shown) = &shown {
            let peer = Peer(shown.terminal.clone());
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(shown.clone());
        }
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = over(&mut end) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
