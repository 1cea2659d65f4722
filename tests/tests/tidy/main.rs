//! Style as a test: what a reviewer would otherwise have to say again and again.
//!
//! It reads every file that git tracks or would track. Each rule names all the
//! places that break it at once, and each exception carries its reason.

mod card_numbers;
mod source;

use source::{Source, is_test, read_house};

/// The longest Rust and Slint files, and the medians to stay under.
const RUST_LINES: usize = 600;
const RUST_MEDIAN: usize = 200;
const SLINT_LINES: usize = 250;
const SLINT_MEDIAN: usize = 80;

/// Rust files over `RUST_LINES`, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Files that may contain `unsafe`, each with its reason.
const UNSAFE_FILES: &[(&str, &str)] = &[(
    "src/readersim/src/ffi.rs",
    "pcscd calls the simulated reader's driver through C functions with pointers",
)];

/// Unfinished or careless code. `expect("why this cannot happen")` is fine.
const BANNED_CALLS: &[&str] = &[
    "todo!",
    "unimplemented!",
    "dbg!",
    ".unwrap()",
    ".expect(\"\")",
];

/// Only programs may print: a library gives its caller something to print.
const PRINTING: &[&str] = &["println!", "print!", "eprintln!", "eprint!"];

/// Where programs talk to the person who started them.
const PRINTING_FILES: &[&str] = &["/src/main.rs", "/src/cli.rs", "/src/bin/", "/build.rs"];

/// Words that already mean three things each here, and words that mean nothing.
const BANNED_NAMES: &[&str] = &[
    "Transaction",
    "Session",
    "Order",
    "Payment",
    "Status",
    "Manager",
    "Helper",
    "Helpers",
    "Util",
    "Utils",
];

/// File names that gather what has no home.
const BANNED_FILES: &[&str] = &[
    "util", "utils", "helper", "helpers", "manager", "common", "misc",
];

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for (extension, limit) in [(".rs", RUST_LINES), (".slint", SLINT_LINES)] {
        for file in files_ending(extension) {
            let excused = LONG_FILES.iter().any(|(path, _)| *path == file.path);
            if file.lines() > limit && !excused {
                long.push(format!(
                    "{}: {} lines, {limit} at most",
                    file.path,
                    file.lines()
                ));
            }
        }
    }
    assert_clean(&long);
}

#[test]
fn half_of_the_files_are_short() {
    for (extension, limit) in [(".rs", RUST_MEDIAN), (".slint", SLINT_MEDIAN)] {
        let mut sizes: Vec<usize> = files_ending(extension).iter().map(Source::lines).collect();
        sizes.sort_unstable();
        let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
        assert!(
            median < limit,
            "half of the {extension} files have {median} lines or more, {limit} is too many"
        );
    }
}

#[test]
fn no_exception_outlives_its_file() {
    let house = read_house();
    for (path, reason) in LONG_FILES.iter().chain(UNSAFE_FILES) {
        assert!(
            house.iter().any(|file| file.path == *path),
            "{path} is excused ({reason}) but gone"
        );
    }
}

#[test]
fn shipped_code_is_finished_and_does_not_panic_by_habit() {
    assert_clean(&lines_with(BANNED_CALLS, |file| !is_test(&file.path)));
}

#[test]
fn libraries_do_not_print() {
    let library = |file: &Source| {
        let program = PRINTING_FILES.iter().any(|part| file.path.contains(part));
        !is_test(&file.path) && !program && !file.path.starts_with("src/xtask/")
    };
    assert_clean(&lines_with(PRINTING, library));
}

#[test]
fn unsafe_stays_in_the_named_files() {
    let mut found = Vec::new();
    for file in files_ending(".rs") {
        if UNSAFE_FILES.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        // Not 'unsafe-inline', which a web page's policy says inside a string.
        let marks = ["unsafe ", "unsafe(", "unsafe{"];
        let word = |line: &str| marks.iter().any(|mark| source::names(line, mark));
        found.extend(
            file.code()
                .filter(|(_, line)| word(line))
                .map(|(number, _)| format!("{}:{number}", file.path)),
        );
    }
    // This file and its neighbours name the word in order to forbid it.
    found.retain(|place| !place.starts_with("tests/tests/tidy/"));
    assert_clean(&found);
}

