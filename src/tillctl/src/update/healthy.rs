//! Whether the till of this image came up, and what follows from it.
//!
//! systemd-boot gives a new image three tries. A try counts as passed once boot-complete.target is
//! reached, and that needs this; then systemd-bless-boot(8) marks the image good. If the till is not
//! up in time, a machine on trial starts again, which uses up a try, until the old image is what is
//! left. An image that was good before does not start again for it: a till without a card reader's
//! process still sells for cash, and a machine that restarts for ever sells nothing.

use std::{
    io::stderr,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use sealpoint_wire::status::TillStanding;

use super::{
    Done, memory::Memory, places::Places, refused::Refused, report::Report, restart, running, till,
};
use crate::{exit::Exit, fault::Fault, say};

/// How often the till's word is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Waits until the till is up.
pub fn wait(places: &Places, within: Duration) -> Done {
    let running = running::read(places)?;
    // What the till said in an earlier boot is still there: only what is written from now on counts.
    let before = till::said(places).ok();
    let end = Instant::now() + within;
    let mut why = is_up(places, before.as_ref());
    while why.is_err() && Instant::now() < end {
        thread::sleep(LOOK_EVERY);
        why = is_up(places, before.as_ref());
    }
    match why {
        Ok(()) => {
            let told = format!("The till of {} is up.", running.version);
            Ok(Report::new("up", told).running(&running.version))
        }
        Err(refused) if places.trial().exists() => {
            let told =
                format!("tillctl: {refused} The image is on trial, so the machine starts again.");
            say(&mut stderr(), &told);
            restart::not_up(places)?;
            Err(refused.into())
        }
        Err(refused) => Err(refused.into()),
    }
}

/// Whether the till runs, with a sound journal and its card process.
fn is_up(places: &Places, before: Option<&TillStanding>) -> Result<(), Refused> {
    let not = |why: &str| Refused::NotUp(why.to_owned());
    let said = till::said(places).map_err(|_| not("it has not said how it stands"))?;
    if before == Some(&said) || said.ended {
        return Err(not("it has not said anything since the machine started"));
    }
    if said.journal.integrity != "ok" {
        return Err(not("its journal is damaged"));
    }
    if !said.lane.up {
        return Err(not("its card process does not run"));
    }
    Ok(())
}

/// This image was marked good: it stays, and older ones may not come back.
pub fn blessed(places: &Places) -> Done {
    let running = running::read(places)?;
    // The variable that tells of the trial stays for this boot; the kernel's file loses its count.
    if places.trial().exists() && !places.kernel(&running.version).exists() {
        return Err(Refused::NotUp("this image is still on trial".to_owned()).into());
    }
    let mut memory = Memory::read(places);
    memory.running = Some(running.version.clone());
    memory.installed = memory.installed.filter(|it| it.version != running.version);
    memory.write(places)?;
    raise(places, running.rollback_index)?;
    let told = format!(
        "{} stays; images with a roll-back index below {} may not come back.",
        running.version, running.rollback_index
    );
    Ok(Report::new("blessed", told).running(&running.version))
}

/// Raises the roll-back counter in the TPM.
fn raise(places: &Places, index: u32) -> Result<(), Fault> {
    let ran = Command::new(places.attest())
        .env_clear()
        .args(["rollback", "raise", "--to"])
        .arg(index.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    let why = match ran {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Err(Fault {
        exit: Exit::NotInstalled,
        what: format!("The roll-back counter was not raised to {index} ({why})."),
        remedy: "See the log of this unit: until it is, an older signed image could come back."
            .to_owned(),
    })
}
