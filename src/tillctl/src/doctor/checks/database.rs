//! The till's database.

use sealpoint_wire::status::KeySource;

use super::{
    super::{
        facts::{Facts, Seen, database::Looked},
        finding::Finding,
        ids::Id,
    },
    day, in_shop,
};

/// What stands about the database.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let runs = facts.till.runs();
    match &facts.database.size {
        Seen::There(_) => {}
        Seen::Missing => {
            found.push(Finding::note(
                Id::DatabaseMissing,
                "The till has no database yet.",
                "It is made at the first start. If the till has sold before, restore the backup.",
            ));
            return found;
        }
        Seen::Unseen(why) => {
            found.push(Finding::note(
                Id::NotSeen,
                format!("The database cannot be looked at: {why}."),
                "Run this again as root.",
            ));
            return found;
        }
        Seen::Broken(why) => {
            found.push(damaged(why));
            return found;
        }
    }
    match (runs, facts.till.said.there(), &facts.database.looked) {
        (true, Some(said), _) if said.journal.integrity != "ok" => {
            found.push(damaged(&said.journal.integrity));
        }
        (true, Some(said), _) => found.push(Finding::ok(
            Id::DatabaseSound,
            format!(
                "Every page was good when the till looked on {}.",
                day(said.journal.checked_at_ms)
            ),
        )),
        (_, _, Some(Looked::Sound)) => found.push(Finding::ok(
            Id::DatabaseSound,
            "Every page is as it was written.",
        )),
        (_, _, Some(Looked::Wrong(why))) => found.push(damaged(why)),
        (_, _, Some(Looked::NoKey(why))) => found.push(Finding::critical(
            Id::DatabaseKeyMissing,
            why.clone(),
            "The till does not start without its key.",
        )),
        (_, _, Some(Looked::NotNow(why))) => found.push(unchecked(why)),
        (true, None, None) => found.push(unchecked("the till has it open")),
        (false, _, None) => found.push(unchecked(
            "no till runs, and its key is no file: it is a system credential, or lost",
        )),
    }
    key(facts, &mut found);
    found
}

fn damaged(why: &str) -> Finding {
    Finding::critical(
        Id::DatabaseDamaged,
        format!(
            "The database cannot be trusted: {}.",
            why.trim_end_matches('.')
        ),
        "Stop selling, keep a copy of the whole state folder, and restore the last backup.",
    )
}

fn unchecked(why: &str) -> Finding {
    Finding::note(
        Id::DatabaseUnchecked,
        format!("The database was not read: {}.", why.trim_end_matches('.')),
        "Start the till: it reads every page before it sells.",
    )
}

/// Where its key is kept. A file is seen from outside; a credential only the till knows of.
fn key(facts: &Facts, found: &mut Vec<Finding>) {
    let said = facts.till.said.there().map(|said| said.journal.key_source);
    if facts.database.key_file || said == Some(KeySource::File) {
        found.push(Finding::new(
            Id::DatabaseKeyInFile,
            in_shop(facts.till.production()),
            "The database's key lies in a file beside it: who copies both can read every sale.",
            "Deliver it as the systemd credential db.key, bound to the TPM where there is one, and \
             delete the file.",
        ));
    } else if said == Some(KeySource::Credential) {
        found.push(Finding::ok(
            Id::DatabaseKeyBound,
            "Its key is a system credential.",
        ));
    }
}
