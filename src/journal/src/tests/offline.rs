//! Charges without the issuer: the acquirer hears of each, once its sale is committed, until it answers.

use sealpoint_wire::{
    AdviceKind, AdviceResult, Bytes, HostAnswer, HostDecision, KeyId, SealedCard,
};

use super::{Folder, attempt, card, card_sale, emv, intent, sale, send, voided_sale};
use crate::{
    AttemptState, CardKey, Journal, JournalError, OfflineCharge, OfflineUsed, WorkKind, inspect,
};

/// What is sealed, as it would show on a page.
const SEALED: &[u8] = b"c2VhbGVkIGZvciB0aGUgYWNxdWlyZXI";
const NOW: i64 = 1_000;
const HOUR: i64 = 3_600_000;

pub(super) fn charge() -> OfflineCharge {
    let json = format!(
        "{{\"kem\":25722,\"kdf\":1,\"aead\":2,\"key_id\":\"{}\",\"enc\":\"AAAA\",\"ciphertext\":\"{}=\"}}",
        key_id(),
        String::from_utf8_lossy(SEALED)
    );
    let sealed: SealedCard = serde_json::from_str(&json).expect("it is one");
    OfflineCharge {
        kind: AdviceKind::OfflineApproved,
        card: card(),
        sealed,
        de55: Bytes::try_from(vec![0x9F, 0x27, 1, 0x40]).expect("it is short"),
        emv: Some(emv()),
        approval_code: None,
    }
}

fn key_id() -> KeyId {
    "acq-2026".parse().expect("it is one")
}

/// Sale `n` is open and paid without the issuer.
pub(super) fn charged(journal: &mut Journal, n: u64) {
    journal
        .save_draft(sale(n), "{}")
        .expect("no basket is open");
    let _intent = journal
        .write_intent(&intent(n, n))
        .expect("nothing else pays");
    journal
        .write_offline_approved(attempt(n), &charge(), "{\"card\":1}")
        .expect("the intent is written");
}

fn sold(journal: &mut Journal, n: u64) {
    charged(journal, n);
    let receipt_no = journal.next_receipt_no().expect("it can be read");
    let commit = crate::SaleCommit {
        receipt_no,
        ..card_sale(n)
    };
    let _sold = journal.commit_sale(&commit).expect("it is paid");
}

fn answer(decision: HostDecision) -> AdviceResult {
    AdviceResult::Answered {
        answer: HostAnswer {
            decision,
            response_code: "00".to_owned(),
            approval_code: Some("A1B2C3".to_owned()),
            approved_minor: None,
            issuer_authentication: Bytes::default(),
            scripts: Bytes::default(),
        },
    }
}

fn due(journal: &Journal) -> Vec<sealpoint_sale::AttemptId> {
    let advices = journal.advices(10).expect("they can be read");
    advices.into_iter().map(|advice| advice.attempt).collect()
}

fn kinds(journal: &Journal) -> Vec<WorkKind> {
    let items = journal.work_items(10).expect("they can be read");
    items.into_iter().map(|item| item.kind).collect()
}

/// Whether any page of the journal or of its log shows what was sealed.
fn shows_sealed(folder: &Folder) -> bool {
    let mut shown = false;
    inspect::pages(&folder.journal(), &folder.key(), &mut |page| {
        shown |= page
            .bytes
            .windows(SEALED.len())
            .any(|bytes| bytes == SEALED);
    })
    .expect("the key fits");
    shown
}

#[test]
fn an_advice_waits_for_its_sale_and_goes_in_the_order_of_the_charges() {
    let folder = Folder::new();
    let mut journal = folder.open();
    charged(&mut journal, 1);
    assert_eq!(due(&journal), [], "its sale is not committed");
    let parked = crate::Parked {
        id: sale(1),
        parked_at_ms: 1,
        title: "blue coat".to_owned(),
        body: "{\"card\":1}".to_owned(),
    };
    journal.park(&parked).expect("it is resolved");
    sold(&mut journal, 2);
    assert_eq!(due(&journal), [attempt(2)]);
    journal.recall(sale(1)).expect("it is parked");
    let commit = crate::SaleCommit {
        receipt_no: 2,
        ..card_sale(1)
    };
    let _sold = journal.commit_sale(&commit).expect("it is paid");
    assert_eq!(
        due(&journal),
        [attempt(1), attempt(2)],
        "charged first, told first"
    );
    let first = journal.advices(1).expect("they can be read").remove(0);
    assert_eq!((first.sealed, first.de55), (charge().sealed, charge().de55));
    assert_eq!((first.stan, first.amount_minor), (1, 1250));
    drop(journal);
    assert_eq!(
        due(&folder.open()),
        [attempt(1), attempt(2)],
        "a stop loses none"
    );
}

