//! Files: what is in the plan, and nothing beside it.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use crate::rig::{ENDED, Ended, Ground, refused};

#[test]
fn the_journal_cannot_be_opened_by_lane_or_uplink() {
    let ground = Ground::new();
    let journal = ground.at("journal.db");
    // Even where its rights would let everybody.
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o666)).expect("rights");
    for process in ["lane", "uplink"] {
        for attempt in ["read", "append", "truncate", "remove"] {
            let ended = ground.tries(process, attempt, &journal);
            assert_eq!(ended, refused(), "{process}: {attempt}");
        }
        let around = ground.at("read/../journal.db");
        assert_eq!(ground.tries(process, "read", &around), refused());
        assert_eq!(ground.tries(process, "list", &ground.at("")), refused());
    }
    assert_eq!(
        fs::read_to_string(journal).expect("it is whole"),
        "what it may not see"
    );
}

#[test]
fn what_is_in_the_plan_works() {
    let ground = Ground::new();
    for process in ["lane", "uplink"] {
        assert_eq!(
            ground.tries(process, "read", &ground.at("read/profile")),
            Ended::Done
        );
        assert_eq!(
            ground.tries(process, "list", &ground.at("read")),
            Ended::Done
        );
    }
    for attempt in ["read", "append", "truncate", "replace"] {
        assert_eq!(
            ground.tries("lane", attempt, &ground.at("write/keys")),
            Ended::Done,
            "{attempt}"
        );
    }
    assert_eq!(
        ground.tries("lane", "create", &ground.at("write/new")),
        Ended::Done
    );
    let rights = fs::metadata(ground.at("write/new"))
        .expect("it was made")
        .mode();
    assert_eq!(rights & 0o777, 0o600, "new files are its user's alone");
    assert_eq!(
        ground.tries("lane", "remove", &ground.at("write/new")),
        Ended::Done
    );
}

#[test]
fn nothing_is_written_elsewhere() {
    let ground = Ground::new();
    for path in [
        ground.at("read/profile"),
        ground.at("other/key"),
        "/dev/null".to_owned(),
    ] {
        assert_eq!(ground.tries("lane", "append", &path), refused(), "{path}");
        assert_eq!(ground.tries("lane", "truncate", &path), refused(), "{path}");
    }
    for path in [
        ground.at("read/new"),
        ground.at("other/new"),
        "/tmp/sealpoint-probe".to_owned(),
    ] {
        assert_eq!(ground.tries("lane", "create", &path), refused(), "{path}");
    }
    assert_eq!(
        ground.tries("uplink", "create", &ground.at("write/new")),
        refused()
    );
    assert_eq!(
        ground.tries("lane", "replace", &ground.at("other/key")),
        refused()
    );
    for (attempt, name) in [
        ("folder", "f"),
        ("link", "l"),
        ("device", "d"),
        ("chmod", "keys"),
    ] {
        let path = ground.at(&format!("write/{name}"));
        assert_eq!(ground.tries("lane", attempt, &path), ENDED, "{attempt}");
    }
}

#[test]
fn other_processes_files_are_closed() {
    let ground = Ground::new();
    let own = std::process::id();
    for process in ["lane", "uplink"] {
        for path in [
            "/etc/shadow",
            "/etc/passwd",
            &format!("/proc/{own}/environ"),
        ] {
            assert_eq!(ground.tries(process, "read", path), refused(), "{path}");
        }
        assert_eq!(
            ground.tries(process, "memory-of", &own.to_string()),
            refused()
        );
        assert_eq!(ground.tries(process, "memory-of", "self"), refused());
    }
}
