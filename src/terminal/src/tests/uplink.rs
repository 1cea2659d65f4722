use std::os::unix::net::UnixListener;

use sealpoint_journal::{DbKey, Intent, Journal, OfflineCharge, SaleCommit, SentWritten};
use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::{
    AdviceKind, AuthoriseRequest, AuthoriseResult, Bytes, CardSummary, FromUplink, HpkeSealed,
    LinkState, RecordId, RecordKind, SealedCard, ToUplink, frame, seal,
};
use uuid::Uuid;

use crate::{child::Source, config::Config, event, state::State, uplink::Uplink};

/// A till whose link process does not run: there is none beside this test. One attempt is SENT.
struct Down {
    folder: tempfile::TempDir,
    journal: Journal,
    uplink: Uplink,
    sale: SaleId,
    attempt: AttemptId,
    sent: SentWritten,
}

fn down() -> Down {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = State::open(folder.path()).expect("a folder of its own");
    let config = Config::default();
    let key = DbKey::for_journal(&state.key(), &state.journal()).expect("a key");
    let mut journal =
        Journal::open(&state.journal(), &key, &config.terminal).expect("a new journal");
    let (sale, attempt) = (SaleId::new(Uuid::now_v7()), AttemptId::new(Uuid::now_v7()));
    journal.save_draft(sale, "{}").expect("written");
    let intent = Intent {
        attempt,
        sale,
        amount_minor: 100,
        currency: Currency::Eur,
        local_time: "20261122120000".to_owned(),
        at_ms: 0,
    };
    let _read_no_card = journal.write_intent(&intent).expect("written");
    let sent = journal.write_sent(attempt, &card()).expect("written");
    let uplink = Uplink::start(
        Source::Socket(state.folder().join("nobody")),
        event::queue().0,
    );
    Down {
        folder,
        journal,
        uplink,
        sale,
        attempt,
        sent,
    }
}

fn card() -> CardSummary {
    CardSummary {
        label: "VISA".to_owned(),
        aid: "A0000000031010".to_owned(),
        truncated_pan: "476173******0119".to_owned(),
        last4: "0119".to_owned(),
        token: None,
    }
}

fn request(down: &Down) -> AuthoriseRequest {
    AuthoriseRequest {
        attempt: down.attempt,
        sale: down.sale,
        terminal: Config::default().terminal,
        stan: 1,
        local_time: "20261122120000".to_owned(),
        amount_minor: 100,
        currency: Currency::Eur,
        card: card(),
        sealed: sealed(),
        de55: Bytes::default(),
    }
}

fn sealed() -> SealedCard {
    SealedCard::Hpke(HpkeSealed {
        kem: seal::KEM_X_WING,
        kdf: seal::KDF_HKDF_SHA256,
        aead: seal::AEAD_AES_256_GCM,
        key_id: "demo".parse().expect("a name fit for a key"),
        enc: Bytes::default(),
        ciphertext: Bytes::default(),
    })
}

/// The sale is paid without the issuer and committed.
fn owe_an_advice(down: &mut Down) {
    let charge = OfflineCharge {
        kind: AdviceKind::Deferred,
        card: card(),
        sealed: sealed(),
        de55: Bytes::default(),
        emv: None,
        approval_code: None,
    };
    let written = down
        .journal
        .write_offline_approved(down.attempt, &charge, "{}");
    written.expect("nothing left the machine");
    let commit = SaleCommit {
        record_id: RecordId::new(Uuid::now_v7()),
        sale: down.sale,
        kind: RecordKind::Sale,
        at_ms: 0,
        body: "{}".to_owned(),
        receipt_no: 1,
        receipt_text: String::new(),
        total_minor: 100,
        cash_minor: 0,
        card_minor: 100,
        attempts: vec![down.attempt],
        cashier: String::new(),
    };
    let _sold = down.journal.commit_sale(&commit).expect("it is paid");
}

