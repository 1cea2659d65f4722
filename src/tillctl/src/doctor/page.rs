//! The findings for people: worst first, 80 columns, a line for each area that is well.

use std::fmt::Write;

use super::{
    finding::{Finding, Level},
    report::Report,
};

/// Columns of the page.
const WIDTH: usize = 80;
/// Columns of the names on the left.
const NAMES: usize = 14;

/// The page.
pub fn write(report: &Report) -> String {
    let mut page = String::new();
    let head = format!("{}, {}", report.title(), report.at);
    line(&mut page, &head);
    line(&mut page, &report.verdict());
    for level in [Level::Critical, Level::Warning, Level::Note] {
        let found: Vec<&Finding> = report.of(level).collect();
        if found.is_empty() {
            continue;
        }
        line(&mut page, "");
        line(&mut page, &heading(level, found.len()));
        for finding in found {
            told(&mut page, finding);
        }
    }
    line(&mut page, "");
    line(&mut page, "AS IT SHOULD BE");
    for finding in report.of(Level::Ok) {
        block(&mut page, finding.id.area().title(), &finding.what);
    }
    if !report.processes.is_empty() {
        line(&mut page, "");
        line(
            &mut page,
            "PROTECTIONS, AS SAID / AS SEEN FROM OUTSIDE (- cannot be seen)",
        );
        for row in report.protections() {
            line(&mut page, &row);
        }
    }
    page.trim_end().to_owned()
}

fn heading(level: Level, count: usize) -> String {
    let (one, many) = match level {
        Level::Critical => ("BROKEN OR DANGEROUS NOW", "BROKEN OR DANGEROUS NOW"),
        Level::Warning => ("NEEDS CARE SOON", "NEED CARE SOON"),
        Level::Note | Level::Ok => ("GOOD TO KNOW", "GOOD TO KNOW"),
    };
    format!("{} ({count})", if count == 1 { one } else { many })
}

/// A finding with what to do about it and its id.
fn told(page: &mut String, finding: &Finding) {
    let title = finding.id.area().title();
    let id = finding.id.word();
    block(page, title, &format!("{} [{id}]", finding.what));
    if !finding.remedy.is_empty() {
        block(page, "", &format!("> {}", finding.remedy));
    }
}

/// A name on the left and a text beside it, broken between words.
fn block(page: &mut String, name: &str, text: &str) {
    let mut name = name;
    for part in wrapped(text, WIDTH - NAMES) {
        line(page, &format!("{name:<NAMES$}{part}"));
        name = "";
    }
}

/// Lines of at most `width` characters; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let room = &mut lines[last];
        if room.is_empty() {
            room.push_str(word);
        } else if room.chars().count() + 1 + word.chars().count() <= width {
            room.push(' ');
            room.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _written = writeln!(page, "{}", text.trim_end());
}
