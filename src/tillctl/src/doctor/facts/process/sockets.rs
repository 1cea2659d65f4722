//! The sockets of a process, by the kernel's tables in `/proc/PID/net`.

use std::collections::HashMap;

use super::super::super::places::Places;

/// State of a TCP socket that listens, in hexadecimal (`TCP_LISTEN`).
const TCP_LISTEN: &str = "0A";
/// State of a UDP socket that takes from anybody (`TCP_CLOSE`: not connected).
const UDP_OPEN: &str = "07";
/// Flag of a Unix socket that listens (`__SO_ACCEPTCON`).
const UNIX_LISTEN: &str = "00010000";

/// What kind of socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// Within this machine.
    Unix,
    /// To the kernel.
    Netlink,
    /// Internet.
    Internet,
    /// In no table: made and not used yet, or of a rare kind.
    Unknown,
}

/// A socket.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Socket {
    /// What kind.
    pub family: Family,
    /// Where it waits for others, if it does: `tcp 0.0.0.0:22`, or a path.
    pub listens: Option<String>,
}

/// The kernel's tables, by inode.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tables(HashMap<u64, Socket>);

impl FromIterator<Tables> for Tables {
    /// An inode is one socket in all name spaces, so tables of several can be put together.
    fn from_iter<T: IntoIterator<Item = Tables>>(all: T) -> Self {
        Self(all.into_iter().flat_map(|one| one.0).collect())
    }
}

impl Tables {
    /// The tables in that folder; one that cannot be read is empty.
    pub fn read(places: &Places, folder: &str) -> Self {
        let mut all = HashMap::new();
        let lines = |name: &str| places.text(&format!("{folder}/{name}")).unwrap_or_default();
        for name in [
            "tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp",
        ] {
            all.extend(
                lines(name)
                    .lines()
                    .skip(1)
                    .filter_map(|l| internet(name, l)),
            );
        }
        all.extend(lines("unix").lines().skip(1).filter_map(unix));
        all.extend(last_column(&lines("netlink"), Family::Netlink));
        all.extend(last_column(&lines("packet"), Family::Internet));
        Self(all)
    }

    /// The socket with that inode.
    pub fn socket(&self, inode: u64) -> Socket {
        let unknown = Socket {
            family: Family::Unknown,
            listens: None,
        };
        self.0.get(&inode).cloned().unwrap_or(unknown)
    }

    /// Internet sockets that wait for others, with their inodes.
    pub fn listeners(&self) -> impl Iterator<Item = (u64, &str)> {
        self.0
            .iter()
            .filter(|(_, socket)| socket.family == Family::Internet)
            .filter_map(|(inode, socket)| Some((*inode, socket.listens.as_deref()?)))
    }
}

/// A line of `tcp`, `udp` and their like.
fn internet(table: &str, line: &str) -> Option<(u64, Socket)> {
    let mut columns = line.split_whitespace();
    let local = columns.nth(1)?;
    let _remote = columns.next()?;
    let state = columns.next()?;
    let inode = columns.nth(5)?.parse().ok()?;
    let waits = match table {
        "tcp" | "tcp6" => state == TCP_LISTEN,
        _ => state == UDP_OPEN,
    };
    let socket = Socket {
        family: Family::Internet,
        listens: waits.then(|| format!("{table} {}", address(local))),
    };
    Some((inode, socket))
}

/// `0100007F:1F90` as `127.0.0.1:8080`: words of four bytes in the machine's order.
fn address(text: &str) -> String {
    let Some((host, port)) = text.split_once(':') else {
        return text.to_owned();
    };
    let port = u16::from_str_radix(port, 16).unwrap_or(0);
    let bytes: Option<Vec<u8>> = (0..host.len() / 8)
        .map(|word| u32::from_str_radix(host.get(word * 8..word * 8 + 8)?, 16).ok())
        .collect::<Option<Vec<u32>>>()
        .map(|words| words.iter().flat_map(|word| word.to_ne_bytes()).collect());
    let bytes = bytes.unwrap_or_default();
    if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return format!("{}:{port}", std::net::Ipv4Addr::from(four));
    }
    match <[u8; 16]>::try_from(bytes.as_slice()) {
        Ok(sixteen) => format!("[{}]:{port}", std::net::Ipv6Addr::from(sixteen)),
        Err(_) => text.to_owned(),
    }
}

/// A line of `unix`.
fn unix(line: &str) -> Option<(u64, Socket)> {
    let mut columns = line.split_whitespace();
    let flags = columns.nth(3)?;
    let inode = columns.nth(2)?.parse().ok()?;
    let path = columns.next().unwrap_or("a socket without a name");
    let socket = Socket {
        family: Family::Unix,
        listens: (flags == UNIX_LISTEN).then(|| path.to_owned()),
    };
    Some((inode, socket))
}

/// Tables whose last column is the inode.
fn last_column(lines: &str, family: Family) -> Vec<(u64, Socket)> {
    let inode = |line: &str| line.split_whitespace().last()?.parse().ok();
    let socket = Socket {
        family,
        listens: None,
    };
    let pair = |inode| (inode, socket.clone());
    lines.lines().skip(1).filter_map(inode).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_people_write_it() {
        let word = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
        let host = word([127, 0, 0, 1]);
        assert_eq!(address(&format!("{host}:1F90")), "127.0.0.1:8080");
        let mut loopback = word([0; 4]).repeat(3);
        loopback.push_str(&word([0, 0, 0, 1]));
        assert_eq!(address(&format!("{loopback}:0016")), "[::1]:22");
        assert_eq!(address("nonsense"), "nonsense");
    }

    #[test]
    fn a_table_tells_who_listens_and_who_is_connected() {
        let listens = "  0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0";
        let connected = "  1: 0100007F:D431 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0";
        let (inode, socket) = internet("tcp", listens).expect("a line");
        assert_eq!(
            (inode, socket.listens.as_deref()),
            (4711, Some("tcp 0.0.0.0:22"))
        );
        let (inode, socket) = internet("tcp", connected).expect("a line");
        assert_eq!((inode, socket.listens), (4712, None));
        let (inode, socket) =
            unix("0000000000000000: 00000002 00000000 00010000 0001 01 99 /run/x").expect("a line");
        assert_eq!((inode, socket.listens.as_deref()), (99, Some("/run/x")));
        assert!(internet("tcp", "").is_none() && unix("a b").is_none());
    }
}
