//! What PostgreSQL alone can do wrong: settings, passwords, months, a server that goes away.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sealpoint_collector::store::{Isolation, Quarantine, Store, Target};

use crate::postgres::{Postgres, numbers, sql};
use crate::process::{Shop, collector};
use crate::shapes::{TILL, record};

/// 2031-07-01T00:00:00Z, long after the months that were made ahead.
const LATER: i64 = 1_940_630_400_000;

fn target(url: &str) -> Target {
    url.parse().expect("a store")
}

async fn push(store: &Store, seq: u64, now_ms: i64) {
    let pushed = store
        .offer(Isolation::ReadCommitted, move |db| {
            let till = TILL
                .parse()
                .map_err(|_| sealpoint_collector::store::StoreError::Busy)?;
            db.push(&till, &[record(seq)], now_ms, Quarantine::No)
        })
        .await
        .expect("stored");
    assert_eq!(pushed.created, 1);
}

#[test]
fn a_server_that_could_lose_what_it_acknowledged_is_refused() {
    for (setting, good) in [
        ("fsync=off", "Set fsync = on"),
        ("full_page_writes=off", "Set full_page_writes = on"),
        ("synchronous_commit=off", "Set synchronous_commit = on"),
        ("synchronous_commit=local", "Set synchronous_commit = on"),
    ] {
        let postgres = Postgres::start_with(&[setting]);
        let opened = Store::open(&target(&postgres.database("shop")));
        let told = opened
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(told.contains(good), "{setting}: {told}");
    }
}

#[tokio::test]
async fn records_lie_in_the_month_they_came_in_and_stay_unique_over_all_months() {
    let postgres = Postgres::start();
    let url = postgres.database("shop");
    let store = Store::open(&target(&url)).expect("it opens");
    let ahead = numbers(
        &url,
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'record'::regclass",
    );
    assert_eq!(ahead, [3], "this month and two more");
    push(&store, 1, LATER).await;
    assert_eq!(
        numbers(&url, "SELECT count(*) FROM record_2031_07"),
        [1],
        "a month that was not made ahead is made when it is needed"
    );
    let report = store
        .offer(Isolation::ReadCommitted, |db| {
            let till = TILL
                .parse()
                .map_err(|_| sealpoint_collector::store::StoreError::Busy)?;
            db.push(&till, &[record(1)], LATER + 40 * 86_400_000, Quarantine::No)
        })
        .await
        .expect("read");
    assert_eq!(
        (report.created, report.existing),
        (0, 1),
        "in another month as well"
    );

    // Retention: an old month goes in one step, and what it held is still known.
    sql(&url, "DROP TABLE record_2031_07");
    let report = store
        .offer(Isolation::ReadCommitted, |db| {
            let till = TILL
                .parse()
                .map_err(|_| sealpoint_collector::store::StoreError::Busy)?;
            db.push(&till, &[record(1)], LATER, Quarantine::No)
        })
        .await
        .expect("read");
    assert_eq!(report.existing, 1);
}

#[tokio::test]
async fn a_server_that_restarts_is_dialled_again_and_has_everything() {
    let mut postgres = Postgres::start();
    let url = postgres.database("shop");
    let store = Store::open(&target(&url)).expect("it opens");
    push(&store, 1, LATER).await;
    postgres.kill_and_start();
    push(&store, 2, LATER).await;
    let summary = store.run(|db| db.summary()).await.expect("read");
    assert_eq!(summary.terminals[0].contiguous_seq, 2);
}

#[test]
fn several_collectors_make_the_tables_of_one_new_database_at_once() {
    let postgres = Postgres::start();
    let url = postgres.database("shop");
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || Store::open(&target(&url)).map(drop))
        })
        .collect();
    for opened in opening {
        opened.join().expect("it ends").expect("it opens");
    }
    assert_eq!(numbers(&url, "SELECT count(*) FROM store"), [1]);
    sql(&url, "UPDATE store SET version = 99");
    let later = Store::open(&target(&url))
        .err()
        .map(|error| error.to_string());
    assert!(later.is_some_and(|told| told.contains("newer release")));
}

#[test]
fn a_password_comes_from_a_private_file_and_is_never_said() {
    let shop = Shop::new();
    let start = |url: &str, pass_file: &str| {
        let mut arguments = shop.serve_arguments();
        let store = arguments
            .iter()
            .position(|word| word == "--store")
            .expect("it is there");
        url.clone_into(&mut arguments[store + 1]);
        let ended = collector()
            .args(arguments)
            .env("PGPASSFILE", pass_file)
            .output()
            .expect("it runs");
        assert_eq!(ended.status.code(), Some(2));
        String::from_utf8(ended.stderr).expect("text")
    };
    let told = start("postgres://till:geheim@127.0.0.1:1/shop", "");
    assert!(told.contains("PGPASSFILE"), "{told}");
    assert!(!told.contains("geheim"), "{told}");

    let file = shop.text("pgpass");
    fs::write(&file, "*:*:*:*:geheim\n").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("ours");
    let told = start("postgres://till@127.0.0.1:1/shop", &file);
    assert!(told.contains("chmod 600"), "{told}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
    let told = start("postgres://till@127.0.0.1:1/shop", &file);
    assert!(told.contains("cannot be used"), "{told}");
    assert!(!told.contains("geheim"), "{told}");
}

#[test]
fn words_that_are_no_store_say_what_one_is() {
    for (words, part) in [
        (
            "nats://127.0.0.1:4222",
            "Give --store sqlite:FILE or postgres://",
        ),
        ("mysql://x", "A store is sqlite:FILE or postgres://"),
        (
            "postgres://127.0.0.1/shop",
            "Name the user and the database",
        ),
        ("postgres://till@db.shop/shop", "sslmode=verify-full"),
        (
            "postgres://till@db.shop/shop?sslmode=require",
            "sslrootcert=FILE",
        ),
        ("postgres://till@db.shop/shop?sslmode=prefer", "sslmode is"),
        (
            "postgres://till@127.0.0.1/shop?connections=0",
            "connections is 1 to 64",
        ),
        ("sqlite:", "Give the file after sqlite:"),
    ] {
        let told = words.parse::<Target>().err().unwrap_or_default();
        assert!(told.contains(part), "{words}: {told}");
    }
}
