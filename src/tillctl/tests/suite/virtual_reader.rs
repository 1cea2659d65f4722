//! Charges with the demo's virtual reader: the whole program without a card service.

use sealpoint_cardsim::{Profile, VirtualReader};
use tempfile::TempDir;

use crate::bench::{Ran, assert_no_pan, card, folder, slot, tillctl};

/// A reader with that card in it.
struct Reader {
    folder: TempDir,
    card: Profile,
    _reader: VirtualReader,
}

impl Reader {
    fn with(name: &str) -> Self {
        let folder = folder();
        let card = card(name);
        let slot = slot(folder.path(), std::slice::from_ref(&card));
        slot.insert(name).expect("a card");
        let reader = VirtualReader::bind(&folder.path().join("reader"), slot).expect("a socket");
        Self {
            folder,
            card,
            _reader: reader,
        }
    }

    /// Runs `tillctl card` with it; the card's number is never said.
    fn run(&self, arguments: &[&str]) -> Ran {
        let socket = self.folder.path().join("reader");
        let socket = socket.to_str().expect("text");
        let common = ["card", "--wait", "5", "--virtual", socket];
        let ran = tillctl(&[&common, arguments].concat());
        assert_no_pan(&ran, &self.card);
        ran
    }
}

#[test]
fn an_approved_charge_tells_all_that_is_known_of_it() {
    let ran = Reader::with("cda").run(&["--json", "--amount", "1234", "--de55"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    for (field, expected) in [
        ("version", "1"),
        ("outcome", "approved"),
        ("exit_code", "0"),
        ("interface", "contact"),
        ("amount_minor", "1234"),
        ("currency", "978"),
        ("kind", "purchase"),
        ("ac_type", "TC"),
        ("host", "approved"),
        ("response_code", "00"),
        ("data_authentication", "cda_ok"),
        ("signature", "false"),
        ("reason", "null"),
    ] {
        assert_eq!(ran.text(field), expected, "{field}");
    }
    for (field, digits) in [
        ("tvr", 10),
        ("tsi", 4),
        ("ac", 16),
        ("atc", 4),
        ("cvm_results", 6),
    ] {
        let text = ran.text(field);
        let hexadecimal = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
        assert!(
            text.len() == digits && text.chars().all(hexadecimal),
            "{field}: {text}"
        );
    }
    let json = ran.json();
    assert!(
        json["apdus"]
            .as_u64()
            .is_some_and(|apdus| (8..=20).contains(&apdus))
    );
    assert!(json["bytes_received"].as_u64() > json["bytes_sent"].as_u64());
    assert!(json["times_ms"]["total"].as_f64() >= json["times_ms"]["card"].as_f64());
    let de55 = ran.text("de55");
    // The amount, tag 9F02, as the card and the host saw it.
    assert!(de55.contains("9F0206000000001234"), "{de55}");
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn every_field_is_in_the_documentation() {
    let ran = Reader::with("two-applications").run(&["--json", "--de55", "--transcript"]);
    let manual = include_str!("../../../../docs/tillctl.md");
    let json = ran.json();
    for field in json.as_object().expect("an object").keys() {
        assert!(manual.contains(&format!("`{field}`")), "{field}");
    }
}

#[test]
fn the_host_that_was_asked_for_decides() {
    let reader = Reader::with("visa-approved");
    let declined = reader.run(&["--json", "--host", "decline"]);
    assert_eq!(
        (declined.code, declined.text("outcome").as_str()),
        (10, "declined_by_host")
    );
    assert_eq!(
        (
            declined.text("ac_type").as_str(),
            declined.text("response_code").as_str()
        ),
        ("AAC", "05")
    );
    let nobody = reader.run(&["--json", "--host", "none"]);
    assert_eq!(
        (nobody.code, nobody.text("outcome").as_str()),
        (12, "unable_to_go_online")
    );
    assert_eq!(
        (
            nobody.text("ac_type").as_str(),
            nobody.text("host").as_str()
        ),
        ("AAC", "unreachable")
    );
}

#[test]
fn kind_amount_and_currency_reach_card_and_host() {
    let reader = Reader::with("visa-approved");
    for (kind, processing_code) in [
        ("purchase", "9C0100"),
        ("cash", "9C0101"),
        ("refund", "9C0120"),
    ] {
        let ran = reader.run(&[
            "--json",
            "--de55",
            "--kind",
            kind,
            "--currency",
            "826",
            "--amount",
            "999999999999",
        ]);
        let de55 = ran.text("de55");
        assert_eq!(ran.text("kind"), kind);
        for part in [processing_code, "5F2A020826", "9F0206999999999999"] {
            assert!(de55.contains(part), "{kind}: {part} is not in {de55}");
        }
    }
}

#[test]
fn each_kind_of_end_has_its_word_and_its_exit_code() {
    for (name, code, outcome) in [
        ("declines-offline", 10, "declined_offline"),
        ("blocked", 22, "not_accepted"),
        ("application-blocked", 22, "not_accepted"),
        ("unknown-aid", 22, "not_accepted"),
        ("garbage", 23, "card_fault"),
        ("repeated-tag", 23, "card_fault"),
        ("removed-too-soon", 21, "card_removed"),
    ] {
        let ran = Reader::with(name).run(&["--json"]);
        assert_eq!(
            (ran.code, ran.text("outcome").as_str()),
            (code, outcome),
            "{name}"
        );
        assert!(
            ran.text("reason").ends_with('.'),
            "{name}: {}",
            ran.text("reason")
        );
        assert_eq!(ran.text("exit_code"), code.to_string(), "{name}");
    }
}

#[test]
fn a_card_pulled_after_a_decline_was_declined() {
    for (name, arguments, outcome) in [
        ("expired", &["--json"][..], "declined_offline"),
        (
            "removed-too-soon",
            &["--json", "--host", "decline"],
            "declined_by_host",
        ),
    ] {
        let ran = Reader::with(name).run(arguments);
        assert_eq!(
            (ran.code, ran.text("outcome").as_str()),
            (10, outcome),
            "{name}"
        );
        assert_eq!(ran.text("exit_code"), "10", "{name}");
    }
}

#[test]
fn a_tapped_card_that_is_not_inserted_keeps_what_it_said() {
    let ran = Reader::with("qvsdc-insert").run(&["--json", "--wait", "1"]);
    assert_eq!(
        (ran.code, ran.text("outcome").as_str()),
        (22, "not_accepted"),
        "{}",
        ran.out
    );
    assert_eq!(ran.text("interface"), "contactless");
    assert!(
        ran.text("reason").contains("Insert the card"),
        "{}",
        ran.out
    );
}

#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let reader = Reader::with("cda");
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let code = std::process::Command::new(env!("CARGO_BIN_EXE_tillctl"))
        .args(["card", "--json", "--virtual"])
        .arg(reader.folder.path().join("reader"))
        .stdout(full)
        .stderr(std::process::Stdio::null())
        .status()
        .expect("tillctl runs")
        .code();
    assert_eq!(code, Some(1));
}

#[test]
fn what_was_wrong_with_a_signature_is_told() {
    for (name, word) in [
        ("bad-static-signature", "sda_failed"),
        ("bad-dda-signature", "dda_failed"),
        ("bad-issuer-certificate", "cda_failed"),
    ] {
        let ran = Reader::with(name).run(&["--json"]);
        assert_eq!(ran.text("data_authentication"), word, "{name}");
        assert_ne!(ran.text("data_authentication_flaw"), "null", "{name}");
    }
}

#[test]
fn of_several_applications_the_wanted_one_is_taken() {
    let reader = Reader::with("two-applications");
    let first = reader.run(&["--json"]);
    let second = reader.run(&["--json", "--choose", "2"]);
    let choices = first.json()["choices"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(choices.len(), 2, "{}", first.out);
    assert_eq!(first.text("label"), choices[0].as_str().expect("text"));
    assert_eq!(second.text("label"), choices[1].as_str().expect("text"));
    assert_ne!(first.text("aid"), second.text("aid"));
    assert_eq!(reader.run(&["--json", "--choose", "9"]).code, 24);
}

#[test]
fn a_tapped_card_is_charged_with_one_cryptogram() {
    let ran = Reader::with("qvsdc").run(&["--json"]);
    assert_eq!(
        (ran.code, ran.text("interface").as_str()),
        (0, "contactless"),
        "{}",
        ran.out
    );
    assert_eq!(ran.text("ac_type"), "ARQC");
}

#[test]
fn a_tapped_card_that_approves_alone_has_signed() {
    let profile = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../emv/profiles/bench-offline.toml"
    );
    let offline = ["--json", "--wait", "1", "--profile", profile];
    let ran = Reader::with("qvsdc-offline").run(&offline);
    assert_eq!(
        (ran.code, ran.text("outcome").as_str()),
        (0, "approved_offline"),
        "{}",
        ran.out
    );
    assert_eq!(ran.text("data_authentication"), "fdda_ok");
    assert_eq!(ran.text("host"), "not_asked");
    let forged = Reader::with("qvsdc-bad-signature").run(&offline);
    assert_ne!(forged.code, 0, "{}", forged.out);
    assert_eq!(forged.text("data_authentication"), "fdda_failed");
}

#[test]
fn the_page_for_people_says_the_same() {
    let ran = Reader::with("cda").run(&["--transcript"]);
    assert_eq!(ran.code, 0);
    for part in [
        "Outcome",
        "approved",
        "Scheme",
        "mastercard",
        "TVR",
        "TSI",
        "TC ",
        "APDUs",
        "GENERATE AC",
    ] {
        assert!(ran.out.contains(part), "{part} is not in:\n{}", ran.out);
    }
    assert!(ran.err.contains("Reading the card."), "{}", ran.err);
}

#[test]
fn the_transcript_has_every_command_and_no_secret() {
    let reader = Reader::with("cda");
    let ran = reader.run(&["--json", "--transcript"]);
    let json = ran.json();
    let steps = json["transcript"].as_array().expect("a list");
    assert_eq!(Some(steps.len() as u64), json["apdus"].as_u64());
    assert!(!ran.out.contains(&reader.card.holder.name));
}

#[test]
fn no_card_in_time_and_no_reader_are_told_apart() {
    let folder = folder();
    let slot = slot(folder.path(), &[card("cda")]);
    let socket = folder.path().join("reader");
    let text = socket.to_str().expect("text");
    let at_once = tillctl(&["card", "--json", "--wait", "0", "--virtual", text]);
    assert_eq!(at_once.code, 30, "{}", at_once.out);
    let gone = tillctl(&["card", "--json", "--virtual", text]);
    assert_eq!(
        (gone.code, gone.text("outcome").as_str()),
        (30, "reader_fault")
    );
    let _reader = VirtualReader::bind(&socket, slot).expect("a socket");
    let empty = tillctl(&["card", "--json", "--wait", "0", "--virtual", text]);
    assert_eq!(
        (empty.code, empty.text("outcome").as_str()),
        (20, "no_card")
    );
    let list = tillctl(&["card", "--json", "--list", "--virtual", text]);
    assert_eq!(list.code, 0);
    assert_eq!(list.json()["readers"][0]["card"], false);
}
