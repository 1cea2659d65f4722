//! What is written down about findings, and how the page looks.

use super::{
    super::super::{finding::Level, ids::Id, page, report::Report},
    all, defects, sound,
};

const DOCUMENT: &str = include_str!("../../../../../../docs/doctor.md");

#[test]
fn every_finding_is_explained_with_what_it_means_and_what_to_do() {
    let row = |id: &Id| {
        let start = format!("| `{}` |", id.word());
        DOCUMENT.lines().find(|line| line.starts_with(&start))
    };
    let missing: Vec<_> = Id::ALL
        .iter()
        .filter(|id| row(id).is_none())
        .map(|id| id.word())
        .collect();
    assert!(missing.is_empty(), "docs/doctor.md lacks {missing:?}");
    for line in Id::ALL.iter().filter_map(row) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        // id, levels, meaning, remedy, between two empty ends
        assert_eq!(cells.len(), 6, "{line}");
        assert!(
            !cells[2].is_empty() && !cells[3].is_empty() && !cells[4].is_empty(),
            "{line}"
        );
    }
}

#[test]
fn no_finding_is_explained_that_does_not_exist() {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `"));
    let named = rows
        .filter_map(|line| line.split_once('`'))
        .map(|(name, _)| name);
    let table: Vec<_> = named.filter(|name| !name.starts_with("--")).collect();
    assert!(table.len() >= Id::ALL.len());
    for name in table {
        let known = Id::ALL.iter().any(|id| id.word() == name) || FIELDS.contains(&name);
        assert!(known, "docs/doctor.md explains {name}");
    }
}

/// Fields of the JSON object, which have a table of their own.
const FIELDS: &[&str] = &[
    "version",
    "level",
    "exit_code",
    "at",
    "state",
    "terminal",
    "mode",
    "running",
    "root",
    "findings",
    "processes",
];

#[test]
fn every_level_that_a_finding_can_have_is_written_down() {
    let mut facts = vec![sound()];
    facts.extend(defects().map(|defect| {
        let mut facts = sound();
        (defect.1)(&mut facts);
        facts
    }));
    for finding in facts.iter().flat_map(all) {
        let start = format!("| `{}` |", finding.id.word());
        let line = DOCUMENT.lines().find(|line| line.starts_with(&start));
        let levels = line
            .and_then(|line| line.split('|').nth(2))
            .unwrap_or_default();
        assert!(
            levels.contains(finding.level.word()),
            "{} is {} here: {levels}",
            finding.id.word(),
            finding.level.word()
        );
    }
}

#[test]
fn the_page_has_eighty_columns_and_says_everything() {
    for defect in defects() {
        let mut facts = sound();
        (defect.1)(&mut facts);
        let findings = all(&facts);
        let page = page::write(&Report::new(&facts, findings.clone()));
        for line in page.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", defect.0);
        }
        for finding in findings.iter().filter(|f| f.level > Level::Ok) {
            let id = format!("[{}]", finding.id.word());
            assert!(page.contains(&id), "{}: {id} is not on the page", defect.0);
        }
    }
}

#[test]
fn the_page_of_a_sound_till_fits_on_a_screen() {
    let facts = sound();
    let page = page::write(&Report::new(&facts, all(&facts)));
    assert!(page.contains("All is well."), "{page}");
    assert!(page.lines().count() <= 60, "{page}");
    assert!(!page.contains("> "), "{page}");
}
