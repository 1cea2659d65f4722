//! What of a card is on the collector's disk: nothing that was sealed, not even while the acquirer
//! is asked, and of chip data and tokens what the sale's record says.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use sealpoint_acquirer::Mti;
use sealpoint_sale::Tender;
use sealpoint_wire::api::{AckOutcome, PushAnswer, Summary};
use sealpoint_wire::seal::{DukptScheme, X_WING_ENC_LEN};
use sealpoint_wire::{AuthoriseRequest, Bytes, DukptSealed, RecordKind, SealedCard};

use crate::client::Client;
use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::process::{Running, Shop};
use crate::shapes::{TILL, authorise, card, push, record_of, reverse, sale};

const TOKEN: &str = "3B0380132A6E67AB65A78F9DEA533B03";

async fn open(acquirer: &FakeAcquirer) -> (Shop, Running, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let collector = shop.start_with(&["--acquirer", &acquirer.address.to_string()]);
    let client = Client::of_till(collector.address, &till);
    (shop, collector, client)
}

/// Bytes that are found nowhere by chance, another row for each seed.
fn row(seed: u8, len: usize) -> Bytes {
    let row = (1..=len).map(|at| {
        let mixed = at
            .wrapping_mul(0x9E37_79B9)
            .wrapping_add(usize::from(seed) << 9);
        u8::try_from((mixed >> 11) & 0xFF).unwrap_or_default()
    });
    Bytes::try_from(row.collect::<Vec<u8>>()).expect("within bounds")
}

/// A request with rows of its own, and those of them that no disk may hold.
fn request(number: u64, is_dukpt: bool) -> (AuthoriseRequest, Vec<Bytes>) {
    let mut request = authorise(number);
    let seed = u8::try_from(10 * number).expect("a small number");
    let cryptogram = row(seed, 8);
    let mut emv = vec![0x9F, 0x26, 8];
    emv.extend_from_slice(cryptogram.as_slice());
    request.de55 = Bytes::try_from(emv).expect("short");
    let mut hidden = vec![cryptogram];
    if is_dukpt {
        let sealed = DukptSealed {
            scheme: DukptScheme::Aes128,
            key_id: "dukpt-1".parse().expect("a key id"),
            ksn: row(seed + 1, 12),
            ciphertext: row(seed + 2, 48),
            mac: row(seed + 3, 16),
        };
        hidden.extend([&sealed.ksn, &sealed.ciphertext, &sealed.mac].map(Clone::clone));
        request.sealed = SealedCard::Dukpt(sealed);
    } else {
        let SealedCard::Hpke(sealed) = &mut request.sealed else {
            panic!("the shapes seal to a public key")
        };
        sealed.enc = row(seed + 1, X_WING_ENC_LEN);
        sealed.ciphertext = row(seed + 2, 64);
        hidden.extend([&sealed.enc, &sealed.ciphertext].map(Clone::clone));
    }
    request.card.token = Some(TOKEN.parse().expect("a token"));
    hidden.push(Bytes::try_from(TOKEN.as_bytes().to_vec()).expect("short"));
    (request, hidden)
}

