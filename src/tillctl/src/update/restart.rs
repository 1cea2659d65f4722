//! The machine starts again, and the till agrees to it.
//!
//! Between the last look at the till and the restart a cashier may ring up an item or charge a card.
//! So the till is stopped first: it brings a card in flight to its end, writes its last word and
//! ends. Then nothing can begin any more, and that word is final. If it is not a good one, the till
//! starts again and the restart has to wait.

use std::{
    io::stderr,
    process::{Command, Stdio},
    time::Duration,
};

use super::{memory::Installed, places::Places, refused::Refused, till};
use crate::{fault::Fault, say};

/// The till's unit.
const TILL: &str = "sealpoint-till.service";

/// Starts the machine again into that image, if nobody needs the till and no charge is open, and not
/// otherwise.
pub fn at_rest(
    places: &Places,
    into: &Installed,
    rest: Duration,
    now_ms: i64,
) -> Result<(), Refused> {
    let said = till::said(places)?;
    till::is_fresh(&said, now_ms)?;
    till::is_settled(&said)?;
    till::is_readable(&said, &into.journal_reads)?;
    till::is_at_rest(&said, rest, now_ms)?;
    systemctl(places, &["stop", TILL])?;
    let last = last_word(places, into).and_then(|()| machine(places));
    if last.is_err()
        && let Err(refused) = systemctl(places, &["start", "--no-block", TILL])
    {
        say(&mut stderr(), &format!("tillctl: {refused}"));
    }
    last
}

/// Whether the till's last word is one that the machine may be restarted on.
fn last_word(places: &Places, into: &Installed) -> Result<(), Refused> {
    let said = till::said(places)?;
    if !said.ended {
        return Err(Refused::not_now("the till did not end as it was asked to"));
    }
    till::is_settled(&said)?;
    if said.at_rest_since_ms.is_none() {
        return Err(Refused::not_now("somebody began to use the till"));
    }
    till::is_readable(&said, &into.journal_reads)
}

/// Starts the machine again whatever the till does: it is not up.
pub fn not_up(places: &Places) -> Result<(), Fault> {
    let stopped = systemctl(places, &["stop", TILL]);
    machine(places)?;
    Ok(stopped?)
}

fn machine(places: &Places) -> Result<(), Refused> {
    systemctl(
        places,
        &[
            "start",
            "--no-block",
            "--job-mode=replace-irreversibly",
            "reboot.target",
        ],
    )
}

fn systemctl(places: &Places, arguments: &[&str]) -> Result<(), Refused> {
    let ran = Command::new(places.systemctl())
        .env_clear()
        .arg("--quiet")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match ran {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Refused::not_now(format!(
            "`systemctl {}` ended with {status}",
            arguments.join(" ")
        ))),
        Err(error) => Err(Refused::not_now(format!(
            "systemctl was not started ({error})"
        ))),
    }
}