#[test]
fn an_answer_erases_what_was_sealed_from_every_page_and_from_the_log() {
    let folder = Folder::new();
    let mut journal = folder.open();
    sold(&mut journal, 1);
    assert!(shows_sealed(&folder), "the search finds it while it waits");
    journal
        .write_advised(attempt(1), &answer(HostDecision::Approved), NOW)
        .expect("it is writable");
    assert!(!shows_sealed(&folder), "while the till runs");
    assert_eq!((due(&journal), kinds(&journal)), (vec![], vec![]));
    journal
        .write_advised(attempt(1), &answer(HostDecision::Declined), NOW)
        .expect("a late answer is no error");
    assert_eq!(kinds(&journal), [], "the first answer counts");
}

#[test]
fn a_decline_or_refusal_is_a_persons_work_and_no_retry() {
    let refused = AdviceResult::Refused {
        why: "no".to_owned(),
    };
    for (result, kind) in [
        (answer(HostDecision::Declined), WorkKind::AdviceDeclined),
        (
            answer(HostDecision::PartlyApproved),
            WorkKind::AdviceDeclined,
        ),
        (refused, WorkKind::AdviceRefused),
    ] {
        let folder = Folder::new();
        let mut journal = folder.open();
        sold(&mut journal, 1);
        let waits = AdviceResult::NotAnswered {
            why: "no link".to_owned(),
        };
        journal
            .write_advised(attempt(1), &waits, NOW)
            .expect("nothing happens");
        assert_eq!(due(&journal), [attempt(1)]);
        journal
            .write_advised(attempt(1), &result, NOW)
            .expect("it is writable");
        drop(journal);
        let mut journal = folder.open();
        assert_eq!((due(&journal), kinds(&journal)), (vec![], vec![kind]));
        assert!(!shows_sealed(&folder));
        let item = journal.work_items(1).expect("it can be read").remove(0);
        assert_eq!(
            (item.amount_minor, item.stan, item.card),
            (1250, 1, Some(card()))
        );
        assert_eq!(item.state, AttemptState::Committed, "the sale stands");
        assert_eq!(journal.reversals_due().expect("they can be read"), []);

        let unsaid = journal.close_work_item(item.number, " ", "paid", NOW);
        assert!(matches!(unsaid, Err(JournalError::Unsaid(_))));
        journal
            .close_work_item(item.number, "Ana", "paid in cash", NOW)
            .expect("it is open");
        assert_eq!(kinds(&journal), []);
        let again = journal.close_work_item(item.number, "Ana", "again", NOW);
        assert!(matches!(again, Err(JournalError::NoWorkItem(_))));
    }
}

#[test]
fn an_advice_that_is_too_old_is_given_up_and_said() {
    let folder = Folder::new();
    let mut journal = folder.open();
    sold(&mut journal, 1);
    let used = journal.offline_used(None, "").expect("it can be read");
    let since = used.oldest_at_ms.expect("one waits");
    assert_eq!(
        journal
            .expire_advices(since + 24 * HOUR, 24)
            .expect("it is writable"),
        0
    );
    assert_eq!(due(&journal), [attempt(1)], "the last moment counts");
    assert_eq!(
        journal
            .expire_advices(since + 24 * HOUR + 1, 24)
            .expect("it is writable"),
        1
    );
    assert_eq!(
        (due(&journal), kinds(&journal)),
        (vec![], vec![WorkKind::AdviceExpired])
    );
    assert!(!shows_sealed(&folder));
}

#[test]
fn whoever_looks_after_an_advice_without_an_answer_is_told_to_look_before_asking_for_money() {
    let folder = Folder::new();
    let mut journal = folder.open();
    sold(&mut journal, 1);
    sold(&mut journal, 2);
    journal
        .expire_advices(1_000 * HOUR, 24)
        .expect("it is writable");
    sold(&mut journal, 3);
    let refused = AdviceResult::Refused {
        why: "no. ".repeat(200),
    };
    journal
        .write_advised(attempt(3), &refused, NOW)
        .expect("it is writable");
    let items = journal.work_items(10).expect("they can be read");
    assert_eq!(items.len(), 3);
    for item in items {
        let first = "look for the attempt in its settlement (collector reconcile) first. Only if it is \
                     not there, ask the customer for the money, or write it off.";
        assert!(item.why.contains(first), "{}", item.why);
    }
}

#[test]
fn an_answer_to_an_advice_that_was_given_up_on_its_way_settles_it() {
    for (decision, left) in [
        (HostDecision::Approved, vec![]),
        (HostDecision::Declined, vec![WorkKind::AdviceDeclined]),
    ] {
        let folder = Folder::new();
        let mut journal = folder.open();
        sold(&mut journal, 1);
        journal
            .expire_advices(1_000 * HOUR, 24)
            .expect("it is writable");
        assert_eq!(kinds(&journal), [WorkKind::AdviceExpired]);
        let refused = AdviceResult::Refused {
            why: "no".to_owned(),
        };
        journal
            .write_advised(attempt(1), &refused, NOW)
            .expect("it is writable");
        assert_eq!(
            kinds(&journal),
            [WorkKind::AdviceExpired],
            "that says nothing"
        );
        for _ in 0..2 {
            journal
                .write_advised(attempt(1), &answer(decision), NOW)
                .expect("it is writable");
            assert_eq!(kinds(&journal), left, "the money is not asked for twice");
        }
    }
}

