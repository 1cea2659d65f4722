//! The rows behind the switch, at times that the test says: claims, pauses, what is overdue.

use sealpoint_collector::store::{
    ALARM_TRIES, Acknowledged, Advise, Asked, Inquired, Kept, Store, Undo,
};
use sealpoint_wire::{AdviceKind, Fate, HostAnswer, HostDecision};

use crate::process::Books;
use crate::shapes::{
    TILL, advise, attempt, authorise, card, inquire, push, record_of, reverse, sale,
};

/// A day in the middle of 2026, milliseconds since the Unix epoch.
const NOW: i64 = 1_795_000_000_000;
const SECOND: i64 = 1000;

fn approval() -> HostAnswer {
    HostAnswer {
        decision: HostDecision::Approved,
        response_code: "00".to_owned(),
        approval_code: Some("654321".to_owned()),
        approved_minor: None,
        issuer_authentication: Default::default(),
        scripts: Default::default(),
    }
}

fn decline() -> HostAnswer {
    HostAnswer {
        decision: HostDecision::Declined,
        response_code: "51".to_owned(),
        approval_code: None,
        ..approval()
    }
}

async fn begin(store: &Store, number: u64, now: i64) -> Asked {
    store
        .run(move |db| db.begin_attempt(&authorise(number), now, now + 25 * SECOND))
        .await
        .expect("the store works")
}

async fn keep(store: &Store, number: u64, answer: HostAnswer, now: i64) -> Kept {
    store
        .run(move |db| db.answer_attempt(attempt(number), &answer, now))
        .await
        .expect("the store works")
}

async fn undo(store: &Store, number: u64, now: i64) -> Undo {
    store
        .run(move |db| db.begin_reversal(&reverse(number), now, now + 32 * SECOND))
        .await
        .expect("the store works")
}

async fn fate(store: &Store, number: u64, now: i64) -> Inquired {
    store
        .run(move |db| db.inquire(&inquire(number), now))
        .await
        .expect("the store works")
}

async fn claim(store: &Store, now: i64) -> usize {
    store
        .run(move |db| db.claim_reversals(None, 16, now, now + 32 * SECOND))
        .await
        .expect("the store works")
        .len()
}

