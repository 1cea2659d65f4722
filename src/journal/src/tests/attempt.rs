//! Attempts: every legal step, and every illegal one.

use rusqlite::OptionalExtension;
use sealpoint_sale::{Currency, MAX_MINOR};

use super::{Folder, attempt, card, emv, intent, sale, send};
use crate::{AttemptState, Intent, Journal, JournalError};

use AttemptState::{
    Approved, Committed, Declined, Intent as IntentState, ReversalDue, Reversed, Sent, Unknown,
};

const STATES: [AttemptState; 8] = [
    IntentState,
    Sent,
    Approved,
    Declined,
    Unknown,
    Committed,
    ReversalDue,
    Reversed,
];

fn state(journal: &Journal, n: u64) -> Option<String> {
    let id = attempt(n);
    let sql = "SELECT state FROM attempt WHERE id = ?1";
    let found = journal
        .db
        .query_row(sql, [id.as_bytes()], |row| row.get(0))
        .optional();
    found.expect("the table is there")
}

/// A journal whose attempt 1 was put into `state` behind the journal's back.
fn with_attempt_in(folder: &Folder, state: AttemptState) -> Journal {
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "{}")
        .expect("no basket is open");
    let _written = journal
        .write_intent(&intent(1, 1))
        .expect("nothing else pays for it");
    journal
        .db
        .execute("UPDATE attempt SET state = ?1", [state.word()])
        .expect("every state can be stored");
    journal
}

#[test]
fn only_the_legal_steps_can_be_taken() {
    type Step = fn(&mut Journal) -> Result<(), JournalError>;
    let steps: [(AttemptState, &[AttemptState], Step); 6] = [
        (Sent, &[IntentState], |j| {
            j.write_sent(attempt(1), &card()).map(drop)
        }),
        (Approved, &[Sent, Unknown], |j| {
            j.write_approved(attempt(1), None, "A1B2C3", Some(&emv()), "[1]")
        }),
        (Declined, &[IntentState, Sent, Unknown], |j| {
            j.write_declined(attempt(1), "05")
        }),
        (Unknown, &[Sent], |j| {
            j.write_unknown(attempt(1), "no answer")
        }),
        (ReversalDue, &[Sent, Unknown, Approved], |j| {
            j.write_reversal_due(attempt(1), "no answer", Some("[2]"))
        }),
        // Acknowledged twice is acknowledged.
        (Reversed, &[ReversalDue, Reversed], |j| {
            j.write_reversed(attempt(1))
        }),
    ];
    for (wanted, legal, step) in steps {
        for found in STATES {
            let folder = Folder::new();
            let mut journal = with_attempt_in(&folder, found);
            let taken = step(&mut journal);
            if legal.contains(&found) {
                taken.expect("the step is legal");
                assert_eq!(state(&journal, 1).as_deref(), Some(wanted.word()));
            } else {
                let refused = taken.expect_err("the step is illegal");
                let told = matches!(refused, JournalError::IllegalStep { found: f, wanted: w, .. }
                    if f == found && w == wanted);
                assert!(told, "{found} to {wanted}: {refused}");
                assert_eq!(
                    state(&journal, 1).as_deref(),
                    Some(found.word()),
                    "nothing changed"
                );
                let draft = journal.restored().expect("it can be read").draft;
                assert_eq!(
                    draft.map(|d| d.body).as_deref(),
                    Some("{}"),
                    "nor did the basket"
                );
            }
        }
    }
}

#[test]
fn an_attempt_that_was_never_written_goes_nowhere() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let unknown = journal.write_sent(attempt(7), &card()).map(drop);
    assert!(matches!(unknown, Err(JournalError::UnknownAttempt(id)) if id == attempt(7)));
}

#[test]
fn an_intent_is_durable_with_its_trace_number() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "{}")
        .expect("no basket is open");
    let written = journal
        .write_intent(&intent(1, 1))
        .expect("nothing else pays for it");
    assert_eq!((written.stan(), written.intent()), (1, &intent(1, 1)));
    drop(journal);
    let left = folder.open().restored().expect("it can be read").unresolved;
    assert_eq!(
        (left[0].attempt, left[0].stan, left[0].amount_minor),
        (attempt(1), 1, 1250)
    );
}

#[test]
fn a_trace_number_is_used_once_even_if_its_attempt_came_to_nothing() {
    let folder = Folder::new();
    for n in 1..=3_u32 {
        let mut journal = folder.open();
        journal
            .save_draft(sale(1), "{}")
            .expect("it is the open basket");
        let written = journal
            .write_intent(&intent(n.into(), 1))
            .expect("the one before was settled");
        assert_eq!(written.stan(), n);
    }
}

#[test]
fn trace_numbers_start_again_after_six_nines() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .db
        .execute("UPDATE terminal SET last_stan = 999998", [])
        .expect("it is in range");
    journal
        .save_draft(sale(1), "{}")
        .expect("no basket is open");
    for (n, stan) in [(1, 999_999), (2, 1)] {
        let written = journal
            .write_intent(&intent(n, 1))
            .expect("nothing else pays for it");
        assert_eq!(written.stan(), stan);
        journal
            .write_declined(attempt(n), "cancelled")
            .expect("it was not sent");
    }
}

