//! Why a card's data could not be authenticated.

use sealpoint_secret::LogSafe;
use thiserror::Error;

use crate::tag::Tag;

/// What was wrong with what a card, or its issuer, signed. Never card data. The TVR says no more than
/// which method failed; this is for whoever looks for the reason.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
#[non_exhaustive]
pub enum Flaw {
    /// What the method needs is not on the card: the TVR says so too (Book 3 §7.5).
    #[error("the card has no {0}, which its data authentication needs (Book 3 §7.5)")]
    Missing(Tag),
    /// A record to be authenticated that is none.
    #[error("a record to authenticate is no template 70 (Book 3 §10.3)")]
    Record,
    /// A list of tags that names something other than the AIP.
    #[error("the card's 9F4A names more than the AIP (Book 2 §5.1.1)")]
    TagList,
    /// No key of the scheme has the card's index.
    #[error("this terminal has no key of the card's scheme and index; add it to the profile")]
    UnknownKey,
    /// The scheme's key is no longer valid.
    #[error("the scheme's key has expired; take it out of the profile")]
    ExpiredKey,
    /// A signature that is not as long as the key that made it, or not less than it.
    #[error("the card's {0} is not as long as the key that signed it (Book 2 §5.3)")]
    Length(Tag),
    /// Not signed with that key, or for another purpose.
    #[error("the card's {0} was not signed by whom it should be (Book 2 §5.3)")]
    Recovered(Tag),
    /// Signed, but over other data.
    #[error("the card's {0} was signed over other data (Book 2 §5.3)")]
    Hash(Tag),
    /// A hash or key algorithm that is not SHA-1 or RSA.
    #[error("the card's {0} names an algorithm that is not SHA-1 or RSA (Book 2 Annex B)")]
    Algorithm(Tag),
    /// A remainder that does not make the key as long as the certificate says.
    #[error("the card's {0} does not complete its key (Book 2 §5.1)")]
    Remainder(Tag),
    /// A key that is none: an even modulus, or another exponent than 3 or 65537.
    #[error("the key in the card's {0} is no RSA key of this standard (Book 2 Annex B2.1)")]
    Key(Tag),
    /// For another issuer or card.
    #[error("the card's {0} is for another account (Book 2 §5.3 and §6.4)")]
    Owner(Tag),
    /// A certificate whose last month is over.
    #[error("the card's {0} has expired (Book 2 §5.3)")]
    Expired(Tag),
    /// An issuer certificate that the scheme has revoked.
    #[error("the scheme has revoked the card's issuer certificate (Book 2 §5.1.3)")]
    Revoked,
    /// No list of what to send, or one without the unpredictable number.
    #[error("no data list with an unpredictable number for the card (Book 2 §6.5.1)")]
    Ddol,
    /// Signed dynamic data that lacks what it must hold.
    #[error("the card's signed dynamic data is not complete (Book 2 tables 16 and 19)")]
    DynamicData,
    /// No signature with the cryptogram, although one was asked for.
    #[error("the card gave its cryptogram without the signature asked for (Book 2 §6.6.1)")]
    Unsigned,
    /// Another decision in clear than signed.
    #[error("the card signed another decision than it shows (Book 2 §6.6.2)")]
    Decision,
    /// Signed over another charge.
    #[error("the card signed another charge (Book 2 §6.6.2)")]
    Charge,
    /// Fast DDA of another version, or without the data it covers.
    #[error("the card's fast data authentication is not of version 01 (Book C-3 Annex C)")]
    Version,
}

impl LogSafe for Flaw {}
