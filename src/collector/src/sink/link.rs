//! The connection to the sink's servers: the stream's check, and publishing a batch.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind};
use sealpoint_wire::Record;
use tokio::time::{Instant, timeout_at};

use super::stream::Unfit;
use super::{SinkPlan, StreamPlan};

/// A server answers a new connection within this.
const CONNECT: Duration = Duration::from_secs(3);
/// The servers answer a question about a stream within this.
const ANSWER: Duration = Duration::from_secs(5);
/// A batch is acknowledged within this; what is not is published again.
pub(super) const ACKNOWLEDGED: Duration = Duration::from_secs(5);
/// A server that is silent for this long is left.
const PING: Duration = Duration::from_secs(10);
/// The first version that can sync before it acknowledges.
const OLDEST: (u64, u64) = (2, 10);

/// Why the sink takes nothing, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// A file of the connection.
    #[error("The file {} cannot be used for the sink: {why}. Give another one.", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS, but whom to trust is not said.
    #[error("The sink is to be reached by TLS, but no CA is given. Say --sink-ca FILE.")]
    NoCa,
    /// The servers do not let the collector in.
    #[error(
        "The sink's servers refuse this collector. Check --sink-creds, --sink-cert and the rights of its user."
    )]
    Refused,
    /// Nobody answers.
    #[error("The sink does not answer ({0}). It is tried again; tills are served meanwhile.")]
    Away(String),
    /// Too old.
    #[error(
        "The sink's server is of version {0}, which cannot sync before it acknowledges. Take 2.10 or later with sync_interval: always."
    )]
    Old(String),
    /// One server alone.
    #[error(
        "The sink's servers are no cluster that can keep {0} copies. Make it one, or say --sink-replicas 1 and accept that its one disk may lose records."
    )]
    NoCluster(usize),
    /// No rights, or no JetStream.
    #[error(
        "The sink's servers give this collector no JetStream ({0}). Turn it on for its account."
    )]
    NoJetStream(String),
    /// The stream's subjects are another stream's.
    #[error(
        "Another stream takes the subject sealpoint.records.* already. Say --sink-stream with its name, or give it other subjects."
    )]
    Overlap,
    /// The stream.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

impl SinkError {
    /// Whether waiting does not help: a person must change something.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        !matches!(self, Self::Away(_))
    }
}

/// What became of one record of a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Published {
    /// Stored now.
    Stored,
    /// Was stored before, under the same id.
    Duplicate,
    /// Larger than the servers take.
    TooLarge,
    /// Not acknowledged: perhaps stored, perhaps not.
    Unacknowledged(String),
}

/// A connection to the servers; it dials again by itself when it breaks.
pub struct Link {
    client: Client,
    context: Context,
    stream: StreamPlan,
}

impl Link {
    /// Connects to one of the servers.
    ///
    /// # Errors
    /// [`SinkError`].
    pub async fn connect(plan: &SinkPlan) -> Result<Self, SinkError> {
        let client = plan
            .access
            .options(&plan.address)?
            .connection_timeout(CONNECT)
            .request_timeout(Some(ANSWER))
            .ping_interval(PING)
            .connect(plan.address.servers())
            .await
            .map_err(|error| match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    SinkError::Refused
                }
                _ => SinkError::Away(error.to_string()),
            })?;
        let context = jetstream::ContextBuilder::new()
            .timeout(ANSWER)
            .ack_timeout(ACKNOWLEDGED)
            .build(client.clone());
        Ok(Self {
            client,
            context,
            stream: plan.stream.clone(),
        })
    }

    /// Finds the stream, or makes it, and checks that it can be relied on.
    ///
    /// # Errors
    /// [`SinkError`].
    pub async fn check(&self) -> Result<(), SinkError> {
        let version = self.client.server_info().version;
        if !is_new_enough(&version) {
            return Err(SinkError::Old(version));
        }
        let name = &self.stream.name;
        let stream = match self.context.get_stream(name).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    self.create().await?
                }
                GetStreamErrorKind::JetStream(error) => return Err(self.explain(&error)),
                _ => return Err(SinkError::Away(error.to_string())),
            },
        };
        let found = &stream.cached_info().config;
        self.stream.check(found)?;
        if StreamPlan::forgets(found) {
            tracing::warn!(
                stream = name,
                "the sink's stream forgets old records by itself; consumers must keep up"
            );
        }
        Ok(())
    }

    async fn create(&self) -> Result<jetstream::stream::Stream, SinkError> {
        let made = self.context.create_stream(self.stream.config()).await;
        made.inspect(|_| tracing::info!(stream = self.stream.name, "made the sink's stream"))
            .map_err(|error| match error.kind() {
                CreateStreamErrorKind::JetStream(error) => self.explain(&error),
                _ => SinkError::Away(error.to_string()),
            })
    }

    fn explain(&self, error: &jetstream::Error) -> SinkError {
        match error.error_code() {
            ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED => SinkError::NoCluster(self.stream.replicas),
            ErrorCode::STREAM_SUBJECT_OVERLAP => SinkError::Overlap,
            ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
                SinkError::NoJetStream(error.to_string())
            }
            _ => SinkError::Away(error.to_string()),
        }
    }

    /// Publishes a batch and waits for the word of a majority on each record, in their order.
    pub async fn publish(&self, records: &[Record]) -> Vec<Published> {
        let deadline = Instant::now() + ACKNOWLEDGED;
        let mut waiting = Vec::with_capacity(records.len());
        for record in records {
            let subject = format!("sealpoint.records.{}", record.terminal);
            let payload = serde_json::to_vec(record)
                .expect("a record holds only strings and numbers, which always serialise");
            let message = PublishMessage::build()
                .payload(payload.into())
                .message_id(record.id.to_string())
                .expected_stream(&self.stream.name);
            waiting.push(self.context.send_publish(subject, message).await);
        }
        let mut results = Vec::with_capacity(records.len());
        for one in waiting {
            let acknowledged = match one {
                Ok(acknowledgement) => timeout_at(deadline, acknowledgement.into_future()).await,
                Err(error) => Ok(Err(error)),
            };
            results.push(match acknowledged {
                Ok(Ok(acknowledged)) if acknowledged.stream != self.stream.name => {
                    Published::Unacknowledged(format!("the stream {} took it", acknowledged.stream))
                }
                Ok(Ok(acknowledged)) if acknowledged.duplicate => Published::Duplicate,
                Ok(Ok(_)) => Published::Stored,
                Ok(Err(error)) if is_too_large(&error) => Published::TooLarge,
                Ok(Err(error)) => Published::Unacknowledged(error.to_string()),
                Err(_) => Published::Unacknowledged("no acknowledgement in time".to_owned()),
            });
        }
        results
    }
}

/// The servers' own bound (max_payload), or the stream's (max_msg_size).
fn is_too_large(error: &jetstream::context::PublishError) -> bool {
    if error.kind() == PublishErrorKind::MaxPayloadExceeded {
        return true;
    }
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<jetstream::Error>())
        .is_some_and(|error| error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn a_server_that_cannot_sync_before_it_acknowledges_is_too_old() {
        for old in ["2.9.10", "1.4.1", "0.9", "", "two.ten", "2"] {
            assert!(!is_new_enough(old), "{old}");
        }
        for new in ["2.10.0", "2.15.1", "3.0.0-beta", "2.10"] {
            assert!(is_new_enough(new), "{new}");
        }
    }
}
