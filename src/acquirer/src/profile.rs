//! An acquirer's profile: how its host wants to be spoken to, as TOML.
//!
//! Every key may be left away; an empty file is [`Profile::default`]: ISO 8583:1987 in ASCII. The
//! keys are in `docs/acquirer.md`.

use core::time::Duration;

use serde::Deserialize;

use crate::editions::is_private;
use crate::format::{Bitmap, Format, Numbers, TPDU, Tpdu};
use crate::message::Message;
use crate::mti::Mti;
use crate::request::NetworkCode;
use crate::table::{Edition, de};

/// Bytes of a profile at most.
pub const MAX_PROFILE: usize = 16 * 1024;
/// Private elements that a sealed card may be spread over.
const MAX_CARD_FIELDS: usize = 8;
/// Time-outs and pauses, seconds.
const SECONDS: core::ops::RangeInclusive<u64> = 1..=600;

/// How an acquirer's host wants to be spoken to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// How messages are written.
    pub format: Format,
    /// DE 42 of every request, if the host wants one.
    pub merchant: Option<String>,
    /// DE 32 of every request, if the host wants one.
    pub acquiring_institution: Option<String>,
    /// Whether requests carry a retrieval reference number (DE 37).
    pub reference: bool,
    /// The element with the attempt.
    pub attempt_field: u8,
    /// The elements with the sealed card or the DUKPT block, in order.
    pub card_fields: Vec<u8>,
    /// The type of an advice: [`Mti::Advice`] or [`Mti::FinancialAdvice`].
    pub advice: Mti,
    /// The type of a reversal: [`Mti::Reversal`] or [`Mti::ReversalAdvice`].
    pub reversal: Mti,
    /// Whether the host can be asked what became of an authorisation.
    pub inquiries: bool,
    /// Whether an approval for a part of the amount is told to the till; otherwise it is reversed.
    pub partial_approvals: bool,
    /// Sign-on, sign-off and echo (DE 70; DE 24 in the edition of 1993).
    pub network_codes: NetworkCodes,
    /// A line that was silent for longer is asked for an echo before it is trusted with an attempt.
    pub echo_after: Duration,
    /// How long a TCP connection may take.
    pub connect_within: Duration,
    /// How long the host has to answer a sign-on or an echo.
    pub network_answer_within: Duration,
    /// How long the host has to answer everything else.
    pub answer_within: Duration,
}

/// The numbers of network management.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NetworkCodes {
    /// The switch is here.
    pub sign_on: u16,
    /// The switch goes.
    pub sign_off: u16,
    /// Is the host there?
    pub echo: u16,
}

