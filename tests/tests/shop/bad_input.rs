//! Bad input: each gets one clear sentence that says what to do; nothing is lost, nothing panics.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use sealpoint_tests::built::program;
use sealpoint_tests::child::run;
use serde_json::json;

use crate::rig::{Till, assert_says};

/// Runs `till --stdio` with no input and gives what came of it.
fn start(state: &Path, more: &[&str]) -> Output {
    Command::new(program("till"))
        .args(["--stdio", "--state"])
        .arg(state)
        .args(more)
        .env("SEALPOINT_LOG", "off")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the till starts")
}

#[track_caller]
fn assert_refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(
        said.trim().lines().count(),
        1,
        "one sentence on one line: {said}"
    );
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "\"{word}\" is not in: {said}");
    }
}

#[test]
fn a_configuration_without_an_end_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    symlink("/dev/zero", folder.path().join("till.toml")).expect("a link");
    assert_refused(&start(folder.path(), &[]), &["till.toml", "not a file"]);
}

#[test]
fn a_configuration_with_a_wrong_key_or_type_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("till.toml");
    let state = folder.path().join("state");
    let at = config.display().to_string();
    for (text, words) in [
        ("store = \"A\"\nreeder = \"pcsc\"\n", ["line 2", "reeder"]),
        ("store = 7\n", ["line 1", "string"]),
        (
            "insert_timeout_s = \"soon\"\n",
            ["line 1", "a whole number"],
        ),
        ("\ncurrency = \"XXX\"\n", ["line 2", "XXX"]),
        ("terminal = \"till one\"\n", ["line 1", "till one"]),
        ("insert_timeout_s = 9999\n", ["line 1", "300"]),
        ("store = \"A\n", ["line 1", "Correct the line"]),
    ] {
        fs::write(&config, text).expect("a file in a temporary folder");
        assert_refused(&start(&state, &["--config", &at]), &words);
    }
    let missing = folder.path().join("none.toml").display().to_string();
    assert_refused(
        &start(&state, &["--config", &missing]),
        &["none.toml", "Check --config"],
    );
    assert!(
        !state.exists(),
        "nothing was made before the configuration was good"
    );
}

#[test]
fn a_second_till_on_the_same_state_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut first = Till::start(folder.path(), &[]);
    first.act(json!({ "do": "view" }));
    assert_refused(&start(folder.path(), &[]), &["Another till", "--state"]);
    first.close();
}

#[test]
fn a_state_folder_that_cannot_be_written_is_refused() {
    // Root writes anywhere but not below a file and not into /proc.
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    assert_refused(
        &start(&file.path().join("state"), &[]),
        &["cannot be written", "--state"],
    );
    assert_refused(
        &start(Path::new("/proc/sealpoint"), &[]),
        &["cannot be written", "--state"],
    );
}

#[test]
fn a_lost_or_wrong_key_never_harms_the_journal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut till = Till::start(folder.path(), &[]);
    till.scan("2900000011014");
    till.act(json!({ "do": "cash_exact" }));
    till.close();
    let key = folder.path().join("db.key");
    let good = fs::read(&key).expect("the key file");
    assert_eq!(
        fs::metadata(&key)
            .expect("the key file")
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    fs::remove_file(&key).expect("the key file");
    assert_refused(&start(folder.path(), &[]), &["db.key"]);
    let mut other = good.clone();
    if let Some(byte) = other.last_mut() {
        *byte = if *byte == b'a' { b'b' } else { b'a' };
    }
    fs::write(&key, &other).expect("the key file");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("the key file");
    assert_eq!(start(folder.path(), &[]).status.code(), Some(2));
    fs::write(&key, &good).expect("the key file");
    let mut till = Till::start(folder.path(), &[]);
    assert_eq!(till.act(json!({ "do": "view" }))["totals"]["sales"], 1);
    till.close();
}

