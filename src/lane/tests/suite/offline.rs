//! Charges without the issuer: taken within what the retailer signed and the till asks for, each with
//! what the acquirer must be told; and not otherwise.

use std::fs;

use sealpoint_cardsim::{Profile, profile};
use sealpoint_lane::SetUp;
use sealpoint_wire::{
    Bytes, CardOutcome, Currency, FromLane, HostAnswer, HostDecision, SealedCard, ToLane,
    lane::{CardPrompt, OutcomeKind},
};
use tempfile::TempDir;

use crate::{
    bench::{Bench, Online},
    hands::card,
    host::{Host, find, hex},
    memory::{count, forms},
    retailer::{LONG, Retailer, key, load_tdes, offline, public},
};

/// A profile that lets cards approve without their issuer.
const PROFILE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../emv/profiles/demo-offline.toml"
));
/// What every order of the bench is for.
const AMOUNT: i64 = 1_299;
/// Cards that give a TC when they may: Visa and Mastercard by their contacts, Visa held to the reader.
const APPROVING: [&str; 3] = ["approves-offline", "mchip-offline", "qvsdc-offline"];
/// Wants its issuer first, and gives a TC if that cannot be asked.
const IF_ALONE: &str = "approves-unreachable";
/// Cards of a whole shop, and those.
const MORE: [&str; 5] = [
    "approves-offline",
    "mchip-offline",
    "qvsdc-offline",
    IF_ALONE,
    "velocity-exceeded",
];

pub fn cards() -> Vec<Profile> {
    let mut cards = profile::shipped();
    cards.extend(MORE.map(card));
    cards
}

/// A folder with a retailer who allows that, and that terminal profile.
pub fn folder(policy: &str, terminal: &str) -> (TempDir, Host) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    let key = public(folder.path(), "acq-1", LONG, "");
    Retailer::of(folder.path()).manifest(folder.path(), 1, &[policy.to_owned(), key]);
    fs::write(folder.path().join("profile.toml"), terminal).expect("written");
    (folder, host)
}

/// A lane there.
fn shop(policy: &str, terminal: &str) -> Bench {
    let (folder, host) = folder(policy, terminal);
    let mut bench = Bench::start(folder, host, &cards(), None);
    assert_eq!(bench.hello(), None);
    bench
}

/// A lane whose retailer allows fifty euros.
fn allowed() -> Bench {
    shop(&offline("EUR", 5_000), PROFILE)
}

/// A folder whose retailer allows fifty euros and has cards sealed under a TDES DUKPT key: its
/// numbers follow each other, whatever the clock says.
fn dukpt() -> (TempDir, Host) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    let differs = key("tdes-1", "dukpt_tdes2", LONG, "check_value = \"differs\"");
    let keys = [offline("EUR", 5_000), differs];
    Retailer::of(folder.path()).manifest(folder.path(), 1, &keys);
    let terminal = format!("{PROFILE}\n[sealing]\nmethod = \"tdes_dukpt\"\nlegacy = true\n");
    fs::write(folder.path().join("profile.toml"), terminal).expect("written");
    load_tdes(folder.path(), "tdes-1");
    (folder, host)
}

/// What came of a charge, and what the host was to be asked with, if it was.
pub struct Charged {
    pub outcome: CardOutcome,
    pub online: Option<Online>,
}

