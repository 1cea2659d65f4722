//! A running host, a line to it, and cards to charge.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealpoint_acquirer::{
    Answer, Deframer, Message, Profile, authorisation, frame, parse_answer_as, reversal,
};
use sealpoint_cardsim::IssuerKeys;
use sealpoint_cardsim::cryptogram::{AcElements, ChargeKeys, CryptogramVersion};
use sealpoint_hostsim::key_file::{self, ISSUER_FILE};
use sealpoint_hostsim::ledger::Line;
use sealpoint_hostsim::{AnswerMode, Config, Handle, HostSim};
use sealpoint_secret::Pan;
use sealpoint_vault::{AcquirerKey, CardData, SystemRandom, seal};
use sealpoint_wire::seal::SealKind;
use sealpoint_wire::{
    AdviceKind, AdviceRequest, AttemptId, AuthoriseRequest, Bytes, CardSummary, Currency,
    InquiryRequest, KeyId, ReversalRequest, SaleId, SealContext, SealedCard,
};
use tempfile::TempDir;
use uuid::Uuid;

/// Public test card numbers.
pub const VISA: &str = "4761739001010119";
pub const MASTERCARD: &str = "5413330089020011";
/// Of the shipped card that its issuer declines with 51.
pub const VISA_DECLINED: &str = "4761739001010010";
/// A silent host must not hang a test for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with keys; the host is started on it.
pub struct Folder {
    dir: TempDir,
    pub acquirer: AcquirerKey,
    pub issuer: IssuerKeys,
}

impl Folder {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let public = dir.path().join("acquirer.pub.toml");
        key_file::create(dir.path(), &public).expect("new keys");
        let issuer = IssuerKeys::create(&dir.path().join(ISSUER_FILE)).expect("new issuer keys");
        let acquirer = AcquirerKey::load(&public).expect("the vault takes the public key");
        Self {
            dir,
            acquirer,
            issuer,
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn ledger_file(&self) -> PathBuf {
        self.path().join("ledger.ndjson")
    }

    pub fn ledger(&self) -> Vec<Line> {
        let text = fs::read_to_string(self.ledger_file()).expect("a ledger");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a ledger line"))
            .collect()
    }

    pub fn config(&self, answer: AnswerMode) -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            dir: self.path().to_owned(),
            ledger: None,
            profile: None,
            answer,
            control: None,
        }
    }

    pub fn start(&self) -> Handle {
        HostSim::start(&self.config(AnswerMode::Normal)).expect("the host starts")
    }

    /// An honest request: a card of this issuer, sealed to this host.
    pub fn request(&self, charge: &Charge) -> AuthoriseRequest {
        let context = context(charge, self.acquirer.key_id().clone());
        let card = CardData {
            pan: Pan::from_digits(charge.pan.as_bytes()).expect("a test card number"),
            track2: None,
            expiry: charge.expiry,
            sequence: Some(1),
        };
        let sealed = seal(card, &context, &self.acquirer, &SystemRandom::new()).expect("sealed");
        self.request_with(charge, SealedCard::Hpke(sealed))
    }

    /// The same, of a card that was sealed already.
    pub fn request_with(&self, charge: &Charge, sealed: SealedCard) -> AuthoriseRequest {
        AuthoriseRequest {
            attempt: attempt(charge.attempt),
            sale: SaleId::new(Uuid::from_bytes([0x5A; 16])),
            terminal: charge.terminal.parse().expect("a terminal id"),
            stan: charge.stan,
            local_time: "20261122180509".to_owned(),
            amount_minor: charge.amount_minor,
            currency: Currency::Eur,
            card: CardSummary {
                label: "TEST".to_owned(),
                aid: "A0000000031010".to_owned(),
                truncated_pan: String::new(),
                last4: String::new(),
                token: None,
            },
            sealed,
            de55: bytes(&emv(&self.emv(charge))),
        }
    }

    /// What the card gives the issuer, with its cryptogram.
    pub fn emv(&self, charge: &Charge) -> Vec<(u16, Vec<u8>)> {
        let elements = elements(charge);
        let version = charge.version;
        let iad = issuer_application_data(charge);
        // A card of an unknown range has a cryptogram of somebody else's key.
        let ac = match self.issuer.session_key(charge.pan, 1, elements.atc, &iad) {
            Ok((_, key)) => version.cryptogram(&key, &elements, &iad),
            Err(_) => [0; 8],
        };
        vec![
            (0x9F26, ac.to_vec()),
            (0x9F27, vec![0x80]),
            (0x9F10, iad),
            (0x9F37, elements.unpredictable_number.to_vec()),
            (0x9F36, elements.atc.to_vec()),
            (0x95, elements.tvr.to_vec()),
            (0x9A, elements.date.to_vec()),
            (0x9C, elements.kind.to_vec()),
            (0x9F02, elements.amount.to_vec()),
            (0x5F2A, elements.currency.to_vec()),
            (0x82, elements.aip.to_vec()),
            (0x9F1A, elements.country.to_vec()),
            (0x9F03, elements.amount_other.to_vec()),
        ]
    }

    /// Whether the card takes the host's tag 91, and as what.
    pub fn card_takes(&self, charge: &Charge, answer: &Answer) -> Option<bool> {
        let (version, keys, arqc) = self.messaging(charge);
        let data = answer.issuer_authentication.as_slice();
        version.check_issuer_authentication(&keys, arqc, data)
    }

    /// Version, keys and cryptogram of the card's use.
    pub fn messaging(&self, charge: &Charge) -> (CryptogramVersion, ChargeKeys, [u8; 8]) {
        let elements = elements(charge);
        let iad = issuer_application_data(charge);
        let found = self.issuer.session_key(charge.pan, 1, elements.atc, &iad);
        let (version, keys) = found.unwrap_or_else(|error| panic!("{error}"));
        let arqc = version.cryptogram(&keys, &elements, &iad);
        (version, keys, arqc)
    }
}

