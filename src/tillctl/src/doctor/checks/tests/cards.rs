//! Defects of till, cards, reader, queue and database.

use sealpoint_wire::{LinkState, ReaderState, status::KeySource};

use super::{
    super::super::{
        facts::{Seen, database::Looked, reader::Readers},
        finding::Level::{Critical, Note, Ok, Warning},
        ids::Id,
    },
    DAY_MS, Defect, NOW_MS, config, word,
};

fn readers(names: &[&str]) -> Readers {
    Readers::Service {
        socket: true,
        names: Result::Ok(names.iter().map(|name| (*name).to_owned()).collect()),
    }
}

fn stopped(facts: &mut super::Facts) {
    facts.till.holder = Seen::There(None);
    facts.processes.clear();
}

pub const DEFECTS: &[Defect] = &[
    // the till as a whole
    (
        "no state folder",
        |f| f.till.folder = Seen::Missing,
        Id::StateMissing,
        Critical,
    ),
    (
        "a state folder of somebody else",
        |f| f.till.folder = Seen::Unseen("no".to_owned()),
        Id::StateUnseen,
        Warning,
    ),
    ("a till that was closed", stopped, Id::TillStopped, Warning),
    (
        "a lock that cannot be seen",
        |f| f.till.holder = Seen::Unseen("no".to_owned()),
        Id::NotSeen,
        Note,
    ),
    (
        "a till without a word",
        |f| f.till.said = Seen::Missing,
        Id::StatusMissing,
        Warning,
    ),
    (
        "a till whose word is garbage",
        |f| f.till.said = Seen::Broken("junk".to_owned()),
        Id::StatusBroken,
        Warning,
    ),
    (
        "a till that hangs",
        |f| word(f).written_at_ms -= 600_000,
        Id::StatusStale,
        Critical,
    ),
    (
        "the word of a till before",
        |f| word(f).pid = 99,
        Id::StatusOfAnother,
        Warning,
    ),
    (
        "a named configuration that is not there",
        |f| {
            f.till.config = Seen::Missing;
            f.till.config_named = true;
        },
        Id::ConfigMissing,
        Warning,
    ),
    (
        "a configuration that is no TOML",
        |f| f.till.config = Seen::Broken("junk".to_owned()),
        Id::ConfigBroken,
        Warning,
    ),
    (
        "demo mode left on",
        |f| {
            word(f).production = false;
            config(f).mode = Some("demo".to_owned());
        },
        Id::ModeDemo,
        Warning,
    ),
    (
        "a demo that was stopped and is set to production",
        |f| {
            stopped(f);
            word(f).production = false;
        },
        Id::ModeProduction,
        Ok,
    ),
    (
        "demo mode behind a production configuration",
        |f| word(f).production = false,
        Id::ModeContradicted,
        Critical,
    ),
    (
        "a mark in production",
        |f| config(f).mark = "DEMO".to_owned(),
        Id::MarkInProduction,
        Warning,
    ),
    (
        "two terminals",
        |f| config(f).terminal = Some("T2".to_owned()),
        Id::TerminalContradicted,
        Warning,
    ),
    ("an ordinary user", |f| f.root = false, Id::NotSeen, Note),
    // cards and readers
    (
        "a lane that crashed",
        |f| {
            word(f).lane.up = false;
            f.processes.remove(1);
        },
        Id::LaneDown,
        Critical,
    ),
    (
        "a lane that refuses to run",
        |f| {
            let lane = &mut word(f).lane;
            lane.up = false;
            lane.cannot_charge = Some("Its memory is not locked. Raise the limit.".to_owned());
            f.processes.remove(1);
        },
        Id::LaneDown,
        Critical,
    ),
    (
        "no key for today",
        |f| word(f).lane.cannot_charge = Some("No card can be charged.".to_owned()),
        Id::CardsNotCharged,
        Critical,
    ),
    (
        "a key that ends",
        |f| word(f).lane.warnings.push("It ends.".to_owned()),
        Id::CardsWarning,
        Warning,
    ),
    (
        "no reader",
        |f| f.reader = readers(&[]),
        Id::ReaderMissing,
        Critical,
    ),
    (
        "a card service that fails",
        |f| {
            f.reader = Readers::Service {
                socket: true,
                names: Err("It fails.".to_owned()),
            }
        },
        Id::ReaderMissing,
        Critical,
    ),
    (
        "no reader on a till that was closed",
        |f| {
            stopped(f);
            f.reader = readers(&[]);
        },
        Id::ReaderMissing,
        Warning,
    ),
    (
        "a reader too many",
        |f| f.reader = readers(&["ACME Reader [Contact] 00 00", "Other 01 00"]),
        Id::ReaderExtra,
        Warning,
    ),
    (
        "a reader that nobody knows",
        |f| f.reader = readers(&["Other 00 00"]),
        Id::ReaderAnother,
        Critical,
    ),
    (
        "no card service",
        |f| {
            f.reader = Readers::Service {
                socket: false,
                names: Err(String::new()),
            }
        },
        Id::CardServiceMissing,
        Critical,
    ),
    (
        "a virtual reader in production",
        |f| f.reader = Readers::Virtual("/tmp/v".into(), true),
        Id::ReaderVirtual,
        Critical,
    ),
    (
        "a reader that the till does not see",
        |f| {
            word(f).reader = ReaderState::Missing {
                why: "x".to_owned(),
            }
        },
        Id::ReaderReady,
        Ok,
    ),
    // queue and link
    (
        "a queue half full",
        |f| word(f).queue.count = 5_000,
        Id::QueueFilling,
        Warning,
    ),
    (
        "a full queue",
        |f| word(f).queue.count = 10_000,
        Id::QueueFull,
        Critical,
    ),
    (
        "a record from yesterday",
        |f| word(f).queue.oldest_at_ms = Some(NOW_MS - DAY_MS - 1),
        Id::QueueOld,
        Warning,
    ),
    (
        "a record from last week",
        |f| word(f).queue.oldest_at_ms = Some(NOW_MS - 7 * DAY_MS),
        Id::QueueOld,
        Critical,
    ),
    (
        "an old time without a record",
        |f| {
            word(f).queue.count = 0;
            word(f).queue.oldest_at_ms = Some(0);
        },
        Id::QueueMoving,
        Ok,
    ),
    (
        "a record that was refused",
        |f| word(f).queue.held = 1,
        Id::QueueHeld,
        Warning,
    ),
    (
        "money that stays held",
        |f| word(f).reversals_due = 2,
        Id::ReversalsDue,
        Warning,
    ),
    (
        "a collector that is away",
        |f| {
            word(f).link = LinkState::Down {
                why: "It is away.".to_owned(),
            }
        },
        Id::LinkDown,
        Warning,
    ),
    (
        "no collector",
        |f| {
            word(f).link = LinkState::NotSetUp;
            config(f).collector = None;
        },
        Id::LinkNotSetUp,
        Note,
    ),
    // database
    (
        "no database",
        |f| f.database.size = Seen::Missing,
        Id::DatabaseMissing,
        Note,
    ),
    (
        "a database that cannot be read",
        |f| f.database.size = Seen::Unseen("no".to_owned()),
        Id::NotSeen,
        Note,
    ),
    (
        "a database that is a pipe",
        |f| f.database.size = Seen::Broken("it is no plain file".to_owned()),
        Id::DatabaseDamaged,
        Critical,
    ),
    (
        "a database that the till found damaged",
        |f| word(f).journal.integrity = "page 7".to_owned(),
        Id::DatabaseDamaged,
        Critical,
    ),
    (
        "a database that is damaged and closed",
        |f| {
            stopped(f);
            f.database.looked = Some(Looked::Wrong("page 7".to_owned()));
        },
        Id::DatabaseDamaged,
        Critical,
    ),
    (
        "a database that is sound and closed",
        |f| {
            stopped(f);
            f.database.looked = Some(Looked::Sound);
        },
        Id::DatabaseSound,
        Ok,
    ),
    (
        "a database with a bad key",
        |f| {
            stopped(f);
            f.database.looked = Some(Looked::NoKey("It is short.".to_owned()));
        },
        Id::DatabaseKeyMissing,
        Critical,
    ),
    (
        "a database too large to be read in passing",
        |f| {
            stopped(f);
            f.database.looked = Some(Looked::NotNow("too large".to_owned()));
        },
        Id::DatabaseUnchecked,
        Note,
    ),
    (
        "a closed database with a credential",
        stopped,
        Id::DatabaseUnchecked,
        Note,
    ),
    (
        "a key beside the database, in production",
        |f| f.database.key_file = true,
        Id::DatabaseKeyInFile,
        Critical,
    ),
    (
        "a key in a file, as the till says",
        |f| {
            word(f).journal.key_source = KeySource::File;
            word(f).production = false;
        },
        Id::DatabaseKeyInFile,
        Warning,
    ),
];
