//! What `tillctl keys show` says, to people and to monitoring.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use super::office::{Office, acquirer, assert_refused, dukpt, key, protection, text};

#[test]
fn a_till_of_a_shop_with_its_storage_key_from_the_system_is_well() {
    let office = Office::new();
    let credentials = office.file("credentials");
    fs::create_dir(&credentials).expect("made");
    let credential = credentials.join("lane.key");
    fs::write(&credential, [7; 32]).expect("written");
    fs::set_permissions(&credential, fs::Permissions::from_mode(0o400)).expect("mode set");
    let manifest = office.manifest(1, "", &[acquirer("acq-1", -10, 100, "")]);
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tillctl"))
            .arg("keys")
            .args(arguments)
            .args(["--production", "--keys", text(&office.keys)])
            .env("CREDENTIALS_DIRECTORY", &credentials)
            .output()
            .expect("tillctl runs");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("text"),
        )
    };
    assert_eq!(
        run(&["load", text(&office.file("retailer.pub.toml"))]).0,
        Some(0)
    );
    assert_eq!(run(&["load", text(&manifest)]).0, Some(0));
    let (code, page) = run(&["show"]);
    assert_eq!(code, Some(0), "{page}");
    assert!(page.contains("the system's credential"), "{page}");
    let wide = page.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
    assert!(!office.keys.join("storage.key").exists());
    // Without the credential, production takes no other.
    let ran = office.ran(&["show", "--production"]);
    assert_eq!(ran.code, 71, "{}", ran.out);
    assert!(!office.keys.join("storage.key").exists());
}

#[test]
fn each_key_has_a_state_and_what_needs_care_has_a_code() {
    let check = "check_value = \"differs\"";
    let gone = "check_value = \"differs\"\nrevoked = \"lost in the post\"";
    let office = Office::managed(&[
        acquirer("acq-1", -300, 5, ""),
        key("dukpt-0", "dukpt_aes256", -20, -10, check),
        key("dukpt-1", "dukpt_aes128", -20, 10, gone),
        key("dukpt-2", "dukpt_aes192", -20, 10, check),
        key("tok-1", "token", 5, 100, "check_value = \"0011223344\""),
    ]);
    let ran = office.ran(&["show", "--json"]);
    assert_eq!(ran.code, 70, "{}", ran.out);
    for (id, state) in [
        ("acq-1", "in_use"),
        ("dukpt-0", "expired"),
        ("dukpt-1", "revoked"),
        ("dukpt-2", "missing"),
        ("tok-1", "missing"),
    ] {
        assert_eq!(office.of(id, "state"), state, "{id}");
    }
    assert_eq!(office.of("acq-1", "days_left"), 5);
    assert_eq!(office.of("dukpt-1", "revoked"), "lost in the post");
    let warnings = ran.json()["warnings"].to_string();
    assert!(
        warnings.contains("acq-1") && warnings.contains("tok-1"),
        "{warnings}"
    );
    let page = office.ran(&["show"]).out;
    assert!(page.contains("lost in the post"), "{page}");
}

#[test]
fn the_profile_says_which_way_of_sealing_counts() {
    let office =
        Office::with_protection_key(&[acquirer("acq-1", -10, 100, ""), protection(), dukpt()]);
    let demo = include_str!("../../../../emv/src/demo.toml");
    let profile = format!("{demo}\n[sealing]\nmethod = \"aes_dukpt\"\n");
    let profile = office.write("profile.toml", profile.as_bytes());
    let show = ["show", "--profile", text(&profile)];
    let ran = office.ran(&show);
    assert_eq!(ran.code, 71, "{}", ran.out);
    assert!(ran.out.contains("\"dukpt-1\" is not loaded"), "{}", ran.out);
    assert_eq!(
        office
            .load_file(&office.initial("dukpt-1", "1234567890123456"))
            .code,
        0
    );
    assert_eq!(office.ran(&show).code, 70);
    let nothing = office.ran(&["show", "--profile", "/nowhere"]);
    assert_refused(&nothing, 40, "is no profile");
}

#[test]
fn without_a_profile_the_manifest_says_which_way_of_sealing_counts() {
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let ran = office.ran(&["show", "--json"]);
    assert_eq!(ran.code, 71, "{}", ran.out);
    let shown = ran.json();
    assert_eq!(shown["sealing"], "aes_dukpt");
    let why = shown["cannot_charge"].to_string();
    assert!(
        why.contains("dukpt-1") && why.contains("not loaded"),
        "{why}"
    );
}

