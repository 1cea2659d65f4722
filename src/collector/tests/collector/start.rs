//! What the operator is told when the collector cannot start: one sentence, and what to do.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use crate::process::{Shop, collector, run};

fn sentence(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn start(shop: &Shop, change: &[(&str, String)]) -> Output {
    let mut arguments = shop.serve_arguments();
    for (option, value) in change {
        match arguments.iter().position(|a| a == option) {
            Some(at) => arguments[at + 1].clone_from(value),
            None => arguments.extend([(*option).to_owned(), value.clone()]),
        }
    }
    collector()
        .args(arguments)
        .output()
        .expect("the collector's binary runs")
}

#[test]
fn a_port_that_is_taken() {
    let shop = Shop::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let told = sentence(&start(&shop, &[("--listen", address)]));
    assert!(
        told.contains("another program uses this port. Stop that program"),
        "{told}"
    );
}

#[test]
fn certificates_that_were_never_made() {
    let shop = Shop::new();
    let told = sentence(&start(&shop, &[("--tls", shop.text("nowhere"))]));
    assert!(told.contains("ca.pem is missing"), "{told}");
    assert!(told.contains("collector ca --tls"), "{told}");
}

#[test]
fn a_key_that_does_not_belong_to_the_certificate() {
    let shop = Shop::new();
    let other = Shop::new();
    fs::copy(
        other.path("tls/server.key.pem"),
        shop.path("tls/server.key.pem"),
    )
    .expect("copied");
    let told = sentence(&start(&shop, &[]));
    assert!(told.contains("do not belong together"), "{told}");
}

#[test]
fn a_store_in_a_folder_that_is_not_there() {
    let shop = Shop::new();
    let store = format!("sqlite:{}", shop.text("nowhere/store.db"));
    let told = sentence(&start(&shop, &[("--store", store)]));
    assert!(told.contains("cannot be written"), "{told}");
    assert!(told.contains("Check that its folder exists"), "{told}");
}

#[test]
fn a_store_that_is_no_database() {
    let shop = Shop::new();
    fs::write(shop.path("notes.txt"), "milk, eggs, bread\n".repeat(100)).expect("written");
    let store = format!("sqlite:{}", shop.text("notes.txt"));
    let told = sentence(&start(&shop, &[("--store", store)]));
    assert!(told.contains("is not a collector's store"), "{told}");
    assert!(
        fs::read_to_string(shop.path("notes.txt"))
            .expect("there")
            .starts_with("milk")
    );
}

#[test]
fn a_second_collector_on_the_same_store() {
    let shop = Shop::new();
    let _first = shop.start();
    let told = sentence(&start(&shop, &[]));
    assert!(told.contains("Another collector uses the store"), "{told}");
}

#[test]
fn words_that_are_no_store_acquirer_or_page() {
    let shop = Shop::new();
    for (option, value, part) in [
        ("--store", "store.db", "A store is sqlite:FILE"),
        (
            "--acquirer",
            "http://acquirer.example",
            "An acquirer is HOST:PORT",
        ),
        ("--pages", "0.0.0.0:8080", "on the loopback only"),
        ("--listen", "here", "invalid socket address"),
        ("--colour", "blue", "unexpected argument"),
    ] {
        let told = sentence(&start(&shop, &[(option, value.to_owned())]));
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn names_that_are_no_terminal_or_host() {
    let shop = Shop::new();
    let (tls, out) = (shop.text("tls"), shop.text("out"));
    let told = sentence(&run(&[
        "enrol",
        "--tls",
        &tls,
        "--terminal",
        "till 1",
        "--out",
        &out,
    ]));
    assert!(told.contains("is no terminal id"), "{told}");
    let told = sentence(&run(&["ca", "--tls", &out, "--name", "not a name"]));
    assert!(told.contains("is no DNS name and no IP address"), "{told}");
    let nowhere = shop.text("nowhere");
    let told = sentence(&run(&[
        "enrol",
        "--tls",
        &nowhere,
        "--terminal",
        "T1",
        "--out",
        &out,
    ]));
    assert!(told.contains("ca.key.pem is missing"), "{told}");
}

#[test]
fn no_words_at_all_show_the_help() {
    let told = sentence(&run(&[]));
    assert!(told.contains("--store <sqlite:FILE|postgres://"), "{told}");
}

#[test]
fn the_store_and_its_side_files_are_for_this_user_alone() {
    let shop = Shop::new();
    let _running = shop.start();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let about = fs::metadata(shop.path(name)).expect("the collector made it");
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
    }
}
