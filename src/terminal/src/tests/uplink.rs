use sealpoint_journal::{DbKey, Intent, Journal, SentWritten};
use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::{
    AuthoriseRequest, AuthoriseResult, Bytes, CardSummary, HpkeSealed, SealedCard, seal,
};
use uuid::Uuid;

use crate::{child::Source, config::Config, event, state::State, uplink::Uplink};

/// A till whose link process does not run: there is none beside this test. One attempt is SENT.
struct Down {
    _folder: tempfile::TempDir,
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
        _folder: folder,
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
fn nothing_was_sent_where_there_was_nobody_to_send_it() {
    let mut down = down();
    let request = AuthoriseRequest {
        attempt: down.attempt,
        sale: down.sale,
        terminal: Config::default().terminal,
        stan: 1,
        local_time: "20261122120000".to_owned(),
        amount_minor: 100,
        currency: Currency::Eur,
        card: card(),
        sealed: SealedCard::Hpke(HpkeSealed {
            kem: seal::KEM_X_WING,
            kdf: seal::KDF_HKDF_SHA256,
            aead: seal::AEAD_AES_256_GCM,
            key_id: "demo".parse().expect("a name fit for a key"),
            enc: Bytes::default(),
            ciphertext: Bytes::default(),
        }),
        de55: Bytes::default(),
    };
    let answer = down.uplink.authorise(down.sent, request);
    assert!(
        matches!(answer, Some(AuthoriseResult::NotSent { .. })),
        "{answer:?}"
    );
}