/// What a card is sealed for.
pub fn context(charge: &Charge, key_id: KeyId) -> SealContext {
    SealContext {
        terminal: charge.terminal.parse().expect("a terminal id"),
        attempt: attempt(charge.attempt),
        key_id,
        amount_minor: charge.amount_minor,
        currency: Currency::Eur,
        kind: SealKind::Authorisation,
    }
}

/// What is charged.
#[derive(Clone)]
pub struct Charge {
    pub attempt: u8,
    pub terminal: &'static str,
    pub stan: u32,
    pub amount_minor: i64,
    pub pan: &'static str,
    pub version: CryptogramVersion,
    pub expiry: [u8; 3],
    /// Whether the card was given an offline PIN.
    pub pin_seen: bool,
}

impl Charge {
    /// The attempt and its trace number count together.
    pub fn numbered(number: u8) -> Self {
        Self {
            attempt: number,
            terminal: "T0000001",
            stan: u32::from(number),
            amount_minor: 1234,
            pan: VISA,
            version: CryptogramVersion::Visa18,
            expiry: [0x30, 0x12, 0x31],
            pin_seen: false,
        }
    }
}

/// A connection to the host.
pub struct Line8583 {
    stream: TcpStream,
    deframer: Deframer,
}

impl Line8583 {
    pub fn to(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("the host listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket has time-outs");
        Self {
            stream,
            deframer: Deframer::default(),
        }
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        // A host that has hung up already has said what it thinks of the bytes.
        let _ = self.stream.write_all(bytes);
    }

    pub fn send(&mut self, message: &Message) {
        self.send_bytes(&frame(&message.encode()).expect("a short message"));
    }

    /// The next message's bytes, or `None` when the host hung up.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 2048];
        loop {
            if let Some(message) = self
                .deframer
                .message()
                .expect("the host frames its messages")
            {
                return Some(message);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(len) => self.deframer.push(&buffer[..len]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the host neither answers nor hangs up: {error}"),
            }
        }
    }

