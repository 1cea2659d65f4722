//! Whether cards can be charged: card process, reader, queue and link, as the till says.

use std::collections::{BTreeMap, BTreeSet};

use sealpoint_wire::{LinkState, ReaderState, status::TillStanding};

use super::{
    super::{
        facts::{Facts, reader::Readers},
        finding::{Finding, Level},
        ids::Id,
    },
    DAY_MS, count, in_shop, some_of,
};

/// A record that waits for longer needs care.
const OLD_MS: i64 = DAY_MS;
/// A record that waits for longer is a danger to the money in it.
const TOO_OLD_MS: i64 = 3 * DAY_MS;

/// What stands about cards.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let said = facts.till.said.there();
    if let (Some(said), true) = (said, facts.till.runs()) {
        lane(said, &mut found);
    }
    reader(facts, &mut found);
    if let Some(said) = said {
        queue(said, facts.now_ms, &mut found);
        link(said, facts.till.runs(), &mut found);
    }
    found
}

fn lane(said: &TillStanding, found: &mut Vec<Finding>) {
    if !said.lane.up {
        let down = "The card process does not run, so no card can be charged; cash goes on.";
        let (what, remedy) = match &said.lane.cannot_charge {
            Some(why) => (
                format!("{down} The last that it said: {why}"),
                "Do what it said; the till starts it again by itself.",
            ),
            None => (
                down.to_owned(),
                "The till starts it again by itself; if it stays down, see the till's log.",
            ),
        };
        found.push(Finding::critical(Id::LaneDown, what, remedy));
    } else if let Some(why) = &said.lane.cannot_charge {
        found.push(Finding::critical(
            Id::CardsNotCharged,
            why.clone(),
            "Cash goes on. Do what the sentence says; cards go on without a new start.",
        ));
    } else {
        found.push(Finding::ok(Id::CardsCharged, "Cards can be charged."));
    }
    for warning in &said.lane.warnings {
        found.push(Finding::warning(
            Id::CardsWarning,
            warning.clone(),
            "See to it before it stops cards.",
        ));
    }
}

fn reader(facts: &Facts, found: &mut Vec<Finding>) {
    let till = &facts.till;
    let runs = till.runs();
    let used = match till.said.there().map(|said| &said.reader).filter(|_| runs) {
        Some(ReaderState::Ready { name } | ReaderState::CardIn { name }) => Some(name),
        Some(ReaderState::Missing { .. }) | None => None,
    };
    let missing = |why: String, remedy: &str| {
        let level = if runs {
            Level::Critical
        } else {
            Level::Warning
        };
        Finding::new(Id::ReaderMissing, level, why, remedy)
    };
    match &facts.reader {
        Readers::Virtual(path, there) => {
            found.push(Finding::new(
                Id::ReaderVirtual,
                in_shop(till.production()).max(Level::Warning),
                format!(
                    "Cards are read by the demo's virtual reader {}.",
                    path.display()
                ),
                "Set reader = \"pcsc\" in the configuration before a real card is taken.",
            ));
            if runs && !there {
                found.push(missing(
                    "The virtual reader is not there.".to_owned(),
                    "Start cardsim again.",
                ));
            }
        }
        Readers::Service { socket: false, .. } => found.push(Finding::new(
            Id::CardServiceMissing,
            if runs {
                Level::Critical
            } else {
                Level::Warning
            },
            "The card service is not there, so no reader can be used.",
            "Install pcscd, and start it with `systemctl enable --now pcscd.socket`.",
        )),
        Readers::Service {
            names: Err(why), ..
        } => {
            found.push(missing(why.clone(), "Then look again."));
        }
        Readers::Service {
            names: Ok(names), ..
        } => service(names, used, &missing, found),
    }
}

/// The readers of the card service, against the one that the till uses.
fn service(
    names: &[String],
    used: Option<&String>,
    missing: &dyn Fn(String, &str) -> Finding,
    found: &mut Vec<Finding>,
) {
    let devices = devices(names);
    match devices.as_slice() {
        [] => found.push(missing(
            "The card service knows no reader.".to_owned(),
            "Plug the reader in; if it is, another one of the same kind tells whether it failed.",
        )),
        [one] => found.push(Finding::ok(
            Id::ReaderReady,
            format!("One reader: {one}. Compare it with the one that you installed."),
        )),
        more => found.push(Finding::warning(
            Id::ReaderExtra,
            format!(
                "There are {} readers, and a till has one: {}.",
                more.len(),
                some_of(more)
            ),
            "Find each of them. A reader that nobody installed may copy cards: unplug it, keep it.",
        )),
    }
    if let Some(used) = used
        && !names.is_empty()
        && !names.contains(used)
    {
        found.push(Finding::critical(
            Id::ReaderAnother,
            format!("The till uses the reader {used}, which the card service does not know."),
            "Find out what the till reads cards with; take no card until then.",
        ));
    }
}

/// The devices behind these readers. The service names each interface and each slot of a device:
/// `MAKER MODEL [INTERFACE] 00 01`, where the numbers tell devices and their slots apart. Interfaces
/// of one device have one name and numbers of their own; so there are as many devices of a name as
/// there are of its most frequent interface.
fn devices(names: &[String]) -> Vec<String> {
    let mut models: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for name in names {
        let (name, number) = numbered(name);
        let (model, interface) = match (name.find('['), name.find(']')) {
            (Some(from), Some(to)) if from < to => {
                let (before, behind) = (&name[..from], &name[to + 1..]);
                (format!("{}{behind}", before.trim_end()), &name[from..=to])
            }
            _ => (name.to_owned(), ""),
        };
        let interfaces = models.entry(model).or_default();
        let numbers = interfaces.entry(interface.to_owned()).or_default();
        numbers.insert(number.to_owned());
    }
    let each = |(model, interfaces): (String, BTreeMap<String, BTreeSet<String>>)| {
        let devices = interfaces.values().map(BTreeSet::len).max().unwrap_or(0);
        std::iter::repeat_n(model, devices)
    };
    models.into_iter().flat_map(each).collect()
}

