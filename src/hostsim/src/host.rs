//! One message in, one message out, and the ledger in between.

use std::path::Path;

use sealpoint_acquirer::table::de;
use sealpoint_acquirer::{Message, MessageError, Mti, Place, Why};
use sealpoint_cardsim::IssuerKeys;
use sealpoint_cardsim::script::Script;
use sealpoint_wire::{Bytes, HostAnswer, HostDecision};

use crate::base_key::BaseKeys;
use crate::book::{Before, Book, Undo};
use crate::issuer::{Circumstances, Verdict, code, decide};
use crate::key_file::HostKey;
use crate::ledger::{Event, KeySerial, Ledger, LedgerError, Line};
use crate::opening::{self, OpenedCard};
use crate::request::{Authorisation, Request, Trace};

/// Elements that an answer repeats from its request.
const ECHOED: [u8; 9] = [
    de::PROCESSING_CODE,
    de::AMOUNT,
    de::TRANSMITTED,
    de::STAN,
    de::LOCAL_TIME,
    de::LOCAL_DATE,
    de::TERMINAL,
    de::CURRENCY,
    de::NETWORK_CODE,
];
/// Issuer authentication data inside DE 55: tag and one length byte.
const AUTHENTICATION: u8 = 0x91;

/// The keys of an acquirer and issuer.
pub struct Keys {
    /// Opens what is sealed to the public key.
    pub acquirer: HostKey,
    /// Open what is sealed with DUKPT.
    pub base: BaseKeys,
    /// Those of the cards.
    pub issuer: IssuerKeys,
}

/// The acquirer and issuer.
pub struct Host {
    keys: Keys,
    book: Book,
    ledger: Ledger,
    script: Option<Script>,
}

/// What came of a request for which nothing had happened before.
struct Judged {
    pan: Option<String>,
    verdict: Verdict,
    /// Of the key that the card was sealed under, once the seal was found to hold: what somebody
    /// else makes up must not use a till's keys up.
    serial: Option<KeySerial>,
}

impl Judged {
    const fn unopened(code: [u8; 2]) -> Self {
        Self {
            pan: None,
            verdict: Verdict::refused(code),
            serial: None,
        }
    }
}

impl Host {
    /// A host that goes on where the ledger at this path ends, or begins it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn new(keys: Keys, ledger: &Path) -> Result<Self, LedgerError> {
        let mut book = Book::default();
        let ledger = Ledger::open(ledger, |line| book.enter(&line))?;
        Ok(Self {
            keys,
            book,
            ledger,
            script: None,
        })
    }

    /// What happened so far.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Sends this script with the next answer to a genuine card.
    pub fn send_script(&mut self, script: Script) {
        self.script = Some(script);
    }

    /// Answers a request. With `decline`, what would be approved gets 05. `at_ms` is milliseconds
    /// since the Unix epoch, for the ledger.
    ///
    /// # Errors
    /// [`MessageError`] if the message cannot be answered at all: it is an answer itself, or lacks
    /// what an answer has to repeat.
    pub fn answer(
        &mut self,
        message: &Message,
        decline: bool,
        at_ms: i64,
    ) -> Result<Message, MessageError> {
        let request = match Request::of(message) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "a request was refused");
                return reply(message, &refusal(code::FORMAT));
            }
        };
        let answer = match request {
            Request::Authorisation(asked) => self.authorise(&asked, decline, at_ms),
            Request::Reversal(trace) => self.reverse(trace, at_ms),
            Request::Network => refusal(code::APPROVED),
        };
        reply(message, &answer)
    }

    fn authorise(&mut self, asked: &Authorisation, decline: bool, at_ms: i64) -> HostAnswer {
        let (event, judged) = match self.book.before(&asked.trace) {
            Before::Nothing => {
                let judged = self.judge(asked, decline);
                let approved = judged.verdict.code == code::APPROVED;
                let event = if approved {
                    Event::Approved
                } else {
                    Event::Declined
                };
                (event, judged)
            }
            Before::Answered(answer) => {
                let line = line(Event::Repeated, &asked.trace, None, &answer, at_ms);
                return self.write_down(line).unwrap_or(answer);
            }
            // Written down for the auditor; an attempt that has an answer keeps it.
            Before::Conflict => (Event::Declined, Judged::unopened(code::DUPLICATE)),
            Before::Reversed => (Event::Declined, Judged::unopened(code::INVALID)),
            Before::Full => return refusal(code::MALFUNCTION),
        };
        let answer = self.answer_for(&judged.verdict);
        let mut line = line(event, &asked.trace, judged.pan, &answer, at_ms);
        line.used = judged.verdict.used;
        line.serial = judged.serial;
        self.write_down(line).unwrap_or(answer)
    }

    fn judge(&mut self, asked: &Authorisation, decline: bool) -> Judged {
        let keys = &self.keys;
        let context = asked.seal_context();
        let serial = KeySerial::of(&asked.sealed);
        let is_known = serial
            .as_ref()
            .is_some_and(|serial| self.book.has_seen(serial));
        match opening::open(&asked.sealed, &context, &keys.acquirer, &keys.base) {
            // The till itself sealed a second card under one key: it was copied or put back.
            Ok(card) if is_known => {
                tracing::warn!(trace = %asked.trace, "ALARM: a key serial number came again; \
                    its till was copied or restored: destroy its key and load a new one");
                Judged {
                    pan: Some(card.truncated_pan()),
                    verdict: Verdict::refused(code::SUSPECTED_FRAUD),
                    serial,
                }
            }
            Ok(card) => Judged {
                pan: Some(card.truncated_pan()),
                verdict: self.decide(&card, asked, decline),
                serial,
            },
            Err(error) => {
                tracing::warn!(trace = %asked.trace, %error, key_was_used = is_known,
                    "a sealed card stays closed");
                Judged::unopened(code::MALFUNCTION)
            }
        }
    }

    fn decide(&mut self, card: &OpenedCard, asked: &Authorisation, decline: bool) -> Verdict {
        let by = Circumstances {
            keys: &self.keys.issuer,
            decline,
            last_atc: self
                .book
                .last_atc(&card.truncated_pan(), card.sequence_number),
            script: self.script.as_ref(),
        };
        let verdict = decide(card, &asked.emv, &asked.trace, &by);
        if verdict.used.is_some() {
            self.script = None;
        }
        verdict
    }

    fn answer_for(&self, verdict: &Verdict) -> HostAnswer {
        let approved = verdict.code == code::APPROVED;
        HostAnswer {
            decision: if approved {
                HostDecision::Approved
            } else {
                HostDecision::Declined
            },
            approval_code: approved.then(|| self.book.next_approval_code()),
            // Issuer authentication data is at most 16 bytes long.
            issuer_authentication: Bytes::try_from(verdict.authentication.clone())
                .unwrap_or_default(),
            // Too many bytes for an answer are none: a script cut in two would be worse.
            scripts: Bytes::try_from(verdict.scripts.clone()).unwrap_or_default(),
            ..refusal(verdict.code)
        }
    }

    fn reverse(&mut self, trace: Trace, at_ms: i64) -> HostAnswer {
        let done = refusal(code::APPROVED);
        let event = match self.book.undo(&trace) {
            Undo::Known => Event::Reversed,
            Undo::Unknown => Event::ReversedUnknown,
            Undo::Done => return done,
            Undo::Conflict => return refusal(code::INVALID),
            Undo::Full => return refusal(code::MALFUNCTION),
        };
        let line = line(event, &trace, None, &done, at_ms);
        self.write_down(line).unwrap_or(done)
    }

    /// Writes a line to disk, then enters it; gives the refusal to send instead if that fails.
    fn write_down(&mut self, line: Line) -> Option<HostAnswer> {
        tracing::info!(event = ?line.event, trace = %line.trace, code = line.response_code);
        match self.ledger.append(&line) {
            Ok(()) => {
                self.book.enter(&line);
                None
            }
            Err(error) => {
                tracing::error!(%error, "nothing was decided");
                Some(refusal(code::MALFUNCTION))
            }
        }
    }
}