#[test]
fn no_type_has_a_name_that_means_nothing_or_three_things() {
    let mut found = Vec::new();
    for file in files_ending(".rs").iter().chain(&files_ending(".slint")) {
        for (number, line) in file.code() {
            if let Some(name) = declared_type(line).filter(|name| is_banned_name(name)) {
                found.push(format!("{}:{number}: {name}", file.path));
            }
        }
    }
    assert_clean(&found);
}

#[test]
fn no_file_gathers_what_has_no_home() {
    let mut found = Vec::new();
    for file in read_house() {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        if BANNED_FILES.contains(&stem) {
            found.push(file.path);
        }
    }
    assert_clean(&found);
}

#[test]
fn every_crate_takes_the_lints_of_the_house_or_says_why_not() {
    let mut found = Vec::new();
    for file in files_ending("/Cargo.toml") {
        let text: Vec<&str> = file.text.lines().collect();
        let inherits = text
            .windows(2)
            .any(|pair| pair == ["[lints]", "workspace = true"]);
        let reason = |at: usize| at > 0 && text[at - 1].starts_with('#');
        let excepted = text
            .iter()
            .position(|line| line.starts_with("[lints."))
            .is_some_and(reason);
        if !inherits && !excepted {
            found.push(format!(
                "{}: neither [lints] workspace = true nor a comment above [lints.*]",
                file.path
            ));
        }
    }
    assert_clean(&found);
}

#[test]
fn every_exception_from_a_lint_says_why() {
    let mut found = Vec::new();
    for file in files_ending(".rs")
        .iter()
        .filter(|file| !file.path.starts_with("tests/tests/tidy/"))
    {
        for (number, line, statement) in file.attributes() {
            let allows = line.contains("[allow(") || line.contains("[expect(");
            let above = number
                .checked_sub(2)
                .and_then(|index| file.text.lines().nth(index));
            let comment = above.is_some_and(|line| line.trim_start().starts_with("//"));
            if allows && !comment && !statement.contains("reason = ") {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    assert_clean(&found);
}

#[test]
fn no_card_number_lies_outside_the_test_cards() {
    let mut found = Vec::new();
    for file in read_house()
        .iter()
        .filter(|file| !card_numbers::may_hold_test_cards(&file.path))
    {
        for (number, line) in file.text.lines().enumerate() {
            for digits in card_numbers::in_line(line) {
                // Not the number itself: a test's output is a log too.
                found.push(format!(
                    "{}:{}: {} digits ending in {}",
                    file.path,
                    number + 1,
                    digits.len(),
                    &digits[digits.len() - 4..]
                ));
            }
        }
    }
    assert_clean(&found);
}

/// Every place at once, one a line, so that one run is enough to mend them all.
#[track_caller]
fn assert_clean(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} found:\n{}",
        found.len(),
        found.join("\n")
    );
}

fn files_ending(end: &str) -> Vec<Source> {
    read_house()
        .into_iter()
        .filter(|file| file.path.ends_with(end))
        .collect()
}

/// Lines of Rust code, test modules and comments left out, that hold a pattern.
fn lines_with(patterns: &[&str], concerns: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files_ending(".rs").iter().filter(|file| concerns(file)) {
        for (number, line) in file.shipped_code() {
            if let Some(pattern) = patterns.iter().find(|pattern| source::names(line, pattern)) {
                found.push(format!("{}:{number}: {pattern}", file.path));
            }
        }
    }
    found
}

/// The name in `struct Name`, `enum Name`, `component Name` and their like.
fn declared_type(line: &str) -> Option<&str> {
    let keywords = [
        "struct",
        "enum",
        "trait",
        "type",
        "union",
        "component",
        "global",
    ];
    let mut words = line
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty());
    words.find(|word| keywords.contains(word))?;
    words.next()
}

/// Whether the name is a banned word or ends in one, as in `CardSession`.
fn is_banned_name(name: &str) -> bool {
    BANNED_NAMES.iter().any(|banned| name.ends_with(banned))
}

#[test]
fn names_are_told_apart() {
    for banned in ["Session", "CardSession", "LinkStatus", "KeyManager"] {
        assert!(is_banned_name(banned), "{banned}");
    }
    for fine in ["Ordering", "StatusWord", "Sale", "Orderly"] {
        assert!(!is_banned_name(fine), "{fine}");
    }
    assert_eq!(declared_type("pub(crate) struct Sale<'a> {"), Some("Sale"));
    assert_eq!(declared_type("let structure = 1;"), None);
}
