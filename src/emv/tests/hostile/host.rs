//! Hosts, from one that verifies to one that answers anything.

use sealpoint_emv::{HostAnswer, HostDecision, OnlineRequest};

use crate::{
    cards::Cards,
    numbers::Numbers,
    scene::{Host, Scene},
    truth,
};

/// Bytes of scripts that no answer may have.
const TOO_LONG: usize = 1_100;

/// What the host answers; none if it does not.
pub fn answer(
    scene: &Scene<'_>,
    cards: &Cards,
    request: &OnlineRequest,
    numbers: &mut Numbers,
) -> Option<(HostDecision, HostAnswer)> {
    let (decision, arc, authentication) = match scene.host {
        Host::Genuine => genuine(scene, cards, &request.de55),
        Host::Credulous => {
            let length = *numbers.pick(&[0, 0, 8, 10, 16, 7, 17]);
            (HostDecision::Approved, *b"00", numbers.bytes(length))
        }
        Host::Declining => (HostDecision::Declined, *b"05", Vec::new()),
        Host::Referring => (HostDecision::Referred, *b"01", Vec::new()),
        Host::Unreachable | Host::Silent => return None,
    };
    // A host that answers what has no place in an answer has not answered.
    let answer = HostAnswer::new(decision, arc, &authentication, &scripts(numbers)).ok()?;
    Some((decision, answer))
}

fn genuine(scene: &Scene<'_>, cards: &Cards, de55: &[u8]) -> (HostDecision, [u8; 2], Vec<u8>) {
    match truth::verified(scene, cards, de55) {
        Some(verified) => (HostDecision::Approved, *b"00", verified.answer(*b"00")),
        None => (HostDecision::Declined, *b"88", Vec::new()),
    }
}

/// Scripts, most of which are nonsense.
fn scripts(numbers: &mut Numbers) -> Vec<u8> {
    match numbers.below(6) {
        0..3 => Vec::new(),
        3 => {
            let length = numbers.below(64);
            numbers.bytes(length)
        }
        4 => {
            let length = numbers.below(TOO_LONG);
            let tag = *numbers.pick(&[0x71, 0x72, 0x86, 0x70]);
            vec![tag; length]
        }
        _ => {
            let count = numbers.below(4);
            (0..count).flat_map(|_| script(numbers)).collect()
        }
    }
}

/// One template with commands in it, of which some are commands.
fn script(numbers: &mut Numbers) -> Vec<u8> {
    let mut content = match numbers.chance(700) {
        true => vec![0x9F, 0x18, 0x04, 0, 0, 0, 1],
        false => Vec::new(),
    };
    for _ in 0..numbers.below(5) {
        let instruction = *numbers.pick(&[0x16, 0x18, 0x1E, 0x24, 0xDA, 0xA4, 0xAE]);
        let rest = numbers.below(12);
        let mut command = vec![*numbers.pick(&[0x84, 0x04, 0x00]), instruction, 0, 0];
        command.push(u8::try_from(rest).unwrap_or(0));
        command.extend(numbers.bytes(rest));
        command.truncate(numbers.below(20));
        content.push(0x86);
        content.push(u8::try_from(command.len()).unwrap_or(0));
        content.extend(command);
    }
    let length = u8::try_from(content.len()).unwrap_or(0x7F) & 0x7F;
    let mut template = vec![*numbers.pick(&[0x71, 0x72]), length];
    template.extend(content);
    template
}
