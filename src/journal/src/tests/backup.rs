//! Backups, taken while a till sells, and what a restore makes of them.

use std::fs;
use std::path::PathBuf;

use sealpoint_wire::{Fate, TerminalId};

use super::offline::charged;
use super::power::{acknowledged, assert_whole, selling};
use super::{Folder, approve, attempt, card_sale, cash_sale, intent, sale, send, terminal};
use crate::backup::{BackupError, Replaced, backup, restore, verify};
use crate::{AttemptState, Journal, JournalError, Parked, SaleCommit, WorkKind};

fn out(folder: &Folder, n: u32) -> PathBuf {
    folder.dir.path().join(format!("backup-{n}"))
}

fn restored(folder: &Folder, n: u32) -> Result<Replaced, BackupError> {
    restore(
        &out(folder, n),
        &folder.journal(),
        &folder.key(),
        Some(&terminal()),
        None,
        7,
    )
}

#[test]
fn a_backup_of_a_till_that_sells_is_of_one_moment() {
    let folder = Folder::new();
    drop(folder.open());
    let (mut child, mut lines) = selling(folder.dir.path());
    let mut last = 0;
    for n in 1..=12 {
        let sold = lines
            .by_ref()
            .find_map(|line| acknowledged(&line))
            .expect("it sells");
        let proved =
            backup(&folder.journal(), &folder.key(), &out(&folder, n)).expect("it is whole");
        assert!(
            proved.records >= sold && proved.records >= last,
            "{proved:?}"
        );
        assert_eq!(proved.records, proved.highest_seq, "no gap");
        last = proved.records;
        assert!(
            matches!(restored(&folder, n), Err(BackupError::InUse(_))),
            "a till runs"
        );
    }
    assert!(
        matches!(folder.try_open(), Err(JournalError::InUse(_))),
        "it kept its lock"
    );
    child.kill().expect("it runs");
    child.wait().expect("it was killed");
    let sold = assert_whole(&folder.open());
    assert!(sold >= last);
    let files = fs::read_dir(folder.dir.path()).expect("it is there");
    let names: Vec<String> = files
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| !name.contains("part") && !name.contains("restoring")),
        "{names:?}"
    );
    // Each is a journal of its own.
    let copy = Folder::new();
    fs::copy(folder.key_file(), copy.key_file()).expect("a copy");
    fs::copy(out(&folder, 12), copy.journal()).expect("a copy");
    assert_eq!(assert_whole(&copy.open()), last);
}

#[test]
fn a_backup_that_is_not_whole_restores_nothing() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=20 {
        let _sold = journal.commit_sale(&cash_sale(n)).expect("it is paid");
    }
    drop(journal);
    backup(&folder.journal(), &folder.key(), &out(&folder, 1)).expect("it is whole");
    let again = backup(&folder.journal(), &folder.key(), &out(&folder, 1));
    assert!(matches!(again, Err(BackupError::Exists(_))));
    let whole = fs::read(out(&folder, 1)).expect("it is there");
    let before = fs::read(folder.journal()).expect("it is there");
    for page in 1..whole.len() / 4096 {
        let mut broken = whole.clone();
        broken[page * 4096 + 1000] ^= 1;
        fs::write(out(&folder, 2), &broken).expect("it is writable");
        let refused = restored(&folder, 2);
        assert!(
            matches!(refused, Err(BackupError::NotWhole { .. })),
            "page {page}: {refused:?}"
        );
    }
    fs::write(out(&folder, 2), &whole[..whole.len() - 4096]).expect("it is writable");
    assert!(restored(&folder, 2).is_err(), "cut short");
    let other: TerminalId = "T0000009".parse().expect("it is one");
    let refused = restore(
        &out(&folder, 1),
        &folder.journal(),
        &folder.key(),
        Some(&other),
        None,
        7,
    );
    assert!(matches!(refused, Err(BackupError::OtherTerminal { .. })));
    assert_eq!(
        fs::read(folder.journal()).expect("it is there"),
        before,
        "nothing was touched"
    );

    for (sql, what) in [
        (
            "DELETE FROM outbox WHERE record = 4294967301; DELETE FROM sale WHERE receipt_no = 5; DELETE FROM record WHERE seq = 5",
            "gap",
        ),
        ("UPDATE record SET at_ms = 1 WHERE seq = 5", "hash"),
    ] {
        fs::write(out(&folder, 2), &whole).expect("it is writable");
        let db = rusqlite::Connection::open(out(&folder, 2)).expect("it is there");
        crate::open::unlock(&db, &folder.key(), &out(&folder, 2))
            .ok()
            .expect("the key fits");
        db.execute_batch(sql).expect("it is writable");
        drop(db);
        let refused = verify(&out(&folder, 2), &folder.key()).expect_err("it is not whole");
        assert!(refused.to_string().contains(what), "{refused}");
    }
}

