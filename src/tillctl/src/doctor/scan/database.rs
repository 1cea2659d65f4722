//! The till's database, deciphered.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Instant,
};

use sealpoint_journal::{DbKey, JOURNAL_FILE, inspect};

use super::{
    report::{Report, Searched, shown},
    search::Search,
};

/// Bytes of a journal that is copied in order to read its values, at most.
const MAX_COPY: u64 = 4 * 1024 * 1024 * 1024;

/// Searches every page of the journal and of its log, and every value of every table.
pub fn search(state: &Path, key_file: &Path, search: &Search, start: Instant, report: &mut Report) {
    let journal = state.join(JOURNAL_FILE);
    let name = shown(&journal);
    if !journal.exists() {
        return report.left_out("database", format!("There is no {name}."));
    }
    let key = match DbKey::load(key_file) {
        Ok(key) => key,
        Err(why) => {
            let why = format!(
                "It cannot be deciphered, so only its ciphertext was searched: {why} In \
                 production the key is a system credential: name it with --journal-key."
            );
            return report.gap(name, why);
        }
    };
    let mut bytes = 0;
    let pages = inspect::pages(&journal, &key, &mut |page| {
        bytes += page.bytes.len() as u64;
        let place = format!("{}, deciphered", shown(page.file));
        search.bytes(page.bytes, &mut |mut hit| {
            hit.at += page.at;
            report.found(&place, hit, start.elapsed());
        });
    });
    match pages {
        Ok(seen) => report.searched.push(Searched {
            kind: "database",
            name: name.clone(),
            parts: seen.pages + seen.log_pages,
            bytes,
            passes: 1,
        }),
        Err(why) => return report.gap(name, why.to_string()),
    }
    values(&journal, &key, search, start, report);
}

/// Values that lie on several pages come whole only by way of the tables, and those only from a copy:
/// a till that runs has the journal to itself.
fn values(journal: &Path, key: &DbKey, search: &Search, start: Instant, report: &mut Report) {
    let name = shown(journal);
    let copy = match Copy::of(journal) {
        Ok(copy) => copy,
        Err(why) => {
            let why = format!("Its pages were searched, its values were not: no copy ({why}).");
            return report.gap(name, why);
        }
    };
    let mut bytes = 0;
    let count = inspect::values(&copy.journal(), key, &mut |table, value| {
        bytes += value.len() as u64;
        let place = format!("{name}, table {table}");
        search.bytes(value, &mut |hit| report.found(&place, hit, start.elapsed()));
    });
    match count {
        Ok(parts) => report.searched.push(Searched {
            kind: "values",
            name,
            parts,
            bytes,
            passes: 1,
        }),
        Err(_) => report.gap(
            name,
            "Its pages were searched, its values were not: a till is writing, so a copy is not whole. \
             Stop the till and search again.",
        ),
    }
}

/// A copy of the journal and its log, as they are: enciphered. Gone when dropped.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    fn of(journal: &Path) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("tillctl-scan-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let copy = Self { folder };
        for suffix in ["-wal", ""] {
            let mut from = journal.as_os_str().to_owned();
            from.push(suffix);
            let len = match fs::metadata(&from) {
                Ok(found) => found.len(),
                Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
                Err(why) => return Err(why),
            };
            if len > MAX_COPY {
                return Err(io::Error::other("it is too large"));
            }
            fs::copy(&from, copy.folder.join(format!("{JOURNAL_FILE}{suffix}")))?;
        }
        Ok(copy)
    }

    fn journal(&self) -> PathBuf {
        self.folder.join(JOURNAL_FILE)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // Nobody is left to tell; what stays is ciphertext.
        let _gone = fs::remove_dir_all(&self.folder);
    }
}
