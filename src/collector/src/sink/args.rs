//! The sink's words on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Access, SinkAddress, SinkPlan, StreamPlan};

/// The sink that is fed with every record that the store has.
#[derive(Clone, Debug, Args)]
pub struct SinkArguments {
    /// A JetStream cluster that every stored record is published to; tls:// where it speaks TLS.
    #[arg(long, value_name = "nats://HOST:PORT,...", requires = "listen")]
    sink: Option<SinkAddress>,
    /// The stream; it is made if it is not there.
    #[arg(long, value_name = "NAME", requires = "sink", default_value = "SEALPOINT", value_parser = stream_name)]
    sink_stream: String,
    /// Servers that hold each record before it counts as published: 1, 3 or 5.
    #[arg(long, value_name = "N", requires = "sink", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    sink_replicas: u8,
    /// Seconds for which the servers drop a record that comes again.
    #[arg(long, value_name = "SECONDS", requires = "sink", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    sink_window: u32,
    /// Certificates of the CA that signed the sink's servers', PEM; asks for TLS.
    #[arg(long, value_name = "FILE", requires = "sink")]
    sink_ca: Option<PathBuf>,
    /// The certificate that the collector shows to the sink, PEM.
    #[arg(long, value_name = "FILE", requires = "sink_key", requires = "sink_ca")]
    sink_cert: Option<PathBuf>,
    /// The private key of that certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "sink_cert")]
    sink_key: Option<PathBuf>,
    /// NATS credentials (JWT and seed) of the collector's user.
    #[arg(long, value_name = "FILE", requires = "sink")]
    sink_creds: Option<PathBuf>,
}

impl SinkArguments {
    /// What they say, if there is a sink at all.
    #[must_use]
    pub fn plan(&self) -> Option<SinkPlan> {
        Some(SinkPlan {
            address: self.sink.clone()?,
            stream: StreamPlan {
                name: self.sink_stream.clone(),
                replicas: self.sink_replicas.into(),
                window: Duration::from_secs(self.sink_window.into()),
            },
            access: Access {
                ca: self.sink_ca.clone(),
                cert: self.sink_cert.clone(),
                key: self.sink_key.clone(),
                credentials: self.sink_creds.clone(),
            },
        })
    }
}

fn stream_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("A stream's name is 1 to 64 letters, digits, - and _.".to_owned())
    }
}
