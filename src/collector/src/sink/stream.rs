//! The stream that the sink publishes to: what it must be like to lose nothing.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

/// What each record is published under, with the terminal in place of the star.
pub const SUBJECTS: &str = "sealpoint.records.*";

/// The stream that is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamPlan {
    /// Its name.
    pub name: String,
    /// Servers that hold each message before it is acknowledged.
    pub replicas: usize,
    /// How long the servers remember a message's id to drop it when it comes again.
    pub window: Duration,
}

/// Why a stream that is there may lose or hide records.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// Too few copies.
    #[error(
        "The stream {name} keeps {found} copies, and {wanted} are wanted, so that a server may be \
         lost. Raise its replicas (nats stream edit), or say --sink-replicas {found}."
    )]
    Replicas {
        /// The stream.
        name: String,
        /// What it has.
        found: usize,
        /// What is wanted.
        wanted: usize,
    },
    /// Kept in memory.
    #[error(
        "The stream {0} is kept in memory and ends with its servers. Make it anew with file storage."
    )]
    Memory(String),
    /// It takes other subjects.
    #[error("The stream {0} does not take {SUBJECTS}. Add that subject to it (nats stream edit).")]
    Subjects(String),
    /// It does not acknowledge, or before it has stored.
    #[error(
        "The stream {0} does not acknowledge what it has stored. Make it anew without no_ack and with the default persist mode."
    )]
    Unacknowledged(String),
    /// It forgets what nobody waits for.
    #[error(
        "The stream {0} forgets records that no consumer waits for. Make it anew with limits as its retention."
    )]
    Retention(String),
    /// It takes nothing more.
    #[error("The stream {0} is sealed and takes nothing more. Give another --sink-stream.")]
    Sealed(String),
    /// It forgets ids too soon.
    #[error(
        "The stream {name} remembers ids for {found:?}, and {wanted:?} are wanted. Set its duplicate \
         window (nats stream edit --dupe-window), or say --sink-window."
    )]
    Window {
        /// The stream.
        name: String,
        /// What it has.
        found: Duration,
        /// What is wanted.
        wanted: Duration,
    },
}

impl StreamPlan {
    /// The stream to make where there is none. It has no limits, and refuses rather than forgets if
    /// somebody gives it one.
    #[must_use]
    pub fn config(&self) -> Config {
        Config {
            name: self.name.clone(),
            description: Some("Sales as Sealpoint's collectors stored them".to_owned()),
            subjects: vec![SUBJECTS.to_owned()],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            num_replicas: self.replicas,
            duplicate_window: self.window,
            allow_direct: true,
            ..Config::default()
        }
    }

    /// Whether a stream that is there will do.
    ///
    /// # Errors
    /// [`Unfit`], the first reason that it will not.
    pub fn check(&self, found: &Config) -> Result<(), Unfit> {
        let name = || self.name.clone();
        if found.num_replicas < self.replicas {
            return Err(Unfit::Replicas {
                name: name(),
                found: found.num_replicas,
                wanted: self.replicas,
            });
        }
        if found.storage != StorageType::File {
            return Err(Unfit::Memory(name()));
        }
        if !found.subjects.iter().any(|pattern| covers(pattern)) {
            return Err(Unfit::Subjects(name()));
        }
        let early = found
            .persist_mode
            .as_ref()
            .is_some_and(|mode| *mode != async_nats::jetstream::stream::PersistenceMode::Default);
        if found.no_ack || early {
            return Err(Unfit::Unacknowledged(name()));
        }
        if found.retention == RetentionPolicy::Interest {
            return Err(Unfit::Retention(name()));
        }
        if found.sealed {
            return Err(Unfit::Sealed(name()));
        }
        if found.duplicate_window < self.window {
            return Err(Unfit::Window {
                name: name(),
                found: found.duplicate_window,
                wanted: self.window,
            });
        }
        Ok(())
    }

    /// Whether what is there forgets old records by itself: a consumer must keep up with it.
    #[must_use]
    pub fn forgets(found: &Config) -> bool {
        let limited =
            found.max_bytes > 0 || found.max_messages > 0 || found.max_messages_per_subject > 0;
        !found.max_age.is_zero() || (limited && found.discard == DiscardPolicy::Old)
    }
}