/// Files below the shop's folder that hold some of a row, as bytes, hexadecimal or base64.
fn found(folder: &Path, hidden: &[Bytes]) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(self::found(&path, hidden));
            continue;
        }
        let content = fs::read(&path).expect("readable");
        for row in hidden {
            // Sixteen bytes tell a row; shorter ones are looked for whole.
            let start = row.as_slice().get(..16).unwrap_or(row.as_slice());
            let whole_threes = &start[..start.len() - start.len() % 3];
            let wanted = [
                start.to_vec(),
                HEXUPPER.encode(start).into_bytes(),
                HEXLOWER.encode(start).into_bytes(),
                BASE64.encode(whole_threes).into_bytes(),
            ];
            if wanted.iter().any(|row| holds(&content, row)) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

fn holds(content: &[u8], row: &[u8]) -> bool {
    content.windows(row.len()).any(|window| window == row)
}

#[tokio::test]
async fn nothing_that_was_sealed_is_on_the_disk_before_or_after_the_answer() {
    let acquirer = FakeAcquirer::start().await;
    let (shop, _collector, client) = open(&acquirer).await;
    for (number, is_dukpt) in [(1, false), (2, true)] {
        let (request, hidden) = request(number, is_dukpt);
        // While the acquirer is asked: the attempt is SENT.
        acquirer.is(Mood::AnswersLate);
        let asking = client.post("/v1/authorisations", &request);
        let looking = async {
            let asked = |heard: &[Mti]| {
                heard
                    .iter()
                    .filter(|mti| **mti == Mti::Authorisation)
                    .count() as u64
            };
            while asked(&acquirer.heard()) < number {
                tokio::task::yield_now().await;
            }
            assert_eq!(found(shop.folder.path(), &hidden), [""; 0], "while asked");
            client.post("/v1/reversals", &reverse(number)).await
        };
        let (_, reversed) = tokio::join!(asking, looking);
        assert_eq!(reversed.code, 200);
        assert_eq!(found(shop.folder.path(), &hidden), [""; 0], "when reversed");
    }
    acquirer.is(Mood::Answers);
    for (number, is_dukpt) in [(3, false), (4, true)] {
        let (request, hidden) = request(number, is_dukpt);
        let answer = client.post("/v1/authorisations", &request).await;
        assert_eq!(answer.code, 200, "{}", answer.text);
        assert_eq!(found(shop.folder.path(), &hidden), [""; 0], "when answered");
    }
}

#[tokio::test]
async fn the_search_finds_a_row_in_each_of_its_forms() {
    let shop = Shop::new();
    let (_, hidden) = request(1, true);
    let rows = hidden[2].as_slice();
    for form in [
        rows.to_vec(),
        HEXUPPER.encode(rows).into_bytes(),
        HEXLOWER.encode(rows).into_bytes(),
        BASE64.encode(rows).into_bytes(),
    ] {
        let file = shop.path("planted");
        fs::write(&file, [b"before ", &form[..], b" behind"].concat()).expect("written");
        assert_eq!(found(shop.folder.path(), &hidden).len(), 1);
    }
}

#[tokio::test]
async fn a_token_that_the_policy_lets_out_is_in_the_sale_beside_four_digits_alone() {
    let acquirer = FakeAcquirer::start().await;
    let (shop, collector, client) = open(&acquirer).await;
    let mut tender = card(700);
    if let Tender::Card(card) = &mut tender {
        card.token = Some(TOKEN.to_owned());
    }
    let good = record_of(&sale(1, TILL, vec![tender], 700), 1, RecordKind::Sale);
    let outcome = |answer: PushAnswer| {
        let ack = answer.results.into_iter().next().expect("one record");
        (ack.outcome, ack.why)
    };
    let pushed = client.post("/v1/records", &push(vec![good])).await;
    assert_eq!(outcome(pushed.json()), (AckOutcome::Created, None));

    for wrong in [
        "4761739001010119",
        "",
        &TOKEN.to_lowercase(),
        "476173******0119",
    ] {
        let mut tender = card(700);
        if let Tender::Card(card) = &mut tender {
            card.token = Some(wrong.to_owned());
        }
        let bad = record_of(&sale(2, TILL, vec![tender], 700), 2, RecordKind::Sale);
        let pushed = client.post("/v1/records", &push(vec![bad])).await;
        let why = Some("A card's token in its body is none.".to_owned());
        assert_eq!(
            outcome(pushed.json()),
            (AckOutcome::Refused, why),
            "{wrong}"
        );
    }
    let summary: Summary = client.get("/v1/summary").await.json();
    assert_eq!(summary.terminals[0].card_minor, 700);
    drop((client, collector));
    let token = Bytes::try_from(TOKEN.as_bytes().to_vec()).expect("short");
    let holds_token = found(shop.folder.path(), std::slice::from_ref(&token));
    assert!(!holds_token.is_empty(), "the sale's record has it");
    for file in holds_token {
        let content = fs::read(file).expect("readable");
        assert!(
            !holds(&content, b"476173"),
            "no more than four digits beside it"
        );
    }
}