#[test]
fn a_restore_begins_an_epoch_and_uses_no_number_again() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=3 {
        let _sold = journal.commit_sale(&cash_sale(n)).expect("it is paid");
    }
    backup(&folder.journal(), &folder.key(), &out(&folder, 1)).expect("it is whole");
    for n in 4..=5 {
        let _sold = journal.commit_sale(&cash_sale(n)).expect("it is paid");
    }
    drop(journal);
    let first = restored(&folder, 1).expect("no till runs");
    assert_eq!((first.epoch, first.backup.records), (2, 3));
    assert!(
        first.aside.is_some_and(|aside| aside.exists()),
        "the old journal is kept"
    );
    let mut journal = folder.open();
    assert_eq!(
        journal.queue().expect("it can be read").count,
        3,
        "offered again"
    );
    let receipt_no = journal.next_receipt_no().expect("it can be read");
    assert_eq!(receipt_no, 1_000_001);
    let sold = journal
        .commit_sale(&SaleCommit {
            receipt_no,
            ..cash_sale(6)
        })
        .expect("it is paid");
    assert_eq!(sold.seq(), 1);
    let record = journal
        .outbox(10)
        .expect("it can be read")
        .pop()
        .expect("it waits");
    assert_eq!((record.epoch, record.seq, record.is_whole()), (2, 1, true));
    journal
        .save_draft(sale(7), "{}")
        .expect("no basket is open");
    let stan = journal
        .write_intent(&intent(7, 7))
        .expect("nothing else pays")
        .stan();
    assert_eq!(stan, 500_001);
    drop(journal);
    // The same backup again: another epoch, so that no sequence means two things.
    assert_eq!(restored(&folder, 1).expect("no till runs").epoch, 3);
    let named = restore(
        &out(&folder, 1),
        &folder.journal(),
        &folder.key(),
        None,
        Some(40),
        7,
    );
    assert_eq!(named.expect("no till runs").epoch, 40);
    let proved = backup(&folder.journal(), &folder.key(), &out(&folder, 3)).expect("it is whole");
    assert_eq!(
        (proved.epoch, proved.records, proved.highest_seq),
        (40, 3, 0)
    );
}

/// A backup with one attempt in each state that is not over, restored.
fn restored_with_open_attempts() -> (Folder, Journal) {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    journal
        .park(&Parked {
            id: sale(1),
            parked_at_ms: 1,
            title: "paid".to_owned(),
            body: "{}".to_owned(),
        })
        .expect("it is resolved");
    approve(&mut journal, 2);
    journal
        .write_reversal_due(attempt(2), "pulled", Some("{}"))
        .expect("it is approved");
    journal.clear_draft().expect("nothing pays for it");
    send(&mut journal, 3);
    backup(&folder.journal(), &folder.key(), &out(&folder, 1)).expect("it is whole");
    drop(journal);
    let replaced = restored(&folder, 1).expect("no till runs");
    assert_eq!(replaced.open_attempts, 2);
    let journal = folder.open();
    (folder, journal)
}

#[test]
fn what_was_open_in_a_backup_is_undone_by_nobody_and_pays_for_nothing() {
    let (folder, mut journal) = restored_with_open_attempts();
    let items = journal.work_items(10).expect("they can be read");
    let found: Vec<_> = items
        .iter()
        .map(|item| (item.attempt, item.kind, item.state))
        .collect();
    assert_eq!(
        found,
        [1, 3].map(|n| (attempt(n), WorkKind::RestoredAttempt, AttemptState::Unknown))
    );
    let due = |journal: &Journal| {
        let due = journal.reversals_due().expect("they can be read");
        due.into_iter().map(|due| due.attempt).collect::<Vec<_>>()
    };
    assert_eq!(
        due(&journal),
        [attempt(2)],
        "what was to be undone still is"
    );
    let left = journal.restored().expect("it can be read");
    assert_eq!(
        (left.draft, left.parked),
        (None, vec![]),
        "their baskets are gone"
    );
    drop(journal);
    journal = folder.open();
    assert_eq!(due(&journal), [attempt(2)], "nor does a start undo it");
    let asked = journal.inquiries_due(10).expect("they can be read");
    assert_eq!(
        asked.iter().map(|asked| asked.attempt).collect::<Vec<_>>(),
        [attempt(1), attempt(3)]
    );

    journal
        .reverse_work_item(items[1].number, "Ana", "no goods were given", 9)
        .expect("it is open");
    assert_eq!(
        due(&journal),
        [attempt(2), attempt(3)],
        "a person may have it undone"
    );
    journal
        .close_work_item(items[0].number, "Ana", "the goods are gone", 9)
        .expect("it is open");
    assert_eq!(journal.inquiries_due(10).expect("they can be read"), []);
    assert_eq!(due(&journal), [attempt(2), attempt(3)]);
    // Sold on, undisturbed.
    journal
        .save_draft(sale(9), "{}")
        .expect("no basket is open");
}