fn line(
    event: Event,
    trace: &Trace,
    truncated_pan: Option<String>,
    answer: &HostAnswer,
    at_ms: i64,
) -> Line {
    Line {
        at_ms,
        event,
        trace: trace.clone(),
        truncated_pan,
        response_code: answer.response_code.clone(),
        approval_code: answer.approval_code.clone(),
        issuer_authentication: answer.issuer_authentication.clone(),
        scripts: answer.scripts.clone(),
        used: None,
        serial: None,
    }
}

/// An answer with this code and nothing else; approves nothing.
fn refusal(code: [u8; 2]) -> HostAnswer {
    HostAnswer {
        decision: HostDecision::Declined,
        response_code: code.map(char::from).iter().collect(),
        approval_code: None,
        issuer_authentication: Bytes::default(),
        scripts: Bytes::default(),
        approved_minor: None,
    }
}

fn reply(request: &Message, answer: &HostAnswer) -> Result<Message, MessageError> {
    let mti = match request.mti() {
        Mti::Authorisation => Mti::AuthorisationAnswer,
        Mti::Reversal | Mti::ReversalRepeat => Mti::ReversalAnswer,
        Mti::Network => Mti::NetworkAnswer,
        Mti::AuthorisationAnswer | Mti::ReversalAnswer | Mti::NetworkAnswer => {
            return Err(MessageError {
                place: Place::Type,
                why: Why::Value,
            });
        }
    };
    let mut message = Message::new(mti);
    request.need(de::STAN)?;
    for de in ECHOED {
        if let Some(content) = request.get(de) {
            message.set(de, content)?;
        }
    }
    message.set_text(de::RESPONSE_CODE, &answer.response_code)?;
    if let Some(approval_code) = &answer.approval_code {
        message.set_text(de::APPROVAL_CODE, approval_code)?;
    }
    let authentication = answer.issuer_authentication.as_slice();
    let mut emv = match u8::try_from(authentication.len()) {
        Ok(len @ 1..) => [&[AUTHENTICATION, len], authentication].concat(),
        _ => Vec::new(),
    };
    emv.extend(answer.scripts.as_slice());
    if !emv.is_empty() {
        message.set(de::EMV, &emv)?;
    }
    Ok(message)
}