/// Whether a stream's subject takes every terminal's records (NATS subjects: `*` is one token, `>`
/// the rest).
fn covers(pattern: &str) -> bool {
    let mut wanted = SUBJECTS.split('.');
    for token in pattern.split('.') {
        match (token, wanted.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (token, Some(wanted)) if token == wanted => {}
            _ => return false,
        }
    }
    wanted.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_nats::jetstream::stream::{
        Config, DiscardPolicy, PersistenceMode, RetentionPolicy, StorageType,
    };

    use super::{StreamPlan, Unfit, covers};

    fn plan() -> StreamPlan {
        StreamPlan {
            name: "SEALPOINT".to_owned(),
            replicas: 3,
            window: Duration::from_secs(3600),
        }
    }

    #[test]
    fn what_it_makes_it_takes() {
        let made = plan().config();
        assert_eq!(plan().check(&made), Ok(()));
        assert_eq!(made.num_replicas, 3);
        assert_eq!(made.storage, StorageType::File);
        assert!(!StreamPlan::forgets(&made));
    }

    #[test]
    fn a_stream_that_may_lose_records_is_refused() {
        type Change = fn(&mut Config);
        type Wanted = fn(&Unfit) -> bool;
        let cases: [(Change, Wanted); 9] = [
            (
                |c| c.num_replicas = 1,
                |u| {
                    matches!(
                        u,
                        Unfit::Replicas {
                            found: 1,
                            wanted: 3,
                            ..
                        }
                    )
                },
            ),
            (
                |c| c.storage = StorageType::Memory,
                |u| matches!(u, Unfit::Memory(_)),
            ),
            (
                |c| c.subjects = vec!["sales.>".to_owned()],
                |u| matches!(u, Unfit::Subjects(_)),
            ),
            (|c| c.subjects.clear(), |u| matches!(u, Unfit::Subjects(_))),
            (
                |c| c.no_ack = true,
                |u| matches!(u, Unfit::Unacknowledged(_)),
            ),
            (
                |c| c.persist_mode = Some(PersistenceMode::Async),
                |u| matches!(u, Unfit::Unacknowledged(_)),
            ),
            (
                |c| c.retention = RetentionPolicy::Interest,
                |u| matches!(u, Unfit::Retention(_)),
            ),
            (|c| c.sealed = true, |u| matches!(u, Unfit::Sealed(_))),
            (
                |c| c.duplicate_window = Duration::from_secs(120),
                |u| matches!(u, Unfit::Window { .. }),
            ),
        ];
        for (number, (change, wanted)) in cases.into_iter().enumerate() {
            let mut found = plan().config();
            change(&mut found);
            let unfit = plan().check(&found).expect_err("it is unfit");
            assert!(wanted(&unfit), "case {number}: {unfit}");
        }
    }

    #[test]
    fn a_stream_with_more_than_is_wanted_will_do() {
        let mut found = plan().config();
        found.num_replicas = 5;
        found.duplicate_window = Duration::from_secs(86_400);
        found.subjects = vec!["other".to_owned(), "sealpoint.>".to_owned()];
        assert_eq!(plan().check(&found), Ok(()));
    }

    #[test]
    fn a_stream_that_forgets_is_told() {
        let mut found = plan().config();
        found.max_messages = 10;
        assert!(!StreamPlan::forgets(&found), "it refuses the eleventh");
        found.discard = DiscardPolicy::Old;
        assert!(StreamPlan::forgets(&found));
        let mut found = plan().config();
        found.max_age = Duration::from_secs(86_400);
        assert!(StreamPlan::forgets(&found));
    }

    #[test]
    fn a_subject_takes_every_terminal_or_does_not() {
        for pattern in [
            "sealpoint.records.*",
            "sealpoint.records.>",
            "sealpoint.>",
            ">",
            "*.*.*",
        ] {
            assert!(covers(pattern), "{pattern}");
        }
        for pattern in [
            "sealpoint.records.T0000001",
            "sealpoint.records",
            "sealpoint",
            "*.*",
            "*.*.*.*",
            "",
        ] {
            assert!(!covers(pattern), "{pattern}");
        }
    }
}
