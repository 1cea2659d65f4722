//! The report for people, worst first.

use std::fmt::Write as _;

use super::report::{Gap, Report, Searched};

/// Columns of the page.
const WIDTH: usize = 80;
/// Findings that the page shows; the JSON has more.
const SHOWN_HITS: usize = 40;

/// Writes the page.
pub fn write(report: &Report) -> String {
    let mut page = String::new();
    let headline = match report.result {
        "found" => "CARD DATA FOUND. Keep the machine as it is and tell whoever answers for it.",
        "search_fails" => "THE SEARCH DOES NOT FIND WHAT WAS PLANTED: this run proves nothing.",
        "incomplete" => "Nothing found, but not everything could be searched: see below.",
        _ => "Nothing found.",
    };
    line(&mut page, headline);
    hits(&mut page, report);
    list(&mut page, "Could not be searched", &report.not_searched);
    list(&mut page, "Not there or left out", &report.left_out);
    if !report.searched.is_empty() {
        line(&mut page, "\nSearched");
        for searched in &report.searched {
            line(&mut page, &format!("  {}", words(searched)));
        }
    }
    let test = &report.self_test;
    line(&mut page, "\nThe search itself");
    wrapped(
        &mut page,
        &format!(
            "{} numbers and keys in {} forms. Of {} forms that were planted it found {} in a file \
             and {} in the memory of a process.",
            report.looked_for,
            report.patterns,
            test.planted,
            test.found_in_file,
            test.found_in_memory
        ),
        2,
    );
    if let Some(why) = &test.memory_obstacle {
        wrapped(&mut page, why, 2);
    }
    line(&mut page, &format!("  It took {} ms.", report.took_ms));
    page.truncate(page.trim_end().len());
    page
}

fn hits(page: &mut String, report: &Report) {
    if report.hits.is_empty() {
        return;
    }
    line(page, &format!("\nFound ({})", report.hit_count));
    for hit in report.hits.iter().take(SHOWN_HITS) {
        let times = match hit.times {
            1 => String::new(),
            times => format!(", {times} times"),
        };
        line(page, &format!("  {} as {}{times}", hit.what, hit.form));
        line(page, &format!("    {} at {}", hit.place, hit.at));
        if let Some(context) = &hit.context {
            line(page, &format!("    {context}"));
        }
    }
    if report.hits.len() > SHOWN_HITS {
        line(page, "  ... and more: --json lists them.");
    }
}

fn list(page: &mut String, title: &str, gaps: &[Gap]) {
    if gaps.is_empty() {
        return;
    }
    line(page, &format!("\n{title}"));
    for gap in gaps {
        line(page, &format!("  {}", gap.what));
        wrapped(page, &gap.why, 4);
    }
}

fn words(searched: &Searched) -> String {
    let Searched {
        kind,
        name,
        parts,
        bytes,
        passes,
    } = searched;
    let size = size(*bytes);
    match *kind {
        "database" => format!("database  {name}: {parts} pages, deciphered"),
        "values" => format!("database  {name}: {parts} values"),
        "memory" => format!("memory    {name}: {passes} times, {parts} mappings, {size}"),
        "swap" => format!("swap      {name}: {size}"),
        kind => format!("{kind:<9} {name}: {parts} files, {size}"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} KB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

fn line(page: &mut String, text: &str) {
    // A String takes whatever fits into memory.
    let _written = writeln!(page, "{text}");
}

/// Words in lines that end before the page does.
fn wrapped(page: &mut String, text: &str, indent: usize) {
    let mut now = " ".repeat(indent);
    for word in text.split_whitespace() {
        if now.len() > indent && now.chars().count() + 1 + word.chars().count() > WIDTH {
            line(page, &now);
            now = " ".repeat(indent);
        }
        if now.len() > indent {
            now.push(' ');
        }
        now.push_str(word);
    }
    line(page, &now);
}