#[test]
fn a_corrupt_catalogue_row_is_told_and_the_rest_is_sold() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let catalogue = folder.path().join("catalogue.csv");
    fs::write(
        &catalogue,
        "sku,name,plu,barcode,category,price_minor,unit,tax_bp,min_age\n\
         A,Apples,1,,Fruit,199,each,700,0\n\
         B,Pears,2,,Fruit,cheap,each,700,0\n",
    )
    .expect("a file in a temporary folder");
    let config = folder.path().join("till.toml");
    fs::write(
        &config,
        format!("catalogue = \"{}\"\n", catalogue.display()),
    )
    .expect("a file");
    let mut till = Till::start(folder.path(), &[]);
    let view = till.act(json!({ "do": "view" }));
    assert_says(&view, "catalogue_rows");
    let text = view["notice"]["text"].to_string();
    assert!(text.contains("Line 3") && text.contains("cheap"), "{text}");
    assert_eq!(
        till.act(json!({ "do": "plu", "plu": "1" }))["basket"]["total_minor"],
        199
    );
    till.close();
    fs::write(&catalogue, "nothing of the sort\n").expect("a file in a temporary folder");
    assert_refused(&start(folder.path(), &[]), &["catalogue", "header"]);
}

#[test]
fn lines_that_are_no_actions_are_answered_and_change_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut till = Till::start(folder.path(), &[]);
    till.scan("2900000011014");
    let long = format!("{{\"do\":\"scan\",\"code\":\"{}\"}}", "9".repeat(200_000));
    for line in [
        "garbage",
        "[]",
        "{}",
        "{\"do\":\"fly\"}",
        "{\"do\":\"scan\"}",
        "{\"do\":\"cash\",\"given_minor\":1.5}",
        "{\"do\":\"scan\",\"code\":\"1\",\"extra\":1}",
        "\u{0}",
        &long,
    ] {
        till.write(line);
        let mut said = till.next();
        while said["type"] == "view" {
            said = till.next();
        }
        assert_eq!(said["type"], "error", "{}", &line[..line.len().min(60)]);
        assert!(
            said["text"]
                .as_str()
                .is_some_and(|t| t.contains("send it again")),
            "{said}"
        );
    }
    assert_eq!(till.act(json!({ "do": "view" }))["basket"]["items"], 1);
    till.close();
}

#[test]
fn impossible_actions_get_a_sentence_and_change_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut till = Till::start(folder.path(), &[]);
    till.scan("2900000011014");
    for (action, code) in [
        (
            json!({ "do": "scan", "code": "2900000099991" }),
            "barcode_misread",
        ),
        (
            json!({ "do": "scan", "code": "4006381333931" }),
            "unknown_barcode",
        ),
        (json!({ "do": "plu", "plu": "99999" }), "unknown_plu"),
        (json!({ "do": "add", "sku": "NO-SUCH" }), "unknown_sku"),
        (
            json!({ "do": "quantity", "quantity": "-3" }),
            "bad_quantity",
        ),
        (
            json!({ "do": "quantity", "quantity": "1000000" }),
            "bad_quantity",
        ),
        (
            json!({ "do": "plu", "plu": "1101", "quantity": "1e9" }),
            "bad_quantity",
        ),
        (json!({ "do": "plu", "plu": "11001" }), "weight_needed"),
        (json!({ "do": "cash", "given_minor": -5 }), "no_amount"),
        (
            json!({ "do": "cash", "given_minor": 9_000_000 }),
            "change_too_large",
        ),
        (
            json!({ "do": "card", "amount_minor": 99_999 }),
            "card_over_due",
        ),
        (json!({ "do": "void_line", "line": 77 }), "no_such_line"),
        (
            json!({ "do": "recall", "sale": "nonsense" }),
            "finish_first",
        ),
        (json!({ "do": "answer", "yes": true }), "not_now"),
        (
            json!({ "do": "receipt", "receipt_no": 12345 }),
            "no_receipt",
        ),
    ] {
        let view = till.act(action.clone());
        assert_says(&view, code);
        assert_eq!(view["basket"]["items"], 1, "{action}");
    }
    till.close();
}

#[test]
fn a_port_that_is_taken_is_said_by_the_collector_and_the_host() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tls = folder.path().join("tls");
    run(Command::new(program("collector"))
        .args(["ca", "--tls"])
        .arg(&tls));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    let store = format!("sqlite:{}", folder.path().join("store.db").display());
    let output = Command::new(program("collector"))
        .args(["--listen", &address, "--store", &store, "--tls"])
        .arg(&tls)
        .env("SEALPOINT_LOG", "off")
        .output()
        .expect("the collector starts");
    assert_refused(&output, &[&address]);
}
