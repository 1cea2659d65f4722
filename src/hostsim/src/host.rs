//! One message in, one message out, and the ledger in between.

use std::path::Path;

use sealpoint_acquirer::table::de;
use sealpoint_acquirer::{Message, MessageError, Mti, Place, Why};
use sealpoint_cardsim::IssuerKeys;
use sealpoint_cardsim::script::Script;
use sealpoint_wire::{Bytes, HostAnswer, HostDecision};

use crate::book::{Before, Book, Undo};
use crate::issuer::{Circumstances, Verdict, code, decide};
use crate::key_file::HostKey;
use crate::ledger::{Event, Ledger, LedgerError, Line};
use crate::opening;
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

/// The acquirer and issuer.
pub struct Host {
    key: HostKey,
    issuer: IssuerKeys,
    book: Book,
    ledger: Ledger,
    script: Option<Script>,
}

impl Host {
    /// A host that goes on where the ledger at this path ends, or begins it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn new(key: HostKey, issuer: IssuerKeys, ledger: &Path) -> Result<Self, LedgerError> {
        let mut book = Book::default();
        let ledger = Ledger::open(ledger, |line| book.enter(&line))?;
        Ok(Self {
            key,
            issuer,
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
        let (event, pan, verdict) = match self.book.before(&asked.trace) {
            Before::Nothing => {
                let (pan, verdict) = self.judge(asked, decline);
                let approved = verdict.code == code::APPROVED;
                (
                    if approved {
                        Event::Approved
                    } else {
                        Event::Declined
                    },
                    pan,
                    verdict,
                )
            }
            Before::Answered(answer) => {
                let line = line(Event::Repeated, &asked.trace, None, &answer, at_ms);
                return self.write_down(line).unwrap_or(answer);
            }
            // Written down for the auditor; an attempt that has an answer keeps it.
            Before::Conflict => (Event::Declined, None, Verdict::refused(code::DUPLICATE)),
            Before::Reversed => (Event::Declined, None, Verdict::refused(code::INVALID)),
            Before::Full => return refusal(code::MALFUNCTION),
        };
        let answer = self.answer_for(&verdict);
        let mut line = line(event, &asked.trace, pan, &answer, at_ms);
        line.used = verdict.used;
        self.write_down(line).unwrap_or(answer)
    }

    fn judge(&mut self, asked: &Authorisation, decline: bool) -> (Option<String>, Verdict) {
        match opening::open(&asked.sealed, &asked.seal_context(), &self.key) {
            Ok(card) => {
                let pan = card.truncated_pan();
                let by = Circumstances {
                    keys: &self.issuer,
                    decline,
                    last_atc: self.book.last_atc(&pan, card.sequence_number),
                    script: self.script.as_ref(),
                };
                let verdict = decide(&card, &asked.emv, &asked.trace, &by);
                if verdict.used.is_some() {
                    self.script = None;
                }
                (Some(pan), verdict)
            }
            Err(error) => {
                tracing::warn!(trace = %asked.trace, %error, "a sealed card stays closed");
                (None, Verdict::refused(code::MALFUNCTION))
            }
        }
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
