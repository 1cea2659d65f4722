use super::*;

const BODY: &str = "\
release
version 1.4.0
from 1.2
rollback_index 7
journal_reads 1 2
journal_writes 2
built 2026-11-23T09:00:00Z
file sealpoint_1.4.0.efi 55574528 00000000000000000000000000000000000000000000000000000000000000aa
file sealpoint_1.4.0.root_11111111-2222-3333-4444-555555555555.raw.xz 99 00000000000000000000000000000000000000000000000000000000000000bb
file sealpoint_1.4.0.verity_21111111-2222-3333-4444-555555555555.raw 98 00000000000000000000000000000000000000000000000000000000000000cc
file sealpoint_1.4.0.sig_31111111-2222-3333-4444-555555555555.raw.xz 97 00000000000000000000000000000000000000000000000000000000000000dd
";

#[test]
fn a_release_is_read_and_written_the_same() {
    let release = Release::parse(BODY).expect("it is one");
    assert_eq!(release.to_string(), BODY);
    assert_eq!(release.version.to_string(), "1.4.0");
    assert_eq!(release.total_len(), 55_574_528 + 99 + 98 + 97);
    let parts: Vec<Part> = release.files.iter().map(|file| file.part).collect();
    assert_eq!(parts, Part::ALL);
}

/// As mkosi calls the files that it leaves.
#[test]
fn an_id_in_a_file_s_name_may_lack_its_dashes() {
    let plain = BODY.replace("-2222-3333-4444-", "222233334444");
    let release = Release::parse(&plain).expect("it is one");
    assert_eq!(release.to_string(), plain);
    let root = "sealpoint_1.4.0.root_11111111222233334444555555555555.raw.xz";
    assert_eq!(release.files[1].name, root);
}

#[test]
fn each_line_that_is_not_as_it_must_be_is_named() {
    let wrong = [
        (1, "release", "Release"),
        (2, "version 1.4.0", "version 1.4.0-rc1"),
        (2, "version 1.4.0", "version 01.4.0"),
        (3, "from 1.2", "from"),
        (4, "rollback_index 7", "rollback_index 07"),
        (4, "rollback_index 7", "rollback_index 4294967296"),
        (4, "rollback_index 7", "rollback_index -1"),
        (5, "journal_reads 1 2", "journal_reads 2 1"),
        (5, "journal_reads 1 2", "journal_reads 1 1"),
        (5, "journal_reads 1 2", "journal_reads "),
        (5, "journal_reads 1 2", "journal_reads 1  2"),
        (6, "journal_writes 2", "journal_writes 3"),
        (7, "09:00:00Z", "09:00:00+01:00"),
        (8, "1.4.0.efi", "1.4.1.efi"),
        (8, "1.4.0.efi", "1.4.0.efi.xz"),
        (8, " 55574528 ", " 0 "),
        (8, " 55574528 ", " 2147483649 "),
        (8, "aa\n", "AA\n"),
        (8, "00aa\n", "aa\n"),
        (8, "00aa\n", "00aa \n"),
        (9, "sealpoint_1.4.0.root", "../sealpoint_1.4.0.root"),
        (9, "_11111111-2222", "_1111111-22222"),
        (9, "_11111111-2222-", "_111111112222-"),
        (9, "_11111111-2222", "_1111111A-2222"),
        (9, ".root_", ".verity_"),
        (10, "5.raw 98", "5.raw.zst 98"),
        (11, "raw.xz 97", "raw.xz  97"),
    ];
    for (line, find, put) in wrong {
        assert!(BODY.contains(find), "{find}");
        let bad = Release::parse(&BODY.replacen(find, put, 1)).expect_err(put);
        assert_eq!(bad.line, line, "{put}: {bad}");
    }
    let more = Release::parse(&format!("{BODY}more\n")).expect_err("a line too many");
    assert_eq!((more.line, more.wanted), (12, "the end"));
    for cut in 0..BODY.lines().count() {
        let body: String = BODY.split_inclusive('\n').take(cut).collect();
        assert!(Release::parse(&body).is_err(), "{cut} lines");
    }
}

#[test]
fn versions_are_compared_as_the_system_compares_them() {
    let ascending = ["0.9", "1", "1.0", "1.0.1", "1.9", "1.10", "1.10.0.1", "2"];
    for pair in ascending.windows(2) {
        let read = |text: &str| text.parse::<ImageVersion>().expect("a version");
        assert!(read(pair[0]) < read(pair[1]), "{pair:?}");
    }
    for wrong in [
        "",
        ".",
        "1.",
        "1..2",
        "1.2.3.4.5",
        "1234567",
        "1.a",
        "+1",
        "00",
        "1 ",
    ] {
        assert!(wrong.parse::<ImageVersion>().is_err(), "{wrong:?}");
    }
}

#[test]
fn who_only_carries_a_release_reads_it_without_its_signature() {
    let signed = format!("{BODY}-- release signed by root-1\nAAAA\n");
    let release = Release::unchecked(&signed).expect("it is one");
    assert_eq!(release.to_string(), BODY);
    assert!(Release::unchecked(BODY).is_err(), "it is not signed at all");
}
