//! What a card does differently from a plain card, and where it stands.

use serde::{Deserialize, Deserializer, de};

/// What the card does differently from a plain card that goes online.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Answers SELECT with 6A81, as a blocked card does (EMV 4.4 Book 1 12).
    pub blocked: bool,
    /// Its application is blocked: SELECT says 6283 and it declines.
    pub application_blocked: bool,
    /// Answers the first GENERATE AC with an AAC whatever is asked for.
    pub declines_offline: bool,
    /// Answers with a TC when it is asked for one; a plain card goes online.
    pub approves_offline: bool,
    /// Confirms an approval only if the issuer has proved itself; a plain card also takes an
    /// answer without proof, though never one with a false proof.
    pub demands_issuer_authentication: bool,
    /// Answers as under T=0: 61xx and GET RESPONSE, 6Cxx for a wrong Le.
    pub t0: bool,
    /// When the card vanishes from the reader by itself.
    pub remove_at: Option<RemoveAt>,
    /// Pause before each answer, in milliseconds; the driver's to keep.
    pub delay_ms: u64,
    /// What it does wrong.
    pub misbehaves: Option<Misbehaviour>,
}

/// What a card that isn't as it should be does wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Misbehaviour {
    /// The static signature (93) is not its issuer's.
    WrongStaticSignature,
    /// The dynamic signature of DDA, CDA or fDDA (9F4B) is not its own.
    WrongDynamicSignature,
    /// The issuer's certificate (90) is not the authority's.
    WrongIssuerCertificate,
    /// The card's certificate (9F46) is not the issuer's.
    WrongCardCertificate,
    /// The CDA signature covers another amount than the terminal asked for.
    OtherAmountSigned,
    /// Says 6A83 for no record of its directory, and 9000 for every SELECT of a next application.
    EndlessDirectory,
    /// A record has the same data object twice.
    RepeatedTag,
    /// A record has bytes behind its template.
    StrayData,
    /// Every answer to READ RECORD is nonsense.
    Garbage,
    /// Says that each PIN is right, whatever it is, and tells its issuer that none was given.
    TakesAnyPin,
}

/// Where the counters of a new card stand.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counters {
    /// Application Transaction Counter (9F36) before the first use.
    pub atc: u16,
    /// Last Online ATC Register (9F13).
    pub last_online_atc: u16,
    /// PIN tries used up already.
    pub wrong_pins: u8,
}

/// When a card vanishes from the reader without being asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveAt {
    /// When GET PROCESSING OPTIONS arrives; it isn't answered.
    Gpo,
    /// When the first GENERATE AC arrives; it isn't answered.
    FirstAc,
    /// Right after the first GENERATE AC is answered: while the host is asked.
    AfterFirstAc,
    /// When the second GENERATE AC arrives: the host has answered by then.
    SecondAc,
    /// When this command arrives, counted from 1 since power-on.
    Command(u16),
}

impl<'de> Deserialize<'de> for RemoveAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u16),
            Name(String),
        }
        const RULE: &str = "this takes \"gpo\", \"first-ac\", \"after-first-ac\", \"second-ac\" \
                            or the number of a command";
        match Written::deserialize(deserializer).map_err(|_| de::Error::custom(RULE))? {
            Written::Number(number @ 1..) => Ok(Self::Command(number)),
            Written::Number(0) => Err(de::Error::custom(RULE)),
            Written::Name(name) => match name.as_str() {
                "gpo" => Ok(Self::Gpo),
                "first-ac" => Ok(Self::FirstAc),
                "after-first-ac" => Ok(Self::AfterFirstAc),
                "second-ac" => Ok(Self::SecondAc),
                _ => Err(de::Error::custom(RULE)),
            },
        }
    }
}
