//! The record of a scripted shift: for people (`transcript.md`) and for programs
//! (`transcript.ndjson`).

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::demo::totals::money;
use crate::process::cannot_write;

/// Both files, written as the shift goes on.
pub struct Transcript {
    prose: Sheet,
    lines: Sheet,
    steps: u32,
}

struct Sheet {
    path: PathBuf,
    file: File,
}

impl Sheet {
    fn new(path: PathBuf) -> Result<Self, String> {
        let file = File::create(&path).map_err(|error| cannot_write(&path, &error))?;
        Ok(Self { path, file })
    }

    fn write(&mut self, text: &str) -> Result<(), String> {
        writeln!(self.file, "{text}").map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Transcript {
    /// Begins one in this folder.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn begin(folder: &Path) -> Result<Self, String> {
        let mut transcript = Self {
            prose: Sheet::new(folder.join("transcript.md"))?,
            lines: Sheet::new(folder.join("transcript.ndjson"))?,
            steps: 0,
        };
        transcript.prose.write("# A scripted shift")?;
        Ok(transcript)
    }

    /// A heading between steps.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn chapter(&mut self, title: &str) -> Result<(), String> {
        self.prose.write(&format!("\n## {title}\n"))
    }

    /// A line as it is.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn prose(&mut self, text: &str) -> Result<(), String> {
        self.prose.write(text)
    }

    /// What was done and what the till showed then. Gives the line for people.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn step(&mut self, what: &str, action: &Value, answer: &Value) -> Result<String, String> {
        self.steps += 1;
        let line = format!("{}. {what} -> {}", self.steps, shown(answer));
        self.prose.write(&line)?;
        let pair = json!({ "step": self.steps, "what": what, "action": action, "answer": answer });
        self.lines.write(&pair.to_string())?;
        Ok(line)
    }
}

/// What a cashier would say that the screen shows.
fn shown(view: &Value) -> String {
    let amount = |value: &Value| money(value.as_i64().unwrap_or_default());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut said = vec![];
    if let Some(notice) = view["notice"]["text"].as_str() {
        said.push(format!("\"{notice}\""));
    }
    match view["pane"].as_str().unwrap_or_default() {
        "paid" => {
            let paid = &view["paid"];
            let change = match paid["change_minor"].as_i64() {
                Some(minor) if minor > 0 => format!(", change {}", money(minor)),
                _ => String::new(),
            };
            let (no, total) = (&paid["receipt_no"], amount(&paid["total_minor"]));
            said.push(format!("receipt {no}: {total} paid{change}"));
        }
        "tender" => said.push(format!("due {}", amount(&view["due_minor"]))),
        "card" => {
            let card = &view["card"];
            let prompt = text(&card["prompt"]).replace('_', " ");
            said.push(format!("card: {prompt}, {}", amount(&card["amount_minor"])));
        }
        "question" => said.push(match view["question"]["ask"].as_str() {
            Some("age") => {
                let question = &view["question"];
                format!(
                    "asks: {} or older, born on or before {}?",
                    question["min_age"],
                    text(&question["born_on_or_before"])
                )
            }
            _ => "asks: void the whole sale?".to_owned(),
        }),
        "receipt" => said.push(format!(
            "receipt {} on screen",
            view["receipt"]["receipt_no"]
        )),
        "parked" => {
            let parked = view["parked"].as_array().map_or(0, Vec::len);
            said.push(format!("{parked} put aside"));
        }
        _ => said.extend(basket(&view["basket"])),
    }
    if let Some(quantity) = view["multiplier"].as_str() {
        said.push(format!("next item: {quantity}"));
    }
    let waiting = view["queue"]["count"].as_u64().unwrap_or_default();
    if waiting > 0 {
        let at_risk = amount(&view["queue"]["at_risk_minor"]);
        said.push(format!("queue {waiting} ({at_risk})"));
    }
    if said.is_empty() {
        return "ready".to_owned();
    }
    said.join("; ")
}

fn basket(basket: &Value) -> Option<String> {
    let lines = basket["lines"].as_array()?;
    let last = lines.iter().find(|line| line["no"] == basket["last"])?;
    let sum = |value: &Value| money(value.as_i64().unwrap_or_default());
    let quantity = if last["multiple"] == true {
        format!("{} x ", last["quantity"].as_str().unwrap_or_default())
    } else {
        String::new()
    };
    let name = last["name"].as_str().unwrap_or_default();
    Some(format!(
        "{quantity}{name} {}; total {}",
        sum(&last["total_minor"]),
        sum(&basket["total_minor"])
    ))
}