#[test]
fn a_key_store_without_its_storage_key_is_said() {
    let office = Office::with_protection_key(&[acquirer("acq-1", -10, 100, ""), protection()]);
    fs::remove_file(office.keys.join("storage.key")).expect("removed");
    let ran = office.ran(&["show"]);
    assert_eq!(ran.code, 71, "{}", ran.out);
    assert!(ran.out.contains("storage.key"), "{}", ran.out);
}

#[test]
fn a_copied_key_store_is_said() {
    let office = Office::with_protection_key(&[acquirer("acq-1", -10, 100, ""), protection()]);
    let store = office.keys.join("keys.store");
    let content = fs::read(&store).expect("a store");
    fs::remove_file(&store).expect("removed");
    fs::write(&store, content).expect("written");
    let ran = office.ran(&["show"]);
    assert_eq!(ran.code, 71, "{}", ran.out);
    assert!(ran.out.contains("copied or"), "{}", ran.out);
}

#[test]
fn wrong_arguments_are_named() {
    let office = Office::new();
    for (arguments, part) in [
        (&["shred"][..], "shred"),
        (&[], "what to do"),
        (&["show", "--id", "x"], "`--id` does not go"),
        (&["load"], "FILE"),
        (&["load", "a", "b"], "b"),
        (&["ceremony"], "--id"),
        (&["ceremony", "--id", "Kbpk 1"], "no key id"),
        (&["ceremony", "--id", "k", "--components", "1"], "2 to 4"),
        (
            &["ceremony", "--id", "k", "--algorithm", "rsa"],
            "aes or tdes",
        ),
        (&["ceremony", "--id", "k", "--person", "\x1b[2J"], "letters"),
        (&["wrap", "--id", "k", "--kind", "x_wing"], "key blocks"),
        (
            &["wrap", "--id", "k", "--kind", "dukpt_aes128"],
            "16 hexadecimal",
        ),
        (&["rotate", "now"], "now"),
        (&["sign", "x"], "--root"),
    ] {
        let ran = office.ran(arguments);
        assert_refused(&ran, 2, part);
        assert!(ran.err.contains("tillctl keys --help"), "{}", ran.err);
    }
    assert!(office.files().is_empty());
}

#[test]
fn what_may_be_charged_without_the_issuer_is_shown() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let ran = office.ran(&["show"]);
    assert!(
        ran.out
            .contains("Offline      never: each charge needs its issuer"),
        "{}",
        ran.out
    );
    assert!(office.shown()["manifest"]["offline"].is_null());

    let policy = "[offline]\ncurrency = \"EUR\"\nper_sale_minor = 5000\nper_till_minor = 100000\n\
                  per_card_day_minor = 7505\nper_card_day_count = 3\nmax_records = 50\n\
                  max_hours = 24\ndeferred = true\n";
    let manifest = office.manifest(2, policy, &[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(office.load_file(&manifest).code, 0);
    let ran = office.ran(&["show"]);
    for line in [
        "Offline      up to 50.00 EUR a charge, 1000.00 EUR the till",
        "             a card and day 75.05 EUR, 3 charges",
        "             at most 50 charges for at most 24 hours",
        "             also where the card wants its issuer",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    let shown = office.shown();
    let offline = &shown["manifest"]["offline"];
    assert_eq!(offline["per_sale_minor"], 5_000);
    assert_eq!(
        (&offline["currency"], &offline["deferred"]),
        (&"EUR".into(), &true.into())
    );

    let yen = policy
        .replace("EUR", "JPY")
        .replace("deferred = true", "deferred = false");
    let manifest = office.manifest(3, &yen, &[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(office.load_file(&manifest).code, 0);
    let ran = office.ran(&["show"]);
    assert!(ran.out.contains("up to 5000 JPY a charge"), "{}", ran.out);
    assert!(
        ran.out.contains("where the card itself approves"),
        "{}",
        ran.out
    );

    // What no till would keep is not signed.
    let body = office.write(
        "offline.body",
        format!(
            "version = 4\nissued = \"2026-11-23\"\n{}{}",
            policy.replace("max_hours = 24", "max_hours = 9999"),
            acquirer("acq-1", -10, 100, "")
        )
        .as_bytes(),
    );
    let root = office.file("retailer.key.toml");
    let ran = office.ran(&["sign", text(&body), "--root", text(&root)]);
    assert_refused(&ran, 72, "`offline.max_hours` is 9999 instead of 0 to 720");
}