#[test]
fn an_advice_from_the_future_is_counted_from_now_on() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal.observe_time(100 * HOUR).expect("it is writable");
    sold(&mut journal, 1);
    assert_eq!(
        journal
            .expire_advices(10 * HOUR, 24)
            .expect("it is writable"),
        0
    );
    assert_eq!(
        journal
            .expire_advices(35 * HOUR, 24)
            .expect("it is writable"),
        1
    );
}

#[test]
fn a_sale_that_is_voided_before_anybody_was_told_has_nothing_to_reverse() {
    let folder = Folder::new();
    let mut journal = folder.open();
    charged(&mut journal, 1);
    let reversed = journal.write_reversal_due(attempt(1), "pulled", None);
    assert!(
        matches!(reversed, Err(JournalError::IllegalStep { .. })),
        "{reversed:?}"
    );
    let declined = journal.write_declined(attempt(1), "05");
    assert!(
        matches!(declined, Err(JournalError::IllegalStep { .. })),
        "{declined:?}"
    );
    let _void = journal
        .commit_sale(&voided_sale(1, vec![attempt(1)]))
        .expect("it is open");
    assert_eq!(journal.reversals_due().expect("they can be read"), []);
    assert_eq!(due(&journal), []);
    assert!(!shows_sealed(&folder));

    charged(&mut journal, 2);
    journal
        .write_offline_undone(attempt(2), "removed", Some("{}"))
        .expect("nobody was told");
    assert!(!shows_sealed(&folder));
    let draft = journal.restored().expect("it can be read").draft;
    assert_eq!(draft.map(|draft| draft.body).as_deref(), Some("{}"));
}

#[test]
fn a_charge_without_issuer_is_kept_over_a_stop_and_undone_if_its_basket_is_gone() {
    let folder = Folder::new();
    let mut journal = folder.open();
    charged(&mut journal, 1);
    drop(journal);
    let journal = folder.open();
    assert_eq!(journal.restored().expect("it can be read").unresolved, []);
    journal
        .db
        .execute("DELETE FROM draft", [])
        .expect("there is one");
    drop(journal);
    let journal = folder.open();
    let left = journal
        .restored()
        .expect("it can be read")
        .unresolved
        .remove(0);
    assert_eq!(
        (left.found, left.state),
        (AttemptState::Approved, AttemptState::Declined)
    );
    assert!(!shows_sealed(&folder));
}

#[test]
fn a_request_that_never_left_may_still_be_paid_without_the_issuer() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    let deferred = OfflineCharge {
        kind: AdviceKind::Deferred,
        ..charge()
    };
    journal
        .write_offline_approved(attempt(1), &deferred, "{\"card\":1}")
        .expect("it was sent nowhere");
    let _sold = journal.commit_sale(&card_sale(1)).expect("it is paid");
    assert_eq!(
        journal.advices(1).expect("they can be read")[0].kind,
        AdviceKind::Deferred
    );

    send(&mut journal, 2);
    journal
        .write_unknown(attempt(2), "no answer")
        .expect("it was sent");
    let unknown = journal.write_offline_approved(attempt(2), &charge(), "{}");
    assert!(
        matches!(unknown, Err(JournalError::IllegalStep { .. })),
        "it may have been charged"
    );
}

#[test]
fn what_was_used_counts_the_till_and_the_card() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let (key, day) = (CardKey::of(&card()), "20261122");
    let used = |journal: &Journal| {
        journal
            .offline_used(Some(&key), day)
            .expect("it can be read")
    };
    assert_eq!(used(&journal), OfflineUsed::default());
    sold(&mut journal, 1);
    charged(&mut journal, 2);
    let both = used(&journal);
    assert_eq!((both.count, both.amount_minor), (2, 2500));
    assert_eq!((both.card_count, both.card_minor), (2, 2500));
    assert!(both.oldest_at_ms.is_some());
    journal
        .write_advised(attempt(1), &answer(HostDecision::Approved), NOW)
        .expect("it is writable");
    let one = used(&journal);
    assert_eq!(
        (one.count, one.amount_minor),
        (1, 1250),
        "answered is no risk of the till"
    );
    assert_eq!(one.card_count, 2, "but the card's day goes on");
    let other_day = journal
        .offline_used(Some(&key), "20261123")
        .expect("it can be read");
    assert_eq!(other_day.card_count, 0);
    assert_eq!(
        journal
            .offline_used(None, day)
            .expect("it can be read")
            .card_count,
        0
    );
}