/// Charges that card; the till allows so much without the issuer, and its host cannot be asked.
pub fn charge(bench: &mut Bench, name: &str, up_to: i64) -> Charged {
    bench.slot.insert(name).expect("inserted");
    let mut order = bench.order();
    order.offline_up_to_minor = up_to;
    let attempt = order.attempt;
    bench.tell(&ToLane::Read(order));
    let mut online = None;
    loop {
        match bench.hear() {
            FromLane::Prompt { .. } => {}
            FromLane::Online {
                attempt,
                card,
                sealed,
                de55,
            } => {
                online = Some(Online {
                    attempt,
                    card,
                    sealed,
                    de55,
                });
                bench.tell(&ToLane::UnableToGoOnline { attempt });
            }
            FromLane::Outcome { outcome, .. } => {
                // Else the service may not see that it has gone before the next one is in.
                bench.expect_prompt(attempt, CardPrompt::RemoveCard);
                bench.take_card_out();
                return Charged { outcome, online };
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// The advice of an approval, as the acquirer gets it: opened, and the cryptogram proven.
pub fn advice(bench: &Bench, attempt: u128, outcome: &CardOutcome) -> Online {
    assert_eq!(outcome.kind, OutcomeKind::ApprovedOffline, "{outcome:?}");
    assert_eq!(outcome.why, None);
    let owed = outcome.advice.clone().expect("an advice");
    let emv = outcome.emv.as_ref().expect("EMV results");
    let advice = Online {
        attempt: sealpoint_wire::AttemptId::new(uuid::Uuid::from_u128(attempt)),
        card: outcome.card.clone().expect("a card"),
        sealed: owed.sealed,
        de55: owed.de55,
    };
    let de55 = advice.de55.as_slice();
    assert_eq!(emv.ac_type, "TC");
    let said = |tag| hex(&find(de55, tag).expect("in DE 55"));
    assert_eq!(
        (said(0x9F26), said(0x9F36)),
        (emv.ac.clone(), emv.atc.clone())
    );
    let cid = u8::from_str_radix(&said(0x9F27), 16).expect("a byte");
    assert_eq!(cid & 0xC0, 0x40, "DE 55 says that it is a TC");
    assert!(find(de55, 0x5A).is_none() && find(de55, 0x57).is_none());
    bench.host.proven(&advice);
    advice
}

/// The terminal's own response code in DE 55 (EMV 4.4 Book 4 Annex A6).
fn response_code(de55: &Bytes) -> Vec<u8> {
    find(de55.as_slice(), 0x8A).expect("a response code")
}

fn declined_without_host(charged: &Charged) {
    let outcome = &charged.outcome;
    assert!(charged.online.is_some(), "the issuer was to be asked");
    assert_eq!(outcome.kind, OutcomeKind::UnableToGoOnline, "{outcome:?}");
    assert_eq!(outcome.advice, None);
}

#[test]
fn a_card_that_approves_by_itself_pays_with_what_the_acquirer_must_be_told() {
    let mut bench = allowed();
    for (number, name) in (1..).zip(APPROVING) {
        let charged = charge(&mut bench, name, 5_000);
        assert!(charged.online.is_none(), "{name}: nobody was asked");
        let advice = advice(&bench, number, &charged.outcome);
        assert_eq!(response_code(&advice.de55), b"Y1", "{name}");
        let pan = card(name).holder.pan;
        assert_eq!(bench.host.open(&advice).pan, pan, "{name}");
        assert!(pan.ends_with(&advice.card.last4));
    }
}

#[test]
fn each_of_the_three_limits_sends_a_larger_charge_to_the_issuer() {
    let floor = |minor: i64| {
        PROFILE
            .replace(
                "floor_limit_minor = 10000\nrandom = { threshold_minor = 5000, target_percent = 0, max_target_percent = 50 }",
                &format!("floor_limit_minor = {minor}"),
            )
            .replace("floor_limit_minor = 2500", &format!("floor_limit_minor = {}", minor - 1))
    };
    // What the retailer signed, what the till asks for, and from where on the profile goes online.
    for (signed, asked, floor_limit, alone) in [
        (AMOUNT, AMOUNT, AMOUNT + 1, true),
        (AMOUNT - 1, 5_000, 10_000, false),
        (5_000, AMOUNT - 1, 10_000, false),
        (5_000, 5_000, AMOUNT, false),
        (5_000, 0, 10_000, false),
        (5_000, -1, 10_000, false),
        (0, 5_000, 10_000, false),
        (5_000, i64::MAX, 10_000, true),
    ] {
        let mut bench = shop(&offline("EUR", signed), &floor(floor_limit));
        for name in APPROVING {
            let charged = charge(&mut bench, name, asked);
            let case = format!("{name}: {signed} {asked} {floor_limit}");
            if alone {
                assert!(charged.online.is_none(), "{case}");
                assert_eq!(charged.outcome.kind, OutcomeKind::ApprovedOffline, "{case}");
            } else {
                declined_without_host(&charged);
            }
        }
    }
}

#[test]
fn a_limit_in_another_currency_allows_nothing() {
    let mut bench = shop(&offline("GBP", 5_000), PROFILE);
    for name in APPROVING {
        declined_without_host(&charge(&mut bench, name, 5_000));
    }
}

#[test]
fn limits_hold_whatever_the_action_codes_of_the_profile_say() {
    let mut lax = PROFILE.to_owned();
    for code in ["DE4004F800", "DE4000A800", "FA50ACF800", "FE50ACA000"] {
        assert!(lax.contains(code));
        lax = lax.replace(code, "0000000000");
    }
    let mut bench = shop(&offline("EUR", 5_000), &lax);
    for name in APPROVING.into_iter().chain([IF_ALONE]) {
        declined_without_host(&charge(&mut bench, name, AMOUNT - 1));
    }
}

#[test]
fn a_card_that_agrees_once_its_issuer_cannot_be_asked_is_sealed_once() {
    let mut bench = allowed();
    let charged = charge(&mut bench, IF_ALONE, 5_000);
    let online = charged.online.expect("its issuer was to be asked");
    let advice = advice(&bench, 1, &charged.outcome);
    assert_eq!(advice.sealed, online.sealed);
    assert_eq!(advice.card, online.card);
    assert_eq!(response_code(&advice.de55), b"Y3");
    assert_ne!(advice.de55, online.de55, "the TC, not the ARQC");
    let cid = find(online.de55.as_slice(), 0x9F27).expect("a CID");
    assert_eq!(cid[0] & 0xC0, 0x80);
}

#[test]
fn under_dukpt_an_approval_after_the_issuer_could_not_be_asked_uses_no_second_key() {
    let (folder, host) = dukpt();
    let mut bench = Bench::start(folder, host, &cards(), None);
    assert_eq!(bench.hello(), None);
    let mut numbers = Vec::new();
    for name in [IF_ALONE, "approves-offline", IF_ALONE] {
        let charged = charge(&mut bench, name, 5_000);
        assert_eq!(charged.outcome.kind, OutcomeKind::ApprovedOffline);
        let owed = charged.outcome.advice.expect("an advice");
        if let Some(online) = charged.online {
            assert_eq!(online.sealed, owed.sealed);
        }
        let SealedCard::Dukpt(sealed) = owed.sealed else {
            panic!("sealed under a DUKPT key");
        };
        let last: [u8; 4] = *sealed.ksn.as_slice().last_chunk().expect("ten bytes");
        numbers.push(u32::from_be_bytes(last));
    }
    let steps: Vec<u32> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(steps, [1, 1], "a key for each charge: {numbers:?}");
}

#[test]
fn a_card_or_a_terminal_that_does_not_agree_declines_when_the_issuer_cannot_be_asked() {
    let mut bench = allowed();
    // The first is declined by the card, the second by the terminal's default codes.
    for name in ["visa-approved", "mastercard-approved", "velocity-exceeded"] {
        let charged = charge(&mut bench, name, 5_000);
        declined_without_host(&charged);
        let emv = charged.outcome.emv.expect("two cryptograms");
        assert_eq!(emv.ac_type, "AAC", "{name}");
    }
    // Held to the reader, a card that wants its issuer cannot be asked again.
    declined_without_host(&charge(&mut bench, "qvsdc", 5_000));
}

/// A charge of the card that would approve without its issuer, up to where it waits for the host.
fn asked(bench: &mut Bench) -> Online {
    bench.slot.insert(IF_ALONE).expect("inserted");
    let mut order = bench.order();
    order.offline_up_to_minor = 5_000;
    let attempt = order.attempt;
    bench.tell(&ToLane::Read(order));
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    bench.expect_online(attempt)
}

fn unusable() -> HostAnswer {
    HostAnswer {
        decision: HostDecision::Approved,
        response_code: "0".to_owned(),
        approval_code: None,
        approved_minor: None,
        issuer_authentication: Bytes::default(),
        scripts: Bytes::default(),
    }
}

#[test]
fn what_the_issuer_may_have_approved_is_not_approved_without_it_as_well() {
    for give_up in [true, false] {
        let mut bench = allowed();
        let attempt = asked(&mut bench).attempt;
        bench.tell(&match give_up {
            true => ToLane::Cancel { attempt },
            false => ToLane::Host {
                attempt,
                answer: unusable(),
            },
        });
        let outcome = bench.expect_outcome(attempt);
        assert_eq!(outcome.kind, OutcomeKind::UnableToGoOnline, "{outcome:?}");
        assert_eq!(outcome.emv.expect("two cryptograms").ac_type, "AAC");
        assert_eq!(outcome.advice, None);
    }
}

#[test]
fn an_issuer_that_can_be_asked_decides() {
    let mut bench = allowed();
    let online = asked(&mut bench);
    let attempt = online.attempt;
    let answer = bench.host.answer(&online);
    bench.tell(&ToLane::Host { attempt, answer });
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(
        (outcome.kind, outcome.advice),
        (OutcomeKind::Approved, None)
    );
}

#[test]
fn an_approval_whose_card_cannot_be_sealed_does_not_pay() {
    for (name, cryptogram) in [("approves-offline", "TC"), (IF_ALONE, "AAC")] {
        let (folder, host) = dukpt();
        let mut slow = card(name);
        slow.behaviour.delay_ms = 150;
        let mut bench = Bench::start(folder, host, &[slow], None);
        assert_eq!(bench.hello(), None);
        bench.slot.insert(name).expect("inserted");
        let mut order = bench.order();
        order.offline_up_to_minor = 5_000;
        let attempt = order.attempt;
        bench.tell(&ToLane::Read(order));
        bench.expect_prompt(attempt, CardPrompt::Reading);
        // From here on the card takes a second or more.
        fs::remove_file(bench.folder.path().join("keys.store")).expect("removed");
        let outcome = loop {
            match bench.hear() {
                FromLane::Prompt { .. } => {}
                FromLane::Outcome { outcome, .. } => break outcome,
                other => panic!("unexpected {other:?}"),
            }
        };
        assert_eq!(outcome.kind, OutcomeKind::CannotSeal, "{name}: {outcome:?}");
        assert_eq!(outcome.advice, None);
        assert_eq!(outcome.emv.expect("a cryptogram").ac_type, cryptogram);
    }
}

#[test]
fn a_profile_that_could_approve_needs_a_retailer_who_allows_it() {
    let obstacle = |folder: &TempDir| {
        let profile = folder.path().join("profile.toml");
        SetUp::new(folder.path(), Some(profile)).outlook()
    };
    // A manifest without the table, and a demo without a manifest.
    let (managed, _host) = folder("", PROFILE);
    let unmanaged = TempDir::new().expect("a folder");
    Host::create(unmanaged.path());
    fs::write(unmanaged.path().join("profile.toml"), PROFILE).expect("written");
    for folder in [managed, unmanaged] {
        let outlook = obstacle(&folder);
        let why = outlook.cannot_charge.expect("no card can be charged");
        assert!(
            why.contains("without their issuer, which no manifest of the retailer allows here"),
            "{why}"
        );
        assert_eq!(outlook.offline, None);
    }
    let (unattended, _host) = folder("", &PROFILE.replace("type = 22", "type = 25"));
    assert!(obstacle(&unattended).cannot_charge.is_some());
    let (allowed, _host) = folder(&offline("EUR", 5_000), PROFILE);
    assert_eq!(obstacle(&allowed).cannot_charge, None);
}

#[test]
fn the_till_is_told_what_the_retailer_allows_as_long_as_the_manifest_counts() {
    let (folder, host) = folder(&offline("EUR", 5_000), PROFILE);
    let path = folder.path().to_owned();
    let mut bench = Bench::start(folder, host, &cards(), None);
    let mut told = || loop {
        if let FromLane::SetUp { offline, .. } = bench.hear_any() {
            return offline;
        }
    };
    let policy = told().expect("what the retailer allows");
    assert_eq!(
        (policy.currency, policy.per_sale_minor),
        (Currency::Eur, 5_000)
    );
    assert_eq!((policy.max_records, policy.max_hours), (50, 24));
    assert!(!policy.deferred);
    fs::write(path.join("manifest.toml"), "").expect("written");
    assert_eq!(told(), None);
    // Nor is there a policy where nobody signed one.
    let mut plain = Bench::new();
    assert_eq!(plain.hello(), None);
    match plain.hear_any() {
        FromLane::SetUp { offline, .. } => assert_eq!(offline, None),
        other => panic!("no news of the set-up but {other:?}"),
    }
}

#[test]
fn no_card_number_is_left_of_a_charge_without_the_issuer() {
    let mut bench = allowed();
    for name in APPROVING.into_iter().chain([IF_ALONE]) {
        let charged = charge(&mut bench, name, 5_000);
        assert_eq!(charged.outcome.kind, OutcomeKind::ApprovedOffline);
        for form in forms(&card(name).holder.pan) {
            let found = count(bench.process(), &form);
            assert_eq!(found, 0, "{name}, {} bytes", form.len());
        }
    }
}

#[test]
fn charges_without_the_issuer_count_towards_the_floor_limit() {
    // Two charges together reach it.
    let floor = PROFILE.replace(
        "floor_limit_minor = 10000\nrandom = { threshold_minor = 5000, target_percent = 0, max_target_percent = 50 }",
        "floor_limit_minor = 2500",
    );
    let mut bench = shop(&offline("EUR", 5_000), &floor);
    let first = charge(&mut bench, "mchip-offline", 5_000);
    assert!(first.online.is_none());
    let second = charge(&mut bench, "mchip-offline", 5_000);
    assert!(second.online.is_some(), "together they are over it");
}
