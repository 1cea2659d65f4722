//! `collector enrol-code`, `revoke`, `lost` and `tills`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealpoint_tls::certificate::Serial;
use sealpoint_tls::code::EnrolmentCode;
use sealpoint_wire::TerminalId;
use serde_json::{Value, json};

use super::{moment, visit};
use crate::now_ms;
use crate::program::StartError;
use crate::store::{CODE_LIFE_MS, ImageView, Target, TillView};
use crate::tls::{self, CA_KEY};

/// At most this many bytes of an order to erase.
const MAX_ORDER: u64 = 8 * 1024;

pub(super) fn enrol_code(
    store: &Target,
    folder: &Path,
    terminal: &TerminalId,
    hours: Option<u16>,
) -> Result<String, StartError> {
    let (life_ms, life) = match hours {
        Some(hours) => (i64::from(hours) * 3_600_000, format!("{hours} hours")),
        None => (CODE_LIFE_MS, format!("{} minutes", CODE_LIFE_MS / 60_000)),
    };
    let ca = tls::ca_key_hash(folder)?;
    let code =
        EnrolmentCode::generate(&ca).map_err(|error| StartError::Refused(error.to_string()))?;
    let (name, hash, of) = (code.name(), code.hash(), terminal.clone());
    visit(store, move |db| {
        db.keep_code_for(&name, &hash, &of, now_ms(), life_ms)
    })?;
    let mut said = format!(
        "{}\nGood once, for {terminal}, for {life}: tillctl enrol --collector \
         https://HOST:PORT --code CODE --out DIR",
        code.text().as_str(),
    );
    if !folder.join(CA_KEY).exists() {
        said.push_str(
            "\nThe CA's key is not in this folder: the till must reach a collector that has it.",
        );
    }
    Ok(said)
}

pub(super) fn revoke(
    store: &Target,
    terminal: &TerminalId,
    serial: Option<Serial>,
    why: String,
) -> Result<String, StartError> {
    let (of, one) = (terminal.clone(), serial.clone());
    visit(store, move |db| {
        db.revoke(&of, one.as_ref(), &why, now_ms())
    })?;
    Ok(match serial {
        Some(serial) => format!("Certificate {serial} of {terminal} is revoked."),
        None => format!(
            "All certificates of {terminal} are revoked. What it still sends is kept apart: \
             collector quarantine list"
        ),
    })
}

pub(super) fn lose(
    store: &Target,
    terminal: &TerminalId,
    order: &Path,
    stolen: bool,
) -> Result<String, StartError> {
    let text = read_order(order)?;
    // The till checks the signature against its retailer's root; a slip is told here.
    let named = format!("terminal {terminal}");
    if !text.lines().any(|line| line == named) {
        return Err(StartError::Refused(format!(
            "The order in {} does not name {terminal}. Make one for this till with tillctl keys.",
            order.display()
        )));
    }
    let of = terminal.clone();
    visit(store, move |db| db.lose(&of, &text, stolen, now_ms()))?;
    Ok(format!(
        "{terminal} is reported lost: its certificates are revoked, and it erases its keys {}.",
        if stolen {
            "as soon as it asks how it stands"
        } else {
            "once it has handed over what it sold"
        }
    ))
}

fn read_order(path: &Path) -> Result<String, StartError> {
    let refused = |why: String| {
        StartError::Refused(format!(
            "The order {} cannot be read ({why}). Give the file that tillctl keys made.",
            path.display()
        ))
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_ORDER + 1).read_to_string(&mut text))
        .map_err(|error| refused(error.to_string()))?;
    if text.len() as u64 > MAX_ORDER {
        return Err(refused("it is too long for an order".to_owned()));
    }
    Ok(text)
}

pub(super) fn list(store: &Target, as_json: bool) -> Result<String, StartError> {
    let (tills, images) = visit(store, |db| Ok((db.tills()?, db.images()?)))?;
    let image = |till: &TillView| images.iter().find(|it| it.terminal == till.terminal);
    let now_ms = now_ms();
    if as_json {
        let with_image = |till| till_json(till, image(till), now_ms);
        let all: Vec<_> = tills.iter().map(with_image).collect();
        return super::json(&json!({ "version": 1, "tills": all }));
    }
    if tills.is_empty() {
        return Ok("No till is enrolled in this store.".to_owned());
    }
    let mut lines = Vec::new();
    for till in &tills {
        lines.push(format!(
            "{:<8}  {:<7}  last seen {}",
            till.terminal,
            standing(till, now_ms),
            till.seen_ms.map_or_else(|| "never".to_owned(), moment)
        ));
        if let Some((at_ms, why)) = &till.revoked {
            lines.push(format!("          revoked {} ({why})", moment(*at_ms)));
        }
        lines.extend(image(till).map(image_line));
        lines.extend(till.certificates.iter().map(|one| {
            let revoked = match &one.revoked {
                Some(why) => format!(", revoked ({why})"),
                None => String::new(),
            };
            format!(
                "          {}  from {}  until {}{revoked}",
                one.serial,
                moment(one.issued_ms),
                moment(one.expires_ms)
            )
        }));
    }
    Ok(lines.join("\n"))
}

/// How the till stands by its newest certificate: a word for programs.
fn standing(till: &TillView, now_ms: i64) -> &'static str {
    let newest = till.certificates.first();
    let after = |line: i64| newest.is_some_and(|one| one.issued_ms > line);
    match (&till.lost, &till.revoked, newest) {
        (Some((line, _)), _, _) if !after(*line) => "lost",
        (_, Some((line, _)), _) if !after(*line) => "revoked",
        (_, _, Some(one)) if one.revoked.is_some() => "revoked",
        (_, _, Some(one)) if one.expires_ms < now_ms => "expired",
        (_, _, Some(_)) => "active",
        (_, _, None) => "unknown",
    }
}

/// Which image it runs, and how an update of it stands.
fn image_line(image: &ImageView) -> String {
    let running = image.running.as_deref().unwrap_or("no image");
    let mut line = format!("          image {running}");
    if let Some(installed) = &image.installed {
        line.push_str(&format!(", {installed} waits for a restart"));
    }
    if !image.failed.is_empty() {
        line.push_str(&format!(", did not come up: {}", image.failed));
    }
    if !image.told.is_empty() {
        line.push_str(&format!("  ({})", image.told));
    }
    line
}

fn till_json(till: &TillView, image: Option<&ImageView>, now_ms: i64) -> Value {
    let certificates: Vec<_> = till
        .certificates
        .iter()
        .map(|one| {
            json!({
                "serial": one.serial,
                "issued_ms": one.issued_ms,
                "expires_ms": one.expires_ms,
                "revoked": one.revoked,
            })
        })
        .collect();
    json!({
        "terminal": till.terminal,
        "standing": standing(till, now_ms),
        "seen_ms": till.seen_ms,
        "seen_serial": till.seen_serial,
        "revoked_ms": till.revoked.as_ref().map(|(at_ms, _)| at_ms),
        "revoked_why": till.revoked.as_ref().map(|(_, why)| why),
        "lost_ms": till.lost.map(|(at_ms, _)| at_ms),
        "stolen": till.lost.is_some_and(|(_, stolen)| stolen),
        "certificates": certificates,
        "image": image.map(|image| json!({
            "running": image.running,
            "installed": image.installed,
            "failed": image.failed.split_whitespace().collect::<Vec<_>>(),
            "told": image.told,
            "at_ms": image.at_ms,
        })),
    })
}