#[test]
fn one_attempt_per_sale_may_be_unresolved() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    let second = journal.write_intent(&intent(2, 1)).map(drop);
    assert!(matches!(
        second,
        Err(JournalError::Unresolved { state: Sent, .. })
    ));
    journal
        .write_unknown(attempt(1), "no answer")
        .expect("it was sent");
    assert!(
        journal.write_intent(&intent(2, 1)).is_err(),
        "an unknown fate is no resolution"
    );
    journal
        .write_reversal_due(attempt(1), "no answer", Some("{}"))
        .expect("its fate is unknown");
    let second = journal
        .write_intent(&intent(2, 1))
        .expect("the first will be undone");
    assert_eq!(second.stan(), 2);
}

#[test]
fn the_index_holds_even_where_no_code_looks() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    let forced = journal.db.execute(
        "INSERT INTO attempt (id, sale, stan, amount_minor, currency, local_time, at_ms, state)
         SELECT randomblob(16), sale, 2, 1, 'EUR', local_time, 1, 'INTENT' FROM attempt",
        [],
    );
    assert!(forced.is_err());
}

#[test]
fn an_intent_that_cannot_be_charged_is_refused() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let refused = journal.write_intent(&intent(1, 1)).map(drop);
    assert!(matches!(refused, Err(JournalError::NoDraft(_))));
    journal
        .save_draft(sale(1), "{}")
        .expect("no basket is open");
    for amount_minor in [i64::MIN, -1, 0, MAX_MINOR + 1, i64::MAX] {
        let refused = journal
            .write_intent(&Intent {
                amount_minor,
                ..intent(1, 1)
            })
            .map(drop);
        assert!(
            matches!(refused, Err(JournalError::AmountOutOfRange(_))),
            "{amount_minor}"
        );
    }
    for local_time in ["", "2026112212000", "2026-11-22 12:", "２０２６１"] {
        let local_time = local_time.to_owned();
        let refused = journal
            .write_intent(&Intent {
                local_time,
                ..intent(1, 1)
            })
            .map(drop);
        assert!(matches!(refused, Err(JournalError::BadLocalTime)));
    }
    let _written = journal
        .write_intent(&intent(1, 1))
        .expect("nothing else pays for it");
    journal
        .write_declined(attempt(1), "cancelled")
        .expect("it was not sent");
    let again = journal.write_intent(&intent(1, 1)).map(drop);
    assert!(matches!(again, Err(JournalError::AttemptExists(_))));
}

#[test]
fn an_approval_and_its_tender_are_one_commit() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    let broken = journal.write_approved(attempt(1), None, "A1B2C3", None, "{\"tender\":");
    assert!(matches!(broken, Err(JournalError::NotJson(_))));
    assert_eq!(
        state(&journal, 1).as_deref(),
        Some("SENT"),
        "no approval without its tender"
    );
    journal
        .write_approved(attempt(1), None, "A1B2C3", None, "[\"card\"]")
        .expect("it was sent");
    let draft = journal.restored().expect("it can be read").draft;
    assert_eq!(draft.map(|d| d.body).as_deref(), Some("[\"card\"]"));
    let long = journal.write_approved(attempt(1), None, "A1B2C3D", None, "[]");
    assert!(matches!(long, Err(JournalError::TooLarge { .. })));
}

#[test]
fn a_reversal_repeats_the_authorisations_own_numbers() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "{}")
        .expect("no basket is open");
    let yen = Intent {
        currency: Currency::Jpy,
        ..intent(1, 1)
    };
    let stan = journal
        .write_intent(&yen)
        .expect("nothing else pays for it")
        .stan();
    let _sent = journal
        .write_sent(attempt(1), &card())
        .expect("the intent is written");
    journal
        .write_reversal_due(attempt(1), "no answer", Some("[]"))
        .expect("it was sent");
    drop(journal);
    let mut journal = folder.open();
    let due = journal.reversals_due().expect("they can be read");
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].attempt, due[0].stan), (attempt(1), stan));
    assert_eq!(
        (due[0].amount_minor, due[0].currency),
        (1250, Currency::Jpy)
    );
    assert_eq!(due[0].local_time, "20261122120000");
    assert_eq!(due[0].terminal, super::terminal());
    journal.write_reversed(attempt(1)).expect("it is due");
    assert_eq!(journal.reversals_due().expect("they can be read"), []);
}

#[test]
fn a_long_reason_is_cut_between_two_letters() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    let why = "ü".repeat(5000);
    journal
        .write_reversal_due(attempt(1), &format!("x{why}"), Some("{}"))
        .expect("it was sent");
    drop(journal);
    let left = folder.open().restored().expect("it can be read").unresolved;
    assert!(left[0].why.len() <= 500 && left[0].why.ends_with('ü'));
}
