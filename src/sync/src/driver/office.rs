//! What the uplink does beside records and charges: it asks the collector for the time, and renews
//! its certificate. By the collector's clock, for the till's may be wrong.

use std::sync::Arc;
use std::time::Duration;

use sealpoint_tls::signed_time::{Nonce, verify};
use sealpoint_wire::FromUplink;
use sealpoint_wire::enrol::TimeAnswer;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::once::{Question, ask};
use super::{Config, renewal};

/// How often the time is asked for while the link stands.
const EVERY: Duration = Duration::from_secs(3600);
/// At most this often, however often the link comes and goes.
const SELDOM: Duration = Duration::from_secs(30);
/// An answer that took longer says too little of the time.
const MAX_TOOK: Duration = Duration::from_secs(10);

/// Runs until it is aborted or the till is gone.
pub(super) async fn run(
    config: Arc<Config>,
    linked: Arc<Notify>,
    to_till: mpsc::Sender<FromUplink>,
) {
    if let Err(error) = config.credentials.files().settle() {
        tracing::debug!(%error, "the certificate's file is left as it is");
    }
    loop {
        // No link within the hour is no reason not to try.
        let _ = timeout(EVERY, linked.notified()).await;
        match time(&config).await {
            Ok(at_ms) => {
                if to_till.send(FromUplink::Time { at_ms }).await.is_err() {
                    return;
                }
                renewal::look(&config, at_ms).await;
            }
            Err(why) => tracing::info!(why, "the collector's time is not known"),
        }
        tokio::time::sleep(SELDOM).await;
    }
}

/// The collector's time when its answer came, checked.
async fn time(config: &Config) -> Result<i64, String> {
    let nonce = Nonce::generate().map_err(|error| error.to_string())?;
    let path = format!("/v1/time?nonce={nonce}");
    let answer = ask(config, Question::get(&path)).await?;
    let told: TimeAnswer = answer.read()?;
    if answer.took > MAX_TOOK {
        return Err("the answer took too long".to_owned());
    }
    let signature = told.signature.as_slice();
    verify(&answer.collector, &nonce, told.at_ms, signature).map_err(|error| error.to_string())?;
    // Half of the way is the answer's.
    let back_ms = i64::try_from(answer.took.as_millis() / 2).unwrap_or(0);
    Ok(told.at_ms.saturating_add(back_ms))
}
