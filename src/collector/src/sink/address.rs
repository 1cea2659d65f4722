//! Where the sink is: `nats://HOST:PORT,HOST:PORT`.

use std::fmt;
use std::str::FromStr;

/// More servers than a cluster has; the client learns of further ones from those that it reaches.
const MAX_SERVERS: usize = 16;
/// NATS's own port for clients.
const PORT: u16 = 4222;

/// The servers of one NATS cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SinkAddress {
    servers: Vec<String>,
    tls: bool,
    local: bool,
}

/// Why a text is no address of a sink.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotASink {
    /// The scheme.
    #[error("A sink is nats://HOST:PORT,HOST:PORT, or tls:// where the servers speak TLS.")]
    Scheme,
    /// A server that is none.
    #[error(
        "A sink's servers are HOST:PORT with commas between, as in nats://a.example:4222,b.example:4222."
    )]
    Server,
    /// A user or password in the address.
    #[error(
        "A sink's address is seen by everybody on this machine, so no user, password or token goes \
         into it. Give them by --sink-creds FILE."
    )]
    Secret,
    /// Too many servers.
    #[error(
        "A sink has at most {MAX_SERVERS} servers here. Give some of them; the others are found."
    )]
    TooMany,
}

impl SinkAddress {
    /// Each server, as in `nats://127.0.0.1:4222`.
    #[must_use]
    pub fn servers(&self) -> &[String] {
        &self.servers
    }

    /// Whether every connection must be TLS.
    #[must_use]
    pub const fn wants_tls(&self) -> bool {
        self.tls
    }

    /// Whether every server is on this machine's loopback.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.local
    }
}

impl FromStr for SinkAddress {
    type Err = NotASink;

    fn from_str(text: &str) -> Result<Self, NotASink> {
        let (scheme, rest) = text.split_once("://").ok_or(NotASink::Scheme)?;
        let tls = match scheme {
            "nats" => false,
            "tls" => true,
            _ => return Err(NotASink::Scheme),
        };
        let prefix = format!("{scheme}://");
        let (mut servers, mut local) = (Vec::new(), true);
        for server in rest.split(',') {
            if servers.len() == MAX_SERVERS {
                return Err(NotASink::TooMany);
            }
            // Some write the scheme before each.
            let server = server.strip_prefix(&prefix).unwrap_or(server);
            let (host, port) = host_and_port(server)?;
            local &= is_loopback(host);
            servers.push(format!("{prefix}{host}:{port}"));
        }
        Ok(Self {
            servers,
            tls,
            local,
        })
    }
}

impl fmt::Display for SinkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.servers.join(","))
    }
}

fn host_and_port(server: &str) -> Result<(&str, u16), NotASink> {
    if server.contains('@') {
        return Err(NotASink::Secret);
    }
    let (host, port) = match server.rsplit_once(':') {
        // The last colon of an address in brackets may be its own.
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().map_err(|_| NotASink::Server)?)
        }
        _ => (server, PORT),
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let good = match bare {
        Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(named),
    };
    if good && port > 0 {
        Ok((host, port))
    } else {
        Err(NotASink::Server)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{NotASink, SinkAddress};

    fn servers(text: &str) -> Vec<String> {
        text.parse::<SinkAddress>()
            .expect("an address")
            .servers()
            .to_vec()
    }

    #[test]
    fn servers_stand_between_commas() {
        let three = ["nats://a:1", "nats://b.example:4222", "nats://[::1]:3"];
        assert_eq!(servers("nats://a:1,b.example,[::1]:3"), three);
        assert_eq!(servers("nats://a:1,nats://b.example,nats://[::1]:3"), three);
        assert_eq!(servers("tls://[::1]"), ["tls://[::1]:4222"]);
    }

    #[test]
    fn tls_and_the_loopback_are_told() {
        let address: SinkAddress = "tls://127.0.0.1:1,localhost:2".parse().expect("one");
        assert!(address.wants_tls() && address.is_local());
        let address: SinkAddress = "nats://127.0.0.1:1,10.0.0.1:2".parse().expect("one");
        assert!(!address.wants_tls() && !address.is_local());
    }

    #[test]
    fn what_is_no_sink_is_refused_with_the_reason() {
        for (text, why) in [
            ("localhost:4222", NotASink::Scheme),
            ("http://localhost:4222", NotASink::Scheme),
            ("nats://", NotASink::Server),
            ("nats://a:1,", NotASink::Server),
            ("nats://a:port", NotASink::Server),
            ("nats://a:0", NotASink::Server),
            ("nats://a:70000", NotASink::Server),
            ("nats://a b:1", NotASink::Server),
            ("nats://a/x:1", NotASink::Server),
            ("nats://[::x]:1", NotASink::Server),
            ("nats://me:secret@a:1", NotASink::Secret),
        ] {
            assert_eq!(text.parse::<SinkAddress>(), Err(why), "{text}");
        }
        let many = format!("nats://{}", vec!["a:1"; 17].join(","));
        assert_eq!(many.parse::<SinkAddress>(), Err(NotASink::TooMany));
    }
}
