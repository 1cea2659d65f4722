//! What `tillctl keys load` takes, and what it does not.

use std::fs;

use sealpoint_emv::Sealing;
use sealpoint_lane::keys::Keys;

use super::office::{
    ACQUIRER, Office, PEOPLE, acquirer, assert_refused, day, dukpt, protection, text, today,
};

fn sealing_key(office: &Office) -> Result<String, String> {
    let ready = Keys::new(&office.keys, false).ready(Sealing::default(), today());
    ready.map(|ready| ready.key_id().to_string())
}

#[test]
fn the_lane_seals_with_the_key_of_the_manifest_that_was_loaded() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-1"));
    let ran = office.load_manifest(
        2,
        &[
            acquirer("acq-1", -10, 100, ""),
            acquirer("acq-2", 0, 200, ""),
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-2"));
    assert_eq!(office.of("acq-2", "state"), "in_use");
    assert_eq!(office.of("acq-1", "state"), "valid");
}

#[test]
fn a_tampered_manifest_is_refused_and_the_one_before_stays() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let before = office.files();
    let good = office.manifest(2, "", &[acquirer("acq-2", -5, 100, "")]);
    let good = fs::read_to_string(good).expect("written");
    for (name, bad) in [
        ("id", good.replace("acq-2", "acq-9")),
        ("version", good.replace("version = 2", "version = 3")),
        ("line ends", good.replace('\n', "\r\n")),
        ("signer", good.replace("by root-1", "by root-2")),
        ("cut", good.trim_end().to_owned()),
        ("purpose", good.replace("-- manifest", "-- hot list")),
    ] {
        assert_ne!(good, bad);
        let bad = office.write("bad.toml", bad.as_bytes());
        let ran = office.load_file(&bad);
        assert_eq!(ran.code, 72, "{name}: {}{}", ran.out, ran.err);
        assert_eq!(office.files(), before, "{name}");
    }
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-1"));
}

#[test]
fn a_manifest_of_another_root_is_refused() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    office.root("root-2");
    let ran = office.load_manifest(2, &[acquirer("acq-2", -5, 100, "")]);
    assert_refused(&ran, 72, "trusts \"root-1\"");
    // Whoever calls himself the same has signed nothing either.
    office.root("root-1");
    let ran = office.load_manifest(2, &[acquirer("acq-2", -5, 100, "")]);
    assert_refused(&ran, 72, "the signature is not that of this text");
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-1"));
}

#[test]
fn a_version_never_goes_back_even_if_the_files_do() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let old = office.files();
    let revoked = acquirer("acq-1", -10, 100, "revoked = \"its owner lost it\"");
    let both = [revoked, acquirer("acq-2", -5, 100, "")];
    assert_eq!(office.load_manifest(7, &both).code, 0);
    let ran = office.load("manifest-1.toml");
    assert_refused(&ran, 72, "version 7 was accepted before");
    // Another text under the same version is not the same.
    let ran = office.load_manifest(7, &[acquirer("acq-3", -5, 100, "")]);
    assert_refused(&ran, 72, "under the same version 7");
    // Somebody puts the old file back by hand: the lane refuses it, and so does a load.
    for (name, content) in old.iter().filter(|(name, _)| name.ends_with(".toml")) {
        fs::write(office.keys.join(name), content).expect("written");
    }
    let told = sealing_key(&office).expect_err("an older manifest");
    assert!(told.contains("version 7 was accepted before"), "{told}");
    let shown = office.ran(&["show"]);
    assert_eq!(shown.code, 71, "{}", shown.out);
    assert_refused(
        &office.load("manifest-1.toml"),
        72,
        "version 7 was accepted",
    );
    // The newest one puts it right.
    let ran = office.load_manifest(8, &both);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-2"));
}

#[test]
fn the_same_manifest_again_is_no_harm() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let ran = office.load("manifest-1.toml");
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn expired_revoked_and_future_keys_stop_charges_with_the_reason() {
    for (key, part) in [
        (acquirer("acq-1", -100, -1, ""), "was valid until"),
        (acquirer("acq-1", 1, 100, ""), "is valid from"),
        (
            acquirer("acq-1", -100, 100, "revoked = \"the acquirer was robbed\""),
            "the acquirer was robbed",
        ),
    ] {
        let office = Office::managed(&[key]);
        let shown = office.ran(&["show", "--json"]);
        assert_eq!(shown.code, 71, "{}", shown.out);
        let why = shown.text("cannot_charge");
        assert!(why.contains(part), "{why}");
        assert_eq!(sealing_key(&office), Err(why));
    }
}

#[test]
fn without_the_retailers_root_no_manifest_is_taken() {
    let office = Office::new();
    let ran = office.load_manifest(1, &[acquirer("acq-1", -10, 100, "")]);
    assert_refused(&ran, 72, "does not know the retailer's root key");
}

