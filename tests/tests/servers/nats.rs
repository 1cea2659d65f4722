//! A JetStream cluster of three on the loopback, each node with `sync_interval: always`.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpoint_tests::built::target;
use sealpoint_tests::child::Running;

use crate::nats_client::Client;
use crate::process::until;

/// Ports for clients, for the other nodes, for figures: each node adds its number.
const CLIENTS: u16 = 4222;
const ROUTES: u16 = 6222;

/// The nodes; killed when dropped.
pub struct Cluster {
    folder: PathBuf,
    nodes: Vec<Option<Running>>,
    more: String,
}

impl Cluster {
    /// Starts so many nodes and waits until they can hold a stream.
    pub fn start(folder: &Path, size: usize) -> Self {
        let cluster = Self::start_with(folder, size, "");
        cluster.wait_until_it_answers();
        cluster
    }

    /// The same with more in each node's configuration, and waits only until they listen.
    pub fn start_with(folder: &Path, size: usize, more: &str) -> Self {
        fs::create_dir_all(folder).expect("a folder in a temporary folder");
        let mut cluster = Self {
            folder: folder.to_owned(),
            nodes: (0..size).map(|_| None).collect(),
            more: more.to_owned(),
        };
        for node in 0..size {
            cluster.resume(node);
        }
        for address in cluster.addresses() {
            until("each NATS node listens", || {
                TcpStream::connect(&address).ok()
            });
        }
        cluster
    }

    /// The sink's address, for `--sink`.
    pub fn url(&self) -> String {
        let servers: Vec<_> = self.addresses();
        format!("nats://{}", servers.join(","))
    }

    fn addresses(&self) -> Vec<String> {
        (0..self.nodes.len())
            .map(|node| format!("127.0.0.1:{}", port(CLIENTS, node)))
            .collect()
    }

    /// A client of the first node that answers.
    pub fn client(&self) -> Client {
        until("a NATS node answers", || {
            self.addresses()
                .iter()
                .find_map(|address| Client::connect(address).ok())
        })
    }

    /// Messages that the stream holds, those that came twice too; none while there is no stream.
    pub fn held(&self) -> u64 {
        let info = self.client().stream_info().ok();
        info.and_then(|info| info["state"]["messages"].as_u64())
            .unwrap_or(0)
    }

    /// Waits until the stream holds so many messages more than now.
    pub fn wait_for_more(&self, more: u64) {
        let wanted = self.held() + more;
        until("the stream grows", || (self.held() >= wanted).then_some(()));
    }

    /// Which node leads the stream.
    pub fn leader(&self) -> usize {
        until("the stream has a leader", || {
            let info = self.client().stream_info().ok()?;
            let name = info["cluster"]["leader"].as_str()?;
            name.strip_prefix("node-")?.parse().ok()
        })
    }

    /// SIGKILL for one node.
    pub fn kill(&mut self, node: usize) {
        let mut running = self.nodes[node].take().expect("it runs");
        running.kill();
    }

    /// Starts one node on what it had stored.
    pub fn resume(&mut self, node: usize) {
        let config = self.folder.join(format!("{node}.conf"));
        fs::write(&config, self.config(node)).expect("a file in a temporary folder");
        let log = self.folder.join(format!("{node}.log"));
        let mut command = Command::new(installed());
        command.arg("-c").arg(config);
        self.nodes[node] = Some(Running::start(&mut command, &log));
    }

    /// Waits until every node is there and the cluster takes requests.
    pub fn wait_until_it_answers(&self) {
        for address in self.addresses() {
            until("each NATS node answers", || Client::connect(&address).ok());
        }
        until("JetStream answers", || {
            let about = self.client().ask("$JS.API.INFO", "").ok()?;
            about.get("error").is_none().then_some(())
        });
    }

    /// Waits until every copy of the stream has what the leader has.
    pub fn wait_until_it_is_whole(&self) {
        until("every copy of the stream is current", || {
            let info = self.client().stream_info().ok()?;
            let copies = info["cluster"]["replicas"].as_array()?;
            let current = |copy: &serde_json::Value| copy["current"] == true;
            (copies.len() + 1 == self.nodes.len() && copies.iter().all(current)).then_some(())
        });
    }

    fn config(&self, node: usize) -> String {
        let routes: Vec<_> = (0..self.nodes.len())
            .map(|other| format!("\"nats://127.0.0.1:{}\"", port(ROUTES, other)))
            .collect();
        let cluster = if self.nodes.len() > 1 {
            format!(
                "cluster {{ name: test, listen: \"127.0.0.1:{}\", routes: [{}] }}\n",
                port(ROUTES, node),
                routes.join(", ")
            )
        } else {
            String::new()
        };
        format!(
            "server_name: node-{node}\n\
             listen: \"127.0.0.1:{}\"\n\
             jetstream {{ store_dir: \"{}\", sync_interval: always, max_mem: 256MB, max_file: 4GB }}\n\
             {cluster}{}",
            port(CLIENTS, node),
            self.folder.join(format!("store-{node}")).display(),
            self.more,
        )
    }
}

fn port(first: u16, node: usize) -> u16 {
    first + u16::try_from(node).expect("a few nodes")
}

/// Where `cargo xtask test` installs it, or where a person says.
fn installed() -> PathBuf {
    if let Some(path) = std::env::var_os("SEALPOINT_NATS_SERVER") {
        return path.into();
    }
    let found = fs::read_dir(target().join("servers"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin/nats-server"))
        .filter(|path| path.is_file())
        .max();
    found.unwrap_or_else(|| {
        panic!(
            "nats-server is missing: `cargo xtask test` installs it, or set SEALPOINT_NATS_SERVER"
        )
    })
}
