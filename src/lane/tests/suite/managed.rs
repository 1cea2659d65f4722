//! Keys under the retailer's signed manifest: which one seals, and each reason why none does.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use sealpoint_cardsim::profile;
use sealpoint_lane::SetUp;
use sealpoint_vault::{MANIFEST_FILE, signed::ROOT_FILE, store::STORAGE_KEY_FILE};
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use tempfile::TempDir;

use crate::{
    bench::Bench,
    host::Host,
    retailer::{LONG, Retailer, public, store},
};

/// A folder with the acquirer's key file, a retailer, and that one's manifest of these keys.
fn managed(keys: impl FnOnce(&Path) -> Vec<String>) -> (TempDir, Host, Retailer) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    let retailer = Retailer::of(folder.path());
    retailer.manifest(folder.path(), 1, &keys(folder.path()));
    (folder, host, retailer)
}

fn bench(folder: TempDir, host: Host) -> Bench {
    Bench::start(folder, host, &profile::shipped(), None)
}

/// Charges a card and gives the name of the key that sealed it.
fn sealed_with(bench: &mut Bench) -> String {
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    let online = bench.expect_online(attempt);
    let key = online.sealed.key_id().to_string();
    bench.host.open(&online);
    bench.slot.remove();
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::CardRemoved);
    key
}

fn refused(bench: &mut Bench) -> String {
    let attempt = bench.read();
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::CannotSeal);
    outcome.why.expect("a reason")
}

/// Why no card can be charged with what is in that folder.
fn obstacle(folder: &Path, production: bool) -> String {
    SetUp::new(folder, None)
        .in_production(production)
        .outlook()
        .cannot_charge
        .expect("no card can be charged")
}

#[test]
fn the_newest_key_of_the_manifest_seals_and_changes_between_two_charges() {
    let old = |folder: &Path| public(folder, "acq-1", LONG, "");
    let (folder, host, retailer) = managed(|folder| vec![old(folder)]);
    let mut bench = bench(folder, host);
    assert_eq!(bench.hello(), None);
    let (_, warnings) = bench.await_set_up();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("storage key lies beside"),
        "{warnings:?}"
    );
    assert_eq!(sealed_with(&mut bench), "acq-1");

    let keys = bench.folder.path().to_owned();
    let new = public(&keys, "acq-2", ("2021-01-01", "2099-12-31"), "");
    let later = public(&keys, "acq-3", ("2098-01-01", "2099-12-31"), "");
    retailer.manifest(&keys, 2, &[old(&keys), new.clone(), later.clone()]);
    assert_eq!(sealed_with(&mut bench), "acq-2");

    // The new key was given away: back to the one before it.
    let revoked = new + "revoked = \"given away\"\n";
    retailer.manifest(&keys, 3, &[old(&keys), revoked.clone(), later]);
    assert_eq!(sealed_with(&mut bench), "acq-1");

    retailer.manifest(&keys, 4, &[revoked]);
    let why = refused(&mut bench);
    assert!(
        why.starts_with(
            "No card can be charged. The retailer revoked the key \"acq-2\": given away."
        ),
        "{why}"
    );
}

#[test]
fn a_manifest_older_than_one_that_was_seen_is_refused_after_a_restart_too() {
    let (folder, host, retailer) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
    let path = folder.path().to_owned();
    let first = fs::read(path.join(MANIFEST_FILE)).expect("read");
    retailer.manifest(&path, 7, &[public(&path, "acq-7", LONG, "")]);
    let mut bench = bench(folder, host);
    assert_eq!(bench.hello(), None);
    assert_eq!(sealed_with(&mut bench), "acq-7");
    assert_eq!(store(&path).manifest_version().expect("read"), 7);

    fs::write(path.join(MANIFEST_FILE), first).expect("put back");
    let wanted = "No card can be charged: the manifest has version 1, but version 7 was accepted \
                  before; ask the retailer for the newest manifest.";
    assert_eq!(refused(&mut bench), wanted);
    assert_eq!(refused(&mut bench), wanted, "and it stays refused");
    assert_eq!(obstacle(&path, false), wanted);

    // Taking everything away does not make a demo of it.
    fs::remove_file(path.join(MANIFEST_FILE)).expect("removed");
    fs::remove_file(path.join(ROOT_FILE)).expect("removed");
    let why = obstacle(&path, false);
    assert!(
        why.contains("were here and are gone. Load both again"),
        "{why}"
    );
}

