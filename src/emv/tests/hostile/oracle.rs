//! What must hold of every charge, whatever the card did.

use sealpoint_emv::{AcType, ChargeKind, Ending, HostVerdict, Interface, MAX_APDUS, Tsi, Tvr};

use crate::{
    cards::Cards,
    play::{Exchange, Seen},
    scene::Scene,
    terminals::FLOOR_LIMIT,
    truth::{self, Answered},
};

/// How a charge may end; the suite must reach all of them.
pub const ENDINGS: [&str; 15] = [
    "Approved",
    "ApprovedOffline",
    "DeclinedOffline",
    "DeclinedByHost",
    "DeclinedByCard",
    "Referred",
    "UnableToGoOnline",
    "UseContacts",
    "SeePhone",
    "PresentAgain",
    "Removed",
    "Cancelled",
    "NotAccepted",
    "Terminated",
    "Terminated out of turn",
];
/// Objects that data authentication stands on: keys, certificates and signatures.
const CHAIN: [u32; 8] = [0x8F, 0x90, 0x92, 0x93, 0x9F32, 0x9F46, 0x9F47, 0x9F48];
/// AIP byte 1, and terminal capabilities byte 3: DDA, CDA.
const AIP_DDA: u8 = 0x20;
const AIP_CDA: u8 = 0x01;
const CAN_CDA: u8 = 0x08;
/// P1 of GENERATE AC: signed.
const SIGNED: u8 = 0x10;
/// CID bits of the kind, and the kinds.
const KIND: u8 = 0xC0;
const ARQC: u8 = 0x80;
const TC: u8 = 0x40;
const AAC: u8 = 0x00;
/// What may not be in DE 55: account data (EMV 4.4 Book 3 Annex A).
const ACCOUNT: [u32; 9] = [
    0x57, 0x5A, 0x56, 0x5F20, 0x5F24, 0x9F0B, 0x9F1F, 0x9F20, 0x9F6B,
];

/// How well an approval is proven.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Judgement {
    /// Nothing was approved.
    NotPaid,
    /// Card and issuer meant it, for this amount.
    Proven,
    /// The same, but the cryptogram that says so, or what it covers, was damaged on its way: a terminal
    /// without the card's secret key cannot see that, and the amount is the right one.
    Spoilt,
    /// The card had not approved, and its unsigned answer was changed to say that it had. Only CDA
    /// (Book 2 §6.6) can tell; where it was asked for, this is a failure.
    Deceived,
}

/// The name of an ending.
pub fn name(ending: &Ending) -> &'static str {
    match ending {
        Ending::Terminated(sealpoint_emv::Fault::OutOfTurn) => "Terminated out of turn",
        Ending::Approved => "Approved",
        Ending::ApprovedOffline => "ApprovedOffline",
        Ending::DeclinedOffline(_) => "DeclinedOffline",
        Ending::DeclinedByHost(_) => "DeclinedByHost",
        Ending::DeclinedByCard => "DeclinedByCard",
        Ending::Referred(_) => "Referred",
        Ending::UnableToGoOnline => "UnableToGoOnline",
        Ending::UseContacts => "UseContacts",
        Ending::SeePhone => "SeePhone",
        Ending::PresentAgain => "PresentAgain",
        Ending::Removed => "Removed",
        Ending::Cancelled => "Cancelled",
        Ending::NotAccepted(_) => "NotAccepted",
        Ending::Terminated(_) => "Terminated",
    }
}

/// Judges a charge.
///
/// # Errors
/// What must not be.
pub fn judge(scene: &Scene<'_>, cards: &Cards, seen: &Seen) -> Result<Judgement, String> {
    if seen.apdus > MAX_APDUS || seen.exchanges.len() > usize::from(MAX_APDUS) {
        return Err(format!("{} commands", seen.apdus));
    }
    no_account_number(scene, seen)?;
    amounts(scene, seen)?;
    let evidence = &seen.outcome.evidence;
    if seen.outcome.pays() != matches!(name(&seen.outcome.ending), "Approved" | "ApprovedOffline") {
        return Err("it pays with an ending that does not".to_owned());
    }
    match seen.outcome.ending {
        Ending::Approved => {
            check(seen.approved, "approved, and the host was not")?;
            check(
                evidence.host == HostVerdict::Approved,
                "approved, and the evidence does not show the host's approval",
            )?;
            check(!seen.requests.is_empty(), "approved, and nobody was asked")?;
            cryptogram(scene, cards, seen)
        }
        Ending::ApprovedOffline => {
            check(
                scene.charge.amount_minor <= scene.charge.offline_up_to_minor,
                "approved without the host, and for more than that may be",
            )?;
            offline(scene, seen)?;
            authenticated(scene, seen)?;
            cryptogram(scene, cards, seen)
        }
        _ => Ok(Judgement::NotPaid),
    }
}

fn check(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}

