//! What must come of a dialogue, held against what did.

use data_encoding::HEXUPPER;
use sealpoint_emv::{AcType, Decliner, Ending, HostVerdict, Refusal};

use crate::{card::macros, dialogue::Dialogue, notation, objects, play::Seen};

/// What differs, in words; empty if nothing does.
pub fn differences(dialogue: &Dialogue, seen: &Seen) -> Vec<String> {
    let expect = &dialogue.expect;
    let evidence = &seen.outcome.evidence;
    let mut found = Differences(Vec::new());
    found.unless(expect.ending == word(seen.outcome.ending), || {
        format!(
            "ends `{}` ({:?}), not `{}`",
            word(seen.outcome.ending),
            seen.outcome.ending,
            expect.ending
        )
    });
    found.hex("TVR", expect.tvr.as_ref(), &evidence.tvr.to_bytes());
    let tsi = evidence.tsi.bits().to_be_bytes();
    found.hex("TSI", expect.tsi.as_ref(), &tsi);
    found.hex("CVM results", expect.cvm.as_ref(), &evidence.cvm_results);
    let cryptogram = match evidence.cryptogram.map(|cryptogram| cryptogram.kind) {
        None => "none",
        Some(AcType::Aac) => "AAC",
        Some(AcType::Arqc) => "ARQC",
        Some(AcType::Tc) => "TC",
    };
    found.same("cryptogram", expect.cryptogram.as_deref(), &cryptogram);
    let online = evidence.host != HostVerdict::NotAsked;
    found.same("online", expect.online, &online);
    found.same("signature", expect.signature, &evidence.signature);
    found.same("advice", expect.advice, &evidence.advice);
    let reversal = seen.outcome.may_need_reversal();
    found.same("reversal", expect.reversal, &reversal);
    let label = evidence.label.clone().unwrap_or_default();
    found.same("label", expect.label.clone(), &label);
    found.same("apdus", expect.apdus, &seen.apdus);
    let over = expect.at_most.filter(|most| seen.apdus > *most);
    found.unless(over.is_none(), || format!("{} commands", seen.apdus));
    found.same("offered", expect.offered.clone(), &seen.offered);
    found.same("pins", expect.pins.clone(), &seen.pins);
    found.commands(dialogue, seen);
    found.objects("DE 55", &expect.de55, &evidence.de55);
    let request = seen.request.as_deref().unwrap_or_default();
    found.objects("the request's DE 55", &expect.request, request);
    found.0
}

/// The word for an ending.
fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Approved => "approved",
        Ending::ApprovedOffline => "approved offline",
        Ending::DeclinedOffline(Decliner::Terminal(_)) => "declined by terminal",
        Ending::DeclinedOffline(Decliner::Card) => "declined by card",
        Ending::DeclinedByHost(_) => "declined by host",
        Ending::DeclinedByCard => "refused by card after approval",
        Ending::Referred(_) => "referred",
        Ending::UnableToGoOnline => "unable to go online",
        Ending::UseContacts => "use contacts",
        Ending::SeePhone => "see phone",
        Ending::PresentAgain => "present again",
        Ending::Removed => "removed",
        Ending::Cancelled => "cancelled",
        Ending::Terminated(_) => "terminated",
        Ending::NotAccepted(refusal) => match refusal {
            Refusal::CardBlocked => "card blocked",
            Refusal::NoCommonApplication => "no common application",
            Refusal::ApplicationBlocked => "application blocked",
            Refusal::NeedsConfirmation => "needs confirmation",
            Refusal::ServiceNotAllowed => "service not allowed",
            Refusal::ConditionsOfUse => "conditions of use",
        },
    }
}

struct Differences(Vec<String>);

impl Differences {
    fn unless(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.0.push(otherwise());
        }
    }

    fn same<T: PartialEq<S> + std::fmt::Debug, S: std::fmt::Debug>(
        &mut self,
        what: &str,
        expected: Option<T>,
        seen: &S,
    ) {
        if let Some(expected) = expected {
            self.unless(expected == *seen, || {
                format!("{what}: {seen:?}, not {expected:?}")
            });
        }
    }

    fn hex(&mut self, what: &str, expected: Option<&String>, seen: &[u8]) {
        match expected.map(|text| notation::hex(text)) {
            None => {}
            Some(Err(error)) => self.0.push(error),
            Some(Ok(expected)) => self.unless(expected == seen, || {
                let [seen, expected] = [seen, &expected].map(|bytes| HEXUPPER.encode(bytes));
                format!("{what}: {seen}, not {expected}")
            }),
        }
    }

    fn commands(&mut self, dialogue: &Dialogue, seen: &Seen) {
        let expect = &dialogue.expect;
        let sent = || {
            let all = seen.commands.iter().map(|bytes| HEXUPPER.encode(bytes));
            all.collect::<Vec<_>>().join("\n        ")
        };
        if let Some(patterns) = &expect.commands {
            let fit = patterns.len() == seen.commands.len()
                && patterns
                    .iter()
                    .zip(&seen.commands)
                    .all(|(pattern, command)| notation::fits(pattern, command));
            self.unless(fit, || format!("other commands:\n        {}", sent()));
        }
        let mut commands = seen.commands.iter();
        for pattern in &expect.sends {
            let found = commands.any(|command| notation::fits(pattern, command));
            self.unless(found, || {
                format!("no {pattern} in its place:\n        {}", sent())
            });
        }
        for pattern in &expect.never {
            let commands = &mut seen.commands.iter();
            let found = commands.any(|command| notation::fits(pattern, command));
            self.unless(!found, || format!("{pattern} was sent"));
        }
        if let Some(pattern) = &expect.last {
            let last = seen.commands.last();
            let fits = last.is_some_and(|command| notation::fits(pattern, command));
            self.unless(fits, || {
                format!("{pattern} is not the last:\n        {}", sent())
            });
        }
    }

    fn objects(
        &mut self,
        what: &str,
        expected: &std::collections::BTreeMap<String, String>,
        data: &[u8],
    ) {
        let Some(all) = objects::decode(data) else {
            return self.0.push(format!("{what} cannot be read"));
        };
        for (tag, value) in expected {
            let seen = all
                .iter()
                .find(|(name, _)| HEXUPPER.encode(name) == *tag)
                .map_or("-".to_owned(), |(_, value)| HEXUPPER.encode(value));
            let expected = match value.as_str() {
                "-" => Ok("-".to_owned()),
                value => notation::bytes(value, macros()).map(|value| HEXUPPER.encode(&value)),
            };
            self.unless(expected.as_ref() == Ok(&seen), || {
                format!("{what} has {tag} = {seen}, not {value}")
            });
        }
    }
}