#[test]
fn no_advice_is_told_before_those_that_are_too_old_can_have_been_given_up() {
    let mut down = down();
    owe_an_advice(&mut down);
    let path = down.folder.path().join("somebody");
    let listener = UnixListener::bind(&path).expect("a free name");
    let mut uplink = Uplink::start(Source::Socket(path), event::queue().0);
    let (mut theirs, _) = listener.accept().expect("it connects");
    let hear = |uplink: &mut Uplink, journal: &mut Journal, message| {
        let (_, written) = uplink.heard(message, journal);
        written.expect("written");
        uplink.pump(journal).expect("the journal is read");
        // A mark between what was sent before and after.
        uplink.erase();
    };
    let up = FromUplink::Link {
        state: LinkState::Up,
    };
    hear(&mut uplink, &mut down.journal, up);
    let time = FromUplink::Time { at_ms: 1_000 };
    hear(&mut uplink, &mut down.journal, time.clone());
    uplink.hours_are_known();
    hear(&mut uplink, &mut down.journal, time);
    let mut advised_after = None;
    for mark in 0..3 {
        loop {
            match frame::read(&mut theirs).expect("a message") {
                Some(ToUplink::Advise(advice)) => {
                    assert_eq!(advice.attempt, down.attempt);
                    advised_after = Some(mark);
                }
                Some(ToUplink::Erase) => break,
                _ => {}
            }
        }
    }
    assert_eq!(advised_after, Some(2), "time and policy are known");
}

#[test]
fn a_reversal_that_falls_due_while_no_link_process_runs_does_not_count_as_given() {
    let mut down = down();
    down.journal
        .write_reversal_due(down.attempt, "the uplink stopped", Some("{}"))
        .expect("written");
    down.uplink
        .pump(&down.journal)
        .expect("the journal is read");
    assert!(
        down.uplink.reversing.is_empty(),
        "the next process would never be told of it"
    );
}

#[test]
fn a_reversal_that_the_link_process_was_not_told_of_goes_before_a_charge() {
    let mut down = down();
    let (other, again) = (SaleId::new(Uuid::now_v7()), AttemptId::new(Uuid::now_v7()));
    let intent = |sale, attempt| Intent {
        attempt,
        sale,
        amount_minor: 100,
        currency: Currency::Eur,
        local_time: "20261122120000".to_owned(),
        at_ms: 0,
    };
    let journal = &mut down.journal;
    journal
        .write_reversal_due(down.attempt, "no answer", None)
        .expect("it was sent");
    journal.clear_draft().expect("nothing pays for it");
    journal.save_draft(other, "{}").expect("none is open");
    let _read_no_card = journal
        .write_intent(&intent(other, again))
        .expect("written");
    let sent = journal.write_sent(again, &card()).expect("written");
    let path = down.folder.path().join("somebody");
    let listener = UnixListener::bind(&path).expect("a free name");
    let mut uplink = Uplink::start(Source::Socket(path), event::queue().0);
    let (mut theirs, _) = listener.accept().expect("it connects");
    let request = AuthoriseRequest {
        attempt: again,
        ..request(&down)
    };
    assert_eq!(uplink.authorise(sent, request, &down.journal), None);
    let first = frame::read(&mut theirs).expect("a message");
    assert!(
        matches!(first, Some(ToUplink::Reverse(due)) if due.attempt == down.attempt),
        "the charge went first"
    );
    let second = frame::read(&mut theirs).expect("a message");
    assert!(matches!(second, Some(ToUplink::Authorise(_))));
}

#[test]
fn nothing_was_sent_where_there_was_nobody_to_send_it() {
    let mut down = down();
    let request = request(&down);
    let answer = down.uplink.authorise(down.sent, request, &down.journal);
    assert!(
        matches!(answer, Some(AuthoriseResult::NotSent { .. })),
        "{answer:?}"
    );
}