/// No account number leaves the kernel but in the sealed part of the request.
fn no_account_number(scene: &Scene<'_>, seen: &Seen) -> Result<(), String> {
    let evidence = &seen.outcome.evidence;
    let mut public = vec![
        hex(&evidence.de55),
        format!("{:?}", seen.outcome),
        seen.outcome.ending.to_string(),
        evidence.label.clone().unwrap_or_default(),
        evidence
            .aid
            .map(|aid| hex(aid.as_slice()))
            .unwrap_or_default(),
    ];
    for (de55, label) in &seen.requests {
        public.extend([hex(de55), label.clone()]);
    }
    let holders = [Some(&scene.profile.holder.pan)].into_iter();
    let second = scene.profile.second.as_ref();
    let pans = holders.chain([second.map(|second| &second.holder.pan)]);
    for pan in pans.flatten() {
        let said = public.iter().any(|text| text.contains(pan.as_str()));
        check(!said, "the account number is out")?;
    }
    let de55s = seen.requests.iter().map(|(de55, _)| de55);
    for de55 in de55s.chain([&evidence.de55]) {
        let objects = truth::objects(de55).ok_or("DE 55 is not TLV")?;
        let account = objects.iter().any(|(tag, _)| ACCOUNT.contains(tag));
        check(!account, "DE 55 holds account data")?;
    }
    Ok(())
}

/// The host is told of the amount that the till wants, and of no other.
fn amounts(scene: &Scene<'_>, seen: &Seen) -> Result<(), String> {
    let [amount, cashback]: [[u8; 6]; 2] =
        [scene.charge.amount_minor, scene.charge.cashback_minor].map(truth::digits);
    for (de55, _) in &seen.requests {
        let objects = truth::objects(de55).ok_or("DE 55 is not TLV")?;
        for (tag, meant) in [(0x9F02, &amount), (0x9F03, &cashback)] {
            let told = truth::value(&objects, tag);
            check(told == Some(&meant[..]), "the host was told another amount")?;
        }
    }
    Ok(())
}

/// Whether this terminal may approve without the host, as it stands (Book 3 §10.7).
fn offline(scene: &Scene<'_>, seen: &Seen) -> Result<(), String> {
    let evidence = &seen.outcome.evidence;
    check(
        !scene.terminal.kind.online_only(),
        "an online-only terminal approved",
    )?;
    check(
        !scene.charge.forced_online || evidence.host == HostVerdict::Unreachable,
        "approved without the host, which the merchant wanted",
    )?;
    let aid = evidence.aid.ok_or("approved without an application")?;
    let accepted = scene.terminal.applications.iter();
    let application = accepted
        .filter(|application| aid == application.aid || aid.extends(&application.aid))
        .max_by_key(|application| application.aid.as_slice().len())
        .ok_or("approved an application that is not accepted")?;
    let actions = application.actions;
    let against = match evidence.host {
        HostVerdict::NotAsked => actions.online,
        HostVerdict::Unreachable => actions.default,
        _ => return Err("approved offline although the host had its say".to_owned()),
    };
    check(
        !evidence.tvr.intersects(against | actions.denial),
        "an action code spoke against it",
    )?;
    // With contacts the limit itself goes online (Book 3 §10.6.1), without them what exceeds it does
    // (Book B §3.1.1).
    let highest = match scene.interface {
        Interface::Contact => FLOOR_LIMIT - 1,
        Interface::Contactless => FLOOR_LIMIT,
    };
    check(
        scene.charge.amount_minor <= highest || evidence.host == HostVerdict::Unreachable,
        "approved without the host above the floor limit",
    )
}

/// An offline approval stands on data authentication: all that it covers came as the card gave it.
fn authenticated(scene: &Scene<'_>, seen: &Seen) -> Result<(), String> {
    let evidence = &seen.outcome.evidence;
    let contact = scene.interface == Interface::Contact;
    let against = Tvr::ODA_NOT_PERFORMED | Tvr::SDA_FAILED | Tvr::DDA_FAILED | Tvr::CDA_FAILED;
    check(
        !contact || (evidence.tsi.contains(Tsi::ODA) && !evidence.tvr.intersects(against)),
        "approved offline without data authentication",
    )?;
    check(evidence.oda_flaw.is_none(), "approved with a flaw")?;
    let options = last_whole(seen, [0x80, 0xA8]).ok_or("approved without an application")?;
    let body = body(&options.genuine);
    let answered = Answered::read(body).ok_or("the card made no sense by itself")?;
    let (aip, afl) = answered.options().ok_or("the card gave no AIP")?;
    for entry in afl.chunks_exact(4) {
        let [place, first, last, marked] = [entry[0], entry[1], entry[2], entry[3]];
        for (nth, record) in (first..=last).enumerate() {
            let covered = nth < usize::from(marked);
            came_as_given(seen, [0x00, 0xB2, record, place | 4], covered)?;
        }
    }
    let cda = aip.first().is_some_and(|byte| byte & AIP_CDA != 0);
    let dda = aip.first().is_some_and(|byte| byte & AIP_DDA != 0);
    if !contact {
        return Ok(());
    }
    if cda && scene.terminal.capabilities[2] & CAN_CDA != 0 {
        check(
            was_signature_due(seen),
            "approved offline without the signature that the card offers",
        )
    } else if dda {
        came_as_given(seen, [0x00, 0x88, 0x00, 0x00], true)
    } else {
        Ok(())
    }
}

