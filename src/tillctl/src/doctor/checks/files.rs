//! Who may read or change the till's files and programs.

use std::path::{Path, PathBuf};

use super::{
    super::{
        facts::{Facts, files::Files},
        finding::Finding,
        ids::Id,
    },
    count, some_of,
};

/// Write by the group or by everybody.
const OTHERS_WRITE: u32 = 0o022;

/// What stands about files.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let files = &facts.files;
    let state = &facts.till.state;
    let mut found = Vec::new();
    if facts.till.folder.there().is_some() {
        private(files, state, &mut found);
    }
    if !files.programs_open.is_empty() {
        let shown = with_modes(&files.programs_open, Path::new(""));
        found.push(Finding::critical(
            Id::ProgramWritable,
            format!(
                "Others may change the till's programs: {}.",
                some_of(&shown)
            ),
            "Install the release again, and let the files belong to root with mode 0755.",
        ));
    }
    if !files.programs_set_id.is_empty() && !is_system(&files.install) {
        let shown: Vec<_> = files.programs_set_id.iter().map(|p| shown(p)).collect();
        found.push(Finding::critical(
            Id::ProgramSetuid,
            format!(
                "Programs beside the till give their owner's rights to whoever starts them: {}.",
                some_of(&shown)
            ),
            "No program of a till does. Remove them, and find out who put them there.",
        ));
    }
    found
}

/// Folders that hold programs of the whole system, which have set-id programs of their own.
fn is_system(folder: &Path) -> bool {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        .iter()
        .any(|one| folder == Path::new(one))
}

fn private(files: &Files, state: &Path, found: &mut Vec<Finding>) {
    let before = found.len();
    if !files.open.is_empty() {
        let writable = files.open.iter().any(|(_, mode)| mode & OTHERS_WRITE != 0);
        let secret = files.open.iter().any(|(path, _)| is_secret(path));
        let what = format!(
            "Others than its owner may read or change {} of the till: {}.",
            count(files.open.len() as u64, "file"),
            some_of(&with_modes(&files.open, state))
        );
        let shown = state.display();
        // Not `go=` on the folder itself: users of lane and uplink go through it.
        let remedy = format!("Run `chmod go-rw {shown}` and `chmod -R go= {shown}/*`.");
        found.push(if writable || secret {
            Finding::critical(Id::FileOpen, what, remedy)
        } else {
            Finding::warning(Id::FileOpen, what, remedy)
        });
    }
    if !files.strangers.is_empty() {
        let each = |(path, user): &(PathBuf, u32)| format!("{} (user {user})", below(path, state));
        let each: Vec<_> = files.strangers.iter().map(each).collect();
        found.push(Finding::warning(
            Id::FileOwner,
            format!(
                "Files of the till belong to somebody else: {}.",
                some_of(&each)
            ),
            "Give them to the till's user with chown, and find out how it came about.",
        ));
    }
    if !files.strange.is_empty() {
        let each = |(path, what): &(PathBuf, &str)| format!("{} ({what})", below(path, state));
        let each: Vec<_> = files.strange.iter().map(each).collect();
        found.push(Finding::warning(
            Id::FileStrange,
            format!("The till makes none of these: {}.", some_of(&each)),
            "Remove it, and find out who put it there.",
        ));
    }
    if files.more {
        found.push(Finding::note(
            Id::FilesMany,
            format!("Only the first {} files were looked at.", files.looked_at),
            "Move old receipts to an archive.",
        ));
    }
    if !files.unseen.is_empty() {
        let each: Vec<_> = files.unseen.iter().map(|path| shown(path)).collect();
        found.push(Finding::note(
            Id::NotSeen,
            format!("These folders cannot be looked into: {}.", some_of(&each)),
            "Run this again as root.",
        ));
    } else if found.len() == before {
        found.push(Finding::ok(
            Id::FilesPrivate,
            "Nobody but their owner may read or change the till's files.",
        ));
    }
}

/// Files that hold keys or sales.
fn is_secret(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends = [".key", "key.pem", ".store", ".db", ".db-wal"];
    ends.iter().any(|end| name.ends_with(end))
}

fn with_modes(files: &[(PathBuf, u32)], state: &Path) -> Vec<String> {
    let each = |(path, mode): &(PathBuf, u32)| format!("{} ({mode:04o})", below(path, state));
    files.iter().map(each).collect()
}

/// A path below the state folder, short.
fn below(path: &Path, state: &Path) -> String {
    match path.strip_prefix(state) {
        Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
        Ok(rest) => shown(rest),
        Err(_) => shown(path),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
