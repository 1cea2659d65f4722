//! `collector attest`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealpoint_wire::TerminalId;
use sealpoint_wire::attest::Verdict;
use serde_json::{Value, json};

use super::{Said, moment, visit};
use crate::attest::args::{Attest, References};
use crate::attest::reference::{MAX_FILE, MAX_REFERENCES, Reference};
use crate::now_ms;
use crate::program::StartError;
use crate::store::{AttestedView, Target};

pub(super) fn run(command: Attest) -> Result<Said, StartError> {
    match command {
        Attest::List { store, json } => list(&store, json),
        Attest::Accept { store, terminal } => accept(&store, &terminal).map(Said::Done),
        Attest::Reference { command } => match command {
            References::Add { store, file } => add(&store, &file),
            References::List { store, json } => references(&store, json),
            References::Retire { store, image } => retire(&store, image),
        }
        .map(Said::Done),
    }
}

fn list(store: &Target, as_json: bool) -> Result<Said, StartError> {
    let tills = visit(store, |db| db.attested())?;
    let now_ms = now_ms();
    let all_trusted = tills
        .iter()
        .all(|till| till.standing(now_ms) == Verdict::Trusted.word());
    let text = if as_json {
        let all: Vec<_> = tills.iter().map(|till| till_json(till, now_ms)).collect();
        super::json(&json!({ "version": 1, "tills": all }))?
    } else if tills.is_empty() {
        "No till has said what it runs.".to_owned()
    } else {
        table(&tills, now_ms)
    };
    Ok(if all_trusted {
        Said::Done(text)
    } else {
        Said::Unmatched(text)
    })
}

fn table(tills: &[AttestedView], now_ms: i64) -> String {
    let mut lines = vec![format!(
        "{:<8}  {:<9}  {:<16}  {:<16}  {:<19}",
        "Till", "Verdict", "Reason", "Image", "Said"
    )];
    for till in tills {
        lines.push(format!(
            "{:<8}  {:<9}  {:<16}  {:<16}  {:<19}",
            till.terminal,
            till.standing(now_ms),
            till.reason,
            till.image.as_deref().unwrap_or("-"),
            moment(till.verdict_ms)
        ));
        if !till.why.is_empty() {
            lines.push(format!("          {}", till.why));
        }
    }
    lines.join("\n")
}

fn till_json(till: &AttestedView, now_ms: i64) -> Value {
    let registers: Option<Value> = till
        .registers
        .as_deref()
        .and_then(|registers| serde_json::from_str(registers).ok());
    json!({
        "terminal": till.terminal,
        "verdict": till.standing(now_ms),
        "reason": till.reason,
        "why": till.why,
        "image": till.image,
        "verdict_ms": till.verdict_ms,
        "trusted_ms": till.trusted_ms,
        "known_ms": till.known_ms,
        "endorsement_key_name": till.endorsement,
        "endorsement_certificate_sha256": till.certificate,
        "registers": registers,
        "resets": till.resets,
    })
}

fn accept(store: &Target, terminal: &TerminalId) -> Result<String, StartError> {
    let of = terminal.clone();
    Ok(if visit(store, move |db| db.forget_tpm(&of))? {
        format!(
            "What was known of the TPM of {terminal} is forgotten. What it shows next is taken for its \
             own: look that it is the machine that you mean."
        )
    } else {
        format!("Nothing is known of a TPM of {terminal}.")
    })
}

fn add(store: &Target, file: &Path) -> Result<String, StartError> {
    let refused = |why: String| StartError::Refused(format!("{}: {why}", file.display()));
    let mut text = String::new();
    File::open(file)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text))
        .map_err(|error| refused(format!("It cannot be read ({error}). Check its name.")))?;
    if text.len() as u64 > MAX_FILE {
        return Err(refused(
            "It is too long. Give the file that was built with the image.".to_owned(),
        ));
    }
    let reference = Reference::parse(&text).map_err(|error| refused(error.to_string()))?;
    let (image, kept) = (reference.image.clone(), reference);
    if visit(store, move |db| db.keep_reference(&kept, &text, now_ms()))? {
        Ok(format!("Tills that run image {image} are trusted."))
    } else {
        Err(StartError::Refused(format!(
            "{MAX_REFERENCES} images have their values here. Retire one first: collector attest \
             reference retire VERSION"
        )))
    }
}

fn references(store: &Target, as_json: bool) -> Result<String, StartError> {
    let all = visit(store, |db| db.reference_views())?;
    if as_json {
        let images: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "image": one.image,
                    "rollback_index": one.rollback_index,
                    "loaded_ms": one.loaded_ms,
                })
            })
            .collect();
        return super::json(&json!({ "version": 1, "images": images }));
    }
    if all.is_empty() {
        return Ok("No reference values are loaded.".to_owned());
    }
    let lines: Vec<_> = all
        .iter()
        .map(|one| {
            format!(
                "{:<16}  roll-back index {:>4}  loaded {}",
                one.image,
                one.rollback_index,
                moment(one.loaded_ms)
            )
        })
        .collect();
    Ok(lines.join("\n"))
}

fn retire(store: &Target, image: String) -> Result<String, StartError> {
    let named = image.clone();
    if visit(store, move |db| db.retire_reference(&named))? {
        Ok(format!(
            "Tills that run image {image} are not trusted any more."
        ))
    } else {
        Err(StartError::Refused(format!(
            "No values of image {image} are loaded. See: collector attest reference list"
        )))
    }
}
