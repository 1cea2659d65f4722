//! Issuer-to-card scripts (EMV 4.4 Book 3 §10.10, Book 4 Annex A5).

use crate::{
    apdu::CApdu,
    dialogue::Dialogue,
    exchange::Answer,
    tag::{self, Tag},
    tlv,
    verification::{Tsi, Tvr},
};

/// Scripts of one answer that run before, and that run after the final GENERATE AC: what became of
/// them all has room in DE 55. What a host may send at all is bounded by
/// [`HostAnswer`](crate::HostAnswer): more than the 128 bytes that a terminal must take (§10.10).
const MAX_SCRIPTS: usize = 7;
/// Commands of one script: more than there can be in 128 bytes.
const MAX_COMMANDS: usize = 32;
/// Highest command number that a result can name.
const LAST_NUMBER: u8 = 0x0F;

/// What became of one script (Book 4 Annex A5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScriptResult {
    /// Script identifier, tag 9F18; zeros if it has none.
    pub id: [u8; 4],
    /// High half: 0 not performed, 1 failed, 2 successful. Low half: number of the failed command.
    pub result: u8,
}

/// Whether scripts run before or after the final GENERATE AC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum When {
    Before,
    After,
}

/// Scripts that run one after the other.
pub(crate) struct Scripts {
    when: When,
    waiting: std::vec::IntoIter<Script>,
    running: Option<Script>,
}

struct Script {
    id: [u8; 4],
    commands: std::vec::IntoIter<Vec<u8>>,
    sent: u8,
}

impl When {
    fn template(self) -> Tag {
        match self {
            Self::Before => tag::SCRIPT_BEFORE,
            Self::After => tag::SCRIPT_AFTER,
        }
    }

    fn failure(self) -> Tvr {
        match self {
            Self::Before => Tvr::SCRIPT_FAILED_BEFORE,
            Self::After => Tvr::SCRIPT_FAILED_AFTER,
        }
    }
}

/// A script that cannot be read, with its identifier if that could be.
struct Unreadable([u8; 4]);

impl Script {
    /// Reads a template: an identifier or none, and commands. What else stands in it is an error of
    /// its format: nobody can say what the issuer meant to happen between its commands (§10.10).
    fn parse(template: &[u8]) -> Result<Self, Unreadable> {
        let mut id = [0; 4];
        let mut commands = Vec::new();
        for object in tlv::objects(template) {
            let object = object.map_err(|_| Unreadable(id))?;
            match object.tag {
                // What is empty is not there.
                tag::SCRIPT_ID if object.value.is_empty() => {}
                tag::SCRIPT_ID => id = object.value.try_into().map_err(|_| Unreadable(id))?,
                tag::SCRIPT_COMMAND if commands.len() < MAX_COMMANDS => {
                    commands.push(object.value.to_vec());
                }
                _ => return Err(Unreadable(id)),
            }
        }
        Ok(Self {
            id,
            commands: commands.into_iter(),
            sent: 0,
        })
    }

    fn result(&self, failed: bool) -> ScriptResult {
        let result = if failed {
            0x10 | self.sent.min(LAST_NUMBER)
        } else {
            0x20
        };
        ScriptResult {
            id: self.id,
            result,
        }
    }
}

impl Scripts {
    /// The scripts of an answer that belong here. One that cannot be read is not performed.
    pub(crate) fn of(dialogue: &mut Dialogue, data: &[u8], when: When) -> Self {
        let mut waiting = Vec::new();
        let mut count = 0;
        for object in tlv::objects(data) {
            let script = match object {
                Ok(object) if object.tag != when.template() => continue,
                Ok(object) => Script::parse(object.value),
                // Unreadable between the templates: nobody can say whose it is, so it counts once.
                Err(_) if when == When::After => continue,
                Err(_) => Err(Unreadable([0; 4])),
            };
            count += 1;
            if count > MAX_SCRIPTS {
                dialogue.tvr |= when.failure();
                break;
            }
            match script {
                Ok(script) => waiting.push(script),
                Err(Unreadable(id)) => note(dialogue, when, ScriptResult { id, result: 0x00 }),
            }
        }
        Self {
            when,
            waiting: waiting.into_iter(),
            running: None,
        }
    }

    /// The next command, or none when all scripts have run.
    pub(crate) fn next(&mut self, dialogue: &mut Dialogue) -> Option<CApdu> {
        loop {
            let Some(running) = &mut self.running else {
                self.running = Some(self.waiting.next()?);
                continue;
            };
            let Some(raw) = running.commands.next() else {
                self.end(dialogue, false);
                continue;
            };
            running.sent = running.sent.saturating_add(1);
            match CApdu::issuer_script(&raw) {
                Some(command) => return Some(command),
                None => self.end(dialogue, true),
            }
        }
    }

    /// Takes the answer to a command: anything but 90, 62 or 63 ends its script (§10.10).
    pub(crate) fn answered(&mut self, dialogue: &mut Dialogue, answer: &Answer) {
        if !matches!(answer.sw.sw1(), 0x90 | 0x62 | 0x63) {
            self.end(dialogue, true);
        }
    }

    /// Ends what runs and what waits, because the card cannot be asked any more.
    pub(crate) fn abandon(&mut self, dialogue: &mut Dialogue) {
        self.end(dialogue, true);
        for script in self.waiting.by_ref() {
            let id = script.id;
            note(dialogue, self.when, ScriptResult { id, result: 0x00 });
        }
    }

    fn end(&mut self, dialogue: &mut Dialogue, failed: bool) {
        if let Some(script) = self.running.take() {
            note(dialogue, self.when, script.result(failed));
        }
    }
}

/// Notes a result where the TVR, the TSI and DE 55 show it.
fn note(dialogue: &mut Dialogue, when: When, result: ScriptResult) {
    if result.result >> 4 != 2 {
        dialogue.tvr |= when.failure();
    }
    dialogue.tsi |= Tsi::SCRIPT;
    dialogue.scripts.push(result);
    let all: Vec<u8> = dialogue
        .scripts
        .iter()
        .flat_map(|script| [&[script.result][..], &script.id[..]].concat())
        .collect();
    dialogue.store.set(tag::SCRIPT_RESULTS, &all);
}
