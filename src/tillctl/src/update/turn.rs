//! One turn: look, and do what can be done now. The service runs it when a release was downloaded
//! and every few minutes while something waits.

use std::{io::stderr, path::Path, time::Duration};

use jiff::Timestamp;

use super::{
    Done, install,
    memory::{self, Installed, Memory, Since},
    offer::Offer,
    places::Places,
    refused::Refused,
    report::Report,
    restart,
    running::{self, Running},
    spool, till,
};
use crate::{exit::Exit, fault::Fault, say};

/// Says whether the release in a folder would be installed now.
pub fn check(places: &Places, folder: &Path) -> Done {
    let running = running::read(places)?;
    let mut memory = Memory::read(places);
    memory.settle(places, &running, &memory::boot(places)?);
    let offer = fits(places, folder, &running, &memory)?;
    spool::has_room(places, &offer)?;
    offer.is_whole()?;
    let version = &offer.release.version;
    let told = format!(
        "{version} is signed and whole and may be installed over {} now.",
        running.version
    );
    Ok(Report::new("fits", told)
        .running(&running.version)
        .release(version))
}

/// Installs the release in a folder. The machine goes on as it is.
pub fn apply(places: &Places, folder: &Path) -> Done {
    let running = running::read(places)?;
    let mut memory = Memory::read(places);
    let boot = memory::boot(places)?;
    memory.settle(places, &running, &boot);
    let done = put_in(places, folder, &running, &mut memory, boot);
    remember(places, memory, done)
}

/// One turn of the service.
pub fn take(places: &Places, rest: Duration) -> Done {
    let running = running::read(places)?;
    let mut memory = Memory::read(places);
    let boot = memory::boot(places)?;
    let since = memory.settle(places, &running, &boot);
    if let Since::CameBack(version) = &since {
        // On the disk before anything else: else it could be installed once more.
        memory.write(places)?;
        let told = Refused::CameBack(version.clone());
        say(&mut stderr(), &format!("tillctl: {told}"));
    }
    let waiting = match since {
        Since::Waits(installed) => Some(installed),
        Since::Nothing | Since::Runs | Since::CameBack(_) => None,
    };
    let done = look(places, &running, &mut memory, boot, waiting, rest);
    match remember(places, memory, done) {
        // What waits is tried again by the timer; only what is refused needs a person.
        Err(fault) if fault.exit == Exit::NotNow => {
            let told = format!("{} {}", fault.what, fault.remedy);
            Ok(Report::new("waits", told).running(&running.version))
        }
        done => done,
    }
}

fn look(
    places: &Places,
    running: &Running,
    memory: &mut Memory,
    boot: String,
    waiting: Option<Installed>,
    rest: Duration,
) -> Done {
    let incoming = places.incoming();
    let is_there = places.ready().exists();
    let offered = is_there.then(|| Offer::read(places, &incoming)).transpose();
    let newer = match &offered {
        Ok(Some(offer)) => {
            let version = &offer.release.version;
            let waits = waiting.as_ref().map(|installed| &installed.version);
            *version != running.version && waits.is_none_or(|waits| version > waits)
        }
        Ok(None) => false,
        // One that waits is not held up by a bad one that came after it.
        Err(_) => waiting.is_none(),
    };
    let into = if newer {
        let report = put_in(places, &incoming, running, memory, boot)?;
        // For the log: what is told at the end of this turn is of the restart.
        say(&mut stderr(), &format!("tillctl: {}", report.told()));
        memory.installed.clone()
    } else {
        waiting
    };
    let Some(into) = into else {
        let told = format!("{} runs, and nothing newer is here.", running.version);
        return Ok(Report::new("current", told).running(&running.version));
    };
    restart::at_rest(places, &into, rest, now_ms())?;
    let told = format!("The machine starts again, into {}.", into.version);
    let report = Report::new("restarting", told).running(&running.version);
    Ok(report.release(&into.version))
}

/// A release that may follow this image, now.
fn fits(
    places: &Places,
    folder: &Path,
    running: &Running,
    memory: &Memory,
) -> Result<Offer, Fault> {
    let offer = Offer::read(places, folder)?;
    offer.follows(running, memory)?;
    lets(places, &offer)?;
    Ok(offer)
}

/// Whether the till lets it be installed now.
fn lets(places: &Places, offer: &Offer) -> Result<(), Refused> {
    let said = till::said(places)?;
    till::is_readable(&said, &offer.release.journal_reads)?;
    till::is_fresh(&said, now_ms())?;
    till::is_settled(&said)
}

fn put_in(
    places: &Places,
    folder: &Path,
    running: &Running,
    memory: &mut Memory,
    boot: String,
) -> Done {
    let offer = fits(places, folder, running, memory)?;
    let copy = spool::copy(places, &offer);
    let version = &offer.release.version;
    let written = copy.and_then(|copy| {
        // Copying took its time.
        lets(places, &offer)?;
        Ok(install::write(places, &copy, version)?)
    });
    spool::clear(places)?;
    written?;
    memory.installed = Some(Installed {
        version: version.clone(),
        boot,
        journal_reads: offer.release.journal_reads.clone(),
    });
    memory.write(places)?;
    let told = format!("{version} is in the other slot and waits for a restart.");
    Ok(Report::new("installed", told)
        .running(&running.version)
        .release(version))
}

/// Writes down how it went.
fn remember(places: &Places, mut memory: Memory, done: Done) -> Done {
    memory.told = match &done {
        Ok(report) => report.told().to_owned(),
        Err(fault) => fault.to_string(),
    };
    memory.write(places)?;
    done.map(|report| report.failed(&memory.failed))
}

/// Says how things stand.
pub fn show(places: &Places) -> Done {
    let running = running::read(places)?;
    let memory = Memory::read(places);
    let mut told = format!("{} runs.", running.version);
    if let Some(installed) = &memory.installed {
        told.push_str(&format!(" {} is in the other slot.", installed.version));
    }
    for version in &memory.failed {
        told.push_str(&format!(" {version} did not come up."));
    }
    if !memory.told.is_empty() {
        told.push_str(&format!(" Last: {}", memory.told));
    }
    let state = if memory.installed.is_some() {
        "installed"
    } else {
        "current"
    };
    Ok(Report::new(state, told)
        .running(&running.version)
        .failed(&memory.failed))
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
