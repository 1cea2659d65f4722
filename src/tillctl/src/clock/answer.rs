//! One connection of the uplink: our question, the collector's answer, the clock.

use std::{
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    time::{Duration, Instant},
};

use sealpoint_tls::signed_time::Nonce;
use sealpoint_wire::{
    clock::{ClockAnswer, ClockQuestion, ClockWord, MAX_CLOCK_FRAME},
    frame,
};

use super::{
    args::ToSet,
    judgement::{Judgement, Known, judge},
    machine, proof,
};
use crate::{
    exit::Exit,
    fault::Fault,
    plain_file::{self, Links},
    tell,
};

/// Question and answer together may take this long; an older answer says too little of the time.
const PATIENCE: Duration = Duration::from_secs(15);
/// At most this many bytes of the CA's file.
const MAX_CA: u64 = 64 * 1024;

/// Asks over standard input, which is the uplink's connection, and does what follows.
pub fn set(wanted: &ToSet) -> Result<Exit, Fault> {
    let mut uplink = standard_input().map_err(|error| lost(&error))?;
    let collector_ms = match proved(&mut uplink, wanted) {
        Ok(collector_ms) => collector_ms,
        Err(fault) => {
            let why = fault.to_string();
            let _told = frame::write(&mut uplink, &ClockWord::Refused { why });
            return Err(fault);
        }
    };
    let known = Known {
        clock_ms: machine::now_ms(),
        collector_ms,
        floor_ms: wanted.folders.floor_ms(),
        was_set: wanted.folders.was_set(),
    };
    let judgement = judge(known);
    if let Judgement::Step(by_ms) = judgement {
        machine::step(by_ms)?;
    }
    let offset_ms = collector_ms.saturating_sub(known.clock_ms);
    let (word, said) = match judgement {
        Judgement::Keep => (
            ClockWord::Kept { offset_ms },
            "The clock is right".to_owned(),
        ),
        Judgement::Slew(_) => (
            ClockWord::Slewed { offset_ms },
            "The clock is brought up slowly".to_owned(),
        ),
        Judgement::Step(_) => (
            ClockWord::Stepped { offset_ms },
            "The clock was set".to_owned(),
        ),
        Judgement::Refuse(refusal) => {
            let why = refusal.to_string();
            let _told = frame::write(&mut uplink, &ClockWord::Refused { why });
            return Err(Fault::told(Exit::ClockNotSet, &refusal));
        }
    };
    wanted.folders.prove(collector_ms)?;
    wanted.folders.set()?;
    // The uplink does not wait for a slewing: it hears what is being done.
    let _told = frame::write(&mut uplink, &word);
    drop(uplink);
    let exit = tell(
        &format!("{said}: it was off by {offset_ms} ms from the collector's."),
        Exit::Approved,
    );
    if let Judgement::Slew(by_ms) = judgement {
        machine::slew(by_ms)?;
    }
    Ok(exit)
}

/// What the collector's clock says now, proved.
fn proved(uplink: &mut UnixStream, wanted: &ToSet) -> Result<i64, Fault> {
    let ca = plain_file::read(&wanted.ca, MAX_CA, Links::Followed).map_err(|error| {
        Fault::files(
            format!("{} cannot be read ({error}).", wanted.ca.display()),
            "The site bundle brings it: see why `sealpoint-site.service` did not.",
        )
    })?;
    let nonce = Nonce::generate().map_err(|error| Fault::told(Exit::TimeUnproved, &error))?;
    let asked = Instant::now();
    let answer = exchange(uplink, &nonce).map_err(|error| lost(&error))?;
    let took = asked.elapsed();
    if took > PATIENCE {
        return Err(lost(&io::ErrorKind::TimedOut.into()));
    }
    proof::check(&answer, &nonce, &ca, &wanted.name)
        .map_err(|why| Fault::told(Exit::TimeUnproved, &why))?;
    // Half of the way is the answer's. Who lies about the way moves the clock by seconds at most.
    let way = took.min(Duration::from_millis(answer.took_ms.into()));
    let back_ms = i64::try_from(way.as_millis() / 2).unwrap_or(0);
    Ok(answer.at_ms.saturating_add(back_ms))
}

fn exchange(uplink: &mut UnixStream, nonce: &Nonce) -> io::Result<ClockAnswer> {
    uplink.set_read_timeout(Some(PATIENCE))?;
    uplink.set_write_timeout(Some(PATIENCE))?;
    let question = ClockQuestion {
        nonce: nonce.to_string(),
    };
    frame::write(uplink, &question)?;
    frame::read_at_most(uplink, MAX_CLOCK_FRAME)?
        .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
}

fn standard_input() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn lost(error: &io::Error) -> Fault {
    Fault {
        exit: Exit::TimeUnproved,
        what: format!("The uplink brought no answer of the collector ({error})."),
        remedy: "It asks again within the hour.".to_owned(),
    }
}