/// Whether the answer to that command came as it was given: all of it if it is covered, and else what
/// authentication stands on.
fn came_as_given(seen: &Seen, header: [u8; 4], covered: bool) -> Result<(), String> {
    let exchanges = seen.exchanges.iter();
    let mut answers = exchanges.filter(|one| one.command.starts_with(&header) && is_good(one));
    let chain = |answer: &[u8]| -> Vec<Option<Vec<u8>>> {
        let read = Answered::read(body(answer));
        let find = |tag: &u32| Some(read.as_ref()?.find(*tag)?.to_vec());
        CHAIN.iter().map(find).collect()
    };
    let damaged = answers.any(|one| match covered {
        true => one.is_damaged(),
        false => chain(&one.genuine) != chain(&one.delivered),
    });
    check(
        !damaged,
        &format!("approved offline although the answer to {header:02X?} was damaged"),
    )
}

/// The cryptogram that the approval stands on.
fn cryptogram(scene: &Scene<'_>, cards: &Cards, seen: &Seen) -> Result<Judgement, String> {
    let evidence = &seen.outcome.evidence;
    let shown = evidence.cryptogram.ok_or("approved without a cryptogram")?;
    let contact = scene.interface == Interface::Contact;
    let online = seen.outcome.ending == Ending::Approved;
    // A tapped card that would have approved by itself may be sent online with its TC, if it cannot
    // prove itself and says so; and money back is for the host to grant, whatever the card thinks of
    // spending (Book C-3 §5.4, §5.6). There the host's word counts.
    let all = [(TC, AcType::Tc), (ARQC, AcType::Arqc), (AAC, AcType::Aac)];
    let meant = match (contact || !online, scene.charge.kind) {
        (true, _) => &all[..1],
        (false, ChargeKind::Refund) => &all,
        (false, _) => &all[..2],
    };
    let shows = meant.iter().any(|(_, kind)| *kind == shown.kind);
    check(shows, "approved with another cryptogram")?;
    let last = last_ac(seen).ok_or("approved without a cryptogram")?;
    let says = Answered::read(body(&last.genuine)).and_then(|read| read.cid());
    let given = meant
        .iter()
        .any(|(cid, _)| says.map(|says| says & KIND) == Some(*cid));
    let verified = truth::verified(scene, cards, &evidence.de55).is_some();
    if given && verified {
        return Ok(Judgement::Proven);
    }
    let told = match given {
        true => "the card's cryptogram is not for this charge",
        false => "the card did not approve",
    };
    check(
        !contact || !was_signature_due(seen),
        &format!("a signature was due, and {told}"),
    )?;
    check(
        given || last.is_damaged(),
        "an undamaged answer was taken for an approval",
    )?;
    check(
        verified || seen.exchanges.iter().any(Exchange::is_damaged),
        "nothing was damaged, and the card's cryptogram is not for this charge",
    )?;
    Ok(if given {
        Judgement::Spoilt
    } else {
        Judgement::Deceived
    })
}

/// Whether the last cryptogram was to be signed.
fn was_signature_due(seen: &Seen) -> bool {
    let mut asked = seen.exchanges.iter().rev();
    let asked = asked.find(|one| one.command.starts_with(&[0x80, 0xAE]));
    asked.is_some_and(|one| one.command.get(2).is_some_and(|p1| p1 & SIGNED != 0))
}

/// The exchange with the last cryptogram.
fn last_ac(seen: &Seen) -> Option<&Exchange> {
    last_whole(seen, [0x80, 0xAE]).or_else(|| last_whole(seen, [0x80, 0xA8]))
}

/// The last exchange of that command, or that which fetched its answer.
fn last_whole(seen: &Seen, [class, instruction]: [u8; 2]) -> Option<&Exchange> {
    let place = seen
        .exchanges
        .iter()
        .rposition(|one| one.command.starts_with(&[class, instruction]))?;
    let after = seen.exchanges[place..].iter().skip(1);
    let fetched = after.take_while(|one| one.command.starts_with(&[0x00, 0xC0]));
    Some(fetched.last().unwrap_or(&seen.exchanges[place]))
}

fn is_good(exchange: &Exchange) -> bool {
    exchange.delivered.ends_with(&[0x90, 0x00])
}

fn body(answer: &[u8]) -> &[u8] {
    answer
        .len()
        .checked_sub(2)
        .map_or(&[], |end| &answer[..end])
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