#[test]
fn a_root_is_trusted_once_and_changed_only_by_the_one_before() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let first = fs::read(office.file("retailer.key.toml")).expect("a root key");
    let ran = office.load("retailer.pub.toml");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("there already"), "{}", ran.out);

    office.root("root-2");
    let ran = office.load("retailer.pub.toml");
    assert_refused(&ran, 72, "trusts another root key");

    // The manifest names the next root; the first manifest that it signs brings it in.
    let next = fs::read_to_string(office.file("retailer.pub.toml")).expect("a root key");
    let public = next.lines().find_map(|line| line.strip_prefix("public = "));
    let public = public.expect("a public key");
    let second = fs::read(office.file("retailer.key.toml")).expect("a root key");
    let head = format!("next_root = {{ id = \"root-2\", public = {public} }}\n");
    office.write("retailer.key.toml", &first);
    let named = office.manifest(2, &head, &[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(office.load_file(&named).code, 0);
    assert_eq!(office.shown()["manifest"]["next_root"], "root-2");
    assert_refused(&office.load("retailer.pub.toml"), 72, "Load that manifest");
    office.write("retailer.key.toml", &second);
    let ran = office.load_manifest(3, &[acquirer("acq-3", -10, 100, "")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("root-2"), "{}", ran.out);
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-3"));
    // The old one signs nothing any more.
    office.write("retailer.key.toml", &first);
    let ran = office.load_manifest(4, &[acquirer("acq-4", -10, 100, "")]);
    assert_refused(&ran, 72, "trusts \"root-2\"");
}

#[test]
fn a_lost_root_is_replaced_by_two_people() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    office.root("root-2");
    let root = office.file("retailer.pub.toml");
    let replace = ["load", text(&root), "--replace-root"];
    let alone = ["--person", "Anna Berg, manager"];
    let twice = [
        "--person",
        "Anna Berg, manager",
        "--person",
        "anna  berg, IT",
    ];
    assert_refused(&office.ran(&replace), 2, "Two people");
    assert_refused(
        &office.ran(&[&replace[..], &alone].concat()),
        2,
        "Two people",
    );
    assert_refused(
        &office.ran(&[&replace[..], &twice].concat()),
        72,
        "named twice",
    );
    let ran = office.ran(&[&replace[..], &PEOPLE, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.text("done"), "root_replaced");
    assert_eq!(ran.json()["persons"][1]["name"], "Ben Roth, IT");
    // The manifest of the old root counts no more, and the version still never goes back.
    assert_eq!(office.ran(&["show"]).code, 71);
    let ran = office.load_manifest(1, &[acquirer("acq-9", -10, 100, "")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(sealing_key(&office).as_deref(), Ok("acq-9"));
}

#[test]
fn an_acquirers_key_without_a_manifest_is_for_a_demo() {
    let office = Office::new();
    let file = office.write("acquirer.pub.toml", ACQUIRER.as_bytes());
    let ran = office.ran(&["load", text(&file), "--production"]);
    assert_refused(&ran, 72, "signed manifest alone");
    let ran = office.load_file(&file);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(sealing_key(&office).as_deref(), Ok("acquirer-1"));
    let shown = office.ran(&["show"]);
    assert_eq!(shown.code, 70, "{}", shown.out);
    assert!(
        shown.out.contains("not under a signed manifest"),
        "{}",
        shown.out
    );
    assert_eq!(office.ran(&["show", "--production"]).code, 71);

    let managed = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    assert_refused(
        &managed.load_file(&file),
        72,
        "takes the acquirer's key from there",
    );
}

#[test]
fn a_hot_list_is_taken_if_the_retailer_signed_it_as_one() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let list = |version: u32| {
        let body = format!(
            "hot list\nversion {version}\nissued {}\nkey tok-1\ncards 1\n{:032X}\n",
            day(0),
            7
        );
        let body = office.write("hotlist.body", body.as_bytes());
        let out = office.file(&format!("hotlist-{version}.txt"));
        let root = office.file("retailer.key.toml");
        let sign = ["sign", text(&body), "--hot-list", "--root", text(&root)];
        let ran = office.ran(&[&sign[..], &["--out", text(&out)]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        out
    };
    let (old, new) = (list(3), list(4));
    let ran = office.load_file(&new);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(office.shown()["hot_list"]["cards"], 1);
    assert_refused(&office.load_file(&old), 72, "version 4 was accepted before");
    let text = fs::read_to_string(&new).expect("written");
    let bad = text.replace("000007", "000008");
    let bad = office.write("bad.txt", bad.as_bytes());
    assert_refused(
        &office.load_file(&bad),
        72,
        "the signature is not that of this text",
    );
}

#[test]
fn what_is_no_key_file_is_said_to_be_none() {
    let office = Office::managed(&[protection(), dukpt()]);
    let before = office.files();
    for (content, part) in [
        (&b"hello\n"[..], "neither a root key"),
        (b"", "neither a root key"),
        (b"\xFF\xFE\x00", "not a text"),
        (
            b"id = \"r\"\nkind = \"ed25519\"\npublic = \"AAAA\"\n",
            "no root key",
        ),
        (b"kem = \"x-wing\"\n", "no acquirer's key"),
        (b"D0016B1TX00N0000\n", "key block"),
        (b"version = 1\nissued = \"2026-01-01\"\n", "must be signed"),
    ] {
        let file = office.write("file", content);
        assert_refused(&office.load_file(&file), 72, part);
    }
    let folder = office.office.clone();
    assert_refused(&office.load_file(&folder), 73, "no plain file");
    assert_refused(&office.load("nothing"), 73, "cannot be read");
    let long = office.write("long", &vec![b'#'; 5 * 1024 * 1024]);
    assert_refused(&office.load_file(&long), 73, "more than");
    assert_eq!(office.files(), before);
}

#[test]
fn a_root_and_manifest_of_somebody_else_put_there_by_hand_are_no_till_that_is_well() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let (root, manifest) = ("retailer.pub.toml", "manifest.toml");
    // Another office has a root key of its own and signs what it likes with it.
    let thief = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    for name in [root, manifest] {
        fs::copy(thief.keys.join(name), office.keys.join(name)).expect("put there");
    }
    let ran = office.ran(&["show"]);
    assert_eq!(ran.code, 71, "{}{}", ran.out, ran.err);
    let why = office.shown()["cannot_charge"].to_string();
    assert!(why.contains("root"), "{why}");
}
