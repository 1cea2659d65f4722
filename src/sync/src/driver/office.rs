//! What the uplink does beside records and charges: it asks the collector for the time, renews its
//! certificate, and shows what this till runs. By the collector's clock, for the till's may be wrong.

use std::sync::Arc;
use std::time::Duration;

use sealpoint_tls::signed_time::{Nonce, verify};
use sealpoint_wire::clock::{ClockAnswer, ClockWord};
use sealpoint_wire::enrol::TimeAnswer;
use sealpoint_wire::{Bytes, FromUplink};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout};

use super::once::{Answer, Question, ask};
use super::{Config, attest, clock, renewal};

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
    stands: Arc<Notify>,
    to_till: mpsc::Sender<FromUplink>,
) {
    if let Err(error) = config.credentials.files().settle() {
        tracing::debug!(%error, "the certificate's file is left as it is");
    }
    let mut shown = attest::Shown::default();
    loop {
        // No link within the hour is no reason not to try.
        let is_new_link = timeout(EVERY, linked.notified()).await.is_ok();
        match time(&config).await {
            Ok(at_ms) => {
                if to_till.send(FromUplink::Time { at_ms }).await.is_err() {
                    return;
                }
                renewal::look(&config, at_ms).await;
            }
            Err(why) => tracing::info!(why, "the collector's time is not known"),
        }
        if shown.look(&config, is_new_link).await {
            stands.notify_one();
        }
        tokio::time::sleep(SELDOM).await;
    }
}

/// The collector's time when its answer came, checked.
async fn time(config: &Config) -> Result<i64, String> {
    let visit = visit(config).await;
    let nonce = match &visit {
        Some(visit) => visit.nonce,
        None => Nonce::generate().map_err(|error| error.to_string())?,
    };
    let path = format!("/v1/time?nonce={nonce}");
    let answer = ask(config, Question::get(&path)).await?;
    let told: TimeAnswer = answer.read()?;
    if answer.took > MAX_TOOK {
        return Err("the answer took too long".to_owned());
    }
    let signature = told.signature.as_slice();
    verify(&answer.collector, &nonce, told.at_ms, signature).map_err(|error| error.to_string())?;
    let heard = Instant::now();
    if let Some(visit) = visit {
        set_clock(visit, &answer, &told).await;
    }
    // Half of the way is the answer's; and the clock's process took its time.
    let since = answer.took / 2 + heard.elapsed();
    let back_ms = i64::try_from(since.as_millis()).unwrap_or(0);
    Ok(told.at_ms.saturating_add(back_ms))
}

/// The question of the process that sets the clock. That process is the machine's affair: without it
/// the time is asked for all the same.
async fn visit(config: &Config) -> Option<clock::Visit> {
    match clock::begin(config.clock.as_deref()?).await {
        Ok(visit) => Some(visit),
        Err(why) => {
            tracing::info!(why, "the machine's clock is not set now");
            None
        }
    }
}

/// Hands the collector's answer to it.
async fn set_clock(visit: clock::Visit, answer: &Answer, told: &TimeAnswer) {
    let Ok(certificate) = Bytes::try_from(answer.collector.to_vec()) else {
        return;
    };
    let answer = ClockAnswer {
        at_ms: told.at_ms,
        signature: told.signature.clone(),
        certificate,
        took_ms: u32::try_from(answer.took.as_millis()).unwrap_or(u32::MAX),
    };
    match visit.answer(&answer).await {
        Ok(ClockWord::Kept { .. }) => {}
        Ok(ClockWord::Slewed { offset_ms }) => {
            tracing::info!(offset_ms, "the machine's clock is brought up slowly");
        }
        Ok(ClockWord::Stepped { offset_ms }) => {
            tracing::warn!(offset_ms, "the machine's clock was set");
        }
        Ok(ClockWord::Refused { why }) => {
            tracing::warn!(why, "the machine's clock is left as it is");
        }
        Err(why) => tracing::info!(why, "what became of the machine's clock is not known"),
    }
}
