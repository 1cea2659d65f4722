//! What became of offline data authentication, for whoever reads of it afterwards.

use super::Method;

/// What offline data authentication came to. TVR and TSI do not tell it of every charge: without
/// contacts they stay zero, for the card's cryptogram is older than the result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum DataAuthentication {
    /// Nothing was verified: card and terminal share no method, the charge did not get so far, or
    /// without contacts the card signed nothing.
    #[default]
    NotPerformed,
    /// The card, or with SDA its data, proved genuine.
    Done(OdaMethod),
    /// It did not.
    Failed(OdaMethod),
}

/// A method of offline data authentication.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OdaMethod {
    /// Static data authentication (Book 2 §5.4).
    Sda,
    /// Dynamic data authentication (Book 2 §6.5).
    Dda,
    /// The same together with the cryptogram (Book 2 §6.6).
    Cda,
    /// Fast DDA, without contacts (Book C-3 Annex C).
    Fdda,
}

impl From<Method> for OdaMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Sda => Self::Sda,
            Method::Dda => Self::Dda,
            Method::Cda => Self::Cda,
        }
    }
}