#[test]
fn who_writes_in_the_folder_does_not_choose_another_root() {
    let (folder, _host, retailer) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
    let path = folder.path();
    let mut running = SetUp::new(path, None);
    assert_eq!(running.outlook().cannot_charge, None);
    let ours = fs::read_to_string(path.join(ROOT_FILE)).expect("read");
    // Of the same name, and a manifest of the same version with a key of his own.
    let thief = Retailer::of(path);
    thief.manifest(path, 1, &[public(path, "acq-1", LONG, "")]);
    for why in [running.outlook().cannot_charge, Some(obstacle(path, false))] {
        let why = why.expect("refused");
        assert!(
            why.contains("is not the one that this till accepted"),
            "{why}"
        );
    }
    fs::write(path.join(ROOT_FILE), ours).expect("put back");
    retailer.manifest(path, 1, &[public(path, "acq-1", LONG, "")]);
    assert_eq!(SetUp::new(path, None).outlook().cannot_charge, None);
}

#[test]
fn a_revocation_is_told_while_the_lane_is_idle() {
    let (folder, host, retailer) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
    let path = folder.path().to_owned();
    let mut bench = bench(folder, host);
    assert_eq!(bench.hello(), None);
    assert_eq!(bench.await_set_up().0, None);
    let revoked = public(&path, "acq-1", LONG, "revoked = \"stolen\"");
    retailer.manifest(&path, 2, &[revoked]);
    let (why, _) = bench.await_set_up();
    let why = why.expect("no card can be charged");
    assert!(why.contains("revoked the key \"acq-1\": stolen"), "{why}");
}

#[test]
fn a_manifest_by_somebody_else_or_changed_on_its_way_does_not_count() {
    let (folder, _host, _) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
    let path = folder.path();
    let keys = [public(path, "acq-1", LONG, "")];
    Retailer::stranger().manifest(path, 2, &keys);
    let why = obstacle(path, false);
    assert!(
        why.contains("cannot be used: the signature is not that of this text"),
        "{why}"
    );

    Retailer::of(path).manifest(path, 2, &keys);
    let text = fs::read_to_string(path.join(MANIFEST_FILE)).expect("read");
    fs::write(path.join(MANIFEST_FILE), text.replace("2099", "2098")).expect("written");
    let why = obstacle(path, false);
    assert!(why.contains("one of the two was changed"), "{why}");
    fs::write(path.join(MANIFEST_FILE), [0xFF, 0xFE]).expect("written");
    assert!(obstacle(path, false).contains("not a text file"));
    let file = fs::File::create(path.join(MANIFEST_FILE)).expect("made");
    file.set_len(1 << 30).expect("grown");
    assert!(obstacle(path, false).contains("has more than"));
}

#[test]
fn each_reason_why_no_key_seals_says_what_to_do() {
    type Keys = fn(&Path) -> Vec<String>;
    let cases: [(Keys, &str); 4] = [
        (
            |folder| vec![public(folder, "acq-1", ("2020-01-01", "2020-12-31"), "")],
            "The key \"acq-1\" was valid until 2020-12-31. Set the clock if that day has not come",
        ),
        (
            |folder| vec![public(folder, "acq-1", ("2098-01-01", "2099-12-31"), "")],
            "The key \"acq-1\" is valid from 2098-01-01 on. Set the clock if that day has come",
        ),
        (
            |_| {
                let token = "check_value = \"0102030405\"";
                vec![crate::retailer::key("token-1", "token", LONG, token)]
            },
            "The manifest names no key of the kind x_wing. Ask the retailer",
        ),
        (
            |folder| vec![public(folder, "acq-1", LONG, "revoked = \"stolen\"")],
            "The retailer revoked the key \"acq-1\": stolen. Ask the retailer",
        ),
    ];
    for (keys, wanted) in cases {
        let (folder, _host, _) = managed(keys);
        let why = obstacle(folder.path(), false);
        assert!(why.starts_with("No card can be charged. "), "{why}");
        assert!(why.contains(wanted), "{why}");
    }
}

