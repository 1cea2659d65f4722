//! Certificates: an issuer's by a scheme, a card's by its issuer (EMV 4.4 Book 2 §5.3, §6.4 and
//! §7.1; tables 6, 14 and 23).

use sealpoint_secret::Pan;

use super::{
    flaw::Flaw,
    rsa::PublicKey,
    signature::{Message, SHA_1},
};
use crate::{
    charge::is_date,
    restrictions::order,
    store::Store,
    tag::{self, Tag},
};

/// The key algorithm that there is: RSA (Annex B2).
const RSA: u8 = 0x01;
/// Digits of the PAN that an issuer identifier has (table 6).
const IDENTIFIER_DIGITS: core::ops::RangeInclusive<usize> = 3..=8;
/// After every day of a month, where a date has a day.
const MONTH_END: u8 = 0x31;

/// The elements of one kind of certificate.
struct Kind {
    format: u8,
    certificate: Tag,
    exponent: Tag,
    remainder: Tag,
}

const ISSUER: Kind = Kind {
    format: 0x02,
    certificate: tag::ISSUER_CERTIFICATE,
    exponent: tag::ISSUER_EXPONENT,
    remainder: tag::ISSUER_REMAINDER,
};
const CARD: Kind = Kind {
    format: 0x04,
    certificate: tag::ICC_CERTIFICATE,
    exponent: tag::ICC_EXPONENT,
    remainder: tag::ICC_REMAINDER,
};
/// As the card's, but not over the static data (table 23).
const PIN: Kind = Kind {
    format: 0x04,
    certificate: tag::PIN_CERTIFICATE,
    exponent: tag::PIN_EXPONENT,
    remainder: tag::PIN_REMAINDER,
};

/// An issuer's key, and the serial number by which its certificate is revoked.
pub(super) struct Issuer {
    pub(super) key: PublicKey,
    pub(super) serial: [u8; 3],
}

/// The fields behind the owner's (tables 6 and 14).
struct Terms<'a> {
    expires: [u8; 2],
    serial: [u8; 3],
    hash_algorithm: u8,
    key_algorithm: u8,
    key_length: u8,
    exponent_length: u8,
    /// The key, or its leftmost part.
    leftmost: &'a [u8],
}

/// The issuer's key out of its certificate (§5.3).
pub(super) fn issuer(
    store: &Store,
    scheme: &PublicKey,
    account: &Pan,
    today: [u8; 3],
) -> Result<Issuer, Flaw> {
    let message = ISSUER.message(store, scheme)?;
    let (identifier, rest) = message.fields::<4>()?;
    let terms = ISSUER.terms(rest)?;
    let key = ISSUER.key(store, &message, &terms, &[])?;
    if !identifies(identifier, account) {
        return Err(Flaw::Owner(ISSUER.certificate));
    }
    ISSUER.check_month(&terms, today)?;
    Ok(Issuer {
        key,
        serial: terms.serial,
    })
}

/// The card's key out of its certificate, which covers the static data (§6.4).
pub(super) fn card(
    store: &Store,
    issuer: &PublicKey,
    account: &Pan,
    today: [u8; 3],
    static_data: &[&[u8]],
) -> Result<PublicKey, Flaw> {
    CARD.of_card(store, issuer, account, today, static_data)
}

/// The card's key for a PIN out of its certificate (§7.1).
pub(super) fn pin(
    store: &Store,
    issuer: &PublicKey,
    account: &Pan,
    today: [u8; 3],
) -> Result<PublicKey, Flaw> {
    PIN.of_card(store, issuer, account, today, &[])
}

impl Kind {
    fn message(&self, store: &Store, signer: &PublicKey) -> Result<Message, Flaw> {
        let certificate = given(store, self.certificate)?;
        Message::recover(self.certificate, certificate, signer, &[self.format])
    }

    fn of_card(
        &self,
        store: &Store,
        issuer: &PublicKey,
        account: &Pan,
        today: [u8; 3],
        static_data: &[&[u8]],
    ) -> Result<PublicKey, Flaw> {
        let message = self.message(store, issuer)?;
        let (owner, rest) = message.fields::<10>()?;
        let terms = self.terms(rest)?;
        let key = self.key(store, &message, &terms, static_data)?;
        if !Pan::from_bcd(owner).is_ok_and(|owner| owner.same_as(account)) {
            return Err(Flaw::Owner(self.certificate));
        }
        self.check_month(&terms, today)?;
        Ok(key)
    }

    fn terms<'a>(&self, fields: &'a [u8]) -> Result<Terms<'a>, Flaw> {
        let ([m, y, a, b, c, hash, algorithm, key, exponent], leftmost) = fields
            .split_first_chunk()
            .ok_or(Flaw::Recovered(self.certificate))?;
        Ok(Terms {
            expires: [*y, *m],
            serial: [*a, *b, *c],
            hash_algorithm: *hash,
            key_algorithm: *algorithm,
            key_length: *key,
            exponent_length: *exponent,
            leftmost,
        })
    }

    /// The key that a certificate holds, once the certificate's hash fits: over itself, the
    /// remainder and the exponent on the card, and the static data.
    fn key(
        &self,
        store: &Store,
        message: &Message,
        terms: &Terms<'_>,
        static_data: &[&[u8]],
    ) -> Result<PublicKey, Flaw> {
        if terms.hash_algorithm != SHA_1 || terms.key_algorithm != RSA {
            return Err(Flaw::Algorithm(self.certificate));
        }
        let exponent = given(store, self.exponent)?;
        let length = usize::from(terms.key_length);
        let missing = length.saturating_sub(terms.leftmost.len());
        let remainder = store.public(self.remainder).unwrap_or(&[]);
        if missing > 0 && remainder.is_empty() {
            return Err(Flaw::Missing(self.remainder));
        }
        // One that is given without need is none of this key.
        if remainder.len() != missing {
            return Err(Flaw::Remainder(self.remainder));
        }
        let rest = [remainder, exponent];
        message.check(rest.iter().chain(static_data).copied())?;
        let leftmost = &terms.leftmost[..length - missing];
        let fits = exponent.len() == usize::from(terms.exponent_length);
        PublicKey::new(&[leftmost, remainder].concat(), exponent)
            .filter(|_| fits)
            .ok_or(Flaw::Key(self.certificate))
    }

    /// A certificate is valid until the end of its month.
    fn check_month(&self, terms: &Terms<'_>, today: [u8; 3]) -> Result<(), Flaw> {
        let [year, month] = terms.expires;
        let end = [year, month, MONTH_END];
        if is_date(end) && !order(end, today).is_lt() {
            Ok(())
        } else {
            Err(Flaw::Expired(self.certificate))
        }
    }
}

/// An element that the card must have for this.
pub(super) fn given(store: &Store, wanted: Tag) -> Result<&[u8], Flaw> {
    store.public(wanted).ok_or(Flaw::Missing(wanted))
}

/// Whether the PAN begins with the identifier: three to eight digits, padded on the right with `F`.
fn identifies(identifier: &[u8; 4], account: &Pan) -> bool {
    let nibbles = identifier.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let padded = nibbles.clone().rev().take_while(|nibble| *nibble == 0xF);
    let digits = 2 * identifier.len() - padded.count();
    IDENTIFIER_DIGITS.contains(&digits)
        && nibbles.take(digits).eq(account
            .expose()
            .iter()
            .take(digits)
            .map(|digit| digit - b'0'))
}