/// Why a text is no profile.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or with keys or values that a profile has not.
    #[error("The acquirer profile cannot be read: {0} Compare it with docs/acquirer.md.")]
    Toml(String),
    /// A value that cannot be.
    #[error("The acquirer profile says {key} = {value}, which is not possible: {rule}.")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What would be.
        rule: &'static str,
    },
    /// Too long.
    #[error("The acquirer profile is longer than {MAX_PROFILE} bytes. Give another file.")]
    TooLong,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Text {
    edition: Option<u16>,
    numbers: Numbers,
    bitmap: Bitmap,
    tpdu: Option<String>,
    merchant: Option<String>,
    acquiring_institution: Option<String>,
    reference: bool,
    inquiries: bool,
    partial_approvals: Option<bool>,
    fields: Fields,
    messages: Messages,
    network: Network,
    time_outs: TimeOuts,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    attempt: Option<u8>,
    card: Option<Vec<u8>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Messages {
    advice: Option<u16>,
    reversal: Option<u16>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Network {
    sign_on: Option<u16>,
    sign_off: Option<u16>,
    echo: Option<u16>,
    echo_after_s: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TimeOuts {
    connect_s: Option<u64>,
    network_s: Option<u64>,
    answer_s: Option<u64>,
}

impl Default for Profile {
    fn default() -> Self {
        Self::of(Edition::Y1987)
    }
}

impl Profile {
    /// An edition's profile with nothing said.
    #[must_use]
    pub fn of(edition: Edition) -> Self {
        let (reversal, [sign_on, sign_off, echo]) = match edition {
            Edition::Y1987 => (Mti::Reversal, [1, 2, 301]),
            Edition::Y1993 => (Mti::ReversalAdvice, [801, 802, 831]),
        };
        Self {
            format: Format::plain(edition),
            merchant: None,
            acquiring_institution: None,
            reference: false,
            attempt_field: de::ATTEMPT,
            card_fields: de::SEALED.to_vec(),
            advice: Mti::Advice,
            reversal,
            inquiries: false,
            partial_approvals: true,
            network_codes: NetworkCodes {
                sign_on,
                sign_off,
                echo,
            },
            echo_after: Duration::from_secs(10),
            connect_within: Duration::from_secs(3),
            network_answer_within: Duration::from_secs(4),
            answer_within: Duration::from_secs(15),
        }
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        if text.len() > MAX_PROFILE {
            return Err(ProfileError::TooLong);
        }
        let text: Text = toml::from_str(text)
            .map_err(|error| ProfileError::Toml(format!("{}.", error.message())))?;
        let edition = match text.edition.unwrap_or(1987) {
            1987 => Edition::Y1987,
            1993 => Edition::Y1993,
            other => return Err(value("edition", other, "1987 or 1993")),
        };
        let plain = Self::of(edition);
        let profile = Self {
            format: Format {
                edition,
                numbers: text.numbers,
                bitmap: text.bitmap,
                tpdu: text.tpdu.map(tpdu).transpose()?,
            },
            merchant: text.merchant,
            acquiring_institution: text.acquiring_institution,
            reference: text.reference,
            attempt_field: text.fields.attempt.unwrap_or(plain.attempt_field),
            card_fields: text.fields.card.unwrap_or(plain.card_fields),
            advice: match text.messages.advice.unwrap_or(120) {
                120 => Mti::Advice,
                220 => Mti::FinancialAdvice,
                other => return Err(value("messages.advice", other, "120 or 220")),
            },
            reversal: match text.messages.reversal {
                None => plain.reversal,
                Some(400) => Mti::Reversal,
                Some(420) => Mti::ReversalAdvice,
                Some(other) => return Err(value("messages.reversal", other, "400 or 420")),
            },
            inquiries: text.inquiries,
            partial_approvals: text.partial_approvals.unwrap_or(plain.partial_approvals),
            network_codes: NetworkCodes {
                sign_on: text.network.sign_on.unwrap_or(plain.network_codes.sign_on),
                sign_off: text
                    .network
                    .sign_off
                    .unwrap_or(plain.network_codes.sign_off),
                echo: text.network.echo.unwrap_or(plain.network_codes.echo),
            },
            echo_after: seconds("network.echo_after_s", text.network.echo_after_s)?
                .unwrap_or(plain.echo_after),
            connect_within: seconds("time_outs.connect_s", text.time_outs.connect_s)?
                .unwrap_or(plain.connect_within),
            network_answer_within: seconds("time_outs.network_s", text.time_outs.network_s)?
                .unwrap_or(plain.network_answer_within),
            answer_within: seconds("time_outs.answer_s", text.time_outs.answer_s)?
                .unwrap_or(plain.answer_within),
        };
        profile.check()
    }

    /// What an element's own rule, or another key, does not allow.
    fn check(self) -> Result<Self, ProfileError> {
        let mut message = Message::of(self.format.edition, Mti::Authorisation);
        if let Some(merchant) = &self.merchant
            && (merchant.is_empty() || message.set_text(de::MERCHANT, merchant).is_err())
        {
            let rule = "1 to 15 printable ASCII characters";
            return Err(value("merchant", merchant, rule));
        }
        if let Some(institution) = &self.acquiring_institution
            && (institution.is_empty()
                || message
                    .set_text(de::ACQUIRING_INSTITUTION, institution)
                    .is_err())
        {
            return Err(value(
                "acquiring_institution",
                institution,
                "1 to 11 digits",
            ));
        }
        let mut fields = self.card_fields.clone();
        fields.push(self.attempt_field);
        let private = fields.iter().copied().all(is_private);
        fields.sort_unstable();
        fields.dedup();
        let once_each = fields.len() == self.card_fields.len() + 1;
        let count = self.card_fields.len();
        if !private || !once_each || count == 0 || count > MAX_CARD_FIELDS {
            let rule = "DE 48, 60 to 63 or 104 to 127, each once, at most eight for the card";
            let said = format!(
                "{:?}, fields.attempt = {}",
                self.card_fields, self.attempt_field
            );
            return Err(value("fields.card", said, rule));
        }
        let codes = self.network_codes;
        let codes = [codes.sign_on, codes.sign_off, codes.echo];
        if codes.iter().any(|code| *code > 999) || codes[0] == codes[2] {
            let rule = "three digits each, and an echo that is no sign-on";
            return Err(value("network", format!("{codes:?}"), rule));
        }
        Ok(self)
    }

    /// The number of a network management request.
    #[must_use]
    pub const fn network_code(&self, code: NetworkCode) -> u16 {
        match code {
            NetworkCode::SignOn => self.network_codes.sign_on,
            NetworkCode::SignOff => self.network_codes.sign_off,
            NetworkCode::Echo => self.network_codes.echo,
        }
    }
}

fn value(key: &'static str, value: impl ToString, rule: &'static str) -> ProfileError {
    ProfileError::Value {
        key,
        value: value.to_string(),
        rule,
    }
}

fn seconds(key: &'static str, said: Option<u64>) -> Result<Option<Duration>, ProfileError> {
    match said {
        Some(seconds) if !SECONDS.contains(&seconds) => {
            Err(value(key, seconds, "1 to 600 seconds"))
        }
        seconds => Ok(seconds.map(Duration::from_secs)),
    }
}

fn tpdu(hex: String) -> Result<Tpdu, ProfileError> {
    let bytes = data_encoding::HEXUPPER_PERMISSIVE
        .decode(hex.as_bytes())
        .ok()
        .and_then(|bytes| <[u8; TPDU]>::try_from(bytes).ok());
    bytes
        .and_then(Tpdu::new)
        .ok_or_else(|| value("tpdu", hex, "ten hexadecimal digits that begin with 60"))
}
