//! The files of the house, and which of their lines are code.

use std::path::Path;
use std::process::Command;

/// Endings of files that hold no text to judge.
const BINARY: &[&str] = &[
    ".ttf", ".otf", ".wav", ".png", ".pdf", ".mo", ".bin", ".lock",
];

/// Texts of others that lie in the repository as they came.
const FOREIGN: &[&str] = &[
    "LICENSE-APACHE",
    "LICENSE-GPL-3.0",
    "assets/icons/LICENSE",
    "assets/fonts/OFL.txt",
];

/// One text file, with its path from the root of the repository.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// Every text file that git tracks, or would if it were added.
pub fn read_house() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(&root)
        .output()
        .expect("git lists the files: install git, and run this in a clone");
    assert!(
        listed.status.success(),
        "git: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let listed = String::from_utf8(listed.stdout).expect("our file names are UTF-8");
    let text =
        |path: &&str| !BINARY.iter().any(|end| path.ends_with(end)) && !FOREIGN.contains(path);
    let mut files: Vec<Source> = listed
        .split_terminator('\0')
        .filter(text)
        // A file that was deleted but not yet from git's index is not there.
        .filter_map(|path| {
            let text = std::fs::read_to_string(root.join(path)).ok()?;
            Some(Source {
                path: path.to_owned(),
                text,
            })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    assert!(files.len() > 20, "too few files to be the house");
    files
}

/// Whether the path lies among tests, benches or examples, which are not shipped.
pub fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || ["/tests/", "/benches/", "/examples/"]
            .iter()
            .any(|folder| path.contains(folder))
        || path.ends_with("/tests.rs")
}

/// Whether the line holds the pattern as a word of its own: `print!` is not in
/// `eprint!`.
pub fn names(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !pattern.starts_with(char::is_alphabetic)
            || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

impl Source {
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Numbered lines without comments and docstrings.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self
            .text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        lines
            .map(|(number, line)| (number, without_comment(line)))
            .filter(|(_, line)| !line.trim().is_empty())
    }

    /// Numbered lines of code that ship: no item under `#[cfg(test)]`.
    ///
    /// It relies on rustfmt: an item ends at the first line with its indentation
    /// that closes it.
    pub fn shipped_code(&self) -> Vec<(usize, &str)> {
        let mut shipped = Vec::new();
        let mut lines = self.code();
        while let Some((number, line)) = lines.next() {
            if !line.trim_start().starts_with("#[cfg(test)]") {
                shipped.push((number, line));
                continue;
            }
            let margin = &line[..line.len() - line.trim_start().len()];
            let closes = |line: &str| {
                let rest = line.strip_prefix(margin).unwrap_or(line);
                rest.starts_with('}')
                    || (!rest.starts_with([' ', '#']) && rest.trim_end().ends_with([';', '}']))
            };
            lines.by_ref().find(|(_, line)| closes(line));
        }
        shipped
    }

    /// Each attribute's number, first line and whole text up to its bracket.
    pub fn attributes(&self) -> Vec<(usize, &str, String)> {
        let lines: Vec<(usize, &str)> = self.code().collect();
        let starts = lines
            .iter()
            .enumerate()
            .filter(|(_, (_, line))| line.trim_start().starts_with("#"));
        let whole = |at: usize| {
            let mut text = String::new();
            for (_, line) in &lines[at..] {
                text.push_str(line.trim());
                if line.trim_end().ends_with(']') {
                    break;
                }
            }
            text
        };
        starts
            .map(|(at, (number, line))| (*number, *line, whole(at)))
            .collect()
    }
}

/// The line up to `//`, unless that stands inside a string such as an address.
fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices("//")
        .find(|(at, _)| line[..*at].matches('"').count().is_multiple_of(2));
    comment.map_or(line, |(at, _)| &line[..at])
}

#[test]
fn test_items_and_comments_do_not_ship() {
    let text = "\
let a = 1; // a comment
/// docs
#[cfg(test)]
mod tests;
let b = \"http://host\";
#[cfg(test)]
mod inner {
    fn f() {
        x();
    }
}
let c = 3;
";
    let file = Source {
        path: String::new(),
        text: text.to_owned(),
    };
    let numbers: Vec<usize> = file
        .shipped_code()
        .iter()
        .map(|(number, _)| *number)
        .collect();
    assert_eq!(numbers, [1, 5, 12]);
    assert_eq!(file.shipped_code()[0].1, "let a = 1; ");
}

#[test]
fn a_pattern_is_found_as_a_word() {
    assert!(names("    print!(\"x\")", "print!"));
    assert!(!names("    eprint!(\"x\")", "print!"));
    assert!(names("value.unwrap()", ".unwrap()"));
}