async fn alarms(store: &Store) -> Vec<(String, i64)> {
    let alarms = store
        .run(|db| db.last_alarms(10))
        .await
        .expect("the store works");
    alarms
        .into_iter()
        .map(|alarm| {
            let word = alarm.what.split(':').next().unwrap_or_default().to_owned();
            (word, alarm.times)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_at_once_get_one_leave_to_ask() {
    let books = Books::new();
    let stores = books.open_two();
    for number in 1..=20 {
        let both = tokio::join!(
            begin(&stores[0], number, NOW),
            begin(&stores[1], number, NOW)
        );
        let mut both = [both.0, both.1];
        both.sort_by_key(|asked| *asked != Asked::New);
        assert_eq!(both, [Asked::New, Asked::UnderWay]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_and_its_authorisation_at_once_agree() {
    let books = Books::new();
    let stores = books.open_two();
    for number in 1..=20 {
        let both = tokio::join!(
            begin(&stores[0], number, NOW),
            fate(&stores[1], number, NOW)
        );
        let agrees = matches!(
            &both,
            (Asked::New, Inquired::UnderWay) | (Asked::Reversed, Inquired::Known(Fate::NeverSeen))
        );
        assert!(agrees, "{both:?}");
        let again = begin(&stores[0], number, NOW).await;
        assert_ne!(again, Asked::New);
    }
}

#[tokio::test]
async fn what_was_never_seen_stays_so_and_is_never_asked_for() {
    let books = Books::new();
    let store = books.open();
    for _ in 0..2 {
        assert_eq!(fate(&store, 1, NOW).await, Inquired::Known(Fate::NeverSeen));
    }
    assert_eq!(begin(&store, 1, NOW).await, Asked::Reversed);
    assert_eq!(undo(&store, 1, NOW).await, Undo::Done);
    assert_eq!(fate(&store, 1, NOW).await, Inquired::Known(Fate::NeverSeen));
}

#[tokio::test]
async fn an_attempt_whose_collector_is_gone_is_unknown_after_its_time() {
    let books = Books::new();
    let store = books.open();
    assert_eq!(begin(&store, 1, NOW).await, Asked::New);
    let overdue = |now: i64| {
        let store = store.clone();
        async move {
            store
                .run(move |db| db.lose_attempts_overdue(now))
                .await
                .expect("the store works")
        }
    };
    assert_eq!(overdue(NOW + 24 * SECOND).await, 0);
    assert_eq!(fate(&store, 1, NOW + 24 * SECOND).await, Inquired::UnderWay);
    let later = NOW + 25 * SECOND;
    // Nobody has looked for what is overdue yet, and it is already.
    assert_eq!(fate(&store, 1, later).await, Inquired::Known(Fate::Unknown));
    assert_eq!(overdue(later).await, 1);
    assert_eq!(begin(&store, 1, later).await, Asked::Unknown);
    // Its answer comes after all, and no reversal is due: it counts.
    let kept = keep(&store, 1, approval(), later).await;
    assert_eq!(kept, Kept::Answer(approval()));
    let answer = approval();
    assert_eq!(
        fate(&store, 1, later).await,
        Inquired::Known(Fate::Answered { answer })
    );
}

#[tokio::test]
async fn an_approval_after_the_reversal_was_due_is_alarmed_and_reversed_again() {
    let books = Books::new();
    let store = books.open();
    begin(&store, 1, NOW).await;
    assert_eq!(undo(&store, 1, NOW).await, Undo::Due);
    let finished = store
        .run(|db| db.finish_reversal(attempt(1), Acknowledged::Undone, NOW))
        .await;
    assert!(finished.expect("the store works"));
    assert_eq!(keep(&store, 1, decline(), NOW).await, Kept::Late);
    assert_eq!(fate(&store, 1, NOW).await, Inquired::Known(Fate::Reversed));
    assert!(alarms(&store).await.is_empty(), "a decline holds nothing");
    assert_eq!(keep(&store, 1, approval(), NOW).await, Kept::Late);
    assert_eq!(
        fate(&store, 1, NOW).await,
        Inquired::Known(Fate::ReversalDue)
    );
    assert_eq!(claim(&store, NOW).await, 1);
    assert_eq!(alarms(&store).await, [("late_approval".to_owned(), 1)]);
}

#[tokio::test]
async fn no_original_settles_nothing_while_that_may_be_on_its_way() {
    let books = Books::new();
    let store = books.open();
    begin(&store, 1, NOW).await;
    assert_eq!(undo(&store, 1, NOW).await, Undo::Due);
    let finish = |now: i64| {
        let store = store.clone();
        async move {
            store
                .run(move |db| db.finish_reversal(attempt(1), Acknowledged::NoOriginal, now))
                .await
                .expect("the store works")
        }
    };
    assert!(!finish(NOW + 24 * SECOND).await);
    assert_eq!(
        fate(&store, 1, NOW + 24 * SECOND).await,
        Inquired::Known(Fate::ReversalDue)
    );
    assert!(finish(NOW + 25 * SECOND).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_is_at_a_reversal() {
    let books = Books::new();
    let stores = books.open_two();
    for number in 1..=8 {
        begin(&stores[0], number, NOW).await;
        assert_eq!(undo(&stores[0], number, NOW).await, Undo::Due);
        assert_eq!(undo(&stores[1], number, NOW).await, Undo::UnderWay);
    }
    assert_eq!(claim(&stores[1], NOW + 31 * SECOND).await, 0);
    // Whoever had them is gone: each goes to one of two.
    let later = NOW + 32 * SECOND;
    let claimed = tokio::join!(claim(&stores[0], later), claim(&stores[1], later));
    assert_eq!(claimed.0 + claimed.1, 8);
    assert_eq!(undo(&stores[0], 1, later).await, Undo::UnderWay);
}

#[tokio::test]
async fn a_reversal_is_tried_on_after_pauses_that_double_and_alarmed_after_six() {
    let books = Books::new();
    let store = books.open();
    begin(&store, 1, NOW).await;
    undo(&store, 1, NOW).await;
    let mut now = NOW;
    for (tries, pause) in (1..).zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
        store
            .run(move |db| db.postpone_reversal(attempt(1), now))
            .await
            .expect("the store works");
        let goes_first = store.run(|db| db.reversal_goes_first(TILL)).await;
        assert_eq!(goes_first.expect("the store works"), tries < ALARM_TRIES);
        let expected: Vec<_> = (ALARM_TRIES..=tries)
            .next_back()
            .map(|tries| ("reversal_pending".to_owned(), tries - ALARM_TRIES + 1))
            .into_iter()
            .collect();
        assert_eq!(alarms(&store).await, expected);
        assert_eq!(claim(&store, now + pause * SECOND - 1).await, 0);
        now += pause * SECOND;
        assert_eq!(claim(&store, now).await, 1, "after {tries} tries");
    }
    let repeat = store
        .run(move |db| db.count_reversal(attempt(1), NOW))
        .await;
    assert!(!repeat.expect("the store works"), "it never left");
}

#[tokio::test]
async fn advices_of_a_till_go_one_after_the_other_and_again_as_repeats() {
    let books = Books::new();
    let store = books.open();
    let begin = |number, now: i64| {
        let store = store.clone();
        async move {
            let told = advise(number, AdviceKind::Deferred);
            store
                .run(move |db| db.begin_advice(&told, now, now + 25 * SECOND))
                .await
                .expect("the store works")
        }
    };
    let (first, again) = (
        Advise::Send { repeat: false },
        Advise::Send { repeat: true },
    );
    assert_eq!(begin(1, NOW).await, first);
    assert_eq!(begin(1, NOW).await, Advise::UnderWay);
    assert_eq!(begin(2, NOW).await, Advise::UnderWay);
    store
        .run(|db| db.lose_attempt(attempt(1), NOW))
        .await
        .expect("the store works");
    assert_eq!(begin(1, NOW).await, again);
    assert_eq!(
        keep(&store, 1, decline(), NOW).await,
        Kept::Answer(decline())
    );
    assert_eq!(begin(1, NOW).await, Advise::Answered(decline()));
    assert_eq!(begin(2, NOW).await, first);
    assert_eq!(super::attempts::begin(&store, 2, NOW).await, Asked::Differs);
    let work = store.run(|db| db.work_items(false, 10)).await;
    let work = work.expect("the store works");
    assert_eq!(work.len(), 1);
    assert_eq!(work[0].subject, format!("attempt {}", attempt(1)));
    assert!(work[0].what.starts_with("advice_declined"), "{:?}", work[0]);
    assert_eq!(work[0].amount_minor, Some(1234));
}

#[tokio::test]
async fn what_an_issuer_does_not_pay_of_an_advice_is_a_persons_work() {
    let books = Books::new();
    let store = books.open();
    for number in 1..=2 {
        let told = advise(number, AdviceKind::Deferred);
        let begun = store
            .run(move |db| db.begin_advice(&told, NOW, NOW + 25 * SECOND))
            .await;
        begun.expect("the store works");
        let part = HostAnswer {
            decision: HostDecision::PartlyApproved,
            response_code: "10".to_owned(),
            approved_minor: Some(1000),
            ..approval()
        };
        let answer = if number == 1 { approval() } else { part };
        keep(&store, number, answer, NOW).await;
    }
    let work = store.run(|db| db.work_items(false, 10)).await;
    let work = work.expect("the store works");
    assert_eq!(work.len(), 1, "what is approved is nobody's");
    assert_eq!(work[0].subject, format!("attempt {}", attempt(2)));
    assert!(work[0].what.contains("pays a part"), "{:?}", work[0]);
    assert_eq!(work[0].amount_minor, Some(234), "what is left");
}

#[tokio::test]
async fn a_committed_sale_is_found_by_its_attempt() {
    let books = Books::new();
    let store = books.open();
    let committed = |number| {
        let store = store.clone();
        async move {
            store
                .run(move |db| db.is_committed(&inquire(number), NOW))
                .await
                .expect("the store works")
        }
    };
    assert!(!committed(1).await);
    let sale = sale(1, TILL, vec![card(1234)], 1234);
    let record = record_of(&sale, 1, sealpoint_wire::RecordKind::Sale);
    let records = push(vec![record]).records;
    store
        .run(move |db| {
            let terminal = TILL.parse().expect("a terminal id");
            let quarantine = sealpoint_collector::store::Quarantine::No;
            db.push(&terminal, &records, NOW, quarantine)
        })
        .await
        .expect("the store works");
    assert!(committed(1).await);
    assert!(!committed(2).await);
}
