//! What the documentation says, held against the program that it is about.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sealpoint_tests::built::program;
use serde_json::{Value, json};

/// Lines that are no action of a cashier; the till answers them by itself.
const REQUESTS: [&str; 3] = ["wait", "snapshot", "quit"];

#[test]
fn every_example_in_the_format_is_understood() {
    let examples = examples();
    assert!(examples.len() > 40, "only {} examples", examples.len());
    let answers = answers_to(&examples);
    for (example, answer) in examples.iter().zip(&answers) {
        // There is no window here: the till says so, which is an answer to a line it understood.
        let excused = example["do"] == "snapshot"
            && answer["text"]
                .as_str()
                .is_some_and(|text| text.contains("no window"));
        assert!(
            answer["type"] != "error" || excused,
            "{example} -> {answer}"
        );
    }
}

#[test]
fn every_action_that_the_till_knows_has_an_example() {
    let answer = answers_to(&[json!({ "do": "something else" })]).remove(0);
    let text = answer["text"].as_str().expect("an error has a text");
    let known: BTreeSet<&str> = text.split('`').skip(3).step_by(2).collect();
    assert!(known.contains("scan") && known.len() > 20, "{text}");
    let examples = examples();
    let shown: BTreeSet<&str> = examples.iter().filter_map(|e| e["do"].as_str()).collect();
    let missing: Vec<_> = known
        .iter()
        .chain(&REQUESTS)
        .filter(|name| !shown.contains(**name))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/stdio.md has no example of {missing:?}"
    );
}

#[test]
fn every_field_of_a_view_is_described() {
    let lines = [
        json!({ "do": "scan", "code": "2900000017047" }),
        json!({ "do": "cash_exact" }),
        json!({ "do": "answer", "yes": true }),
        json!({ "do": "receipt" }),
        json!({ "do": "scan", "code": "2900000012189" }),
        json!({ "do": "void_sale" }),
        json!({ "do": "back" }),
        json!({ "do": "cash", "given_minor": 1 }),
    ];
    let mut fields = BTreeSet::new();
    for view in answers_to(&lines) {
        names(&view, &mut fields);
    }
    assert!(
        fields.contains("born_on_or_before") && fields.contains("change_minor"),
        "{fields:?}"
    );
    let text = text();
    let missing: Vec<_> = fields
        .iter()
        .filter(|name| !text.contains(&format!("`{name}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/stdio.md does not describe {missing:?}"
    );
}

#[test]
fn every_test_that_the_map_names_exists() {
    let map = read("src/README.md");
    let table = map
        .lines()
        .skip_while(|line| *line != "## Invariants")
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    all_exist("src/README.md", table);
}

#[test]
fn every_test_that_the_list_of_attacks_names_exists() {
    let list = read("docs/attacks.md");
    all_exist(
        "docs/attacks.md",
        list.lines().filter(|line| line.starts_with('|')),
    );
}

#[test]
fn every_test_that_the_list_of_attacks_on_tills_names_exists() {
    let page = "docs/till-attacks.md";
    let list = read(page);
    all_exist(page, list.lines().filter(|line| line.starts_with('|')));
    // Each row has proof, or says that there is none.
    let rows = list.lines().filter(|line| line.starts_with("| ")).skip(1);
    let bare: Vec<_> = rows
        .filter(|row| row.ends_with("| |") && !row.to_lowercase().contains("**not stopped"))
        .collect();
    assert!(bare.is_empty(), "{page}: {bare:#?}");
}

#[test]
fn every_test_that_the_page_on_the_image_names_exists() {
    let page = "packaging/README.md";
    let list = read(page);
    let table = list
        .lines()
        .skip_while(|line| *line != "## How it is shown")
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with('|'));
    all_exist(page, table);
}

/// The tests that the last column of a table names, each as a function somewhere.
fn all_exist<'a>(page: &str, table: impl Iterator<Item = &'a str>) {
    let last = |line: &str| line.rsplit('|').nth(1).map(str::to_owned);
    let cells: Vec<String> = table.filter_map(last).collect();
    let named: BTreeSet<&str> = cells.iter().flat_map(|cell| quoted(cell)).collect();
    assert!(named.len() > 20, "{named:?}");
    let mut code = String::new();
    for folder in ["src", "tests"] {
        gather(&root().join(folder), &mut code);
    }
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !code.contains(&format!("fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "{page} names {missing:?}");
}

#[test]
fn every_link_in_the_documentation_leads_somewhere() {
    let docs = fs::read_dir(root().join("docs")).expect("a folder of ours");
    let docs = docs
        .flatten()
        .map(|entry| format!("docs/{}", entry.file_name().display()))
        .filter(|page| page.ends_with(".md"));
    let pages: Vec<String> = [
        "README.md",
        "CONTRIBUTING.md",
        "packaging/README.md",
        "src/README.md",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(docs)
    .collect();
    assert!(pages.len() > 8, "{pages:?}");
    let mut broken = Vec::new();
    for page in &pages {
        let folder = root().join(page);
        let folder = folder.parent().expect("a page lies in a folder");
        for link in read(page).split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            let path = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !folder.join(path).exists() {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// All Rust code under a folder, in one text.
fn gather(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of ours").flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, code);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            code.push_str(&fs::read_to_string(&path).expect("our code is UTF-8"));
        }
    }
}

/// Every name of a field, at any depth.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

/// What a till without network, reader and window answers to each line.
fn answers_to(lines: &[Value]) -> Vec<Value> {
    let state = tempfile::tempdir().expect("a temporary folder");
    let mut till = Command::new(program("till"))
        .arg("--stdio")
        .arg("--state")
        .arg(state.path())
        .env("SEALPOINT_LOG", "error")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a built program starts");
    let mut input = till.stdin.take().expect("piped");
    let mut output = BufReader::new(till.stdout.take().expect("piped"))
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.expect("UTF-8")).expect("JSON"));
    let mut answers = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let id = number.to_string();
        let mut sent = line.clone();
        sent["id"] = json!(id);
        writeln!(input, "{sent}").expect("the till reads");
        if line["do"] == "quit" {
            assert!(till.wait().expect("our child").success());
            answers.push(Value::Null);
            // The examples behind it are those of another till.
            answers.extend(answers_to(&lines[number + 1..]));
            return answers;
        }
        answers.push(
            output
                .by_ref()
                .find(|said| said["reply_to"] == id)
                .expect("an answer"),
        );
    }
    drop(input);
    assert!(till.wait().expect("our child").success());
    answers
}

/// The lines in the blocks that are marked as what goes in.
fn examples() -> Vec<Value> {
    let text = text();
    let blocks = text.split("```ndjson\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

fn text() -> String {
    read("docs/stdio.md")
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).expect("a page of ours")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
