//! The till's state opens in the machine that made it, started as it was: nowhere else.

use std::fs;

use sealpoint_attest::simulator::SoftTpm;
use sealpoint_attest::{rollback, tpm};
use sealpoint_tests::child::run;
use serde_json::Value;

use crate::chain::{find, kernel_image};
use crate::machine::{Disk, Extra, Partition, State, firmware_keys};
use crate::office::TERMINAL;
use crate::till::Till;

/// Where LUKS2 keeps its text (LUKS2 On-Disk Format Specification, 2.1), and how much of it there is.
const LUKS_TEXT: std::ops::Range<usize> = 4096..16384;
/// How much of a partition is looked at in one go, and how much of it with the next as well.
const PIECE: u64 = 64 << 20;
const OVERLAP: u64 = 1 << 20;
/// What systemd says when the TPM does not give the key of the volume.
const LOCKED: &[&str] = &[
    "Failed to unseal secret",
    "TPM policy does not match",
    "Failed to start systemd-cryptsetup@var.service",
    "Dependency failed for var.mount",
    "This till cannot open its state",
];

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn in_a_machine_with_another_tpm_the_state_stays_locked() {
    let (state, mut office) = Till::copy("state-other-tpm");
    let state = state.with_another_tpm();
    // Whoever has the disk may have made a counter like ours before.
    let soft = SoftTpm::on(&state.tpm()).expect("swtpm is installed");
    let mut tpm = tpm::open(&soft.path()).expect("it listens");
    rollback::check(&mut tpm, 0, false).expect("a new TPM takes a counter");
    drop((tpm, soft));
    office.open();
    let till = Till::switch_on(&state, office, "state-other-tpm", &Extra::default());
    stays_locked(till);
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_machine_whose_tpm_never_knew_this_disk_says_so_and_goes_off() {
    let name = "state-new-tpm";
    let (state, mut office) = Till::copy(name);
    let state = state.with_another_tpm();
    office.open();
    let mut till = Till::switch_on(&state, office, name, &Extra::default());
    till.machine
        .wait_for("its TPM holds no roll-back counter: it was cleared or tampered with");
    till.machine.until_off();
    let said = till.machine.said();
    assert!(!said.contains("Started sealpoint-till.service"), "no till");
    assert!(!said.contains("Mounted var.mount"), "nor its state");
    assert_eq!(till.sold(), 1, "the collector has heard of no sale");
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn with_a_kernel_command_line_that_somebody_added_to_the_state_stays_locked() {
    let words = "systemd.log_level=info";
    let extra = Extra::smbios(&format!("io.systemd.stub.kernel-cmdline-extra={words}"));
    stays_locked(Till::start("state-command-line", &extra));
}

/// What is handed to the machine through its firmware's strings, and what would be heard of it.
fn foreign() -> Extra {
    // It would start the machine again as soon as it runs, or as soon as it fails.
    let unit = "[Unit]\nDescription=foreign\nDefaultDependencies=no\nSuccessAction=reboot-force\n\
                FailureAction=reboot-force\n[Service]\nType=oneshot\nExecStart=/usr/bin/true\n";
    let wants = "[Unit]\nWants=foreign.service\n";
    let mut extra = Extra::default();
    for (name, text) in [
        ("systemd.extra-unit.foreign.service", unit),
        ("systemd.unit-dropin.sysinit.target", wants),
        ("systemd.unit-dropin.initrd.target", wants),
        ("systemd.unit-dropin.multi-user.target", wants),
        ("fstab.extra", "tmpfs /run/foreign tmpfs defaults 0 0\n"),
    ] {
        let text = base64(text.as_bytes());
        let words = Extra::smbios(&format!("io.systemd.credential.binary:{name}={text}"));
        extra.words.extend(words.words);
    }
    extra
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_unit_that_somebody_put_in_by_a_credential_does_not_run() {
    let mut till = Till::start("state-credential", &foreign());
    till.machine.happened("RESET");
    till.until_ready();
    till.machine.keep_picture("ready");
    assert!(
        !till.machine.happened("RESET"),
        "the machine was started again by somebody's unit"
    );
    let said = till.machine.said();
    assert!(!said.contains("foreign"), "somebody's unit was taken in");
    till.sells();
}

/// The control of the test before: the same strings, and a kernel image without the word that keeps
/// them out, which the builder signed. Its state stays locked all the same (PCR 11).
#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn without_the_word_that_keeps_them_out_credentials_are_taken_in() {
    let name = "state-credential-let-in";
    let (state, mut office) = Till::copy(name);
    lets_credentials_in(&state);
    office.open();
    let mut till = Till::switch_on(&state, office, name, &foreign());
    till.machine.wait_for("/run/foreign");
    stays_locked(till);
}

/// Puts another kernel image on the disk: a word less on its command line, signed anew.
fn lets_credentials_in(state: &State) {
    const WORD: &[u8] = b"systemd.import_credentials=no";
    let file = |name: &str| state.folder().join(name);
    let disk = state.disk();
    let (_, mut kernel) = kernel_image(&disk);
    let at = find(&kernel, WORD).expect("the word is on the command line");
    kernel[at..at + WORD.len()].fill(b' ');
    let (changed, signed) = (file("changed.efi"), file("signed.efi"));
    fs::write(&changed, kernel).expect("a folder of this test");
    run(state
        .tools()
        .command("sbattach")
        .arg("--remove")
        .arg(&changed));
    run(state
        .tools()
        .command("sbsign")
        .arg("--key")
        .arg(firmware_keys().join("secure-boot.key"))
        .arg("--cert")
        .arg(firmware_keys().join("secure-boot.crt"))
        .arg("--output")
        .args([&signed, &changed]));
    let (esp, room) = (file("esp.img"), disk.partition("esp"));
    fs::write(&esp, disk.read(room.at, room.bytes as usize)).expect("a folder of this test");
    let mtools = |program: &str| {
        let mut command = state.tools().command(program);
        command.args(["-i", &esp.display().to_string()]);
        command
    };
    let names = run(mtools("mdir").args(["-b", "::/EFI/Linux"]));
    let names: Vec<&str> = names.split_whitespace().collect();
    let [name] = names.as_slice() else {
        panic!("one kernel image: {names:?}")
    };
    run(mtools("mcopy").arg("-o").arg(&signed).arg(name));
    disk.write(room.at, &fs::read(&esp).expect("it was written just now"));
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn the_disk_alone_tells_nothing_of_what_was_sold() {
    let (state, _office) = Till::copy("state-disk-alone");
    let disk = state.disk();
    let state = disk.partition("sealpoint-var");
    let head = disk.read(state.at, LUKS_TEXT.end);
    assert_eq!(head.get(..6), Some(b"LUKS\xba\xbe".as_slice()), "LUKS2");
    let text = &head[LUKS_TEXT];
    let end = text.iter().position(|byte| *byte == 0);
    let luks: Value =
        serde_json::from_slice(&text[..end.expect("the text ends")]).expect("LUKS2 has JSON");
    let slots = luks["keyslots"].as_object().expect("key slots");
    let tokens = luks["tokens"].as_object().expect("tokens");
    assert_eq!(
        (slots.len(), tokens.len()),
        (1, 1),
        "one way in: no password, no recovery key: {luks:#}"
    );
    let token = tokens.values().next().expect("one");
    assert_eq!(token["type"], "systemd-tpm2", "{token:#}");
    assert_eq!(token["tpm2-pcrs"], serde_json::json!([7, 12]), "{token:#}");
    assert_eq!(
        token["tpm2_pubkey_pcrs"],
        serde_json::json!([11]),
        "{token:#}"
    );
    // What is known to be in the state is looked for in all of the volume, and in the site, which is
    // not secret, to see that it would be found.
    let site = disk.partition("sealpoint-site");
    assert!(
        holds(&disk, &site, TERMINAL),
        "the search finds what is there"
    );
    for known in [TERMINAL, "SQLite format 3", "status.json", "sealpoint-till"] {
        assert!(!holds(&disk, &state, known), "{known} in clear");
    }
}

/// Whether a text stands somewhere in a partition, read piece by piece.
fn holds(disk: &Disk, room: &Partition, text: &str) -> bool {
    let end = room.at + room.bytes;
    let mut at = room.at;
    while at < end {
        let bytes = (end - at).min(PIECE);
        if find(&disk.read(at, bytes as usize), text.as_bytes()).is_some() {
            return true;
        }
        // A text across two pieces is found in the second.
        at += if at + bytes < end {
            bytes - OVERLAP
        } else {
            bytes
        };
    }
    false
}

/// Sees that the machine says that the state is locked, and that there is no till.
fn stays_locked(mut till: Till) {
    till.machine.wait_for_any(LOCKED);
    till.machine.keep_picture("locked");
    assert!(!till.shows_a_till());
    let said = till.machine.said();
    assert!(
        !said.contains("Started sealpoint-till.service"),
        "a till began"
    );
    assert_eq!(till.sold(), 1, "the collector has heard of no sale");
}

#[test]
fn a_credential_is_written_as_the_firmware_s_tables_want_it() {
    for (plain, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(plain.as_bytes()), text);
    }
}

/// RFC 4648, chapter 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let sum = (0..3).fold(0_usize, |sum, at| {
            sum << 8 | usize::from(three.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let letter = LETTERS[sum >> (18 - 6 * at) & 63];
            text.push(if at > three.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}