/// A reader's name without its numbers, and the number of the device.
fn numbered(name: &str) -> (&str, &str) {
    let hex = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let apart = || {
        let (rest, slot) = name.rsplit_once(' ')?;
        let (model, device) = rest.rsplit_once(' ')?;
        (hex(slot) && hex(device)).then_some((model, device))
    };
    apart().unwrap_or((name, ""))
}

fn queue(said: &TillStanding, now_ms: i64, found: &mut Vec<Finding>) {
    let queue = &said.queue;
    let waits = format!(
        "{} {} for the collector, with {} {} in them",
        count(queue.count, "record"),
        if queue.count == 1 { "waits" } else { "wait" },
        major(queue.at_risk_minor, u32::from(queue.currency.exponent())),
        queue.currency.alpha()
    );
    let remedy = "Bring the link to the collector up; records then leave by themselves.";
    let age = queue.oldest_at_ms.map_or(0, |at| now_ms.saturating_sub(at));
    let mut well = true;
    if queue.card_limit > 0 && queue.count >= queue.card_limit {
        found.push(Finding::critical(
            Id::QueueFull,
            format!("{waits}: so many that the till takes no more cards."),
            remedy,
        ));
        well = false;
    } else if queue.card_limit > 0 && queue.count >= queue.card_limit.div_ceil(2) {
        found.push(Finding::warning(
            Id::QueueFilling,
            format!(
                "{waits}; at {} the till takes no more cards.",
                queue.card_limit
            ),
            remedy,
        ));
        well = false;
    }
    if queue.count > 0 && age > OLD_MS {
        let level = if age > TOO_OLD_MS {
            Level::Critical
        } else {
            Level::Warning
        };
        found.push(Finding::new(
            Id::QueueOld,
            level,
            format!(
                "The oldest of {} has waited for the collector for {}.",
                count(queue.count, "record"),
                count(age.unsigned_abs() / 3_600_000, "hour")
            ),
            format!("{remedy} Until then a lost disk loses them: do not repair or replace it."),
        ));
        well = false;
    }
    if queue.held > 0 {
        found.push(Finding::warning(
            Id::QueueHeld,
            format!(
                "The collector refused {}: it has another under that id, or cannot read it.",
                count(queue.held, "record")
            ),
            "Compare till and collector with the vendor's support; nothing is deleted meanwhile.",
        ));
        well = false;
    }
    if said.reversals_due > 0 {
        found.push(Finding::warning(
            Id::ReversalsDue,
            format!(
                "{} at the acquirer; money of cardholders stays held.",
                match said.reversals_due {
                    1 => "1 charge waits to be undone".to_owned(),
                    many => format!("{many} charges wait to be undone"),
                }
            ),
            "Bring the link to the collector up; the till undoes them by itself, before anything.",
        ));
        well = false;
    }
    if well {
        found.push(Finding::ok(Id::QueueMoving, format!("{waits}.")));
    }
}

/// Minor units as people write them.
fn major(minor: i64, exponent: u32) -> String {
    let unit = 10_u64.saturating_pow(exponent);
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    let sign = if minor < 0 { "-" } else { "" };
    match exponent {
        0 => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{rest:0width$}", width = digits as usize),
    }
}

fn link(said: &TillStanding, runs: bool, found: &mut Vec<Finding>) {
    match &said.link {
        LinkState::NotSetUp => found.push(Finding::note(
            Id::LinkNotSetUp,
            "No collector is configured: sales stay on this till.",
            "Set `collector` in the configuration.",
        )),
        LinkState::Down { why } | LinkState::Quarantined { why } if runs => {
            found.push(Finding::warning(
                Id::LinkDown,
                format!("The collector is not reached: {why}"),
                "Cash goes on and cards wait. Do what the sentence says.",
            ))
        }
        LinkState::Down { .. }
        | LinkState::Quarantined { .. }
        | LinkState::Connecting
        | LinkState::Up => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_interfaces_of_one_device_are_one_reader() {
        let devices = |all: &[&str]| {
            let names: Vec<_> = all.iter().map(|name| (*name).to_owned()).collect();
            super::devices(&names).len()
        };
        assert_eq!(devices(&["A reader 00 00", "A reader 00 01"]), 1);
        assert_eq!(devices(&["A reader 00 00", "A reader 01 00"]), 2);
        assert_eq!(devices(&["A reader", "B reader"]), 2);
        let dual = ["A [A PICC] 00 00", "A [A SAM] 01 00"];
        assert_eq!(devices(&dual), 1);
        assert_eq!(devices(&[dual[0], dual[1], "A [A PICC] 02 00"]), 2);
        assert_eq!(devices(&["A ][ 00 00"]), 1);
    }

    #[test]
    fn an_amount_is_written_with_its_own_decimals() {
        assert_eq!(major(1_005, 2), "10.05");
        assert_eq!(major(1_005, 0), "1005");
        assert_eq!(major(-7, 2), "-0.07");
    }
}