    /// Says that nothing more comes. The host takes all that was sent, then hangs up.
    pub fn finish(&mut self) {
        self.stream
            .shutdown(Shutdown::Write)
            .expect("an open connection");
    }

    pub fn ask(&mut self, message: &Message) -> Answer {
        self.ask_as(&Profile::default(), message)
    }

    /// Asks as this profile writes.
    pub fn ask_as(&mut self, profile: &Profile, message: &Message) -> Answer {
        self.send_bytes(&frame(&message.write(&profile.format)).expect("a short message"));
        let answer = self.receive().expect("the host answers");
        parse_answer_as(&profile.format, &answer).expect("a whole answer")
    }

    pub fn advise(&mut self, request: &AdviceRequest, repeat: bool) -> Answer {
        let message = Profile::default().advice(request, repeat);
        self.ask(&message.expect("an ordinary advice"))
    }

    pub fn inquire(&mut self, request: &AuthoriseRequest) -> Answer {
        let message = Profile::default().inquiry(&inquiry(request));
        self.ask(&message.expect("an ordinary inquiry"))
    }

    pub fn authorise(&mut self, request: &AuthoriseRequest) -> Answer {
        self.ask(&authorisation(request).expect("an ordinary request"))
    }

    pub fn reverse(&mut self, request: &AuthoriseRequest, repeat: bool) -> Answer {
        self.ask(&reversal(&undo(request), repeat).expect("an ordinary request"))
    }
}

/// The same charge, told after it was made.
pub fn advice(request: &AuthoriseRequest, kind: AdviceKind) -> AdviceRequest {
    let asked = request.clone();
    AdviceRequest {
        attempt: asked.attempt,
        sale: asked.sale,
        terminal: asked.terminal,
        kind,
        stan: asked.stan,
        local_time: asked.local_time,
        amount_minor: asked.amount_minor,
        currency: asked.currency,
        card: asked.card,
        sealed: asked.sealed,
        de55: asked.de55,
    }
}

pub fn inquiry(request: &AuthoriseRequest) -> InquiryRequest {
    InquiryRequest::about(request)
}

pub fn undo(request: &AuthoriseRequest) -> ReversalRequest {
    ReversalRequest {
        attempt: request.attempt,
        terminal: request.terminal.clone(),
        stan: request.stan,
        local_time: request.local_time.clone(),
        amount_minor: request.amount_minor,
        currency: request.currency,
    }
}

pub fn attempt(number: u8) -> AttemptId {
    AttemptId::new(Uuid::from_bytes([number; 16]))
}

pub fn bytes(content: &[u8]) -> Bytes {
    Bytes::try_from(content.to_vec()).expect("short")
}

pub fn emv(objects: &[(u16, Vec<u8>)]) -> Vec<u8> {
    objects
        .iter()
        .flat_map(|(tag, value)| sealpoint_cardsim::tlv::object(*tag, value))
        .collect()
}

/// 9F10 as a card of this version gives it, with key index 1. Visa's 04 and M/Chip's 04 are the same
/// bit: an offline PIN was given.
fn issuer_application_data(charge: &Charge) -> Vec<u8> {
    let results: &[u8] = if charge.pin_seen { &[0xA4] } else { &[0xA0] };
    charge.version.issuer_application_data(1, results)
}

fn elements(charge: &Charge) -> AcElements {
    let digits = format!("{:012}", charge.amount_minor);
    let amount = data_encoding::HEXLOWER
        .decode(digits.as_bytes())
        .expect("twelve digits");
    AcElements {
        amount: amount.try_into().expect("six bytes"),
        amount_other: [0; 6],
        country: [0x02, 0x76],
        tvr: [0x80, 0, 0, 0x80, 0],
        currency: [0x09, 0x78],
        date: [0x26, 0x11, 0x22],
        kind: [0],
        unpredictable_number: [0xDE, 0xAD, 0xBE, 0xEF],
        aip: [0x18, 0],
        // A card is used once an attempt.
        atc: [0, charge.attempt],
    }
}
