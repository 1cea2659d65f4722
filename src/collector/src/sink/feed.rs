//! Feeding the sink: claim, publish, settle, again. One task in each collector.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use sealpoint_wire::RecordId;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::SinkPlan;
use super::link::{ACKNOWLEDGED, Link, Published, SinkError};
use super::pace::Pace;
use crate::counters::Counters;
use crate::now_ms;
use crate::store::{Claim, Isolation, Store, StoreError};

/// Records in one claim; a full one of the largest holds some 32 MiB for as long as it takes.
const BATCH: u32 = 128;
/// A claim is another collector's after this: well past the time that a batch may take.
const LEASE_MS: i64 = 20_000;
/// A record that the servers refuse for its size is tried again after this.
const TOO_LARGE_MS: i64 = 60 * 60 * 1000;
/// How often the outbox is looked at when nobody rings: another collector's rows, expired claims.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long the start waits for a stream that is wrong to show itself.
const AT_START: Duration = Duration::from_secs(4);

/// Rung when a push has left something in the outbox; clones ring the same.
#[derive(Clone, Default, Debug)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Wakes the feed.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// Feeds the sink until the collector ends.
pub struct Feed {
    plan: SinkPlan,
    store: Store,
    counters: Arc<Counters>,
    bell: Bell,
    link: Option<Link>,
    /// Whether the stream was found good since the last failure.
    checked: bool,
    /// What went wrong last, so that the log says it once.
    said: Option<String>,
}

/// What a round found.
enum Round {
    /// Nothing: there is time.
    Idle,
    /// Rows; there may be more.
    Fed,
}

/// The round ends here and is begun again after a pause.
enum Broken {
    Sink(SinkError),
    Store(StoreError),
    Unacknowledged(String),
}

impl Feed {
    /// A feed that has looked at its sink once. A sink that is away is waited for later.
    ///
    /// # Errors
    /// A [`SinkError`] that lasts: a person must change something.
    pub async fn open(
        plan: SinkPlan,
        store: Store,
        counters: Arc<Counters>,
        bell: Bell,
    ) -> Result<Self, SinkError> {
        if !plan.address.is_local() && plan.access.ca.is_none() {
            tracing::warn!(sink = %plan.address, "records go to the sink in clear; say --sink-ca");
        }
        let mut feed = Self {
            plan,
            store,
            counters,
            bell,
            link: None,
            checked: false,
            said: None,
        };
        match timeout(AT_START, feed.ready()).await {
            Ok(Err(error)) if error.is_lasting() => return Err(error),
            Ok(Err(error)) => feed.say(&error.to_string()),
            Ok(Ok(())) => tracing::info!(sink = %feed.plan.address, "feeding the sink"),
            Err(_) => feed.say("The sink answers slowly. It is tried again."),
        }
        Ok(feed)
    }

    /// Feeds until told to end; a batch that is under way is finished.
    pub async fn run(mut self, mut end: watch::Receiver<bool>) {
        let mut pace = Pace::default();
        while !*end.borrow() {
            match self.round().await {
                Ok(Round::Idle) => {
                    pace.worked();
                    tokio::select! {
                        () = self.bell.0.notified() => {}
                        () = sleep(LOOK_AGAIN) => {}
                        _ = end.wait_for(|end| *end) => {}
                    }
                }
                Ok(Round::Fed) => pace.worked(),
                Err(broken) => {
                    self.note(broken);
                    let chance = RandomState::new().build_hasher().finish();
                    tokio::select! {
                        () = sleep(pace.failed(chance)) => {}
                        _ = end.wait_for(|end| *end) => {}
                    }
                }
            }
        }
    }

    /// One claim, published and settled.
    async fn round(&mut self) -> Result<Round, Broken> {
        self.ready().await.map_err(Broken::Sink)?;
        let holder = Uuid::now_v7().to_string();
        let claim = self.claim(holder.clone()).await.map_err(Broken::Store)?;
        if claim.gone > 0 {
            self.counters.sink_gone.add(claim.gone);
            tracing::error!(
                records = claim.gone,
                "records were removed from the store before the sink had them"
            );
        }
        if claim.records.is_empty() && claim.gone == 0 {
            return Ok(Round::Idle);
        }
        let Some(link) = &self.link else {
            return Ok(Round::Idle);
        };
        let results = link.publish(&claim.records).await;
        let mut later = Vec::new();
        let mut broken = None;
        for (record, result) in claim.records.iter().zip(results) {
            match result {
                Published::Stored => self.counters.sink_stored.add(1),
                Published::Duplicate => self.counters.sink_duplicate.add(1),
                Published::TooLarge => {
                    self.counters.sink_too_large.add(1);
                    self.alarm_too_large(record.terminal.as_str(), record.id)
                        .await;
                    later.push((record.id, now_ms().saturating_add(TOO_LARGE_MS)));
                }
                Published::Unacknowledged(why) => {
                    self.counters.sink_unacknowledged.add(1);
                    later.push((record.id, now_ms()));
                    broken = Some(why);
                }
            }
        }
        self.store
            .run_with(Isolation::ReadCommitted, move |db| {
                db.settle_sink_claim(&holder, &later)
            })
            .await
            .map_err(Broken::Store)?;
        match broken {
            Some(why) => Err(Broken::Unacknowledged(why)),
            None => {
                self.well();
                Ok(Round::Fed)
            }
        }
    }

    async fn claim(&self, holder: String) -> Result<Claim, StoreError> {
        self.store
            .run_with(Isolation::ReadCommitted, move |db| {
                let now = now_ms();
                db.claim_for_sink(&holder, BATCH, now, now.saturating_add(LEASE_MS))
            })
            .await
    }

    /// Connected, and the stream found good.
    async fn ready(&mut self) -> Result<(), SinkError> {
        let link = match self.link.take() {
            Some(link) => link,
            None => Link::connect(&self.plan).await?,
        };
        let link = self.link.insert(link);
        if !self.checked {
            link.check().await?;
            self.checked = true;
        }
        Ok(())
    }

    async fn alarm_too_large(&self, terminal: &str, id: RecordId) {
        let (terminal, subject) = (terminal.to_owned(), format!("record {id}"));
        let what = "The sink takes no record as large as this one. Raise the servers' max_payload.";
        let raised = self
            .store
            .run(move |db| db.alarm(&terminal, &subject, what, now_ms()))
            .await;
        if let Err(error) = raised {
            tracing::error!(%error, "an alarm could not be raised");
        }
    }

    fn note(&mut self, broken: Broken) {
        self.counters.sink_failures.add(1);
        match broken {
            Broken::Sink(error) => {
                self.checked = false;
                self.say(&error.to_string());
            }
            Broken::Unacknowledged(why) => {
                self.checked = false;
                self.say(&format!(
                    "The sink did not acknowledge records ({why}). They are published again."
                ));
            }
            Broken::Store(error) => self.say(&error.to_string()),
        }
    }

    /// Says what is wrong, once for as long as it stays the same.
    fn say(&mut self, what: &str) {
        if self.said.as_deref() != Some(what) {
            tracing::warn!(sink = %self.plan.address, "{what}");
            self.said = Some(what.to_owned());
        }
    }

    fn well(&mut self) {
        if self.said.take().is_some() {
            tracing::info!(sink = %self.plan.address, "the sink takes records again");
        }
    }
}

const _: () = assert!(
    ACKNOWLEDGED.as_millis() * 3 < LEASE_MS as u128,
    "a claim outlives its batch"
);
