//! One message in, one message out, and the ledger in between.

use std::path::Path;

use sealpoint_acquirer::action_code::action_of;
use sealpoint_acquirer::table::de;
use sealpoint_acquirer::{AnswerTo, Edition, Message, MessageError, Place, Why};
use sealpoint_cardsim::IssuerKeys;
use sealpoint_cardsim::script::Script;
use sealpoint_wire::{Bytes, HostAnswer, HostDecision};

use crate::answer_mode::AnswerMode;
use crate::base_key::BaseKeys;
use crate::book::{Before, Book, Undo};
use crate::issuer::{Circumstances, Verdict, code, decide};
use crate::key_file::HostKey;
use crate::ledger::{Event, KeySerial, Ledger, LedgerError, Line};
use crate::opening::{self, OpenedCard};
use crate::request::{Authorisation, Layout, Request, Trace};

/// Elements that an answer repeats from its request.
const ECHOED: [u8; 13] = [
    de::PROCESSING_CODE,
    de::AMOUNT,
    de::TRANSMITTED,
    de::STAN,
    de::LOCAL_TIME,
    de::LOCAL_DATE,
    de::FUNCTION,
    de::ACQUIRING_INSTITUTION,
    de::REFERENCE,
    de::TERMINAL,
    de::MERCHANT,
    de::CURRENCY,
    de::NETWORK_CODE,
];
/// Action codes of 1993 for what is no charge.
const REVERSED: [u8; 3] = *b"400";
const NETWORK_OK: [u8; 3] = *b"800";
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
    layout: Layout,
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
    pub fn new(keys: Keys, ledger: &Path, layout: Layout) -> Result<Self, LedgerError> {
        let mut book = Book::default();
        let ledger = Ledger::open(ledger, |line| book.enter(&line))?;
        Ok(Self {
            keys,
            book,
            ledger,
            layout,
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

    /// Answers a request as `mode` says. `at_ms` is milliseconds since the Unix epoch, for the
    /// ledger.
    ///
    /// # Errors
    /// [`MessageError`] if the message cannot be answered at all: it is an answer itself, or lacks
    /// what an answer has to repeat.
    pub fn answer(
        &mut self,
        message: &Message,
        mode: AnswerMode,
        at_ms: i64,
    ) -> Result<Message, MessageError> {
        let request = match Request::of(message, &self.layout) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "a request was refused");
                return reply(message, &refusal(code::FORMAT));
            }
        };
        let answer = match request {
            Request::Authorisation(asked) => self.charge(&asked, false, mode, at_ms),
            Request::Advice(told) => self.charge(&told, true, mode, at_ms),
            Request::Reversal(_) if mode == AnswerMode::RefuseReversals => {
                refusal(code::MALFUNCTION)
            }
            Request::Reversal(trace) => self.reverse(trace, at_ms),
            Request::Inquiry(trace) => self
                .book
                .standing(&trace)
                .unwrap_or_else(|| refusal(code::NO_ORIGINAL)),
            Request::Network => refusal(code::APPROVED),
        };
        reply(message, &answer)
    }

    /// Decides on an authorisation, or on the advice of a charge that was made without one.
    fn charge(
        &mut self,
        asked: &Authorisation,
        is_advice: bool,
        mode: AnswerMode,
        at_ms: i64,
    ) -> HostAnswer {
        let declined = if is_advice {
            Event::AdviceDeclined
        } else {
            Event::Declined
        };
        let (event, judged) = match self.book.before(&asked.trace) {
            Before::Nothing => {
                let judged = self.judge(asked, is_advice, mode);
                let event = match judged.verdict.code {
                    code::APPROVED | code::PARTLY_APPROVED if is_advice => Event::Advised,
                    code::APPROVED | code::PARTLY_APPROVED => Event::Approved,
                    _ => declined,
                };
                (event, judged)
            }
            Before::Answered(answer) => {
                let line = line(Event::Repeated, &asked.trace, None, &answer, at_ms);
                return self.write_down(line).unwrap_or(answer);
            }
            // Written down for the auditor; an attempt that has an answer keeps it.
            Before::Conflict => (declined, Judged::unopened(code::DUPLICATE)),
            Before::Reversed => (declined, Judged::unopened(code::INVALID)),
            Before::Full => return refusal(code::MALFUNCTION),
        };
        let most = match mode {
            AnswerMode::Partial(most) => Some(most),
            _ => None,
        };
        let answer = self.answer_for(&judged.verdict, most);
        let mut line = line(event, &asked.trace, judged.pan, &answer, at_ms);
        line.used = judged.verdict.used;
        line.serial = judged.serial;
        self.write_down(line).unwrap_or(answer)
    }

    fn judge(&mut self, asked: &Authorisation, is_advice: bool, mode: AnswerMode) -> Judged {
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
                verdict: self.decide(&card, asked, is_advice, mode),
                serial,
            },
            Err(error) => {
                tracing::warn!(trace = %asked.trace, %error, key_was_used = is_known,
                    "a sealed card stays closed");
                Judged::unopened(code::MALFUNCTION)
            }
        }
    }

    fn decide(
        &mut self,
        card: &OpenedCard,
        asked: &Authorisation,
        is_advice: bool,
        mode: AnswerMode,
    ) -> Verdict {
        let by = Circumstances {
            keys: &self.keys.issuer,
            mode,
            is_advice,
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

    /// `most` is what is approved of a charge that is partly approved.
    fn answer_for(&self, verdict: &Verdict, most: Option<i64>) -> HostAnswer {
        let decision = match verdict.code {
            code::APPROVED => HostDecision::Approved,
            code::PARTLY_APPROVED => HostDecision::PartlyApproved,
            _ => HostDecision::Declined,
        };
        HostAnswer {
            decision,
            approval_code: (decision != HostDecision::Declined)
                .then(|| self.book.next_approval_code()),
            approved_minor: most.filter(|_| decision == HostDecision::PartlyApproved),
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
        approved_minor: answer.approved_minor,
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
    let mti = request.mti().answer().ok_or(MessageError {
        place: Place::Type,
        why: Why::Value,
    })?;
    let mut message = Message::of(request.edition(), mti);
    request.need(de::STAN)?;
    for de in ECHOED {
        if let Some(content) = request.get(de) {
            message.set(de, content)?;
        }
    }
    put_code(&mut message, &answer.response_code)?;
    if let Some(part) = answer.approved_minor {
        put_part(&mut message, part)?;
    }
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

/// The response code, or the action code that means it in the edition of 1993.
fn put_code(message: &mut Message, response_code: &str) -> Result<(), MessageError> {
    let code = response_code.as_bytes();
    match message.edition() {
        Edition::Y1987 => message.set(de::RESPONSE_CODE, code),
        Edition::Y1993 => {
            let code = code.try_into().unwrap_or(code::MALFUNCTION);
            let action = match (message.mti().to(), code) {
                (AnswerTo::Reversal, code::APPROVED) => REVERSED,
                (AnswerTo::Network, code::APPROVED) => NETWORK_OK,
                _ => action_of(code),
            };
            message.set(de::RESPONSE_CODE, &action)
        }
    }
}

/// The part that is approved (DE 4), and beside it what was asked for (DE 54, kind 57; DE 30 in the
/// edition of 1993).
fn put_part(message: &mut Message, part: i64) -> Result<(), MessageError> {
    let asked = message.number(de::AMOUNT)?;
    let currency = message.number(de::CURRENCY)?;
    message.set_number(de::AMOUNT, u64::try_from(part).unwrap_or_default())?;
    match message.edition() {
        Edition::Y1987 => {
            let original = format!("0057{currency:03}D{asked:012}");
            message.set(de::ADDITIONAL_AMOUNTS, original.as_bytes())
        }
        Edition::Y1993 => {
            let original = format!("{asked:012}{:012}", 0);
            message.set(de::ORIGINAL_AMOUNT, original.as_bytes())
        }
    }
}