/// A backup of an open sale that was paid without the issuer, restored; the item of its attempt.
fn restored_without_issuer() -> (Folder, Journal, u64) {
    let folder = Folder::new();
    let mut journal = folder.open();
    charged(&mut journal, 1);
    backup(&folder.journal(), &folder.key(), &out(&folder, 1)).expect("it is whole");
    drop(journal);
    restored(&folder, 1).expect("no till runs");
    let mut journal = folder.open();
    journal
        .write_inquired(attempt(1), &Fate::NeverSeen, false)
        .expect("it is writable");
    let items = journal.work_items(10).expect("they can be read");
    assert_eq!(items.len(), 1, "the goods may be gone: a person decides");
    (folder, journal, items[0].number)
}

#[test]
fn a_charge_without_the_issuer_is_told_after_a_restore_if_a_person_says_that_it_stands() {
    let (_folder, mut journal, item) = restored_without_issuer();
    assert_eq!(journal.advices(1).expect("they can be read"), []);
    journal
        .close_work_item(item, "Ana", "the customer has the goods", 9)
        .expect("it is open");
    let due = journal.advices(1).expect("they can be read");
    assert_eq!(due[0].attempt, attempt(1));
}

#[test]
fn a_charge_without_the_issuer_is_gone_after_a_restore_if_a_person_has_it_undone() {
    let (_folder, mut journal, item) = restored_without_issuer();
    journal
        .reverse_work_item(item, "Ana", "the customer left", 9)
        .expect("it is open");
    let due = journal.reversals_due().expect("they can be read");
    assert_eq!(due[0].attempt, attempt(1));
    let used = journal.offline_used(None, "").expect("it can be read");
    assert_eq!(used.count, 0, "nothing of it counts or is kept");
}

#[test]
fn the_collector_may_know_what_became_of_it() {
    for (fate, committed, state, settled) in [
        (Fate::Unknown, true, "COMMITTED", true),
        (Fate::NeverSeen, false, "DECLINED", true),
        (Fate::Reversed, false, "REVERSAL_DUE", true),
        (Fate::Reversed, true, "UNKNOWN", false),
        (Fate::Unknown, false, "UNKNOWN", false),
    ] {
        let (_folder, mut journal) = restored_with_open_attempts();
        journal
            .write_inquired(attempt(1), &fate, committed)
            .expect("it is writable");
        let word: String = journal
            .db
            .query_row("SELECT state FROM attempt WHERE number = 1", [], |row| {
                row.get(0)
            })
            .expect("it is there");
        assert_eq!(word, state, "{fate:?}");
        let open = journal.work_count().expect("it can be read");
        assert_eq!(open, if settled { 1 } else { 2 }, "{fate:?}");
        journal
            .write_inquired(attempt(2), &Fate::NeverSeen, false)
            .expect("it is not restored");
        let due = journal.reversals_due().expect("they can be read");
        assert!(due.iter().any(|due| due.attempt == attempt(2)), "{fate:?}");
    }
}

#[test]
fn a_restore_that_was_stopped_keeps_a_till_from_starting_until_it_is_run_again() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    let _sold = journal.commit_sale(&card_sale(1)).expect("it is paid");
    backup(&folder.journal(), &folder.key(), &out(&folder, 1)).expect("it is whole");
    drop(journal);
    let mark = folder.dir.path().join("till.db-restoring");
    // Stopped before the old journal was moved, and behind it.
    for moved in [false, true] {
        fs::copy(out(&folder, 1), &mark).expect("a copy");
        if moved {
            fs::rename(folder.journal(), folder.dir.path().join("aside")).expect("it is there");
        }
        assert!(matches!(
            folder.try_open(),
            Err(JournalError::HalfRestored(_))
        ));
        assert_eq!(folder.journal().exists(), !moved, "no new journal is begun");
        let epoch = restored(&folder, 1).expect("no till runs").epoch;
        assert_eq!(epoch, if moved { 3 } else { 2 });
        assert!(!mark.exists());
        assert_eq!(
            folder.open().next_receipt_no().expect("it can be read"),
            1_000_001
        );
    }
}
