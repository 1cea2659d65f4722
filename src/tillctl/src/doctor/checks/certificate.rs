//! The terminal's certificate and the CA.

use super::{
    super::{
        facts::{Facts, Seen, certificate::Certificate},
        finding::{Finding, Level},
        ids::Id,
    },
    DAY_MS, count, day,
};

/// A CA that ends within so many days needs care.
const SOON_DAYS: i64 = 30;
/// A till's certificate lives for 30 days and is renewed with 10 left: with so many left it was not.
const NOT_RENEWED_DAYS: i64 = 8;
/// With so many left it needs somebody now.
const NOW_DAYS: i64 = 3;
/// Permission bits of others than the owner.
const OTHERS: u32 = 0o077;

const ENROL: &str = "The uplink renews it by itself while it reaches the collector: see why it did \
                     not. Or enrol the till again: `collector enrol-code` on the collector, then \
                     `tillctl enrol` here.";

/// What stands about the certificate.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let certificates = &facts.certificate;
    let mut found = Vec::new();
    // A till without a collector needs no certificate.
    let collector = facts
        .till
        .config
        .there()
        .is_some_and(|c| c.collector.is_some());
    match &certificates.own {
        Seen::Missing => {
            if collector {
                found.push(Finding::critical(
                    Id::CertificateMissing,
                    "A collector is configured, and the terminal has no certificate for it.",
                    ENROL,
                ));
            }
            return found;
        }
        Seen::Unseen(why) => found.push(Finding::note(
            Id::NotSeen,
            format!("The certificate cannot be looked at: {why}."),
            "Run this again as root.",
        )),
        Seen::Broken(why) => found.push(Finding::critical(
            Id::CertificateBroken,
            format!("The terminal's certificate cannot be used: {why}."),
            ENROL,
        )),
        Seen::There(certificate) => own(facts, certificate, &mut found),
    }
    ca(facts, &mut found);
    key(facts, &mut found);
    found
}

fn own(facts: &Facts, certificate: &Certificate, found: &mut Vec<Finding>) {
    let (from, until) = (certificate.from_ms, certificate.until_ms);
    let left = (until - facts.now_ms).div_euclid(DAY_MS);
    if facts.now_ms < from {
        found.push(Finding::critical(
            Id::CertificateNotYet,
            format!("The terminal's certificate is valid from {} on.", day(from)),
            "Set the clock, if that day has come.",
        ));
    } else if facts.now_ms > until {
        found.push(Finding::critical(
            Id::CertificateExpired,
            format!("The terminal's certificate ended on {}.", day(until)),
            ENROL,
        ));
    } else if left <= NOT_RENEWED_DAYS {
        let level = if left <= NOW_DAYS {
            Level::Critical
        } else {
            Level::Warning
        };
        found.push(Finding::new(
            Id::CertificateExpiring,
            level,
            format!(
                "The terminal's certificate ends on {}, in {}.",
                day(until),
                count(left.unsigned_abs(), "day")
            ),
            ENROL,
        ));
    } else {
        found.push(Finding::ok(
            Id::CertificateValid,
            format!(
                "The terminal's certificate is valid until {} ({}).",
                day(until),
                count(left.unsigned_abs(), "day")
            ),
        ));
    }
    if let Some(terminal) = facts.till.terminal()
        && certificate.names != [terminal.clone()]
    {
        found.push(Finding::critical(
            Id::CertificateOfAnother,
            format!(
                "The certificate names {}, but this terminal is {terminal}.",
                match certificate.names.as_slice() {
                    [] => "no terminal".to_owned(),
                    names => names.join(", "),
                }
            ),
            "Find out whether this folder was copied from another till; then enrol it again.",
        ));
    }
    if facts.certificate.signed == Some(false) {
        found.push(Finding::critical(
            Id::CertificateUnsigned,
            "The CA in ca.pem has not signed the terminal's certificate.",
            "Put the retailer's CA and the certificate of the same enrolment there.",
        ));
    }
}

fn ca(facts: &Facts, found: &mut Vec<Finding>) {
    match &facts.certificate.ca {
        Seen::There(ca) => {
            let left = (ca.until_ms - facts.now_ms).div_euclid(DAY_MS);
            if left <= SOON_DAYS {
                let ended = facts.now_ms > ca.until_ms;
                let level = if ended {
                    Level::Critical
                } else {
                    Level::Warning
                };
                found.push(Finding::new(
                    Id::CaExpiring,
                    level,
                    format!(
                        "The CA's certificate {} on {}.",
                        if ended { "ended" } else { "ends" },
                        day(ca.until_ms)
                    ),
                    "Every till and the collector need the retailer's new CA: plan the change.",
                ));
            }
        }
        Seen::Unseen(_) => {}
        Seen::Missing => found.push(Finding::critical(
            Id::CaMissing,
            "The CA's certificate ca.pem is missing: the uplink cannot tell the collector from \
             another.",
            "Put the retailer's CA there.",
        )),
        Seen::Broken(why) => found.push(Finding::critical(
            Id::CaMissing,
            format!("The CA's certificate ca.pem cannot be used: {why}."),
            "Put the retailer's CA there.",
        )),
    }
}

fn key(facts: &Facts, found: &mut Vec<Finding>) {
    let file = facts.till.state.join("uplink/key.pem");
    match &facts.certificate.key_mode {
        Seen::There(mode) if mode & OTHERS != 0 => found.push(Finding::critical(
            Id::CertificateKeyOpen,
            format!(
                "Others may read the terminal's key {} (mode {mode:04o}).",
                file.display()
            ),
            "Revoke the certificate, enrol the till again, and keep the new key at mode 0600.",
        )),
        Seen::Missing => found.push(Finding::critical(
            Id::CertificateKeyMissing,
            format!(
                "The key of the terminal's certificate, {}, is missing.",
                file.display()
            ),
            ENROL,
        )),
        Seen::There(_) | Seen::Unseen(_) | Seen::Broken(_) => {}
    }
}
