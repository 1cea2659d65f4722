//! The same tests over PostgreSQL: this binary runs itself again, with the name of a server.

use std::env;
use std::process::Command;

use crate::postgres::Postgres;

/// Names the server for the tests in this binary; without it they use SQLite.
pub const SERVER: &str = "SEALPOINT_TEST_POSTGRES";
/// Modules whose tests hold for both stores.
const BOTH: &[&str] = &[
    "records::",
    "hosts::",
    "attempts::",
    "advices::",
    "inquiries::",
    "reversals::",
    "pushes::",
    "books::",
    "sink_outbox::",
    "uplink::",
];

#[test]
fn every_test_of_the_store_holds_on_postgresql() {
    if env::var_os(SERVER).is_some() {
        return;
    }
    let postgres = Postgres::start();
    let ran = Command::new(env::current_exe().expect("a test knows itself"))
        .args(BOTH)
        .env(SERVER, postgres.url("postgres"))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(!said.contains("running 0 tests"), "{said}");
}
