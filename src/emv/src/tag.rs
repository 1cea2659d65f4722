//! Tags and the data elements that they name (EMV 4.4 Book 3 Annex A).

use core::fmt::{self, Debug, Display, Formatter};

use sealpoint_secret::LogSafe;

/// A BER-TLV tag of one to three bytes, as one number: `Tag(0x9F26)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

/// Who gives a data element its value (EMV 4.4 Book 3 Annex A, column Source).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Card,
    Terminal,
    Issuer,
}

/// How a data element fills a longer or shorter place in a DOL (EMV 4.4 Book 3 §5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// `n`: right-justified, padded on the left with zeros.
    Numeric,
    /// `cn`: left-justified, padded on the right with `F`.
    CompressedNumeric,
    /// Any other: left-justified, padded on the right with zeros.
    Other,
}

impl Tag {
    /// Whether its value holds further TLV objects (EMV 4.4 Book 3 Annex B1, bit 6).
    #[must_use]
    pub fn is_constructed(self) -> bool {
        let first = self
            .0
            .to_be_bytes()
            .into_iter()
            .find(|byte| *byte != 0)
            .unwrap_or(0);
        first & 0x20 != 0
    }
}

impl Display for Tag {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl Debug for Tag {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

impl LogSafe for Tag {}

macro_rules! elements {
    ($($name:ident = $tag:literal, $source:ident, $format:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: Tag = Tag($tag);
        )*

        /// Source and format of a data element that this kernel knows.
        pub(crate) fn described(tag: Tag) -> Option<(Source, Format)> {
            match tag.0 {
                $($tag => Some((Source::$source, Format::$format)),)*
                _ => None,
            }
        }
    };
}

elements! {
    ISSUER_NUMBER = 0x42, Card, Numeric, "Issuer identification number.";
    AID_CARD = 0x4F, Card, Other, "Application identifier in a directory entry.";
    LABEL = 0x50, Card, Other, "Application label.";
    TRACK1 = 0x56, Card, Other, "Track 1 data.";
    TRACK2 = 0x57, Card, Other, "Track 2 equivalent data.";
    PAN = 0x5A, Card, CompressedNumeric, "Application primary account number.";
    DIRECTORY_ENTRY = 0x61, Card, Other, "Application template in a directory record.";
    FCI = 0x6F, Card, Other, "File control information template.";
    RECORD = 0x70, Card, Other, "READ RECORD response template.";
    SCRIPT_BEFORE = 0x71, Issuer, Other, "Issuer script template 1, before the final GENERATE AC.";
    SCRIPT_AFTER = 0x72, Issuer, Other, "Issuer script template 2, after the final GENERATE AC.";
    FORMAT_2 = 0x77, Card, Other, "Response message template format 2.";
    FORMAT_1 = 0x80, Card, Other, "Response message template format 1.";
    AMOUNT_BINARY = 0x81, Terminal, Other, "Amount, authorised (binary).";
    AIP = 0x82, Card, Other, "Application interchange profile.";
    COMMAND_TEMPLATE = 0x83, Terminal, Other, "Command template.";
    DF_NAME = 0x84, Card, Other, "Dedicated file name.";
    SCRIPT_COMMAND = 0x86, Issuer, Other, "Issuer script command.";
    PRIORITY = 0x87, Card, Other, "Application priority indicator.";
    SFI = 0x88, Card, Other, "Short file identifier.";
    ARC = 0x8A, Issuer, Other, "Authorisation response code.";
    CDOL1 = 0x8C, Card, Other, "Card risk management data object list 1.";
    CDOL2 = 0x8D, Card, Other, "Card risk management data object list 2.";
    CVM_LIST = 0x8E, Card, Other, "Cardholder verification method list.";
    CAPK_INDEX_CARD = 0x8F, Card, Other, "Certification authority public key index of the card.";
    ISSUER_CERTIFICATE = 0x90, Card, Other, "Issuer public key certificate.";
    ISSUER_AUTHENTICATION = 0x91, Issuer, Other, "Issuer authentication data.";
    ISSUER_REMAINDER = 0x92, Card, Other, "Issuer public key remainder.";
    SIGNED_STATIC_DATA = 0x93, Card, Other, "Signed static application data.";
    AFL = 0x94, Card, Other, "Application file locator.";
    TVR = 0x95, Terminal, Other, "Terminal verification results.";
    TDOL = 0x97, Card, Other, "TDOL: what the TC hash is made of.";
    TC_HASH = 0x98, Terminal, Other, "TC hash value.";
    PIN_DATA = 0x99, Terminal, Other, "PIN data of the host's PIN verification; never filled.";
    DATE = 0x9A, Terminal, Numeric, "Date of the charge, YYMMDD.";
    TSI = 0x9B, Terminal, Other, "TSI: which phases were performed.";
    KIND = 0x9C, Terminal, Numeric, "Kind of the charge (ISO 8583 processing code, first two digits).";
    PROPRIETARY = 0xA5, Card, Other, "FCI proprietary template.";
    CARDHOLDER_NAME = 0x5F20, Card, Other, "Cardholder name.";
    EXPIRY = 0x5F24, Card, Numeric, "Application expiration date, YYMMDD.";
    EFFECTIVE = 0x5F25, Card, Numeric, "Application effective date, YYMMDD.";
    ISSUER_COUNTRY = 0x5F28, Card, Numeric, "Issuer country code.";
    CURRENCY = 0x5F2A, Terminal, Numeric, "Currency code of the charge.";
    LANGUAGE = 0x5F2D, Card, Other, "Language preference.";
    SERVICE_CODE = 0x5F30, Card, Numeric, "Service code.";
    PAN_SEQUENCE = 0x5F34, Card, Numeric, "PAN sequence number.";
    CURRENCY_EXPONENT = 0x5F36, Terminal, Numeric, "Currency exponent of the charge.";
    ISSUER_URL = 0x5F50, Card, Other, "Issuer URL.";
    IBAN = 0x5F53, Card, Other, "International bank account number.";
    BANK = 0x5F54, Card, Other, "Bank identifier code.";
    ISSUER_COUNTRY_ALPHA_2 = 0x5F55, Card, Other, "Issuer country code of two letters.";
    ISSUER_COUNTRY_ALPHA_3 = 0x5F56, Card, Other, "Issuer country code of three letters.";
    ACQUIRER = 0x9F01, Terminal, Numeric, "Acquirer identifier.";
    AMOUNT = 0x9F02, Terminal, Numeric, "Amount, authorised (numeric).";
    AMOUNT_OTHER = 0x9F03, Terminal, Numeric, "Amount, other (numeric).";
    AMOUNT_OTHER_BINARY = 0x9F04, Terminal, Other, "Amount, other (binary).";
    APPLICATION_DISCRETIONARY = 0x9F05, Card, Other, "Application discretionary data.";
    AID_TERMINAL = 0x9F06, Terminal, Other, "Application identifier of the terminal.";
    USAGE_CONTROL = 0x9F07, Card, Other, "Application usage control.";
    VERSION_CARD = 0x9F08, Card, Other, "Application version number of the card.";
    VERSION_TERMINAL = 0x9F09, Terminal, Other, "Application version number of the terminal.";
    SELECTION_REGISTERED = 0x9F0A, Card, Other, "Application selection registered proprietary data.";
    CARDHOLDER_NAME_LONG = 0x9F0B, Card, Other, "Cardholder name extended.";
    IAC_DEFAULT = 0x9F0D, Card, Other, "Issuer action code, default.";
    IAC_DENIAL = 0x9F0E, Card, Other, "Issuer action code, denial.";
    IAC_ONLINE = 0x9F0F, Card, Other, "Issuer action code, online.";
    IAD = 0x9F10, Card, Other, "Issuer application data.";
    CODE_TABLE = 0x9F11, Card, Numeric, "Issuer code table index.";
    PREFERRED_NAME = 0x9F12, Card, Other, "Application preferred name.";
    LAST_ONLINE_ATC = 0x9F13, Card, Other, "Last online ATC register.";
    LOWER_OFFLINE_LIMIT = 0x9F14, Card, Other, "Lower consecutive offline limit.";
    MERCHANT_CATEGORY = 0x9F15, Terminal, Numeric, "Merchant category code.";
    MERCHANT_ID = 0x9F16, Terminal, Other, "Merchant identifier.";
    PIN_TRIES = 0x9F17, Card, Other, "PIN try counter.";
    SCRIPT_ID = 0x9F18, Issuer, Other, "Issuer script identifier.";
    TOKEN_REQUESTOR = 0x9F19, Card, Numeric, "Token requestor identifier.";
    COUNTRY = 0x9F1A, Terminal, Numeric, "Terminal country code.";
    FLOOR_LIMIT = 0x9F1B, Terminal, Other, "Terminal floor limit.";
    TERMINAL_ID = 0x9F1C, Terminal, Other, "Terminal identification.";
    SERIAL = 0x9F1E, Terminal, Other, "Interface device serial number.";
    TRACK1_DISCRETIONARY = 0x9F1F, Card, Other, "Track 1 discretionary data.";
    TRACK2_DISCRETIONARY = 0x9F20, Card, CompressedNumeric, "Track 2 discretionary data.";
    TIME = 0x9F21, Terminal, Numeric, "Time of the charge, HHMMSS.";
    CAPK_INDEX = 0x9F22, Terminal, Other, "Certification authority public key index of the terminal.";
    UPPER_OFFLINE_LIMIT = 0x9F23, Card, Other, "Upper consecutive offline limit.";
    ACCOUNT_REFERENCE = 0x9F24, Card, Other, "PAR: what names the account without its number.";
    LAST_DIGITS = 0x9F25, Card, Numeric, "Last four digits of the PAN behind a token.";
    AC = 0x9F26, Card, Other, "Application cryptogram.";
    CID = 0x9F27, Card, Other, "Cryptogram information data.";
    KERNEL_ID = 0x9F2A, Card, Other, "Kernel identifier in a contactless directory entry.";
    PIN_CERTIFICATE = 0x9F2D, Card, Other, "ICC PIN encipherment public key certificate.";
    PIN_EXPONENT = 0x9F2E, Card, Other, "ICC PIN encipherment public key exponent.";
    PIN_REMAINDER = 0x9F2F, Card, Other, "ICC PIN encipherment public key remainder.";
    ISSUER_EXPONENT = 0x9F32, Card, Other, "Issuer public key exponent.";
    CAPABILITIES = 0x9F33, Terminal, Other, "Terminal capabilities.";
    CVM_RESULTS = 0x9F34, Terminal, Other, "Cardholder verification method results.";
    TERMINAL_TYPE = 0x9F35, Terminal, Numeric, "Terminal type.";
    ATC = 0x9F36, Card, Other, "Application transaction counter.";
    UNPREDICTABLE = 0x9F37, Terminal, Other, "Unpredictable number.";
    PDOL = 0x9F38, Card, Other, "Processing options data object list.";
    ENTRY_MODE = 0x9F39, Terminal, Numeric, "Point-of-service entry mode.";
    REFERENCE_CURRENCIES = 0x9F3B, Card, Other, "Application reference currencies.";
    CAPABILITIES_MORE = 0x9F40, Terminal, Other, "Additional terminal capabilities.";
    COUNTER = 0x9F41, Terminal, Numeric, "Sequence counter of the charge.";
    APPLICATION_CURRENCY = 0x9F42, Card, Numeric, "Application currency code.";
    REFERENCE_EXPONENTS = 0x9F43, Card, Other, "Exponents of the application reference currencies.";
    APPLICATION_EXPONENT = 0x9F44, Card, Numeric, "Application currency exponent.";
    DATA_AUTHENTICATION_CODE = 0x9F45, Card, Other, "Data authentication code, out of SDA.";
    ICC_CERTIFICATE = 0x9F46, Card, Other, "ICC public key certificate.";
    ICC_EXPONENT = 0x9F47, Card, Other, "ICC public key exponent.";
    ICC_REMAINDER = 0x9F48, Card, Other, "ICC public key remainder.";
    DDOL = 0x9F49, Card, Other, "DDOL: what INTERNAL AUTHENTICATE tells the card.";
    SDA_TAG_LIST = 0x9F4A, Card, Other, "Static data authentication tag list.";
    SIGNED_DYNAMIC_DATA = 0x9F4B, Card, Other, "Signed dynamic application data.";
    ICC_DYNAMIC_NUMBER = 0x9F4C, Card, Other, "ICC dynamic number, out of DDA or CDA.";
    LOG_ENTRY = 0x9F4D, Card, Other, "Log entry: where the card keeps its log.";
    MERCHANT_NAME = 0x9F4E, Terminal, Other, "Merchant name and location.";
    PROGRAM_ID = 0x9F5A, Card, Other, "Application program identifier (contactless).";
    SCRIPT_RESULTS = 0x9F5B, Terminal, Other, "Issuer script results (Book 4 Annex A5; the schemes' tag).";
    OFFLINE_AMOUNT_LEFT = 0x9F5D, Card, Numeric, "Available offline spending amount (contactless).";
    TTQ = 0x9F66, Terminal, Other, "Terminal transaction qualifiers (contactless).";
    CARD_AUTHENTICATION = 0x9F69, Card, Other, "Card authentication related data, for fDDA (contactless).";
    TRACK2_CONTACTLESS = 0x9F6B, Card, Other, "Track 2 data of contactless magnetic stripe mode.";
    CTQ = 0x9F6C, Card, Other, "Card transaction qualifiers (contactless).";
    FORM_FACTOR = 0x9F6E, Card, Other, "Form factor indicator (contactless).";
    CUSTOMER_DATA = 0x9F7C, Card, Other, "Customer exclusive data (contactless).";
    DISCRETIONARY = 0xBF0C, Card, Other, "FCI issuer discretionary data.";
}

/// What identifies or authenticates a cardholder's account: only a card may be told it, and only
/// sealing may take it out.
pub(crate) const ACCOUNT_DATA: [Tag; 10] = [
    PAN,
    IBAN,
    ACCOUNT_REFERENCE,
    TRACK1,
    TRACK2,
    CARDHOLDER_NAME,
    CARDHOLDER_NAME_LONG,
    TRACK1_DISCRETIONARY,
    TRACK2_DISCRETIONARY,
    TRACK2_CONTACTLESS,
];
