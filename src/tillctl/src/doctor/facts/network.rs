//! Everything on this machine that waits for others on the network.

use std::{collections::HashMap, fs};

use super::{
    super::places::{Places, names},
    process::Tables,
};

/// At most this many processes and descriptors of each are asked for the sockets' owners.
const MAX_PIDS: usize = 65_536;
/// At most this many descriptors of one process.
const MAX_DESCRIPTORS: usize = 4_096;

/// Sockets on which others are waited for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Network {
    /// Each with its address and, where that can be seen, its program and process.
    pub listeners: Vec<Listener>,
}

/// A socket that waits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Listener {
    /// `tcp 0.0.0.0:22`.
    pub at: String,
    /// The program's name and the process's id.
    pub owner: Option<(String, u32)>,
}

/// Looks, in this program's own network namespace.
pub fn gather(places: &Places) -> Network {
    let tables = Tables::read(places, "proc/self/net");
    let waiting: HashMap<u64, &str> = tables.listeners().collect();
    if waiting.is_empty() {
        return Network::default();
    }
    let owners = owners(places, &waiting);
    let mut listeners: Vec<_> = waiting
        .iter()
        .map(|(inode, at)| Listener {
            at: (*at).to_owned(),
            owner: owners.get(inode).cloned(),
        })
        .collect();
    listeners.sort();
    listeners.dedup();
    Network { listeners }
}

/// Which process holds each of those sockets, as far as this user may see.
fn owners(places: &Places, sockets: &HashMap<u64, &str>) -> HashMap<u64, (String, u32)> {
    let mut owners = HashMap::new();
    let pids = names(&places.path("proc")).unwrap_or_default();
    let pids = pids.iter().filter_map(|name| name.parse::<u32>().ok());
    for pid in pids.take(MAX_PIDS) {
        let folder = places.path(&format!("proc/{pid}/fd"));
        for number in names(&folder)
            .unwrap_or_default()
            .iter()
            .take(MAX_DESCRIPTORS)
        {
            let target = fs::read_link(folder.join(number)).unwrap_or_default();
            let inode = super::process::socket_inode(&target.to_string_lossy());
            let Some(inode) = inode.filter(|inode| sockets.contains_key(inode)) else {
                continue;
            };
            let name = places.text(&format!("proc/{pid}/comm")).unwrap_or_default();
            owners.entry(inode).or_insert((name, pid));
        }
    }
    owners
}
