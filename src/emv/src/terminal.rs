//! What a terminal is and may do: facts that its acquirer has agreed to.

use crate::{
    aid::Aid,
    oda::{Capk, Revoked},
    verification::Tvr,
};

/// Terminal capabilities, byte 2: signature (Book 4 Annex A2).
const CAN_SIGN: u8 = 0x20;

/// A terminal, checked: [`TerminalData::from_toml`] is the only way to make one
/// outside of this crate.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TerminalData {
    /// Terminal type, tag 9F35.
    pub kind: TerminalType,
    /// Terminal capabilities, tag 9F33.
    pub capabilities: [u8; 3],
    /// Additional terminal capabilities, tag 9F40.
    pub more_capabilities: [u8; 5],
    /// ISO 3166-1 numeric country, tag 9F1A.
    pub country: u16,
    /// Interface device serial number, tag 9F1E, eight characters.
    pub serial: [u8; 8],
    /// Merchant category code, tag 9F15 (ISO 18245).
    pub merchant_category: u16,
    /// Merchant identifier, tag 9F16, fifteen characters, padded with spaces.
    pub merchant_id: [u8; 15],
    /// Merchant name and location, tag 9F4E.
    pub merchant_name: String,
    /// Acquirer identifier, tag 9F01: a number of up to eleven digits.
    pub acquirer: u64,
    /// Whether the cardholder is asked when a card has several applications.
    pub cardholder_choice: bool,
    /// Whether a cardholder may go on without a PIN that the card asks for (Book 4 §6.3.4.3); the
    /// TVR then says that it was not entered.
    pub pin_bypass: bool,
    /// The applications that are accepted, in the order in which they are looked for.
    pub applications: Vec<Application>,
    /// The schemes' public keys (Book 2 §11.2.2).
    pub keys: Vec<Capk>,
    /// Issuer certificates that a scheme has revoked (Book 2 §5.1.3).
    pub revoked: Vec<Revoked>,
    /// How card data leaves the card process. The kernel does not look at it.
    pub sealing: Sealing,
}

/// What the acquirer takes card data sealed with, and what may stand for a card in a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Sealing {
    /// How card data is sealed.
    pub method: SealingMethod,
    /// Whether a token of the card leaves the card process.
    pub tokens: TokenPolicy,
}

/// How card data is sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SealingMethod {
    /// To the acquirer's public key (HPKE, RFC 9180).
    #[default]
    Hpke,
    /// Under a key of its own for each card (AES DUKPT, ANSI X9.24-3:2017).
    AesDukpt,
    /// The same with TDES (ANSI X9.24-1:2009), for acquirers that take nothing newer.
    TdesDukpt,
}

/// Whether a keyed hash of the PAN leaves the card process (PCI DSS 3.5.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TokenPolicy {
    /// It stays there.
    #[default]
    Off,
    /// It leaves, and of the PAN no more than the last four digits stand beside it.
    Apart,
    /// It leaves beside the PAN's first six and last four digits.
    BesideTruncatedPan,
}

/// One accepted application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Application {
    /// Its AID.
    pub aid: Aid,
    /// What to call it when the card gives no label.
    pub name: String,
    /// Whether a card's longer DF name that begins with the AID matches too (Book 1 §12.3.1).
    pub partial: bool,
    /// Application version number, tag 9F09.
    pub version: [u8; 2],
    /// Floor limit in minor units, tag 9F1B: from here on charges go online.
    pub floor_limit_minor: u32,
    /// Which charges below the floor limit go online all the same.
    pub random: RandomSelection,
    /// Terminal action codes.
    pub actions: ActionCodes,
    /// DDOL for cards that bring none (tag 9F49); empty if there is none.
    pub default_ddol: Vec<u8>,
    /// TDOL for cards that bring none (tag 97); empty if there is none.
    pub default_tdol: Vec<u8>,
    /// Its contactless side; none if it is accepted with contacts alone.
    pub contactless: Option<Contactless>,
}

/// Random selection for online processing (Book 3 §10.6.2): shares of the charges below the floor
/// limit, biased towards the larger ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RandomSelection {
    /// From this amount on the share grows with the amount; minor units.
    pub threshold_minor: u32,
    /// Share of the charges below the threshold, percent.
    pub target_percent: u8,
    /// Share right below the floor limit, percent; not less than the target.
    pub max_target_percent: u8,
}

/// What an application needs without contacts (contactless Book A §5.7, Book B §3.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contactless {
    /// Which kernel runs it.
    pub kernel: ContactlessKernel,
    /// Terminal transaction qualifiers as configured, tag 9F66: what varies with the charge is set by
    /// the entry point (Book B table 2-2, Book C-3 Annex A).
    pub ttq: [u8; 4],
    /// From this amount on: insert instead. Minor units; none for no limit.
    pub transaction_limit_minor: Option<u32>,
    /// From this amount on the cardholder is verified. Minor units; none for never.
    pub cvm_limit_minor: Option<u32>,
    /// Above this amount charges go online. Minor units; none for the application's floor limit.
    pub floor_limit_minor: Option<u32>,
}

/// The contactless kernels that exist here. C-2 and C-8 are further values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ContactlessKernel {
    /// Kernel 3, Visa's qVSDC (book C-3).
    C3,
}

/// Terminal action codes: which TVR bits lead where (Book 3 §10.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActionCodes {
    /// Decline without asking the host.
    pub denial: Tvr,
    /// Ask the host.
    pub online: Tvr,
    /// Decline if the host cannot be asked.
    pub default: Tvr,
}

/// Who operates the terminal and where it may approve (Book 4 Annex A1): those of a merchant that
/// can go online.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TerminalType {
    /// 21: attended, online only.
    AttendedOnlineOnly,
    /// 22: attended, offline with online capability.
    Attended,
    /// 24: unattended, online only.
    UnattendedOnlineOnly,
    /// 25: unattended, offline with online capability.
    Unattended,
}

impl TerminalData {
    /// Whether it claims to collect the cardholder's signature (tag 9F33 byte 2).
    #[must_use]
    pub fn collects_signatures(&self) -> bool {
        self.capabilities[1] & CAN_SIGN != 0
    }
}

impl TerminalType {
    /// The type of that code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            21 => Self::AttendedOnlineOnly,
            22 => Self::Attended,
            24 => Self::UnattendedOnlineOnly,
            25 => Self::Unattended,
            _ => return None,
        })
    }

    /// The value of tag 9F35.
    #[must_use]
    pub fn bcd(self) -> u8 {
        match self {
            Self::AttendedOnlineOnly => 0x21,
            Self::Attended => 0x22,
            Self::UnattendedOnlineOnly => 0x24,
            Self::Unattended => 0x25,
        }
    }

    /// Whether every charge goes online.
    #[must_use]
    pub fn online_only(self) -> bool {
        matches!(self, Self::AttendedOnlineOnly | Self::UnattendedOnlineOnly)
    }
}
