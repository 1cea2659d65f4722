//! TCP in between: a balancer over several servers, and a line whose way back can be cut.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Accepts connections and hands each to the next server that takes it.
pub struct Proxy {
    pub address: SocketAddr,
    mute: Arc<AtomicBool>,
    handed: Arc<Vec<AtomicUsize>>,
}

impl Proxy {
    /// Starts it on a free port; its threads end with the test.
    pub fn start(servers: &[SocketAddr]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let proxy = Self {
            address: listener.local_addr().expect("it is bound"),
            mute: Arc::default(),
            handed: Arc::new(servers.iter().map(|_| AtomicUsize::new(0)).collect()),
        };
        let (servers, mute) = (servers.to_vec(), Arc::clone(&proxy.mute));
        let handed = Arc::clone(&proxy.handed);
        thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let found = (0..servers.len())
                    .map(|step| (number + step) % servers.len())
                    .find_map(|at| Some((at, TcpStream::connect(servers[at]).ok()?)));
                if let Some((at, server)) = found {
                    handed[at].fetch_add(1, Ordering::Relaxed);
                    let _ = join(client, server, Arc::clone(&mute));
                }
            }
        });
        proxy
    }

    /// From now on nothing comes back from the servers; what goes to them still goes.
    pub fn mute(&self) {
        self.mute.store(true, Ordering::SeqCst);
    }

    /// Connections that each server got.
    pub fn handed(&self) -> Vec<usize> {
        let count = |one: &AtomicUsize| one.load(Ordering::Relaxed);
        self.handed.iter().map(count).collect()
    }
}

fn join(client: TcpStream, server: TcpStream, mute: Arc<AtomicBool>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_again, server_again) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || copy(client, server, &AtomicBool::new(false)));
    thread::spawn(move || copy(server_again, client_again, &mute));
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream, mute: &AtomicBool) {
    let mut part = [0; 16 * 1024];
    while let Ok(len @ 1..) = from.read(&mut part) {
        if mute.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&part[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
