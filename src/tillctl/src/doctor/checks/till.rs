//! The till as a whole.

use sealpoint_wire::status::STATUS_EVERY_MS;

use super::{
    super::{
        facts::{Facts, Seen},
        finding::Finding,
        ids::Id,
    },
    count,
};

/// A running till that has not written for this long hangs.
const STALE_MS: i64 = 3 * STATUS_EVERY_MS;

/// What stands about the till as a whole.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let till = &facts.till;
    let state = till.state.display();
    let mut found = Vec::new();
    match &till.folder {
        Seen::There(()) => {}
        Seen::Missing => {
            found.push(Finding::critical(
                Id::StateMissing,
                format!("There is no state folder {state}, so there is no till."),
                "Name the till's folder with --state; if it was there, its disk may be missing.",
            ));
            return found;
        }
        Seen::Unseen(why) | Seen::Broken(why) => {
            found.push(Finding::warning(
                Id::StateUnseen,
                format!("The state folder {state} cannot be looked into: {why}."),
                "Run this again as root.",
            ));
            return found;
        }
    }
    running(facts, &mut found);
    config(facts, &mut found);
    mode(facts, &mut found);
    if !facts.root {
        found.push(Finding::note(
            Id::NotSeen,
            "This was not run as root, so processes of other users were seen from afar only.",
            "Run this again as root to see their memory maps, sockets and environment.",
        ));
    }
    found
}

fn running(facts: &Facts, found: &mut Vec<Finding>) {
    let till = &facts.till;
    let holder = match &till.holder {
        Seen::There(holder) => *holder,
        Seen::Missing => None,
        Seen::Unseen(why) | Seen::Broken(why) => {
            found.push(Finding::note(
                Id::NotSeen,
                format!("Whether the till runs cannot be seen: {why}."),
                "Run this again as root.",
            ));
            return;
        }
    };
    let Some(pid) = holder else {
        found.push(Finding::warning(
            Id::TillStopped,
            "The till does not run.",
            "Start it, if the shop is open.",
        ));
        return;
    };
    match &till.said {
        Seen::There(said) => {
            let age = facts.now_ms.saturating_sub(said.written_at_ms);
            if said.pid != pid {
                found.push(Finding::warning(
                    Id::StatusOfAnother,
                    format!(
                        "The till that runs is process {pid}; what is written of it is from \
                         process {}.",
                        said.pid
                    ),
                    "Wait a minute and look again; if it stays, start the till again.",
                ));
            } else if age > STALE_MS {
                found.push(Finding::critical(
                    Id::StatusStale,
                    format!(
                        "The till (process {pid}) runs but has not written how it stands for {}.",
                        count(age.unsigned_abs() / 60_000, "minute")
                    ),
                    "It may hang: look at its screen, end it and start it again.",
                ));
            } else {
                found.push(Finding::ok(
                    Id::TillRunning,
                    format!("Terminal {} runs (process {pid}).", said.terminal),
                ));
            }
        }
        Seen::Missing => found.push(Finding::warning(
            Id::StatusMissing,
            format!("The till (process {pid}) has not written how it stands."),
            "Wait a minute and look again; if it stays, see the till's log.",
        )),
        Seen::Unseen(why) | Seen::Broken(why) => found.push(Finding::warning(
            Id::StatusBroken,
            format!("What the till wrote of itself, status.json, cannot be used: {why}."),
            "Start the till again, and find out who changed the file.",
        )),
    }
}

fn config(facts: &Facts, found: &mut Vec<Finding>) {
    let till = &facts.till;
    let path = till.config_path.display();
    match &till.config {
        Seen::Missing if till.config_named => found.push(Finding::warning(
            Id::ConfigMissing,
            format!("There is no configuration {path}."),
            "Check --config.",
        )),
        Seen::Missing => {}
        Seen::Unseen(why) | Seen::Broken(why) => found.push(Finding::warning(
            Id::ConfigBroken,
            format!("The configuration {path} cannot be used: {why}."),
            "Correct it: the till does not start with it.",
        )),
        Seen::There(config) => {
            let said = till.said.there();
            let terminal = said.map(|said| said.terminal.to_string());
            if let (Some(set), Some(said)) = (&config.terminal, &terminal)
                && set != said
            {
                found.push(Finding::warning(
                    Id::TerminalContradicted,
                    format!("The configuration says terminal {set}, the till says {said}."),
                    "Find out which one is right, and start the till again.",
                ));
            }
            let production = said.map(|said| said.production);
            let set = config.mode.as_deref().map(|mode| mode == "production");
            if let (Some(set), Some(runs), true) = (set, production, till.runs())
                && set != runs
            {
                let word = |production| if production { "production" } else { "demo" };
                found.push(Finding::critical(
                    Id::ModeContradicted,
                    format!(
                        "The configuration says {} mode, the till runs in {} mode.",
                        word(set),
                        word(runs)
                    ),
                    "Start the till again, and find out who changed the configuration.",
                ));
            }
        }
    }
}

fn mode(facts: &Facts, found: &mut Vec<Finding>) {
    let till = &facts.till;
    let config = till.config.there();
    match till.production() {
        Some(true) => {
            found.push(Finding::ok(
                Id::ModeProduction,
                "It is in production mode: it refuses to start with a protection missing.",
            ));
            if let Some(mark) = config.map(|config| config.mark.trim())
                && !mark.is_empty()
            {
                found.push(Finding::warning(
                    Id::MarkInProduction,
                    format!("It is in production mode, but marks its sales \"{mark}\"."),
                    "Remove `mark` from the configuration, or set the mode to demo.",
                ));
            }
        }
        Some(false) => found.push(Finding::warning(
            Id::ModeDemo,
            "It is in demo mode: it sells with protections missing and only warns of them.",
            "Set mode = \"production\" in the configuration before a real card is taken.",
        )),
        None => {}
    }
}
