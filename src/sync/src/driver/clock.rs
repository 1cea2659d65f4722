//! The process that sets the machine's clock asks the collector by way of the uplink: its question is
//! fetched here before the collector is asked, and the answer taken there as it came. The uplink can
//! change neither (wire's `clock`).

use std::path::Path;
use std::time::Duration;

use sealpoint_tls::signed_time::Nonce;
use sealpoint_wire::clock::{ClockAnswer, ClockQuestion, ClockWord, MAX_CLOCK_FRAME};
use sealpoint_wire::frame;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long that process may take for each of its words; its unit is started for each connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection whose question was heard.
pub(super) struct Visit {
    socket: UnixStream,
    /// What the collector is to sign.
    pub nonce: Nonce,
}

/// Hears its question.
pub(super) async fn begin(socket: &Path) -> Result<Visit, String> {
    patiently(async {
        let mut socket = UnixStream::connect(socket).await?;
        let question: ClockQuestion = read(&mut socket).await?;
        let nonce = question.nonce.parse().map_err(std::io::Error::other)?;
        Ok(Visit { socket, nonce })
    })
    .await
}

impl Visit {
    /// Hands over the collector's answer and hears what became of it.
    pub(super) async fn answer(mut self, answer: &ClockAnswer) -> Result<ClockWord, String> {
        patiently(async {
            let mut bytes = Vec::new();
            frame::write(&mut bytes, answer)?;
            self.socket.write_all(&bytes).await?;
            read(&mut self.socket).await
        })
        .await
    }
}

async fn patiently<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("it does not answer".to_owned()),
    }
}

async fn read<T: DeserializeOwned>(socket: &mut UnixStream) -> std::io::Result<T> {
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    let len = frame::body_len(head)?;
    if len > MAX_CLOCK_FRAME {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; len];
    socket.read_exact(&mut body).await?;
    frame::decode(&body)
}