#[test]
fn half_of_the_pair_of_root_and_manifest_is_refused() {
    for (missing, words) in [
        (
            ROOT_FILE,
            "is missing, so the manifest beside it cannot be checked. Load the root key",
        ),
        (
            MANIFEST_FILE,
            "manifest.toml\" is missing. Load it with `tillctl keys load`.",
        ),
    ] {
        let (folder, _host, _) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
        fs::remove_file(folder.path().join(missing)).expect("removed");
        for production in [false, true] {
            let why = obstacle(folder.path(), production);
            assert!(why.contains(words), "{why}");
        }
    }
    let (folder, _host, _) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
    let root = folder.path().join(ROOT_FILE);
    fs::set_permissions(&root, fs::Permissions::from_mode(0o666)).expect("opened up");
    assert!(obstacle(folder.path(), false).contains("chmod o-w"));
}

#[test]
fn production_takes_no_key_without_a_manifest_and_no_storage_key_from_a_file() {
    let folder = TempDir::new().expect("a folder");
    Host::create(folder.path());
    assert_eq!(
        obstacle(folder.path(), true),
        "No card can be charged: there is no signed manifest of keys, and production takes keys \
         from nowhere else. Load the retailer's root key and manifest with `tillctl keys load`."
    );
    let demo = SetUp::new(folder.path(), None).outlook();
    assert_eq!(demo.cannot_charge, None);
    assert!(
        demo.warnings[0].contains("not under a signed manifest"),
        "{demo:?}"
    );

    let (folder, _host, _) = managed(|folder| vec![public(folder, "acq-1", LONG, "")]);
    let why = obstacle(folder.path(), true);
    assert!(
        why.contains("the system gave no credential \"lane.key\""),
        "{why}"
    );
    assert!(
        !folder.path().join(STORAGE_KEY_FILE).exists(),
        "none is made"
    );
}

#[test]
fn a_key_that_ends_soon_is_warned_of_until_its_successor_is_in_the_manifest() {
    let day = |from_now: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.expect("after 1970").as_secs();
        let day = now.checked_add_signed(from_now * 86_400).expect("a day");
        sealpoint_vault::Day::of_unix_seconds(day).to_string()
    };
    let warned = |folder: &Path| {
        let outlook = SetUp::new(folder, None).outlook();
        assert_eq!(outlook.cannot_charge, None);
        let soon = |warning: &&String| warning.contains("that seals cards is valid until");
        outlook.warnings.iter().find(soon).cloned()
    };
    for (left, warns) in [(16, false), (13, true), (1, true), (0, true)] {
        let until = day(left);
        let (folder, _host, retailer) =
            managed(|folder| vec![public(folder, "acq-1", ("2020-01-01", &until), "")]);
        let warning = warned(folder.path());
        assert_eq!(warning.is_some(), warns, "{left} days: {warning:?}");
        // The day may change while the test runs.
        let (next, late) = (day(left + 1), day(left + 3));
        for (from, warns) in [(&next, false), (&late, warns)] {
            let keys = [
                public(folder.path(), "acq-1", ("2020-01-01", &until), ""),
                public(folder.path(), "acq-2", (from, "2099-12-31"), ""),
            ];
            retailer.manifest(folder.path(), 2, &keys);
            assert_eq!(
                warned(folder.path()).is_some(),
                warns,
                "{left} days, then {from}"
            );
        }
    }
}
